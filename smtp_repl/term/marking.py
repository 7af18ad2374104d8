"""Marks under what is typed: red for what cannot be read, amber for what will be refused (prompt_toolkit is here).

A processor of prompt_toolkit, and not part of the lexer: what a line is worth depends on what the server said, and
the lexer's work is kept as long as the text stays the same.
"""

from collections.abc import Callable, Sequence

from prompt_toolkit.formatted_text import to_formatted_text
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.layout.utils import explode_text_fragments

Mark = tuple[int, int, str]
"""Start and end in the text, and the name of a style."""


class Marker(Processor):
    """Asks what is to be marked each time the prompt is drawn."""

    def __init__(self, marks: Callable[[str], Sequence[Mark]]) -> None:
        self._marks = marks

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        document, number = transformation_input.document, transformation_input.lineno
        marks = self._marks(document.text)
        if not marks:
            return Transformation(transformation_input.fragments)
        before = document.translate_row_col_to_index(number, 0)
        length = len(document.lines[number])
        fragments = explode_text_fragments(to_formatted_text(transformation_input.fragments))
        for start, end, style in marks:
            for at in range(max(0, start - before), min(length, end - before)):
                place = transformation_input.source_to_display(at)
                if place < len(fragments):
                    fragment = fragments[place]
                    fragments[place] = (f"{fragment[0]} {style}", fragment[1])
        return Transformation(fragments)
