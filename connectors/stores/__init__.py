"""One folder per store."""
