"""The owner's desk over a whole installation: real rows, real flows, a clock that stands still."""
