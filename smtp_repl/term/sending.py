"""`/send FILE`, and any message that goes out in blocks: by DATA or in BDAT chunks, however large, in little memory.

SMTP cannot cancel DATA (RFC 5321 §4.1.1.4): who wants to stop in the middle of it can go on, or hang up. Between two
chunks of BDAT there is RSET (RFC 3030 §2). Handlers and generators only; the driver waits for room to write.
"""

import stat
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path

from smtp_repl.teach.message_check import Survey, Trouble, troubles
from smtp_repl.term.desk import Desk
from smtp_repl.term.outgoing import Outgoing, size
from smtp_repl.term.requests import Answer, Drop, Handling, Request, Tell, Write, ask, say
from smtp_repl.term.writing import circumstances
from smtp_repl.wire.errors import PeerClosed, ReplyTimeout, UsageError
from smtp_repl.wire.language import N_, phrase
from smtp_repl.wire.octets import DotStuffer, printable
from smtp_repl.wire.states import Phase

BLOCK = 256 * 1024
CHUNK = 1024 * 1024
"""Octets of a BDAT chunk; each is answered before the next goes."""
_BDAT = "--bdat"
_IN_DATA = (
    N_("{done} of {total} have gone, and SMTP cannot cancel a message: go on, or drop the connection"),
    N_("go on, or drop the connection (g/d): "),
    "d",
    "drop",
)
"""What is told and asked when somebody wants to stop, and what means no."""
_BETWEEN_CHUNKS = (N_("{done} of {total} have gone: go on, or RSET"), N_("go on, or RSET (g/r): "), "r", "rset")
"""The same between two chunks, where RSET gives the message up."""

Source = Callable[[], Iterable[bytes]]
Sending = Generator[Request, Answer, bool]
"""A message being sent; returns whether all of it was."""


def handle_send(desk: Desk, argument: str) -> Handling:
    """`/send FILE`: DATA where it is due, then the message, with CRLF and dots doubled; `--bdat` sends chunks."""
    name, by_bdat = _read_argument(argument)
    if not name:
        raise UsageError("/send needs a file", "/send FILE.eml, or /send FILE.eml --bdat")
    _check_place(desk, by_bdat=by_bdat)
    path = Path(name).expanduser()
    octets = _size_of(path)
    given = circumstances(desk)
    if given.size_limit and octets > given.size_limit:
        yield Tell(
            phrase(
                "the file has {octets:,} octets, and this server takes {limit:,}: expect 552 (RFC 1870)",
                octets=octets,
                limit=given.size_limit,
            )
        )
    outgoing = Outgoing(path.name, octets, "" if by_bdat else name)
    read = Survey()
    began = desk.now()
    try:
        with path.open("rb") as file:
            blocks = _surveyed(iter(lambda: file.read(BLOCK), b""), outgoing, read)
            send = send_chunks if by_bdat else send_data
            is_sent = yield from send(desk, outgoing, blocks)
    except OSError as error:
        raise UsageError(
            phrase("cannot read on in {name}: {why}", name=printable(name), why=error.strerror),
            kind="no-file",
        ) from None
    if is_sent:
        if outgoing.is_long:
            yield Tell(
                phrase(
                    "{name}: {octets:,} octets in {took:.1f} s",
                    name=path.name,
                    octets=read.octets,
                    took=desk.now() - began,
                )
            )
        found = troubles(read, given, finished=True)
        yield from tell_troubles(one for one in found if one.rule != "size")


def tell_troubles(found: Iterable[Trouble]) -> Handling:
    """What may be wrong with a message that went out."""
    for one in found:
        yield Tell(phrase("in the message: {remark}", remark=one.remark))


def send_data(desk: Desk, outgoing: Outgoing, blocks: Iterable[bytes]) -> Sending:
    """Say DATA where it is due and a message in blocks; where DATA is refused the message is not said."""
    if desk.phase is Phase.RCPT:
        yield from say(b"DATA\r\n")
    if desk.phase is not Phase.DATA:
        return False
    stuffer = DotStuffer(text=True)
    desk.message_begins(outgoing)
    try:
        for wire in _whole_lines(map(stuffer.feed, blocks)):
            try:
                yield Write(wire)
            except ReplyTimeout as error:
                yield Tell(phrase("{message}; what was written so far still goes", message=error.message))
                outgoing.is_interrupted = True
            if outgoing.is_interrupted and not (yield from _goes_on(outgoing, *_IN_DATA)):
                yield Drop()
                return False
            if not desk.is_connected:
                raise PeerClosed("the connection is gone; the message did not go out as a whole", kind="in-data")
        outgoing.is_ending = outgoing.at_dot = True
        yield from say(stuffer.finish())
    finally:
        desk.message_ends()
    return desk.is_connected


def send_chunks(desk: Desk, outgoing: Outgoing, blocks: Iterable[bytes]) -> Sending:
    """Say a message in BDAT chunks, each answered before the next; a refusal is the end."""
    desk.message_begins(outgoing)
    try:
        for chunk, is_last in _chunks(_with_crlf(blocks)):
            outgoing.is_ending = is_last
            reply = yield from say(b"BDAT %d%s\r\n%s" % (len(chunk), b" LAST" if is_last else b"", chunk))
            if reply is None or reply.klass != 2:
                if not is_last and desk.is_connected:
                    yield Tell("the rest of the message was not sent; RSET begins anew")
                return False
            if outgoing.is_interrupted and not is_last and not (yield from _goes_on(outgoing, *_BETWEEN_CHUNKS)):
                outgoing.is_ending = True
                yield from say(b"RSET\r\n")
                return False
    finally:
        desk.message_ends()
    return True


def _goes_on(outgoing: Outgoing, told: str, question: str, *no: str) -> Sending:
    """Somebody wants to stop in the middle: tell how far it is, and ask. Nobody to ask is a yes."""
    outgoing.is_interrupted = False
    yield Tell(phrase(told, done=size(outgoing.done), total=size(outgoing.total)))
    answer = yield from ask(phrase(question))
    return (answer or "g").strip().lower() not in no


# ------------------------------------------------------------ what is to be sent, and whether it can be


def _read_argument(argument: str) -> tuple[str, bool]:
    """The name of the file, and whether it goes by BDAT."""
    words = argument.strip()
    by_bdat = False
    if words.startswith(_BDAT + " "):
        words, by_bdat = words.removeprefix(_BDAT).strip(), True
    elif words.endswith(" " + _BDAT):
        words, by_bdat = words.removesuffix(_BDAT).strip(), True
    if len(words) > 1 and words[0] == words[-1] and words[0] in "\"'":
        words = words[1:-1]
    return words, by_bdat


def file_of(argument: str) -> str:
    """The file that the argument of `/send` names."""
    return _read_argument(argument)[0]


def _check_place(desk: Desk, *, by_bdat: bool) -> None:
    if desk.phase not in (Phase.RCPT, Phase.DATA):
        raise UsageError("a message is not due here", "MAIL and RCPT first")
    if desk.conversation.text_begun:
        raise UsageError("a message has begun already; nothing sent", "a lone dot ends it")
    if by_bdat and desk.phase is Phase.DATA:
        raise UsageError("DATA was said, so the message cannot go by BDAT; nothing sent", "/send FILE without --bdat")
    if by_bdat and not desk.conversation.capabilities.offers("CHUNKING"):
        raise UsageError(
            "this server does not offer CHUNKING; nothing sent", "/send FILE goes by DATA; /raw says BDAT all the same"
        )


def _size_of(path: Path) -> int:
    try:
        facts = path.stat()
    except (OSError, ValueError) as error:  # ValueError: a NUL was typed
        why = error.strerror if isinstance(error, OSError) else phrase("no name of a file")
        raise UsageError(
            phrase("cannot read {path}: {why}", path=printable(str(path)), why=why), kind="no-file"
        ) from None
    if not stat.S_ISREG(facts.st_mode):
        raise UsageError(phrase("cannot read {path}: it is no file", path=printable(str(path))), kind="no-file")
    return facts.st_size


def _surveyed(blocks: Iterator[bytes], outgoing: Outgoing, read: Survey) -> Iterator[bytes]:
    for block in blocks:
        read.feed(block)
        outgoing.done += len(block)
        yield block
    read.finish()


def _whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same octets, in blocks that end with a line, except within a line that is longer than a block."""
    rest = b""
    for block in blocks:
        octets = rest + block
        cut = octets.rfind(b"\n") + 1 or len(octets)
        rest = octets[cut:]
        if cut:
            yield octets[:cut]
    if rest:
        yield rest


def _with_crlf(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """A text with any line ends as one with CRLF, the last line too."""
    held, last = b"", b"\n"
    for block in blocks:
        octets = held + block
        held = b"\r" if octets.endswith(b"\r") else b""
        octets = octets.removesuffix(b"\r")
        if octets:
            last = octets[-1:]
            yield octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    if held or last != b"\n":
        yield b"\r\n"


def _chunks(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Chunks of about one size, and which of them is the last."""
    chunk, gathered = b"", []
    filled = 0
    for block in blocks:
        gathered.append(block)
        filled += len(block)
        if filled >= CHUNK:
            if chunk:
                yield chunk, False
            chunk, gathered, filled = b"".join(gathered), [], 0
    rest = b"".join(gathered)
    if rest and chunk:
        yield chunk, False
    yield rest or chunk, True
