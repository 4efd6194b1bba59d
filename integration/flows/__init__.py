"""What happens, and in which transaction."""
