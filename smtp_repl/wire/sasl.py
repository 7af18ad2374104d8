"""SASL mechanisms in SMTP AUTH (RFC 4954, RFC 4422): one generator each, in one registry.

A mechanism is a generator. Its first `next()` yields the initial response, or None when it has none; each
`send(challenge)` takes a decoded challenge and yields the response to it; it returns when nothing more is due.
Base64, the initial response that is held back until the server asks, the `=` of an empty one and the number of
rounds are the business of `Steps`, once for all mechanisms:

    steps = start(MECHANISMS["PLAIN"], credentials, initial=False)
    C: AUTH PLAIN                 steps.first is None
    S: 334
    C: AHRpbQB0YW5z…              steps.answer(b"")
    S: 235 2.7.0 Ok

Responses are `Secret` from birth. To add a mechanism: one generator, one row in `MECHANISMS`. Knows nothing of
replies but the text of a 334, nor of TLS: whoever sends decides whether a password may be shown to the network.
"""

import re
from collections.abc import Callable, Generator, Iterable

from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import N_
from smtp_repl.wire.octets import decode_step, encode_step
from smtp_repl.wire.records import Record
from smtp_repl.wire.secrets import Secret

CHALLENGES_LIMIT = 10
"""Challenges that we answer in one exchange; a server that asks on is not going to be satisfied."""


class Credentials(Record):
    """Who logs in. `authzid` is whom to act as, nearly always empty. SMTP takes all three as UTF-8."""

    user: str
    password: Secret
    authzid: str = ""


Exchange = Generator[Secret | None, bytes, None]


class ResponseParts(Record):
    """What one decoded response holds, as far as its mechanism tells; None is what it does not hold."""

    user: bytes | None = None
    secret: Secret | None = None
    authzid: bytes | None = None


def _opaque(step: int, response: bytes) -> ResponseParts | None:
    return None


class Mechanism(Record):
    """One row of the registry.

    `initial` says whether `AUTH NAME response` is possible: "optional", "never", or "sometimes" (some servers).
    `reads_challenges`: a challenge that is no base64 ends the exchange; without, it is a mere "go on".
    `responses` is how many responses the client gives in a whole exchange, an initial one included.
    `describe(step, decoded response)` takes a response apart; steps count from 0, an initial one included.
    """

    name: str
    client: Callable[[Credentials], Exchange]
    initial: str
    reveals_password: bool
    reads_challenges: bool
    strength: int
    responses: int
    ref: str
    describe: Callable[[int, bytes], ResponseParts | None] = _opaque


def _plain(credentials: Credentials) -> Exchange:
    user, password, authzid = _octets(credentials)
    yield Secret(b"\0".join((authzid, user, password)))


def _plain_parts(step: int, response: bytes) -> ResponseParts | None:
    parts = response.split(b"\0")
    if step != 0 or len(parts) != 3:
        return None
    return ResponseParts(parts[1], Secret(parts[2]), parts[0])


def _login(credentials: Credentials) -> Exchange:
    # The prompts differ from server to server ("Username:", "User Name\0", nothing): the order is what counts.
    user, password, _ = _octets(credentials)
    yield Secret(user)
    yield Secret(password)


def _login_parts(step: int, response: bytes) -> ResponseParts | None:
    if step == 0:
        return ResponseParts(user=response)
    return ResponseParts(secret=Secret(response)) if step == 1 else None


def _cram_md5(credentials: Credentials) -> Exchange:
    import hmac  # with hashlib, several ms of start-up that few sessions need

    user, password, _ = _octets(credentials)
    challenge = yield None
    yield Secret(user + b" " + hmac.new(password, challenge, "md5").hexdigest().encode("ascii"))


_CRAM_MD5_RESPONSE = rb"(?s)(.*) ([0-9a-fA-F]{32})"


def _cram_md5_parts(step: int, response: bytes) -> ResponseParts | None:
    found = re.fullmatch(_CRAM_MD5_RESPONSE, response)
    if step != 0 or found is None:
        return None
    # The digest is enough to try passwords at home, so it is as secret as one.
    return ResponseParts(found[1], Secret(found[2]))


MECHANISMS: dict[str, Mechanism] = {
    mechanism.name: mechanism
    for mechanism in (
        Mechanism("PLAIN", _plain, "optional", True, False, 2, 1, "RFC 4616 §2", _plain_parts),
        Mechanism("LOGIN", _login, "sometimes", True, False, 1, 2, "draft-murchison-sasl-login-00", _login_parts),
        Mechanism("CRAM-MD5", _cram_md5, "never", False, True, 3, 1, "RFC 2195 §2", _cram_md5_parts),
    )
}
"""The mechanisms that we speak, by name."""


def choose(offered: Iterable[str]) -> Mechanism | None:
    """The strongest of the offered mechanisms that we speak; None when there is none."""
    spoken = [MECHANISMS[name.upper()] for name in offered if name.upper() in MECHANISMS]
    return max(spoken, key=lambda mechanism: mechanism.strength, default=None)


def start(mechanism: Mechanism, credentials: Credentials, initial: bool) -> "Steps":
    """Begin an exchange; `initial` asks for an initial response where the mechanism allows one.

    Raises `UsageError` (kind `bad-secret`) when the credentials cannot be sent.
    """
    return Steps(mechanism, credentials, initial)


class Steps:
    """One exchange, as base64 text on both sides. `first` goes on the AUTH line; `answer` answers a 334."""

    __slots__ = ("_exchange", "_held", "_reads", "_rounds", "fault", "first", "mechanism")

    def __init__(self, mechanism: Mechanism, credentials: Credentials, initial: bool) -> None:
        self.mechanism = mechanism
        self.fault = ""
        """Why `answer` gave None: bad-base64 or too-many-challenges."""
        self.first: Secret | None = None
        """Base64 for the AUTH line, `=` when empty (RFC 4954 §4); None when nothing follows the mechanism."""
        self._rounds = 0
        self._exchange = mechanism.client(credentials)
        self._held = next(self._exchange)
        if initial and mechanism.initial != "never" and self._held is not None:
            self.first = _encoded(self._held) or Secret(b"=")
            self._held = None

    def answer(self, challenge: bytes) -> Secret | None:
        """The base64 line to send in answer to this text of a 334 (base64, as on the wire); may be empty.

        None when there is no answer and `*` is due (RFC 4954 §4): see `fault`.
        """
        self._rounds += 1
        if self._rounds > CHALLENGES_LIMIT:
            self.fault = "too-many-challenges"
            return None
        if self._held is not None:
            # The 334 only says "go on" (RFC 4954 §4 wants it empty; not all servers leave it so).
            held, self._held = self._held, None
            return _encoded(held)
        decoded = decode_step(challenge)
        if decoded is None and self.mechanism.reads_challenges:
            self.fault = "bad-base64"
            return None
        try:
            response = self._exchange.send(decoded or b"")
        except StopIteration:
            self.fault = "too-many-challenges"
            return None
        return _encoded(response or Secret(b""))


def describe_response(mechanism: str, step: int, text: bytes) -> ResponseParts | None:
    """What the base64 text of a client's AUTH step holds; `step` counts the responses from 0.

    None when it is not base64, when we do not know the mechanism, or when the step is not as its RFC wants it.
    """
    row = MECHANISMS.get(mechanism.upper())
    decoded = b"" if text == b"=" else decode_step(text)
    return None if row is None or decoded is None else row.describe(step, decoded)


def _encoded(response: Secret) -> Secret:
    return Secret(encode_step(response.reveal()))


def _octets(credentials: Credentials) -> tuple[bytes, bytes, bytes]:
    """User, password and authzid as octets; refused when a line end or a separator of PLAIN is in them."""
    user = credentials.user.encode("utf-8", "surrogateescape")
    password = credentials.password.reveal()
    authzid = credentials.authzid.encode("utf-8", "surrogateescape")
    holders = (
        (user, N_("the user name holds a line end or a NUL")),
        (password, N_("the password holds a line end or a NUL")),
        (authzid, N_("the authorization identity holds a line end or a NUL")),
    )
    for octets, complaint in holders:
        if any(octet in octets for octet in b"\r\n\0"):
            raise UsageError(
                complaint,
                "a line end often comes along from a file or a variable; write it without",
                kind="bad-secret",
            )
    return user, password, authzid
