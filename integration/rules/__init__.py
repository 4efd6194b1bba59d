"""Decisions without I/O: facts, policy and `now` in, a plan or a verdict out."""
