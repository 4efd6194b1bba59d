"""Store servers, tested as machines."""
