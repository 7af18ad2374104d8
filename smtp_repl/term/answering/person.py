"""The person who plays the server: what the keys mean, and where a typed line goes.

A reply goes to the client as it stands, when its last line is typed: `250-…` goes on, `250 …` ends it. A line that
begins with `/` is a command. Knows no prompt_toolkit: the stage shows what `prompt` says.
"""

import re
from typing import TYPE_CHECKING

from smtp_repl.term.actor import Prompt
from smtp_repl.term.answering.desk import AnswerDesk
from smtp_repl.term.answering.driver import AnswerDriver
from smtp_repl.term.answering.replies import proposed
from smtp_repl.term.answering.toolbar import answer_toolbar
from smtp_repl.term.encoding import InPlace
from smtp_repl.term.history import TypedHistory
from smtp_repl.term.questions import Asker
from smtp_repl.term.requests import Handling, Tell, confirm
from smtp_repl.term.toolbar import Piece
from smtp_repl.term.typed import is_command, wire_text
from smtp_repl.wire.commands import parse_command
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import _, phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.verbs import VERBS

if TYPE_CHECKING:
    from prompt_toolkit.completion import Completer

_GOES_ON = re.compile(r"[0-9]{3}-")
_MARK = re.compile(r"[ \t]*[CS](?:\[[A-Za-z0-9_-]+\])?[?*!]?[:~=](?:[ \t]|$)")
_IDLE = Prompt("# no client: ", "idle")
_REPLY = Prompt("S: ", "reply")


class Person(Asker):
    """Takes keys from the stage, gives replies to the driver."""

    def __init__(self, desk: AnswerDesk, driver: AnswerDriver, history: TypedHistory, where: str) -> None:
        super().__init__(driver.tell)
        self._desk = desk
        self._driver = driver
        self._history = history
        self._where = where
        self._in_place = InPlace()

    # ------------------------------------------------------------ what the stage asks

    def prompt(self) -> Prompt:
        if self._question is not None:
            return self._question.prompt
        if not self._desk.is_connected:
            return _IDLE
        if not self._desk.is_answerable or self._driver.is_securing:
            return _REPLY
        return _REPLY._replace(ghost=proposed(self._desk.due)[0].text)

    def completer(self) -> "Completer":
        """Proposes what could be said next."""
        from smtp_repl.term.answering.completion import ReplyCompleter  # with what follows, not before the first key

        return ReplyCompleter(lambda: self._desk.due if self._desk.is_connected else None)

    def toolbar(self, width: int) -> list[Piece]:
        driver = self._driver
        return answer_toolbar(
            self._desk, where=self._where, waiting=driver.waiting, securing=driver.is_securing, width=width
        )

    # ------------------------------------------------------------ keys

    def entered(self) -> None:
        text = self.stage.text
        last = text.rpartition("\n")[2]
        if self.prompt().kind == "question":
            self._answer(self.stage.take())
        elif is_command(text) or self.prompt().kind == "idle":
            self._talk(self.stage.take())
        elif _GOES_ON.match(last) or not self.stage.is_at_end:
            self.stage.insert("\n")
        elif last:
            self._say(self.stage.take())
        elif text:
            self._driver.tell(
                phrase('not sent: the last line of a reply has a blank behind its code, such as "250 Ok"')
            )

    def pipelined(self) -> None:
        """Alt-Enter: what is typed goes as it stands, finished or not."""
        if self.prompt().kind != "reply" or is_command(self.stage.text) or not self.stage.text:
            self.entered()
        else:
            self._say(self.stage.take().removesuffix("\n"))

    def pasted(self, text: str) -> None:
        is_reply = self.prompt().kind == "reply"
        self.stage.insert(text.removesuffix("\n") if is_reply else text.partition("\n")[0])

    def interrupted(self) -> None:
        """Ctrl-C: never the end of the connection."""
        if self._question is not None:
            self._answer(None)
        elif self._driver.is_busy:
            self._driver.stop()
            self._driver.tell(phrase("stopped; what was sent stays sent"))
        elif self.stage.text:
            self.stage.take()
        else:
            stays = phrase("the connection stays; Ctrl-D or /quit says 421 and leaves, /close hangs up")
            self._driver.tell(stays if self._desk.is_connected else "Ctrl-D leaves")

    def ended(self) -> None:
        """Ctrl-D with nothing typed."""
        if self._question is not None or self._driver.is_busy:
            self.interrupted()
        else:
            self.asked("/quit")

    def stepped_aside(self) -> None:
        if self._question is None and not self.stage.text:
            self.stage.text = "/"

    def encoded(self) -> None:
        turned = self._in_place.turn_challenge(self.stage.text)
        if turned is None:
            self._driver.tell(_("F4 encodes what stands behind 334"))
        else:
            self.stage.text = turned

    def puzzled(self, line: str, cursor: int) -> None:
        word = next(iter(line[:cursor].split()[:1]), "")
        self.asked(f"/help {word}".rstrip())

    def asked(self, command: str) -> None:
        if self._driver.is_busy:
            self._driver.tell(
                phrase("{command} has to wait: another command is at work (Ctrl-C stops it)", command=command)
            )
        else:
            self._command(command, typed_out=False)

    # ------------------------------------------------------------ lines

    def _talk(self, line: str) -> None:
        if is_command(line):
            if self._driver.is_busy:
                self._driver.tell(phrase("another command is at work (Ctrl-C stops it)"))
            else:
                self._command(line)
        elif line:
            self._driver.tell(phrase("no client is connected; nothing sent"))

    def _say(self, text: str) -> None:
        lines = [wire_text(line) for line in text.split("\n")]
        if _is_a_clients(lines[0]) and not self._driver.is_busy:
            self._driver.start(self._hesitate(lines))
        else:
            self._send(lines)

    def _hesitate(self, lines: list[str]) -> Handling:
        """Lines that were hardly meant for a client."""
        if (
            yield from confirm(phrase('"{line}" looks like a client\'s; type yes to send it', line=printable(lines[0])))
        ):
            self._send(lines)
        else:
            yield Tell("not sent")

    def _send(self, lines: list[str]) -> None:
        if len(lines) == 1:
            self._history.remember(lines[0])
        self._driver.write(b"".join(line.encode("utf-8", "surrogateescape") + b"\r\n" for line in lines))

    def _command(self, line: str, *, typed_out: bool = True) -> None:
        from smtp_repl.term.commands import read_command

        try:
            typed = read_command(line, self._desk.side)
        except UsageError as error:
            self._driver.tell_error(error)
            return
        if typed_out:
            self._history.remember(line)
        self._driver.tell(typed.shown(show_secrets=self._desk.shows_secrets))
        self._driver.start(typed.start(self._desk))


def _is_a_clients(line: str) -> bool:
    """Whether a line is a command rather than a reply, or was copied with its mark."""
    return _MARK.match(line) is not None or parse_command(line.encode("utf-8", "surrogateescape")).verb in VERBS
