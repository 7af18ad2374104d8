"""FLOOR 4: the shell. prompt_toolkit lives here and nowhere else."""
