"""A message while it is written: how large it is, what may be wrong with it, and what the toolbar says of it.

Pure, and cheap enough to be asked at every key in a long message: the answer for the same text is kept.
"""

from smtp_repl.teach.message_check import Circumstances, Survey, Trouble, survey, troubles
from smtp_repl.term.desk import Desk
from smtp_repl.wire.commands import parse_command, parse_path
from smtp_repl.wire.language import phrase, phrase_of

Piece = tuple[str, str]
"""Style name and text, as in the toolbar."""


def octets_of(text: str) -> bytes:
    """What is typed, as octets, with LF line ends still."""
    return text.encode("utf-8", "surrogateescape")


def circumstances(desk: Desk) -> Circumstances:
    """What of the session bears on the message."""
    conversation = desk.conversation
    said = parameters_of_mail(desk)
    return Circumstances(
        sender=conversation.envelope.sender,
        size_limit=conversation.capabilities.size,
        eight_bit_offered=conversation.capabilities.offers("8BITMIME"),
        eight_bit_said=said.get("BODY", "").upper() in ("8BITMIME", "BINARYMIME"),
        utf8_said="SMTPUTF8" in said,
    )


def parameters_of_mail(desk: Desk) -> dict[str, str]:
    """The parameters of the last MAIL, names in capitals."""
    for step in reversed(desk.ledger.steps):
        for said in reversed(step.said):
            command = parse_command(said.encode("utf-8", "surrogateescape"))
            if command.verb == "MAIL":
                parameters = parse_path(command.argument, b"FROM").parameters
                return {name: (value or b"").decode("utf-8", "replace") for name, value in parameters}
    return {}


class Written:
    """Judges what is written so far; `pieces` again when it has changed.

    What stands above the last line is read once, as long as it stays: most keys are typed at the end.
    """

    def __init__(self) -> None:
        self._text: str | None = None
        self._read = Survey()
        self._dots = 0
        self._above = ""
        self._read_above = Survey()
        self._dots_above = 0

    def _take(self, text: str) -> None:
        if text == self._text:
            return
        self._text = text
        end = text.rfind("\n") + 1
        if end != len(self._above) or not text.startswith(self._above):
            self._above = text[:end]
            octets = octets_of(self._above)
            self._read_above = survey(octets, finished=False)
            self._dots_above = octets.startswith(b".") + octets.count(b"\n.")
        last = octets_of(text[end:])
        self._read = self._read_above.copy()
        self._read.feed(last)
        self._dots = self._dots_above + last.startswith(b".")

    def pieces(self, text: str, given: Circumstances, attached: int = 0, size: int | None = None) -> list[Piece]:
        """For the toolbar: octets as SIZE counts them, dots that will be doubled, and the worst trouble.

        With so many files `attached` the whole message has `size` octets.
        """
        text = text.removesuffix(".") if text == "." or text.endswith("\n.") else text
        self._take(text)
        octets = self._read.size if size is None else size
        shown = phrase("{octets:,} octets", octets=octets)
        if given.size_limit:
            shown = phrase("{octets:,} of {limit:,} octets", octets=octets, limit=given.size_limit)
        is_over = bool(given.size_limit) and octets > (given.size_limit or 0)
        pieces: list[Piece] = [("class:toolbar.bad" if is_over else "", shown)]
        if self._dots:
            pieces.append(("class:toolbar.next", phrase_of("{count} dot doubled", "{count} dots doubled", self._dots)))
        if attached:
            pieces.append(("", phrase("{count} attached", count=attached)))
        found = [one for one in troubles(self._read, given, finished=False) if one.rule != "size"]
        if found:
            worst = phrase(found[0].text)
            if len(found) > 1:
                worst = phrase("{text} (+{count})", text=worst, count=len(found) - 1)
            pieces.append(("class:toolbar.note", worst))
        return pieces


def troubles_of(message: bytes, given: Circumstances) -> list[Trouble]:
    """What may be wrong with a message that is about to go, or has gone."""
    return troubles(survey(message, finished=True), given, finished=True)
