"""Handlers for AUTH: one step encoded, one password asked for, a whole exchange walked line by line.

A password does not go out in cleartext to anything but this machine without a yes. That holds for these helpers;
what a person types by hand is never blocked.
"""

from collections.abc import Generator

from smtp_repl.term.desk import Desk
from smtp_repl.term.encoding import step_octets
from smtp_repl.term.full_width import as_ascii
from smtp_repl.term.requests import Answer, Handling, Put, Request, Tell, ask, confirm, say
from smtp_repl.wire.errors import CleartextError, UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import encode_step, printable
from smtp_repl.wire.sasl import MECHANISMS, Credentials, Mechanism, Steps, choose, start
from smtp_repl.wire.secrets import Secret
from smtp_repl.wire.states import Phase


def handle_encode(desk: Desk, argument: str) -> Handling:
    r"""`/encode TEXT`: the base64 at the prompt, to be sent with Enter; elsewhere as `/b64`."""
    if desk.phase is Phase.AUTH and argument:
        yield Put(encode_step(step_octets(argument)).decode())
    elif desk.phase is Phase.AUTH:
        raise UsageError("/encode needs the text", "/encode TEXT, or type the text and press F4")
    else:
        yield from handle_b64(desk, argument)


def handle_ascii(desk: Desk, argument: str) -> Handling:
    """`/ascii TEXT`: the text at the prompt, with full-width characters as ASCII."""
    yield Put(as_ascii(argument))


def handle_b64(desk: Desk, argument: str) -> Handling:
    r"""`/b64 TEXT`: the answer to a 334, encoded; elsewhere it shows the base64. `\0` stands for a NUL."""
    octets = step_octets(argument)
    encoded = encode_step(octets)
    if desk.phase is not Phase.AUTH:
        yield Tell(
            phrase(
                "{encoded} is base64 of {octets} (not sent: no 334 waits for an answer)",
                encoded=encoded.decode(),
                octets=printable(octets),
            )
        )
        return
    exchange = desk.login.exchange
    is_user_name = exchange is not None and exchange.mechanism == "LOGIN" and not exchange.responses
    if exchange is not None and not is_user_name:
        mechanism = MECHANISMS.get(exchange.mechanism)
        if mechanism is None or mechanism.reveals_password:
            yield from _guard(desk, exchange.mechanism)
    yield from say(encoded + b"\r\n")


def handle_pass(desk: Desk, argument: str) -> Handling:
    """`/pass`: asks for the password and answers the 334 with it, as the mechanism wants it."""
    if argument:
        raise UsageError("/pass asks for the password; it is not typed where it shows", "/pass")
    if desk.phase is not Phase.AUTH or desk.login.exchange is None:
        raise UsageError("no AUTH step is due", "AUTH LOGIN first, or /auth")
    exchange, challenge = desk.login.exchange, desk.login.challenge
    mechanism = MECHANISMS.get(exchange.mechanism)
    if exchange.mechanism == "LOGIN" and not exchange.responses:
        raise UsageError("the server asks for the user name first", "/b64 NAME, then /pass")
    if mechanism is None or mechanism.reveals_password:
        yield from _guard(desk, exchange.mechanism)
    user = exchange.user.decode("utf-8", "replace") if exchange.user is not None else None
    if user is None and mechanism is not None:
        user = yield from _ask_user(desk)
    password = yield from _ask_password(desk, user)
    if password is None or (user is None and mechanism is not None):
        return
    step = Secret(encode_step(password.reveal()))
    if mechanism is not None and exchange.mechanism != "LOGIN":
        steps = start(mechanism, Credentials(user or "", password), initial=False)
        answer = steps.answer(challenge.text if challenge is not None else b"")
        if answer is None:
            raise UsageError("the challenge is not base64: there is no answer to it", "* cancels", kind=steps.fault)
        step = answer
    yield from say(step.reveal() + b"\r\n")


def handle_auth(desk: Desk, argument: str) -> Handling:
    """`/auth [mechanism] [user]`: a whole exchange, line by line."""
    words = argument.split()
    name = words.pop(0) if words and words[0].upper() in MECHANISMS else ""
    if len(words) > 1:
        known = ", ".join(MECHANISMS)
        raise UsageError(
            phrase('"{word}" is no mechanism that is spoken here', word=printable(words[0])),
            phrase("spoken: {mechanisms}", mechanisms=known),
        )
    yield from log_in(desk, words[0] if words else "", name)


def log_in(desk: Desk, user: str = "", name: str = "") -> Handling:
    """Walk an exchange of the named mechanism, or of the strongest that is offered and spoken."""
    if not desk.is_connected:
        raise UsageError("not connected", "/connect HOST[:PORT]")
    if desk.phase is not Phase.GREETED:
        hint = phrase("EHLO first") if desk.phase is Phase.CONNECTED else phrase("finish or RSET what is open first")
        raise UsageError("AUTH is not due here", hint)
    mechanism = MECHANISMS[name.upper()] if name else choose(desk.conversation.capabilities.auth)
    if mechanism is None:
        raise _none_offered(desk)
    if text := why_this_one(mechanism, desk.conversation.capabilities.auth, was_named=bool(name)):
        yield Tell(text)
    if mechanism.reveals_password:
        yield from _guard(desk, mechanism.name)
    asked = user or (yield from _ask_user(desk))
    if asked is None:
        yield Tell("no user was named; nothing sent")
        return
    password = yield from _ask_password(desk, asked)
    if password is None:
        return
    steps = start(mechanism, Credentials(asked, password), initial=mechanism.initial == "optional")
    yield from _exchange(desk, mechanism, steps)


def why_this_one(mechanism: Mechanism, offered: tuple[str, ...], *, was_named: bool) -> str:
    """Why an exchange goes by this mechanism, and what else there was; "" when there is nothing to say."""
    name, others = mechanism.name, [one for one in offered if one != mechanism.name]
    best = choose(offered)
    if not was_named:
        spoken = any(one in MECHANISMS for one in others)
        why = phrase("{name}: the one mechanism in common", name=name)
        if spoken:
            why = phrase("{name}: the strongest that is offered and spoken here", name=name)
        if not mechanism.reveals_password:
            why = phrase("{why}; the password itself does not go over the wire", why=why)
        if others:
            why = phrase("{why}; also offered: {others}", why=why, others=printable(", ".join(others)))
        return why
    if name not in offered:
        known = phrase("AUTH is not offered at all")
        if offered:
            known = phrase("offered: {mechanisms}", mechanisms=printable(", ".join(offered)))
        return phrase("{name} is not offered here: expect 504; {known}", name=name, known=known)
    if best is not None and mechanism.reveals_password and not best.reveals_password:
        return phrase("{name} is offered too, and does not send the password itself", name=best.name)
    return ""


def _exchange(desk: Desk, mechanism: Mechanism, steps: Steps) -> Handling:
    line = b"AUTH " + mechanism.name.encode()
    if steps.first is not None:
        line += b" " + steps.first.reveal()
    reply = yield from say(line + b"\r\n")
    while reply is not None and reply.code == 334 and desk.login.challenge is not None:
        step = steps.answer(desk.login.challenge.text)
        if step is None:
            yield Tell("there is no answer to this; * cancels")
            yield from say(b"*\r\n")
            return
        reply = yield from say(step.reveal() + b"\r\n")


def _none_offered(desk: Desk) -> UsageError:
    capabilities = desk.conversation.capabilities
    if capabilities.auth:
        offered, spoken = ", ".join(capabilities.auth), ", ".join(MECHANISMS)
        return UsageError(
            phrase("no mechanism in common: the server offers {offered}", offered=printable(offered)),
            phrase("spoken here: {spoken}", spoken=spoken),
        )
    if capabilities.offers("STARTTLS"):
        return UsageError("AUTH is not offered here", "it may be after /starttls")
    return UsageError("AUTH is not offered here", "/auth MECHANISM tries it all the same")


def _guard(desk: Desk, mechanism: str) -> Handling:
    """Raises `CleartextError` unless a password may be shown to the network."""
    if desk.conversation.path_is_private or desk.settings.allow_plaintext_auth:
        return
    where = printable(desk.opened.address) if desk.opened is not None else phrase("the server")
    name = printable(mechanism) or phrase("this step")
    question = phrase(
        "{name} would show your password to anyone on the path to {where}; type yes, or /starttls",
        name=name,
        where=where,
    )
    if not (yield from confirm(question)):
        raise CleartextError(
            "nothing sent: the connection is not encrypted",
            "/starttls first, or --allow-plaintext-auth",
            kind="secret-without-tls",
        )


def _ask_user(desk: Desk) -> Generator[Request, Answer, str | None]:
    if desk.host is not None and desk.host.user:
        return desk.host.user
    default = desk.practice.account.user if desk.is_practice and desk.practice is not None else ""
    user = yield from ask("user: ", default=default)
    return user or None


def _ask_password(desk: Desk, user: str | None) -> Generator[Request, Answer, Secret | None]:
    account = desk.practice.account if desk.is_practice and desk.practice is not None else None
    known = f" ({account.user}'s is {account.password})" if account is not None else ""
    # A profile's password is that of its user, and for its server only.
    program = desk.host.password_command if desk.host is not None and user == desk.host.user else ""
    password = yield from ask(f"password{known}: ", hidden=True, program=program)
    return None if password is None else Secret(password.encode("utf-8", "surrogateescape"))
