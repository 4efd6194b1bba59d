"""Store servers that answer as the platforms do, for the demo and the tests."""
