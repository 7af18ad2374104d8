"""The typist: what the person's keys mean at each moment, and where a typed line goes.

A typed line goes to the server as it stands, unless it is a `/command`. A line typed before the reply came that
decides what it would mean waits for it; so does each line of a paste. Knows no prompt_toolkit: the stage shows what
`prompt` says and calls when a key is pressed.
"""

import re
from collections import deque
from typing import TYPE_CHECKING

from smtp_repl.term import compose
from smtp_repl.term.actor import Prompt
from smtp_repl.term.composing import Composer
from smtp_repl.term.desk import Desk, Material
from smtp_repl.term.driver import Driver
from smtp_repl.term.encoding import InPlace
from smtp_repl.term.history import TypedHistory, is_memorable
from smtp_repl.term.pipelining import keep_back
from smtp_repl.term.questions import Asker
from smtp_repl.term.recall import Recall
from smtp_repl.term.requests import Draft, Handling, Tell, confirm
from smtp_repl.term.toolbar import Piece, toolbar
from smtp_repl.term.trouble import Trouble, gravest
from smtp_repl.term.typed import expand, is_command, wire_text
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import N_, phrase, phrase_of
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.states import Phase

_SERVER_LIKE = re.compile(r"[0-9]{3}(?:[ -]|$)")
if TYPE_CHECKING:
    from prompt_toolkit.completion import Completer

    from smtp_repl.term.checking import Checker
    from smtp_repl.term.commands import ShellCommand


_MARK = re.compile(r"^[ \t]*[CS](?:\[[A-Za-z0-9_-]+\])?[?*!]?[:~=](?:[ \t]|$)", re.MULTILINE)
_CHECKED = frozenset(("line", "step", "idle", "aside"))
"""Kinds of prompt at which a line is judged."""
_FULL_WIDTH_SLASH = "\uff0f"
_COMMAND = Prompt("C: ", "line")
_STEP = Prompt("C: ", "step")
_MESSAGE = Prompt("C: ", "message")
_LIVE = Prompt("C: ", "live")
_ASIDE = Prompt("# command: ", "aside")
_IDLE = Prompt("# not connected: ", "idle")


class _Ahead(Record):
    """A line (or a group for one write) that was typed ahead; one of several lines goes `in_its_turn`."""

    line: str
    in_its_turn: bool = False


class Typist(Asker):
    """Takes keys from the stage, gives lines to the driver. `leave` ends the session."""

    def __init__(self, desk: Desk, driver: Driver, history: TypedHistory) -> None:
        self._desk = desk
        self._driver = driver
        self._recall = Recall(desk, history)
        self._queue: deque[_Ahead] = deque()
        super().__init__(driver.tell)
        desk.at_prompt = True
        self._composer = Composer(desk, driver, lambda: self.stage)
        driver.draft, driver.edit = self._draft, lambda: self.stage.edit()
        self._checker: Checker | None = None
        self._in_place = InPlace()
        self._was = "idle"
        """The kind of prompt before, but for questions."""
        self._aside: str | None = None
        """The message that is being written, while a command is typed."""

    # ------------------------------------------------------------ what the stage asks

    def prompt(self) -> Prompt:
        if self._question is not None:
            return self._question.prompt
        if self._aside is not None:
            return _ASIDE
        match self._desk.phase:
            case Phase.DATA if self._desk.outgoing is None and self._desk.conversation.ahead is Phase.DATA:
                return _LIVE if self._desk.settings.live_data else _MESSAGE
            case Phase.AUTH:
                return _STEP
            case _:
                return self._line_prompt() if self._desk.is_connected else _IDLE

    def _line_prompt(self) -> Prompt:
        kept = self._desk.pipeline
        return _COMMAND if kept is None else Prompt(f"# pipeline {len(kept) + 1}: ", "line")

    def completer(self) -> "Completer":
        """Proposes what could be typed next; in a second pass through a lesson nothing but commands of the program."""
        completer = self._recall.completer(lambda: self._aside is not None)
        if not self._is_blind:
            return completer
        from prompt_toolkit.completion import ConditionalCompleter
        from prompt_toolkit.filters import Condition

        return ConditionalCompleter(completer, Condition(lambda: self.stage.text.startswith("/")))

    @property
    def _is_blind(self) -> bool:
        """A lesson goes on here in which no syntax is shown."""
        return self._desk.learning is not None and self._desk.learning.blind

    def toolbar(self, width: int) -> list[Piece]:
        note = ""
        if self._queue:
            note = phrase_of(
                "{count} line waits for {held}; Enter sends now, Ctrl-C takes back",
                "{count} lines wait for {held}; Enter sends now, Ctrl-C takes back",
                len(self._queue),
                held=phrase(self._holds(self._queue[0]) or N_("a command")),
            )
        elif self._has_command_for_text():
            note = phrase("in a message this is text; Ctrl-] takes a command")
        trouble = gravest(self._troubles(self.stage.text))
        message = self._composer.pieces() if self.prompt().kind == "message" else ()
        return toolbar(self._desk, note=note, trouble=trouble, message=message, width=width)

    def _has_command_for_text(self) -> bool:
        """Whether the last line of a message reads like a command of ours."""
        line = self.stage.text.rpartition("\n")[2]
        if self.prompt().kind not in ("message", "live") or not is_command(line):
            return False
        from smtp_repl.term.commands import COMMANDS  # for few: not before the first prompt

        return line[1:].partition(" ")[0] in COMMANDS

    def marks(self, text: str) -> list[tuple[int, int, str]]:
        """What of the typed text is to be marked, and how."""
        troubles = self._troubles(text)
        return [(one.start, one.end, f"class:mark.{one.severity}") for one in troubles if one.end > one.start]

    def _troubles(self, text: str) -> list[Trouble]:
        """What is wrong with a line that is typed, where that is marked."""
        if not text or self.prompt().kind not in _CHECKED or self._is_blind:
            return []
        from smtp_repl.term.checking import Checker, Standing  # with what is known of verbs: not before the first key

        if self._checker is None:
            self._checker = Checker()
        return self._checker.troubles(text, Standing.of(self._desk, in_command=self._aside is not None))

    def suggestion(self, text: str) -> str:
        """How a line that begins so went on when it was typed here last; nothing while a login is under way."""
        if self._is_blind or not self._desk.settings.ghost:
            return ""
        return self._recall.going_on(text) if self.prompt().kind in ("line", "idle", "aside") else ""

    # ------------------------------------------------------------ keys

    def entered(self) -> None:
        match self.prompt().kind:
            case "question":
                self._answer(self.stage.take())
            case "message":
                self._composer.entered()
            case "aside":
                self._return(self.stage.take())
            case kind:
                text = self.stage.take()
                if kind != "live":
                    text = "\n".join(expand(line, self._desk.aliases) for line in text.split("\n"))
                if self._goes_at_once(text):
                    self._command(text)
                    return
                if not text and self._queue and not self._driver.is_busy:
                    self._type(self._queue.popleft().line)
                    return
                first, *more = text.split("\n")
                self._queue.append(_Ahead(first))
                self._queue.extend(_Ahead(line, in_its_turn=kind != "live") for line in more)
                self.go_on()

    def _goes_at_once(self, text: str) -> bool:
        """Whether a command is none of the server's business, and need not wait for lines typed ahead."""
        if not is_command(text) or "\n" in text or self._driver.is_busy or self.prompt().kind == "live":
            return False
        return not _waits(text)

    def _holds(self, ahead: "_Ahead") -> str:
        """What a line has to wait for; one of several that stood at the prompt together waits for every reply.

        So does a command that goes by how the session stands.
        """
        if _is_for_lesson(ahead.line):
            return ""
        holds = self._driver.holds
        awaiting = self._desk.conversation.awaiting if self._desk.is_connected else ()
        if not holds and awaiting and self.prompt().kind != "live" and (ahead.in_its_turn or _waits(ahead.line)):
            return phrase("the reply to {verb}", verb=awaiting[-1])
        return holds

    def pipelined(self) -> None:
        """Several lines in one write."""
        lines = self.stage.text.split("\n")
        if self.prompt().kind not in ("line", "step") or any(is_command(line) or _looks_odd(line) for line in lines):
            self.entered()
        elif self._desk.pipeline is not None and not self._queue and not self._driver.is_busy:
            text = self.stage.take()
            if text:
                self._send_group(text.split("\n"))
            self.asked("/pipeline send")
        else:
            self._queue.append(_Ahead(self.stage.take()))
            self.go_on()

    def pasted(self, text: str) -> None:
        match self.prompt().kind:
            case "question":
                self.stage.insert(text.partition("\n")[0])
            case "message":
                self.stage.insert(text)
            case "line" | "idle" if _MARK.search(text) and not self._driver.is_busy:
                self._driver.start(self._offer(text))
            case _:
                self.stage.insert(text.removesuffix("\n"))

    def _offer(self, text: str) -> Handling:
        """A conversation was pasted, and not what one side of it says."""
        from smtp_repl.term.playing import play_material

        if (yield from confirm(phrase("this is a script, with its C: and S: marks; type yes to play it"))):
            yield from play_material(self._desk, Material("<paste>", text.encode("utf-8", "surrogateescape")))
        else:
            self.stage.put_aside(text)
            yield Tell("not played and not sent; Ctrl-Y brings the text back")

    def interrupted(self) -> None:
        """Ctrl-C: never the end of the connection."""
        kind = self.prompt().kind
        if kind == "question":
            self._answer(None)
        elif kind == "aside":
            self._return("")
        elif self._driver.interrupt_message():
            pass  # whoever sends it asks
        elif self._driver.is_busy:
            self._driver.stop()
            self._driver.tell(phrase("stopped; what was sent stays sent"))
        elif self._queue or self._desk.pipeline:
            lines = [*(self._desk.pipeline or ()), *(ahead.line for ahead in self._queue)]
            self.stage.text = "\n".join([*lines, *([self.stage.text] if self.stage.text else [])])
            self._queue.clear()
            self._desk.pipeline = None
        elif kind in ("message", "live"):
            self._driver.start(compose.interrupted(self._composer.sending, self.stage.take))
        elif kind == "step" and self.stage.text != "*":
            self.stage.text = "*"
            self._driver.tell(phrase("a star cancels AUTH: Enter sends it, Ctrl-C takes it back"))
        elif self.stage.text:
            self.stage.take()
        else:
            leaves = "Ctrl-D leaves" if kind == "idle" else phrase("the connection stays; Ctrl-D or /quit ends it")
            self._driver.tell(leaves)

    def ended(self) -> None:
        """Ctrl-D with nothing typed."""
        if self.prompt().kind in ("question", "aside", "message", "live", "step") or self._driver.is_busy:
            self.interrupted()
        else:
            self.asked("/quit")

    def stepped_aside(self) -> None:
        """The way to a command from inside a message."""
        if self.prompt().kind in ("message", "live"):
            self._aside = self.stage.take()
        if self.prompt().kind != "question" and not self.stage.text:
            self.stage.text = "/"

    def encoded(self) -> None:
        turned = self._in_place.turn(self.stage.text, is_step=self.prompt().kind == "step")
        if turned is None:
            self._driver.tell(phrase("F4 encodes the answer to a 334, or what stands behind the mechanism of AUTH"))
        else:
            self.stage.text = turned

    def puzzled(self, line: str, cursor: int) -> None:
        """F1: the word under the cursor, or with nothing typed the last reply; a step of AUTH is not repeated."""
        from smtp_repl.term.explaining import thing_at

        if is_command(line):
            self.asked(f"/help {line.split()[0]}")
            return
        word = thing_at(line, cursor) if self.prompt().kind in ("line", "idle", "aside") else ""
        if not word and self._desk.last_reply.event is None:
            self.asked("/help")
        else:
            self.asked(f"/explain {word}".rstrip())

    def asked(self, command: str) -> None:
        if self._driver.is_busy:
            self._driver.tell(
                phrase("{command} has to wait: another command is at work (Ctrl-C stops it)", command=command)
            )
        else:
            line = expand(command, self._desk.aliases)
            if is_command(line):
                self._command(line, typed_out=False)
            else:
                self._driver.tell(
                    phrase("{command} is a line for the server, and not for now; nothing sent", command=command)
                )

    # ------------------------------------------------------------ lines

    def go_on(self) -> None:
        """Take up typed lines that waited, as far as nothing holds them."""
        self._rescue(self.prompt().kind)
        if self._recall.has_moved():
            self.stage.look_back_anew()
        while self._queue and not self._driver.is_busy and self._question is None and not self._holds(self._queue[0]):
            self._type(self._queue.popleft().line)
        self.stage.refresh()

    def _type(self, line: str) -> None:
        """One line that was typed (or a group for one write), in the light of what the session waits for now."""
        kind = self.prompt().kind
        if "\n" in line and kind in ("line", "step"):
            self._send_group(line.split("\n"))
        elif kind == "message":
            self.stage.insert(line)
            self._composer.entered()
        elif kind == "live":
            self._driver.write(_octets(line))
        elif is_command(line):
            self._command(line)
        elif kind == "idle":
            if line:
                self._driver.tell(phrase("not connected; nothing sent"))
        elif kind == "line" and _looks_odd(line):
            self._driver.start(self._hesitate(line))
        elif line or kind == "step" or self._desk.pipeline:  # in what is kept back it may be a line of a chunk
            self._send(line)

    def _send_group(self, lines: list[str]) -> None:
        for line in lines if all(map(is_memorable, self._desk.pipeline or ())) else ():
            if not is_memorable(line):
                break  # what follows may be a step of AUTH
            self._recall.remember(line)
        if self._desk.pipeline is not None:
            self._driver.tell(keep_back(self._desk, lines))
        else:
            self._driver.write(b"".join(_octets(wire_text(line)) for line in lines))

    def _send(self, line: str) -> None:
        self._send_group([line])

    def _hesitate(self, line: str) -> Handling:
        """Lines that were hardly meant for the server."""
        shown = printable(line)
        question = phrase('"{line}" looks like a server\'s; type yes to send it', line=shown)
        if line.startswith(_FULL_WIDTH_SLASH):
            question = phrase('"{line}" begins with a full-width slash; type yes to send it', line=shown)
        if (yield from confirm(question)):
            self._send(line)
        else:
            yield Tell("not sent")

    def _command(self, line: str, *, typed_out: bool = True) -> None:
        from smtp_repl.term.commands import read_command

        try:
            typed = read_command(line)
        except UsageError as error:
            self._driver.tell_error(error)
            return
        if typed_out:
            self._recall.remember(line)
        self._driver.tell(typed.shown(show_secrets=self._desk.shows_secrets))
        self._driver.start(typed.start(self._desk))

    # ------------------------------------------------------------ messages

    def _draft(self, draft: Draft) -> str | None:
        """What a handler wants of the message; None when none is being written."""
        return self._composer.change(draft) if self.prompt().kind == "message" else None

    def _return(self, line: str) -> None:
        """Back from a command to the message."""
        self.stage.text, self._aside = self._aside or "", None
        if line.strip("/ "):
            self.asked("/" + line.lstrip("/"))
        self.go_on()

    def _rescue(self, kind: str) -> None:
        """A message that was being written must not be sent as commands when there is no message any more."""
        if kind in ("question", "aside") or (self._driver.is_busy and self._desk.outgoing is None):
            return  # looked at again when that is over
        was, self._was = self._was, kind
        text = self.stage.text
        if was == "message" and kind in ("line", "idle") and ("\n" in text or (text and kind == "line")):
            self.stage.take()
            self.stage.put_aside(text)
            self._driver.tell(phrase("the message that you were writing was not sent; Ctrl-Y brings it back"))


def _waits(line: str) -> bool:
    """Whether a line is a command that goes by how the session stands."""
    row = _row_of(line)
    return row is not None and row.waits


def _is_for_lesson(line: str) -> bool:
    """Whether a line is said to the lesson, whatever the server is about."""
    row = _row_of(line)
    return row is not None and row.in_lessons


def _row_of(line: str) -> "ShellCommand | None":
    if not is_command(line) or "\n" in line:
        return None
    from smtp_repl.term.commands import COMMANDS

    return COMMANDS.get(line[1:].partition(" ")[0].lower())


def _octets(line: str) -> bytes:
    return line.encode("utf-8", "surrogateescape") + b"\r\n"


def _looks_odd(line: str) -> bool:
    return line.startswith(_FULL_WIDTH_SLASH) or _SERVER_LIKE.match(line) is not None
