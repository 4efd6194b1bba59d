"""Alembic's migrations, run by our own commands."""
