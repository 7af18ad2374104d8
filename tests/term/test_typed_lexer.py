"""The colours of what is typed: what each line is, and how little is read to know it."""

import pytest
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import fragment_list_to_text

from smtp_repl.term.actor import Prompt
from smtp_repl.term.typed_lexer import TypedLexer


class Typing:
    """An actor whose prompt is of one kind."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def prompt(self) -> Prompt:
        return Prompt("C: ", self.kind)


def styles(kind: str, text: str) -> list[list[str]]:
    """The last word of the style of each piece, line by line; the pieces joined are the text."""
    document = Document(text)
    line = TypedLexer(Typing(kind)).lex_document(document)  # type: ignore[arg-type]
    lines = [line(number) for number in range(document.line_count)]
    assert [fragment_list_to_text(one) for one in lines] == text.split("\n")
    return [[style.rpartition(".")[2] for style, *_ in one] for one in lines]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("To: x", [["tag", "punctuation", "text"]]),
        ("To: x\n folded\n\nTo: x", [["tag", "punctuation", "text"], ["text"], [], ["text"]]),
        ("To: x\n..\nTo: x", [["tag", "punctuation", "text"], ["escape", "text"], ["text"]]),
        ("\nMAIL FROM:<>\n.\nRCPT\n.", [[], ["text"], ["keyword"], ["text"], ["keyword"]]),
        ("/quit", [["text"]]),
    ],
    ids=["header", "the body after a blank line", "the body after a dot", "no commands in it", "no slash"],
)
def test_a_message(text: str, expected: list[list[str]]) -> None:
    """Fields up to where the header ends, and text from there on, whatever it looks like."""
    assert styles("message", text) == expected


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("line", "NOOP", [["keyword"]]),
        ("line", "/quit", [["function"]]),
        ("step", "AGE=", [["other"]]),
        ("live", "To: x", [["tag", "punctuation", "text"]]),
        ("reply", "250 ok", [["inserted", "punctuation", "output"]]),
        ("question", "hunter2", [[""]]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_line(kind: str, text: str, expected: list[list[str]]) -> None:
    assert styles(kind, text) == expected


def test_there_is_nothing_behind_the_last_line() -> None:
    """A line is taken away while the prompt is being drawn."""
    line = TypedLexer(Typing("line")).lex_document(Document("NOOP"))  # type: ignore[arg-type]
    assert line(1) == []
