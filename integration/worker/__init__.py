"""Makes time pass: the ticks, and the engine that beats them."""
