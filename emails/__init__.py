"""Mails: what kinds there are, their words and looks, how a message is built, and how it leaves."""
