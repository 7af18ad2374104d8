"""Handlers about the connection: open, encrypt, close, leave; and the walk to a point at the start of a session.

Nothing here reconnects or repeats by itself: each step stands on the screen, and each was asked for.
"""

from smtp_repl.script.transcript import describe_tls
from smtp_repl.term.desk import Desk
from smtp_repl.term.requests import Connect, Drop, Handling, Leave, Tell, confirm, connect, say
from smtp_repl.term.status import tls_rows
from smtp_repl.wire.errors import TlsError, UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.replies import Reply
from smtp_repl.wire.states import Phase
from smtp_repl.wire.targets import Target, parse_target


def handle_connect(desk: Desk, argument: str) -> Handling:
    """`/connect [target]`: another server, a profile by its name, or the last one again."""
    words = argument.split()
    if len(words) > 2:
        raise UsageError("/connect takes HOST[:PORT], or HOST PORT")
    host = desk.hosts.get(words[0]) if len(words) == 1 else None
    if host is not None:
        from smtp_repl.term.hosts import describe

        yield from _close(desk)
        desk.profile = host
        yield Tell(f"{host.name}: {describe(host)}")
        user = host.user if host.logs_in else None
        yield from walk(desk, host.target, ehlo=False, starttls=host.starttls, auth_user=user)
        return
    target = parse_target(*words) if words else desk.target
    if target is None:
        raise UsageError("there is no server to go back to", "/connect HOST[:PORT]")
    yield from _close(desk)
    yield Connect(target)


def handle_close(desk: Desk, argument: str) -> Handling:
    """`/close`: hang up without QUIT."""
    if not desk.is_connected:
        raise UsageError("not connected")
    yield from _close(desk)


def _close(desk: Desk) -> Handling:
    if desk.is_connected:
        yield Drop()


def handle_quit(desk: Desk, argument: str) -> Handling:
    """`/quit`: QUIT, then leave. Asks first where that would lose something."""
    if desk.is_connected and "QUIT" not in desk.conversation.awaiting:
        question: str = ""
        if desk.phase is Phase.DATA:
            question = phrase("the message is open and would not be sent; type yes to hang up")
        elif desk.phase is Phase.AUTH:
            question = phrase("AUTH waits for an answer; type yes to hang up")
        elif desk.is_in_transaction:
            question = phrase("a mail transaction is open and would be given up; type yes to leave")
        if question and not (yield from confirm(question)):
            return
        # Inside a message or an AUTH exchange the word QUIT would be taken for a part of it.
        if desk.phase not in (Phase.DATA, Phase.AUTH, Phase.CLOSED, Phase.OPENED):
            yield from say(b"QUIT\r\n")
    # A QUIT that got no answer is not said twice.
    yield from _close(desk)
    yield Leave()


def handle_starttls(desk: Desk, argument: str) -> Handling:
    """`/starttls`: EHLO where it is due, STARTTLS, EHLO again."""
    if not desk.is_connected:
        raise UsageError("not connected", "/connect HOST[:PORT]")
    if desk.conversation.tls_active:
        raise UsageError("this connection is encrypted already", "/tls shows how")
    if desk.phase is Phase.CONNECTED:
        yield from _greet(desk)
    yield from _start_tls(desk)


def _greet(desk: Desk) -> Handling:
    verb = b"LHLO " if desk.target is not None and desk.target.lmtp else b"EHLO "
    yield from say(verb + desk.ehlo_name.encode() + b"\r\n")


def _start_tls(desk: Desk) -> Handling:
    reply = yield from say(b"STARTTLS\r\n")
    if reply is not None and reply.code == 220 and desk.is_connected:
        # RFC 3207 §4.2: whatever was offered before does not count any more.
        yield from _greet(desk)


def handle_tls(desk: Desk, argument: str) -> Handling:
    """`/tls`: what is known of the encryption; `/tls trust`: go on with the certificate that was refused."""
    if argument.strip().lower() == "trust":
        yield from _trust(desk)
    elif argument.strip():
        raise UsageError(
            phrase('/tls knows no "{argument}"', argument=printable(argument.strip())),
            "/tls shows the facts; /tls trust pins",
        )
    elif desk.tls is None:
        yield Tell("not encrypted" if desk.is_connected else "not connected")
    else:
        facts = desk.tls
        yield Tell(describe_tls(facts))
        for name, value in tls_rows(facts):
            yield Tell(f"  {name.ljust(8)} {value}")


def _trust(desk: Desk) -> Handling:
    if not desk.untrusted_sha256 or desk.target is None:
        raise UsageError("no certificate was refused in this session")
    desk.tls_options = desk.tls_options._replace(pin_sha256=(desk.untrusted_sha256,))
    yield Tell(phrase("trusting {pin} until this session ends", pin=desk.untrusted_sha256))
    greeting = yield from connect(desk.target)
    if greeting is not None and not desk.target.implicit_tls:
        yield from _greet(desk)
        yield from _start_tls(desk)


def walk(desk: Desk, target: Target, *, ehlo: bool, starttls: bool, auth_user: str | None) -> Handling:
    """Connect and go as far as the command line says, each step shown; then the person goes on.

    Stops at the first step that the server refuses. `auth_user` "" asks for the name.
    """
    greeting = yield from connect(target)
    if not _agreed(greeting):
        return
    if ehlo or starttls or auth_user is not None:
        yield from _greet(desk)
    if starttls and not desk.conversation.tls_active and desk.phase is Phase.GREETED:
        if not desk.conversation.capabilities.offers("STARTTLS"):
            raise TlsError("the server does not offer STARTTLS", "go on by hand", kind="not-offered")
        yield from _start_tls(desk)
        if not desk.conversation.tls_active:
            return
    if auth_user is not None and desk.phase is Phase.GREETED:
        from smtp_repl.term.authenticate import log_in  # for few: not before the first prompt

        yield from log_in(desk, auth_user)


def _agreed(reply: Reply | None) -> bool:
    return reply is not None and reply.klass == 2
