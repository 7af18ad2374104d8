"""In a message that is being written: the dot that will stand before a line which begins with one (RFC 5321 §4.5.2).

It is shown and is not part of the text. A processor of prompt_toolkit.
"""

from collections.abc import Callable

from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput


class StuffedDots(Processor):
    """Shows a further dot before each leading one, but for a lone dot at the end: that one sends the message."""

    def __init__(self, is_message: Callable[[], bool]) -> None:
        self._is_message = is_message

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        fragments = transformation_input.fragments
        lines, number = transformation_input.document.lines, transformation_input.lineno
        line = lines[number]
        if not line.startswith(".") or not self._is_message() or (line == "." and number == len(lines) - 1):
            return Transformation(fragments)
        return Transformation(
            [("class:stuffed", "."), *fragments],
            source_to_display=lambda at: at + 1,
            display_to_source=lambda at: max(0, at - 1),
        )
