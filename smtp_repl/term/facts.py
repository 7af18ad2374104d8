"""What a word means: lines about verbs, keywords, parameters, mechanisms and codes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import either, phrase
from smtp_repl.wire.octets import printable

if TYPE_CHECKING:
    from smtp_repl.knowledge.entries import Entry


def topic_lines(words: str) -> list[str]:
    """What is known of a verb, keyword, parameter, mechanism or code. Raises `UsageError` when nothing is."""
    from smtp_repl.knowledge.entries import look_up_all, suggest

    entries = look_up_all(words)
    if not entries:
        near = suggest(words.split()[0])
        hint = (
            phrase("did you mean {words}?", words=either(near))
            if near
            else phrase("a verb, an EHLO keyword or a reply code")
        )
        raise UsageError(phrase('nothing is known here about "{words}"', words=printable(words.strip())), hint)
    lines: list[str] = []
    for entry in entries:
        lines += _entry_lines(entry)
    return lines


def _entry_lines(entry: "Entry") -> Iterator[str]:
    yield f"{entry.word} ({entry.kind}): {entry.plain}"
    if entry.detail:
        yield f"  {entry.detail}"
    if entry.syntax:
        yield f"  write: {entry.syntax}"
    for number, line in enumerate(entry.example.splitlines()):
        yield f"  {'e.g.' if not number else '    '} {line}"
    if entry.replies:
        yield f"  replies: {entry.replies}"
    if entry.ref:
        yield f"  {entry.ref}"
