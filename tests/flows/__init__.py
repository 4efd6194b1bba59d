"""Flows on a real database, real store servers and a folder of mails."""
