"""More machines than one: PostgreSQL, a broker, and workers that live and die."""
