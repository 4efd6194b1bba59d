"""One folder per carrier."""
