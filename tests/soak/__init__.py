"""A service under fire: webhooks arrive while SMTP, stores and the process itself fail at random; `make soak`."""
