"""FLOOR 3a: showing. Pygments lives here."""
