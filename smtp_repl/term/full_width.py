"""Full-width characters: what a Chinese or Japanese input method types for `: < > @ /`, and what SMTP wants instead.

RFC 5321 §2.4 takes ASCII for everything but the parts of an address. Pure text; knows no command and no key.
"""

import re

_ASCII = {chr(code + 0xFEE0): chr(code) for code in range(0x21, 0x7F)}
"""The block of full-width forms is ASCII, in the order of ASCII (U+FF01 to U+FF5E)."""
_ASCII |= {
    "\u3000": " ",
    "\u3002": ".",
    "\u300a": "<",
    "\u300b": ">",
    "\u3008": "<",
    "\u3009": ">",
    "\u2018": "'",
    "\u2019": "'",
    "\u201c": '"',
    "\u201d": '"',
}
"""What the same keys give in an input method's own punctuation."""
_TABLE = str.maketrans(_ASCII)
_RUN = re.compile(f"[{''.join(_ASCII)}]+")


def full_width_runs(text: str) -> list[tuple[int, int]]:
    """Where full-width characters stand, as pairs of start and end."""
    return [] if text.isascii() else [found.span() for found in _RUN.finditer(text)]


def as_ascii(text: str) -> str:
    """The text with its full-width characters as ASCII; all else, letters of any script among it, stays.

    >>> as_ascii("MAIL FROM\uff1a\uff1c李@example.org\uff1e")
    'MAIL FROM:<李@example.org>'
    """
    return text.translate(_TABLE)
