"""Speak SMTP by hand: see it, record it, replay it."""

__version__ = "0.1.0"
