"""FLOOR 1: bytes and how they behave. Standard library only; no I/O, clock, randomness or environment."""
