"""The message at the prompt: what Enter and Ctrl-C do to it, what the toolbar says of it, what commands change in it.

One for each session, beside the typist, who knows when a message is being written at all. Knows no prompt_toolkit.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from smtp_repl.term import compose
from smtp_repl.term.desk import Desk
from smtp_repl.term.driver import Driver
from smtp_repl.term.requests import Draft, Handling, say
from smtp_repl.term.toolbar import Piece
from smtp_repl.wire.language import phrase

if TYPE_CHECKING:
    from smtp_repl.term.stage import Stage
    from smtp_repl.term.writing import Written


class Composer:
    """Takes the message from the stage and gives it to the driver."""

    def __init__(self, desk: Desk, driver: Driver, stage: "Callable[[], Stage]") -> None:
        self._desk = desk
        self._driver = driver
        self._get_stage = stage
        self._written: Written | None = None

    @property
    def stage(self) -> "Stage":
        return self._get_stage()

    def entered(self) -> None:
        """Enter: a lone dot at the end sends the message, whatever may be wrong with it."""
        text = self.stage.text
        if not (self.stage.is_at_end and compose.is_finished(text)):
            self.stage.insert("\n")
        elif not self._desk.attachments:
            octets, remarks = self._ready(text.removesuffix("."))
            self.stage.take()
            self._driver.write(octets)
            if remarks:
                self._driver.tell("\n".join(remarks))
        elif self._driver.is_busy:
            self._driver.tell(phrase("another command is at work (Ctrl-C stops it); the message stays"))
        else:
            self._driver.start(self.sending())

    def sending(self) -> Handling:
        """Send what is written, as it is."""
        text = self.stage.text
        text = text.removesuffix(".") if compose.is_finished(text) else text
        if self._desk.settings.live_data:
            yield from say(b".\r\n")
        elif self._desk.attachments:
            from smtp_repl.term.attachments import send_with_attachments  # with what reads files

            yield from send_with_attachments(self._desk, text, self.stage.take)
        else:
            octets, remarks = self._ready(text)
            self.stage.take()
            self._driver.write(octets)
            if remarks:
                self._driver.tell("\n".join(remarks))
            yield from say(b"")

    def _ready(self, text: str) -> tuple[bytes, list[str]]:
        """What goes on the wire, and what is to be told about it."""
        from smtp_repl.term.writing import circumstances, octets_of, troubles_of

        octets, stuffed = compose.wire_octets(text)
        remarks = [compose.stuffing_remark(stuffed)] if stuffed else []
        found = troubles_of(octets_of(text), circumstances(self._desk))
        self._desk.lookout.looked_through()
        return octets, remarks + [phrase("in the message: {remark}", remark=one.remark) for one in found]

    def pieces(self) -> list[Piece]:
        """What the toolbar says of the message."""
        from smtp_repl.term.writing import Written, circumstances, octets_of

        written = self._written = self._written or Written()
        text, files = self.stage.text, self._desk.attachments
        size = None
        if files:
            from smtp_repl.term.multipart import Multipart

            size = Multipart(octets_of(text), files).size
        return written.pieces(text, circumstances(self._desk), len(files), size)

    def change(self, draft: Draft) -> str:
        """Do what a handler asks for; returns the text before."""
        before = self.stage.text
        if draft.text is not None:
            self.stage.place(draft.text, draft.cursor)
        return before
