"""Messages written in peace: from the text at the prompt to what goes on the wire after a 354, and what Ctrl-C asks.

SMTP has no way to take DATA back (RFC 5321 §4.1.1.4): once the 354 is there, one sends a message or hangs up.
"""

from collections.abc import Callable

from smtp_repl.term.desk import Desk
from smtp_repl.term.requests import Drop, Edit, Handling, Tell, ask
from smtp_repl.wire.language import phrase, phrase_of
from smtp_repl.wire.octets import DotStuffer


def is_finished(text: str) -> bool:
    """Whether the last line of what is written is a lone dot."""
    return text == "." or text.endswith("\n.")


def wire_octets(text: str) -> tuple[bytes, int]:
    """The message for the wire, final dot included, and how many dots had to be doubled. `text` has LF line ends."""
    octets = text.encode("utf-8", "surrogateescape")
    stuffer = DotStuffer(text=True)
    return stuffer.feed(octets) + stuffer.finish(), sum(line.startswith(b".") for line in octets.split(b"\n"))


def stuffing_remark(stuffed: int) -> str:
    """What is told when dots were doubled."""
    return phrase_of(
        "{count} line began with a dot: it was doubled on the wire, and the server undoes it (RFC 5321 §4.5.2)",
        "{count} lines began with a dot: it was doubled on the wire, and the server undoes it (RFC 5321 §4.5.2)",
        stuffed,
    )


def handle_edit(desk: Desk, argument: str) -> Handling:
    """`/edit`: what stands at the prompt, in $VISUAL or $EDITOR."""
    yield Edit()


def interrupted(sending: Callable[[], Handling], discard: Callable[[], object]) -> Handling:
    """Ctrl-C in a message. `sending` sends it as it is; `discard` empties the prompt."""
    yield Tell("the message is open, and SMTP cannot cancel it: go on, send it as it is, or drop the connection")
    answer = yield from ask(phrase("continue, send or drop (c/s/d): "))
    match (answer or "c").strip().lower():
        case "s" | "send":
            yield from sending()
        case "d" | "drop":
            discard()
            yield Drop()
        case _:
            yield Tell("the message goes on")
