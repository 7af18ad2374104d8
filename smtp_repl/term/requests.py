"""What a `/command` asks of whoever drives it: the language between a handler and the shell or line mode.

A handler is a generator. It yields requests and is sent answers; it knows no socket, no terminal and no loop, so the
same handler serves the shell (asyncio, prompt_toolkit) and line mode (selectors, pipes). What cannot be done is
thrown into it as a `SmtpReplError`; what it does not catch is shown as an error, and the session goes on. A handler
that is stopped (Ctrl-C) is closed where it stands.

The functions below are how a handler asks: each yields one request and returns the answer with its type.

    def handler(desk, argument):
        name = yield from ask("user: ")
        reply = yield from say(b"NOOP\\r\\n")
"""

from collections.abc import Generator
from typing import TYPE_CHECKING, Union

from smtp_repl.script.transcript import Line
from smtp_repl.wire.errors import SmtpReplError
from smtp_repl.wire.language import N_, _, phrase
from smtp_repl.wire.records import Record
from smtp_repl.wire.replies import Reply
from smtp_repl.wire.targets import Target

if TYPE_CHECKING:  # the player is loaded when a script is played
    from smtp_repl.script.casting import Casting, PlayResult
    from smtp_repl.script.player import Plan


class Say(Record):
    """Write octets in one write and wait until nothing awaits a reply; a handshake that is due is done on the way.

    Answered by the last reply that came, or None when the connection went before one did.
    """

    octets: bytes


class Write(Record):
    """Write octets of a message and wait until there is room for more; nothing is awaited. Answered by None."""

    octets: bytes


class Ask(Record):
    """Ask the person. Answered by the text, or None when there is nobody to ask or the question was refused.

    A `hidden` answer shows on no screen and in no history; `default` stands there to be changed. Where a `program`
    knows the answer, it is asked instead; what goes wrong with it is raised as `SecretMissing`.
    """

    prompt: str
    hidden: bool = False
    default: str = ""
    program: str = ""


class Tell(Record):
    """Show a remark: one `# ` line for each line of the text, which may hold anything. Answered by None."""

    text: str


REMOVED, ADDED = "-", "+"
"""Kinds of lines in a comparison: what only the other one has, and what only this one has."""


class Display(Record):
    """Show lines of a transcript, or of a comparison; their texts are safe to print. Answered by None."""

    lines: tuple[Line, ...]


class Draft(Record):
    """The message that is being written. Answered by its text, or None where none is being written.

    With a `text`, that takes its place, and the cursor is placed in it: below 0 at the end.
    """

    text: str | None = None
    cursor: int = -1


class Edit(Record):
    """Open what stands at the prompt in an editor. Answered by None."""


class Put(Record):
    """Type some text at the prompt, for the person to look at and send. Answered by None."""

    text: str


class Connect(Record):
    """Drop the present connection, open another and wait for the greeting. Answered by the greeting, or None.

    At a terminal one may go on before the greeting is there (`waits` False).
    """

    target: Target
    waits: bool = True


class Drop(Record):
    """Close the connection without a word. Answered by None."""


class Leave(Record):
    """End the session when the handler has ended. Answered by None."""


class Play(Record):
    """Play a script over the present connection. Answered by how it went, or None where nothing can be played."""

    plan: "Plan"
    casting: "Casting"


Request = Say | Write | Ask | Tell | Display | Draft | Edit | Put | Connect | Drop | Leave | Play
Answer = Union[Reply, str, "PlayResult", None]
Handling = Generator[Request, Answer, None]
"""A handler at work."""


def say(octets: bytes) -> Generator[Request, Answer, Reply | None]:
    answer = yield Say(octets)
    return answer if isinstance(answer, Reply) else None


def ask(
    prompt: str, *, hidden: bool = False, default: str = "", program: str = ""
) -> Generator[Request, Answer, str | None]:
    answer = yield Ask(prompt, hidden, default, program)
    return answer if isinstance(answer, str) else None


def confirm(question: str) -> Generator[Request, Answer, bool]:
    """A question to which only a written "yes" is a yes; without anybody to ask it is a no."""
    answer = yield from ask(phrase("{question}: ", question=question))
    return answer is not None and answer.strip().lower() in ("yes", "y")


def draft(text: str | None = None, cursor: int = -1) -> Generator[Request, Answer, str | None]:
    answer = yield Draft(text, cursor)
    return answer if isinstance(answer, str) else None


def told(error: SmtpReplError) -> str:
    """What an error says to a person, and the hint that goes with it, each on a line of its own."""
    lines = [(N_("error"), error.message), (N_("hint"), error.hint)]
    return "\n".join(_("{word}: ").format(word=_(word)) + _(text) for word, text in lines if text)


def tell(text: str) -> Handling:
    yield Tell(text)


def connect(target: Target) -> Generator[Request, Answer, Reply | None]:
    answer = yield Connect(target)
    return answer if isinstance(answer, Reply) else None


def perform(plan: "Plan", casting: "Casting") -> Generator[Request, Answer, "PlayResult | None"]:
    answer = yield Play(plan, casting)
    return None if answer is None or isinstance(answer, (Reply, str)) else answer
