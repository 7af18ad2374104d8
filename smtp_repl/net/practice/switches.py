"""The switches: every way in which the practice server can be made to behave, one row each.

`Profile` holds their values, `SWITCHES` says of each what it takes and what it does; `read_switches` reads what a
person wrote in a file. What a switch does is done elsewhere: in `session` and `connection`, `recipients`, `textreader`.
To add one: an attribute with its default, a row, and the place that asks for it. Knows no socket.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import N_, phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record

KEYWORDS = (
    *("PIPELINING", "SIZE", "VRFY", "EXPN", "STARTTLS", "AUTH", "ENHANCEDSTATUSCODES", "8BITMIME", "BINARYMIME"),
    *("SMTPUTF8", "CHUNKING", "DSN", "HELP"),
)
"""The EHLO keywords that the practice server can keep the promise of."""
MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5")
NOBODY: Mapping[str, str] = MappingProxyType({})
NO_LISTS: Mapping[str, tuple[str, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Profile:
    """The value of every switch; sizes in octets, times in seconds. What each does stands in `SWITCHES`.

    `name` is what the profile is called, `faults` are those that were put on top of it, and `healthy` is the profile
    without them (None where there are none).
    """

    name: str = "strict"
    faults: tuple[str, ...] = ()
    healthy: "Profile | None" = field(default=None, repr=False, compare=False)

    service: str = "smtp"
    protocol: str = "smtp"
    implicit_tls: bool = False
    hostname: str = "practice.example.com"
    ehlo_name: str = ""
    greeting_delay: float = 0.0
    reply_delay: float = 0.0
    close_after: int = 0

    esmtp: bool = True
    keywords: tuple[str, ...] = tuple(word for word in KEYWORDS if word not in ("EXPN", "BINARYMIME", "DSN"))
    only_under_tls: tuple[str, ...] = ()
    max_size: int = 10_240_000
    size_told: bool = True

    syntax: str = "strict"
    enforce_sync: bool = False
    strict_smtputf8: bool = False
    bare_lf: str = "kept"

    mechanisms: tuple[str, ...] = MECHANISMS
    accounts: Mapping[str, str] = field(default_factory=lambda: NOBODY, repr=False)
    auth_in_clear: str = "loopback"
    auth_required: bool = False
    tls_required: bool = False
    after_starttls: str = "discarded"

    domains: tuple[str, ...] = ("example.com", "example.org", "example.net")
    users: tuple[str, ...] = ()
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: NO_LISTS)
    magic: bool = True
    gone: tuple[str, ...] = ()
    relay: str = "after-auth"
    reports: bool = True

    greylist: bool = False
    mailbox_full: str = "no"
    certificate: str = "own"
    tls_down: bool = False
    drop_after_starttls: bool = False
    auth_down: bool = False
    final_reply: bool = True


class Switch(Record):
    """One row of `SWITCHES`: `read` makes a value of what stands in a file and raises ValueError for what is none,
    `wanted` says what it takes, `meaning` is one sentence for people."""

    name: str
    read: Callable[[object], object]
    wanted: str
    meaning: str


# ---------------------------------------------------------------- what a switch takes


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 1_000_000_000:
        raise ValueError
    return value


def _seconds(value: object) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= 3600:
        raise ValueError
    return float(value)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable() or len(value) > 255:
        raise ValueError
    return value


def _host_name(value: object) -> str:
    text = _text(value)
    if not text.isascii() or " " in text:
        raise ValueError
    return text


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
        raise ValueError
    texts = tuple(map(_text, value))
    if not all(texts):
        raise ValueError
    return texts


def _accounts(value: object) -> Mapping[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError
    return MappingProxyType({_text(name): _text(password) for name, password in value.items()})


def _lists(value: object) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(value, Mapping):
        raise ValueError
    return MappingProxyType({_text(name): _texts(members) for name, members in value.items()})


def _choice(name: str, words: tuple[str, ...], meaning: str) -> Switch:
    def read(value: object) -> str:
        if value not in words or not isinstance(value, str):
            raise ValueError
        return value

    return Switch(name, read, ", ".join(words), meaning)


def _some_of(name: str, words: tuple[str, ...], meaning: str) -> Switch:
    def read(value: object) -> tuple[str, ...]:
        chosen = tuple(dict.fromkeys(text.upper() for text in _texts(value)))
        if not set(chosen) <= set(words):
            raise ValueError
        return chosen

    return Switch(name, read, f"[{', '.join(words)}]", meaning)


_FLAG = N_("true or false")
_SECONDS = N_("seconds")
_OCTETS = N_("a number of octets")
_NUMBER = N_("a number")
_NAME = N_("a host name")
_ADDRESSES = N_("a list of addresses")

_ROWS = (
    _choice(
        "service",
        ("smtp", "pop3", "http", "silent", "closed", "busy", "unwelcome"),
        N_("what is behind the port: a mail server or something else that makes people wonder"),
    ),
    _choice("protocol", ("smtp", "lmtp"), N_("lmtp wants LHLO and answers once for each recipient after the dot")),
    Switch("implicit_tls", _flag, _FLAG, N_("TLS from the first octet on, as on port 465")),
    Switch("hostname", _host_name, _NAME, N_("the name in the greeting and in the reply to EHLO")),
    Switch("ehlo_name", _host_name, _NAME, N_("another name in the reply to EHLO than in the greeting")),
    Switch("greeting_delay", _seconds, _SECONDS, N_("how long the greeting takes")),
    Switch("reply_delay", _seconds, _SECONDS, N_("how long after a command its reply goes out, as over a long line")),
    Switch("close_after", _count, _NUMBER, N_("after so many commands the next one gets 421; 0 is never")),
    Switch("esmtp", _flag, _FLAG, N_("whether EHLO is known; without, there is only HELO, as in RFC 821")),
    _some_of("keywords", KEYWORDS, N_("what the reply to EHLO offers, in this order; what is not offered is refused")),
    _some_of("only_under_tls", KEYWORDS, N_("keywords that are offered under TLS only")),
    Switch("max_size", _count, _OCTETS, N_("how big a message may be")),
    Switch("size_told", _flag, _FLAG, N_("whether SIZE says the limit; without, only the reply after the dot does")),
    _choice(
        "syntax",
        ("strict", "lenient", "terse"),
        N_("strict teaches, lenient takes what much software takes, terse says 555 5.5.2 to what it cannot read"),
    ),
    Switch("enforce_sync", _flag, _FLAG, N_("whoever talks before it is due gets 554 and is hung up on")),
    Switch("strict_smtputf8", _flag, _FLAG, N_("a message with UTF-8 in its header needs SMTPUTF8 behind MAIL")),
    _choice(
        "bare_lf",
        ("kept", "refused", "ends"),
        N_("a line feed without CR in a message is kept, refused, or taken for a line end: then LF . LF ends it"),
    ),
    _some_of("mechanisms", MECHANISMS, N_("the mechanisms of AUTH")),
    Switch("accounts", _accounts, N_("a table of names and passwords"), N_("who may log in, beside the usual account")),
    _choice(
        "auth_in_clear",
        ("loopback", "anywhere"),
        N_("from where AUTH is taken without TLS, unless AUTH is offered under TLS only"),
    ),
    Switch("auth_required", _flag, _FLAG, N_("MAIL gets 530 before AUTH")),
    Switch("tls_required", _flag, _FLAG, N_("everything but EHLO, NOOP, STARTTLS and QUIT gets 530 before TLS")),
    _choice(
        "after_starttls",
        ("discarded", "refused", "obeyed"),
        N_("what becomes of octets that came in the clear behind STARTTLS; obeyed is the injection of 2011"),
    ),
    Switch("domains", _texts, N_("a list of domains"), N_("for which domains, with their subdomains, mail is taken")),
    Switch("users", _texts, _ADDRESSES, N_("who has a mailbox; an empty list is everybody in the domains")),
    Switch("lists", _lists, N_("a table of addresses and their members"), N_("mailing lists, which EXPN takes apart")),
    Switch("magic", _flag, _FLAG, N_("nobody@, full@, later@ and gone@ behave as they are called")),
    Switch("gone", _texts, _ADDRESSES, N_("mailboxes that vanish: mail for them is taken, then comes a bounce")),
    _choice("relay", ("after-auth", "never", "anybody"), N_("for whom mail to other domains is taken")),
    Switch("reports", _flag, _FLAG, N_("reports of delivery and bounces are put into the inbox, from <>")),
    Switch("greylist", _flag, _FLAG, N_("sender and recipient that were never seen together get 451 once")),
    _choice("mailbox_full", ("no", "for-good", "for-now"), N_("every mailbox is full: 552, or 452")),
    _choice(
        "certificate", ("own", "wrong-name", "self-signed", "expired"), N_("what is wrong with the certificate of TLS")
    ),
    Switch("tls_down", _flag, _FLAG, N_("STARTTLS is offered, and gets 454")),
    Switch("drop_after_starttls", _flag, _FLAG, N_("the connection is cut where the TLS handshake is due")),
    Switch("auth_down", _flag, _FLAG, N_("whoever logs in gets 454: the directory of passwords cannot be reached")),
    Switch("final_reply", _flag, _FLAG, N_("whether a message is answered at all; without, one waits in vain")),
)

SWITCHES: dict[str, Switch] = {row.name: row for row in _ROWS}
"""Every switch, in the order in which the manual shows them."""


def read_switches(values: Mapping[str, object]) -> dict[str, object]:
    """Values of switches as a file has them, by name; `-` may stand for `_`. Raises `UsageError`."""
    read: dict[str, object] = {}
    for written, value in values.items():
        name = str(written).replace("-", "_")
        switch = SWITCHES.get(name)
        if switch is None:
            raise UsageError(
                phrase('the practice server has no switch "{name}"', name=printable(str(written))),
                did_you_mean(name, SWITCHES),
                kind="unknown-switch",
            )
        try:
            read[name] = switch.read(value)
        except ValueError:
            raise UsageError(
                phrase('the switch "{name}" cannot be {value}', name=name, value=printable(repr(value))[:100]),
                phrase("it takes {wanted}", wanted=phrase(switch.wanted)),
                kind="bad-switch",
            ) from None
    return read


def did_you_mean(name: str, known: Mapping[str, object]) -> str:
    """A hint for a name that is none: the nearest one, or all of them."""
    import difflib  # needed only after a mistake

    near = difflib.get_close_matches(name, known, 1, 0.6)
    if near:
        return phrase("did you mean {name}?", name=near[0])
    return phrase("there are {names}", names=", ".join(known))
