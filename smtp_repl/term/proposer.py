"""What is proposed while somebody types: the menu and the dimmed rest of an earlier line, at each key (prompt_toolkit).

prompt_toolkit would ask for both in tasks of their own, which takes longer than the answers do. Here they are there
when the key is drawn, but for a menu that has to be opened first: drawing one takes as long again, and comes after the
key. Of keys that come in one go only the last is asked about.
"""

from collections.abc import Callable, Iterable

from prompt_toolkit.application import Application
from prompt_toolkit.auto_suggest import Suggestion
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document


class Proposer:
    """Proposes in a buffer. `suggest` says what of earlier lines would go on from a text; `completes` whether a menu
    is to open by itself.
    """

    def __init__(
        self,
        app: Application[None],
        buffer: Buffer,
        completer: Completer,
        *,
        suggest: Callable[[str], str],
        completes: Callable[[], bool],
    ) -> None:
        self._keys = app.key_processor
        self._buffer = buffer
        self._completer = completer
        self._suggest = suggest
        self._completes = completes
        self._is_open = False
        """Whether the last key was answered with a menu."""
        self._due: Document | None = None
        """For what a menu may have to open when the key has been drawn."""
        # What prompt_toolkit would start a task for at each key, to find that there is nothing to do.
        buffer.auto_suggest = buffer.validator = None
        buffer.on_text_insert += self._typed
        app.after_render += self._drawn

    def _typed(self, buffer: Buffer) -> None:
        if self._keys.input_queue:  # more was typed already
            return
        document = buffer.document
        if document.is_cursor_at_the_end and (rest := self._suggest(document.text)):
            buffer.suggestion = Suggestion(rest)
        if not self._completes():
            self._is_open = False
        elif self._is_open:
            self._open(document)  # before the key is drawn, or the menu would flicker
        else:
            self._due = document

    def _drawn(self, app: Application[None]) -> None:
        document, self._due = self._due, None
        if document is not None and document == self._buffer.document and self._buffer.complete_state is None:
            self._open(document)

    def _open(self, document: Document) -> None:
        found = list(self._completer.get_completions(document, CompleteEvent(text_inserted=True)))
        self._is_open = any(not _adds_nothing(document, one) for one in found)
        if self._is_open:
            self._buffer._set_completions(found)


def _adds_nothing(document: Document, completion: Completion) -> bool:
    """Whether a completion is what stands there."""
    text = document.text_before_cursor
    return text[len(text) + completion.start_position :] == completion.text


class Quiet(Completer):
    """Proposes nothing on an empty line until Tab is pressed. The completer is made when it is first asked."""

    def __init__(self, make: Callable[[], Completer]) -> None:
        self._make = make
        self._completer: Completer | None = None

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        # Not by the text of the line: in a long message cutting it out takes longer than all the rest.
        if complete_event.text_inserted and not document.cursor_position_col:
            return ()
        if self._completer is None:
            self._completer = self._make()
        return self._completer.get_completions(document, complete_event)
