"""The return slip, read back from paper."""
