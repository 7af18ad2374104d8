"""Completion in the shell: the rules of `completion` behind prompt_toolkit's interface, and names of files."""

import os
from collections.abc import Callable, Iterator, Sequence

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from smtp_repl.term.completion import candidates
from smtp_repl.term.suggestions import State
from smtp_repl.wire.language import _

DIMMED, DIMMED_SELECTED = "fg:#666666 italic", "fg:#ffffff italic"
"""How what is not due or not offered looks in the menu, whose greys are prompt_toolkit's own."""
FILES_LIMIT = 200


class SmtpCompleter(Completer):
    """Asks for the state anew at each key: replies come while one types."""

    def __init__(self, state: Callable[[], State]) -> None:
        self._state = state

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        text = document.text_before_cursor
        for candidate in candidates(text, self._state()):
            yield Completion(
                candidate.text,
                start_position=candidate.start - len(text),
                display=candidate.text.strip(),
                display_meta=_(candidate.reason or candidate.meaning),
                style=DIMMED if candidate.dimmed else "",
                selected_style=DIMMED_SELECTED if candidate.dimmed else "",
            )


def files_beginning(prefix: str) -> Sequence[str]:
    """The names of files and folders that begin so, folders with their slash; hidden ones only when asked for."""
    folder, begin = os.path.split(prefix)
    try:
        with os.scandir(os.path.expanduser(folder) or ".") as entries:
            found = [
                os.path.join(folder, entry.name) + ("/" if entry.is_dir() else "")
                for entry in entries
                if entry.name.startswith(begin) and (begin or not entry.name.startswith("."))
            ]
    except (OSError, ValueError):  # ValueError: a NUL was typed
        return ()
    return sorted(found, key=lambda name: (not name.endswith("/"), name))[:FILES_LIMIT]
