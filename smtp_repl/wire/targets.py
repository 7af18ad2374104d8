"""Where a session goes: `HOST[:PORT]`, `[::1]:25`, `smtp://`, `smtps://`, `lmtp://`, `unix:/path`, as values.

Pure text: no name is looked up here. A port that decides something decides it here: 465 means TLS from the first
octet (RFC 8314 §3.3), 24 is LMTP's by custom (RFC 2033 forbids 25).
"""

import re

from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record

SMTP_PORT = 25
SUBMISSIONS_PORT = 465
LMTP_PORT = 24


class Target(Record):
    """Host and port, or the path of a Unix socket; `implicit_tls` starts TLS before the greeting."""

    host: str
    port: int = SMTP_PORT
    implicit_tls: bool = False
    lmtp: bool = False
    path: str = ""
    bind: str = ""
    server_name: str = ""

    def __str__(self) -> str:
        """As it could be given again: `192.0.2.1:25`, `[::1]:25`, `unix:/run/lmtp`."""
        if self.path:
            return f"unix:{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether nothing said to this target leaves the machine, as far as the words tell.

        Once connected, the address that answered decides (`actions.Opened.is_loopback`): any name can lead anywhere.
        """
        return bool(self.path) or self.host.lower().rstrip(".") == "localhost" or is_loopback_address(self.host)


_SCHEMES = {
    # scheme: (default port, implicit TLS, LMTP)
    "smtp": (SMTP_PORT, False, False),
    "smtps": (SUBMISSIONS_PORT, True, False),
    "submission": (587, False, False),
    "submissions": (SUBMISSIONS_PORT, True, False),
    "lmtp": (LMTP_PORT, False, True),
}
_LOOPBACK = r"(?ia)(?:::1|(?:::ffff:)?127(?:\.[0-9]{1,3}){3})(?:%.*)?"
_SCHEME = r"([A-Za-z][A-Za-z0-9+.-]*)://"
_PORT = r"[0-9]{1,5}"
_ZONE = r"[A-Za-z0-9._-]+"
_FORBIDDEN = r"[\x00-\x20\x7f-\x9f/?#@%\\\[\]\"<>]"


def is_loopback_address(address: str) -> bool:
    """Whether a numeric address is this machine's own. A name is not: `127.example.com` can lead anywhere."""
    return address in ("127.0.0.1", "::1") or re.fullmatch(_LOOPBACK, address) is not None


def parse_target(text: str, port: str | None = None) -> Target:
    """Read a target as people type it, with the port as a word of its own or in it. Raises `UsageError`."""
    scheme = re.match(_SCHEME, text)
    if text.startswith("unix:") or text.startswith("lmtp:unix:"):
        if port is not None:
            raise UsageError(phrase('a Unix socket has no port, and "{port}" is given', port=printable(port)))
        return _unix(text)
    default, implicit_tls, lmtp = SMTP_PORT, False, False
    rest = text
    if scheme is not None:
        name = scheme[1].lower()
        if name not in _SCHEMES:
            raise UsageError(
                phrase('"{scheme}://" is no kind of mail server', scheme=name),
                phrase("known: {words}", words=f"{', '.join(_SCHEMES)}, unix:/path"),
            )
        default, implicit_tls, lmtp = _SCHEMES[name]
        rest = text[scheme.end() :].removesuffix("/")
    elif text.startswith("lmtp:"):
        default, lmtp, rest = LMTP_PORT, True, text[5:]
    host, inner_port = _split(rest, text)
    if port is not None and inner_port is not None and port != inner_port:
        both = {"inner": printable(inner_port), "outer": printable(port)}
        raise UsageError(phrase('two ports are given: "{inner}" and "{outer}"', **both))
    number = default if port is None and inner_port is None else parse_port(port or inner_port or "")
    if scheme is None and number == SUBMISSIONS_PORT:
        implicit_tls = True
    if scheme is None and number == LMTP_PORT:
        lmtp = True
    return Target(host, number, implicit_tls, lmtp)


def parse_port(text: str) -> int:
    """A TCP port. Raises `UsageError`; signs, blanks and digits beyond ASCII are no ports."""
    if not re.fullmatch(_PORT, text) or not text.isascii() or not 1 <= int(text) <= 65535:
        raise UsageError(
            phrase('"{text}" is not a port', text=printable(text)),
            "a port is a number from 1 to 65535, such as 25, 465 or 587",
        )
    return int(text)


def _unix(text: str) -> Target:
    lmtp = text.startswith("lmtp:")
    path = text.removeprefix("lmtp:").removeprefix("unix:")
    if not path or "\0" in path:
        raise UsageError("unix: needs the path of a socket", "unix:/var/run/dovecot/lmtp")
    return Target("", 0, lmtp=lmtp, path=path)


def _split(rest: str, whole: str) -> tuple[str, str | None]:
    port: str | None = None
    if rest.startswith("["):
        host, closed, after = rest[1:].partition("]")
        if not closed or (after and not after.startswith(":")):
            raise UsageError(
                phrase('"{text}" has an unclosed bracket', text=printable(whole)),
                "an IPv6 address and port: [2001:db8::1]:25",
            )
        port = after[1:] if after else None
        if not _is_ipv6(host):
            raise UsageError(phrase('"{text}" is not an IPv6 address', text=printable(host)))
    elif rest.count(":") > 1:
        host = rest
        if not _is_ipv6(host):
            message = phrase('"{text}" is neither HOST:PORT nor an IPv6 address', text=printable(whole))
            raise UsageError(message, "[2001:db8::1]:25")
    else:
        host, colon, after = rest.partition(":")
        port = after if colon else None
    _check_host(host, whole)
    return host, port


def _is_ipv6(host: str) -> bool:
    import ipaddress  # 1 ms that only those pay who write IPv6 addresses

    address, percent, zone = host.partition("%")
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        return False
    return not percent or re.fullmatch(_ZONE, zone) is not None


def _check_host(host: str, whole: str) -> None:
    if not host:
        raise UsageError("the host is empty", "smtp-repl HOST[:PORT]", kind="bad-host")
    if host.startswith("-"):
        hyphen = phrase('"{text}" is no host name: it begins with a hyphen', text=printable(host))
        raise UsageError(hyphen, kind="bad-host")
    # A zone (fe80::1%eth0) was looked at with its address.
    name = host.partition("%")[0] if ":" in host else host
    if re.search(_FORBIDDEN, name) or not name.isprintable():
        what = phrase('"{text}" is no host name', text=printable(whole))
        raise UsageError(what, "smtp-repl HOST[:PORT]", kind="bad-host")
    if any(len(label) > 63 for label in host.split(".")) or len(host) > 253:
        raise UsageError("a part of the host name has more than 63 characters", kind="bad-host")
