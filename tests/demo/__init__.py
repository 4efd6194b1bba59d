"""The demo, as whoever tries it sees it."""
