"""The server's part of PLAIN, LOGIN and CRAM-MD5: one generator each, responses in, challenges out.

Knows neither base64 nor sockets. A generator yields decoded challenges, is sent decoded responses, returns the
user's name, or raises `LoginRefused`. RFC 4616, draft-murchison-sasl-login, RFC 2195.
"""

import hmac
import secrets
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass


class LoginRefused(Exception):
    """The exchange is over; `answer` and `facts` say which reply the client gets (see `answers`)."""

    def __init__(self, answer: str, **facts: str) -> None:
        super().__init__(answer)
        self.answer = answer
        self.facts = facts


Login = Generator[bytes, bytes, str]


@dataclass(frozen=True, slots=True)
class Gate:
    """What a login is checked against: the accounts, and the host name that challenges carry."""

    accounts: Mapping[str, str]
    hostname: str

    def admit(self, user: bytes, password: bytes) -> str:
        """The user's name. Raises `LoginRefused` alike for an unknown user and a wrong password."""
        name = user.decode("utf-8", "replace")
        known = self.accounts.get(name)
        right = hmac.compare_digest(password, (known or "").encode())
        if known is None or not right:
            raise LoginRefused("auth-wrong")
        return name


def plain(gate: Gate, initial: bytes | None) -> Login:
    """[authzid] NUL user NUL password (RFC 4616 §2); nobody may act for somebody else here."""
    response = initial if initial is not None else (yield b"")
    parts = response.split(b"\0")
    if len(parts) != 3:
        raise LoginRefused("auth-malformed", mechanism="PLAIN", wanted="NUL user NUL password")
    authzid, user, password = parts
    name = gate.admit(user, password)
    if authzid not in (b"", user):
        raise LoginRefused("auth-wrong")
    return name


def login(gate: Gate, initial: bytes | None) -> Login:
    """User, then password, each on its own; some clients give the user at once."""
    user = initial if initial is not None else (yield b"Username:")
    password = yield b"Password:"
    return gate.admit(user, password)


def cram_md5(gate: Gate, initial: bytes | None) -> Login:
    """User, blank, HMAC-MD5 of our challenge in lower-case hexadecimal (RFC 2195 §2)."""
    if initial is not None:
        raise LoginRefused("auth-initial", mechanism="CRAM-MD5")  # RFC 4954 §4
    challenge = f"<{secrets.randbelow(10**10)}.{int(time.time())}@{gate.hostname}>".encode()
    response = yield challenge
    user, blank, digest = response.rpartition(b" ")
    if not blank:
        raise LoginRefused("auth-malformed", mechanism="CRAM-MD5", wanted="user, blank, digest")
    name = user.decode("utf-8", "replace")
    known = gate.accounts.get(name)
    right = hmac.new((known or "").encode(), challenge, "md5").hexdigest().encode()
    if not hmac.compare_digest(digest, right) or known is None:
        raise LoginRefused("auth-wrong")
    return name


LOGINS: dict[str, Callable[[Gate, bytes | None], Login]] = {"PLAIN": plain, "LOGIN": login, "CRAM-MD5": cram_md5}
"""The mechanisms that the practice server offers, in the order of its EHLO reply."""
