"""Profiles: servers that the user gave a name, and what is known about each: `[hosts.NAME]` in the settings file.

A profile counts for its own server and no other: whoever goes somewhere else leaves its user, its trust and its
source of a password behind.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from smtp_repl.net.trust import TlsOptions
from smtp_repl.term.settings import NAME, Value
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import _, either, phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.targets import Target, parse_target


class Host(Record):
    """One profile. `target` says where, `starttls` whether STARTTLS is said on the way there."""

    name: str
    target: Target
    starttls: bool = False
    user: str = ""
    """Who `/auth` logs in as, unless it is told otherwise."""
    logs_in: bool = False
    """Whether that is done at the start."""
    ehlo: str = ""
    tls: TlsOptions = TlsOptions()
    password_command: str = ""

    def trust(self, chosen: TlsOptions) -> TlsOptions:
        """Whom to trust here: what was chosen for the session, and what the profile says of the rest."""
        if not chosen.verify:
            return chosen._replace(server_name=chosen.server_name or self.tls.server_name)
        return chosen._replace(
            ca_file=chosen.ca_file or self.tls.ca_file,
            pin_sha256=chosen.pin_sha256 or self.tls.pin_sha256,
            server_name=chosen.server_name or self.tls.server_name,
        )


class HostKey(Record):
    """One key of a profile: how it is written, and what it means.

    `read` takes what a TOML parser gives, and raises `UsageError` whose message goes on from "NAME …".
    """

    name: str
    form: str
    read: Callable[[object], Value]
    meaning: str
    example: str


def _text(value: object) -> Value:
    if isinstance(value, str) and value and value.isprintable():
        return value
    raise UsageError("takes text on one line")


def _port(value: object) -> Value:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65535:
        return value
    raise UsageError("takes a number from 1 to 65535, such as 25, 465 or 587")


def _yes(value: object) -> Value:
    if isinstance(value, bool):
        return value
    raise UsageError("takes true or false")


def _tls(value: object) -> Value:
    if isinstance(value, str) and value in _TLS_WORDS:
        return value
    shown = f'"{printable(value)}"' if isinstance(value, str) else "that"
    raise UsageError(phrase("takes {wanted}, and not {shown}", wanted=either(_TLS_WORDS), shown=shown))


def _pin(value: object) -> Value:
    from smtp_repl.net.certificates import parse_pin  # with ssl: for profiles that have a pin

    try:
        return parse_pin(str(_text(value)))
    except UsageError as error:
        raise UsageError(phrase("takes a SHA-256 fingerprint: {message}", message=error.message), error.hint) from None


_TLS_WORDS = ("none", "starttls", "implicit")

HOST_KEYS: dict[str, HostKey] = {
    row.name: row
    for row in (
        HostKey("host", "TEXT", _text, "a name, an address, or all that `smtp-repl HOST` takes", '"mail.example.com"'),
        HostKey("port", "NUMBER", _port, "25 unless said, 465 with TLS at once", "587"),
        HostKey("tls", "|".join(_TLS_WORDS), _tls, "STARTTLS on the way there, or TLS at once", '"starttls"'),
        HostKey("user", "TEXT", _text, "who `/auth` logs in as", '"alice"'),
        HostKey("auth", "true|false", _yes, "log in at the start", "true"),
        HostKey("password_command", "TEXT", _text, "a program that prints that user's password", '"pass show mail"'),
        HostKey("ehlo", "NAME", NAME.from_toml, "the name for EHLO, there", '"client.example.org"'),
        HostKey("ca", "FILE", _text, "trust the authorities in this file (PEM)", '"ca.pem"'),
        HostKey("pin", "SHA256", _pin, "trust exactly the certificate with this fingerprint", f'"{"ab" * 32}"'),
        HostKey("tls_name", "TEXT", _text, "the name that the certificate must have", '"mail.example.com"'),
    )
}
"""Every key of a profile, in the order in which they are shown."""


def make_host(name: str, values: Mapping[str, Value], folder: Path) -> Host:
    """A profile from the values of its keys; files are relative to `folder`. Raises `UsageError`."""

    def text(key: str) -> str:
        return str(values.get(key, ""))

    if "host" not in values:
        raise UsageError(phrase('the profile "{name}" has no host', name=printable(name)), 'host = "mail.example.com"')
    tls = text("tls")
    port = text("port") or None
    target = parse_target(text("host"), port)
    if tls:
        target = target._replace(implicit_tls=tls == "implicit")
        if tls == "implicit" and port is None and target.port == 25:
            target = target._replace(port=465)
    user = text("user")
    for key in ("auth", "password_command"):
        if values.get(key) and not user:
            raise UsageError(
                phrase('the profile "{name}" has {key} and no user', name=printable(name), key=key), 'user = "alice"'
            )
    ca = text("ca")
    pin = text("pin")
    return Host(
        name,
        target,
        starttls=tls == "starttls",
        user=user,
        logs_in=values.get("auth") is True,
        ehlo=text("ehlo"),
        tls=TlsOptions(
            ca_file=str(folder / Path(ca).expanduser()) if ca else "",
            pin_sha256=(pin,) if pin else (),
            server_name=text("tls_name"),
        ),
        password_command=text("password_command"),
    )


def describe(host: Host) -> str:
    """A profile in one line."""
    facts = [f"{'smtps://' if host.target.implicit_tls and host.target.port != 465 else ''}{host.target}"]
    facts += [_("TLS at once")] * host.target.implicit_tls + ["STARTTLS"] * host.starttls
    if host.user:
        facts.append(_("user {name}").format(name=host.user))
        facts += [_("logs in")] * host.logs_in
    return printable(", ".join(facts))
