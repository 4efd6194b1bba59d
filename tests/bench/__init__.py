"""Measures what has a bound; `make bench` prints the table."""
