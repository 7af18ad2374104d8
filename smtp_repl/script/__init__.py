"""FLOOR 2: texts about conversations; pure, built on wire only."""
