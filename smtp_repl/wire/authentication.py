"""The AUTH lines of a client, read so that each secret is wrapped the moment it is recognised (RFC 4954).

Knows the two places where a secret can stand: after the mechanism in an AUTH command, and in any line that answers
a 334. What it cannot make sense of is secret as a whole.
"""

import re

from smtp_repl.wire.commands import Command, parse_command
from smtp_repl.wire.events import AuthStep
from smtp_repl.wire.octets import decode_step
from smtp_repl.wire.sasl import MECHANISMS, describe_response
from smtp_repl.wire.secrets import Secret, SecretBook

# However oddly it is written: a server may take a TAB for a blank, and a typing error must not show a password.
_AUTH = rb"(?i)[\s\0]*(?:AUTH|X-EXPS)(?:[\s\0]+|\Z)"
_ARGUMENT = rb"(?s)([A-Za-z0-9_-]{1,20})(\s*)(.*)"  # sasl-mech, RFC 4422 §3.1


def is_auth(line: bytes) -> bool:
    """Whether a client's line begins an exchange; X-EXPS is Microsoft Exchange's private word for AUTH."""
    # Most lines are nothing of the kind, and most sessions have no such line: spare them the pattern.
    return line[:1] in b"AaXx\0 \t\v\f\r\n" and re.match(_AUTH, line) is not None


class AuthReader:
    """Follows one AUTH exchange after another; knows how many steps the mechanism still has."""

    __slots__ = ("_number", "_steps", "mechanism")

    def __init__(self) -> None:
        self.mechanism = ""
        self._steps = 0
        self._number = 0

    @property
    def is_done(self) -> bool:
        """Whether the client has said all steps that this mechanism is known to have."""
        return 0 < self._steps <= self._number

    @property
    def nothing_said(self) -> bool:
        """Whether the client has said no step yet."""
        return self._number == 0

    def begin(self, command: Command) -> tuple[Command, AuthStep | None]:
        """Read an AUTH command; returns the command without its initial response, and that response."""
        line = command.line
        verb = re.match(_AUTH, line)
        argument = line[verb.end() :] if verb is not None else command.argument
        found = re.fullmatch(_ARGUMENT, argument)
        if found is None or (found[3] and not found[2]) or (not found[3] and _is_no_name(found[1])):
            # No mechanism that could be one: the secret may stand anywhere.
            name, secret = "", argument
        else:
            name, secret = found[1].decode().upper(), found[3]
        self.mechanism = name
        known = MECHANISMS.get(name)
        self._steps = known.responses if known is not None else 0
        self._number = 0
        if not secret:
            return command, None
        return parse_command(line[: len(line) - len(secret)]), self._read(secret, True)

    def step(self, text: bytes) -> AuthStep:
        """Read a line that answers a 334 (without its line end)."""
        return self._read(text, False)

    def _read(self, text: bytes, initial: bool) -> AuthStep:
        number = self._number
        self._number += 1
        is_base64 = text == b"=" or decode_step(text) is not None
        parts = describe_response(self.mechanism, number, text)
        if parts is None:
            return AuthStep(self.mechanism, number, initial, Secret(text), is_base64=is_base64)
        reveals = MECHANISMS[self.mechanism].reveals_password
        return AuthStep(
            self.mechanism,
            number,
            initial,
            Secret(text),
            parts.user,
            parts.secret if reveals else None,
            parts.authzid or b"",
            is_base64,
        )


def _is_no_name(word: bytes) -> bool:
    """Mechanisms are named in one case; a word in both is more likely base64 whose mechanism was forgotten."""
    return word.upper().decode() not in MECHANISMS and not (word.isupper() or word.islower())


def remember(step: AuthStep, book: SecretBook) -> None:
    """Note what of a step must be masked if the server repeats it; a user name alone is no secret."""
    if step.password is not None:
        book.add(step.password)
        book.add(step.text)
    elif step.user is None or step.mechanism != "LOGIN":
        book.add_step(step.text.reveal())
