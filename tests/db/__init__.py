"""Tests of `integration.db`."""
