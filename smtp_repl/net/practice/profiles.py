"""Named profiles and faults of the practice server: sets of values for its switches, as two tables of data.

A profile is a whole server; a fault is laid over one, and several can be. Each fault is a profile too: the strict
server with this one fault. Values are written as in a file (see `switches.read_switches`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from smtp_repl.net.practice.switches import Profile, did_you_mean, read_switches
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import N_, _, phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record

DEFAULT = Profile()
"""The strict server that one gets unasked."""


class Named(Record):
    """One row: the values that differ from those of the strict server, and one sentence for people."""

    meaning: str
    values: Mapping[str, object]


_SUBMISSION = ["PIPELINING", "SIZE", "STARTTLS", "AUTH", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8", "CHUNKING"]
_EXCHANGER = ["PIPELINING", "SIZE", "STARTTLS", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8", "CHUNKING", "DSN"]

PROFILES: dict[str, Named] = {
    "strict": Named(N_("refuses what is not as the RFCs have it, and says how to write it (the default)"), {}),
    "lenient": Named(N_("takes the bad syntax that much software takes"), {"syntax": "lenient"}),
    "bare": Named(
        N_("a server of 1982: RFC 821 and nothing more, no EHLO"),
        {"esmtp": False, "keywords": [], "hostname": "old.example.com"},
    ),
    "submission": Named(
        N_("where mail programs hand in mail: STARTTLS, then AUTH, then mail for anybody"),
        {
            "keywords": _SUBMISSION,
            "only_under_tls": ["AUTH"],
            "tls_required": True,
            "auth_required": True,
            "hostname": "submission.example.com",
        },
    ),
    "submissions": Named(
        N_("the same on port 465: TLS from the first octet on"),
        {
            "keywords": [word for word in _SUBMISSION if word != "STARTTLS"],
            "implicit_tls": True,
            "auth_required": True,
            "hostname": "submission.example.com",
        },
    ),
    "mx": Named(
        N_("what the world sends mail to: no AUTH, and no mail for others"),
        {"keywords": _EXCHANGER, "relay": "never", "hostname": "mx.example.com"},
    ),
    "dsn": Named(
        N_("reports what became of messages, as RFC 3461 has it"),
        {"keywords": [*_EXCHANGER, "VRFY", "HELP"]},
    ),
    "gmail-like": Named(
        N_("terse as the big ones are: 555 5.5.2 to what it cannot read, EHLO without VRFY and HELP"),
        {
            "keywords": ["SIZE", "8BITMIME", "STARTTLS", "ENHANCEDSTATUSCODES", "PIPELINING", "CHUNKING", "SMTPUTF8"],
            "max_size": 36_700_160,
            "syntax": "terse",
            "relay": "never",
            "hostname": "mx.example.com",
        },
    ),
    "directory": Named(
        N_("knows its people: VRFY and EXPN tell, and mail for anybody else gets 550"),
        {
            "keywords": [*_EXCHANGER, "VRFY", "EXPN", "HELP"],
            "users": ["alice@example.com", "bob@example.com", "carol@example.com", "postmaster@example.com"],
            "lists": {"staff@example.com": ["alice@example.com", "bob@example.com", "carol@example.com"]},
        },
    ),
    "lmtp": Named(
        N_("LMTP, the last hop to the mailboxes: LHLO, and a reply for each recipient after the dot"),
        {
            "protocol": "lmtp",
            "keywords": ["PIPELINING", "SIZE", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8", "CHUNKING"],
            "relay": "never",
            "hostname": "store.example.com",
        },
    ),
    "smuggler": Named(
        N_("a lenient server that can be smuggled through: LF . LF ends a message, what follows is obeyed"),
        {"bare_lf": "ends", "syntax": "lenient", "hostname": "front.example.com"},
    ),
    "injectable": Named(
        N_("obeys under TLS what came in the clear behind STARTTLS (the injection of 2011)"),
        {"after_starttls": "obeyed"},
    ),
    "exact": Named(
        N_("as strict as can be: talking too early, bare line feeds and UTF-8 without SMTPUTF8 are refused"),
        {"enforce_sync": True, "bare_lf": "refused", "strict_smtputf8": True, "after_starttls": "refused"},
    ),
}
"""The profiles, by name."""

FAULTS: dict[str, Named] = {
    "greylisting": Named(
        N_("451 at the first try of each sender and recipient, taken at the next"), {"greylist": True}
    ),
    "relay-denied": Named(N_("554 to every recipient until one logs in"), {"domains": [], "relay": "after-auth"}),
    "too-big": Named(
        N_("552 after the dot to all but the smallest messages, though EHLO told no limit"),
        {"max_size": 300, "size_told": False},
    ),
    "mailbox-full": Named(N_("552: no mailbox takes any more"), {"mailbox_full": "for-good"}),
    "storage-full": Named(N_("452: there is no room just now"), {"mailbox_full": "for-now"}),
    "sync-error": Named(N_("554 and the end to whoever talks before it is due"), {"enforce_sync": True}),
    "slow-greeting": Named(
        N_("greets after six seconds, and hangs up on whoever does not wait"),
        {"greeting_delay": 6, "enforce_sync": True},
    ),
    "closing": Named(N_("421 in the middle of the session, after four commands"), {"close_after": 4}),
    "auth-down": Named(N_("454 to every login, the right password included"), {"auth_down": True}),
    "wrong-name": Named(N_("the certificate is for another host"), {"certificate": "wrong-name"}),
    "self-signed": Named(N_("the certificate is signed by nobody but itself"), {"certificate": "self-signed"}),
    "expired": Named(N_("the certificate is out of date"), {"certificate": "expired"}),
    "tls-down": Named(N_("STARTTLS is offered, and refused with 454"), {"tls_down": True}),
    "tls-cut": Named(N_("the connection is cut behind the 220 to STARTTLS"), {"drop_after_starttls": True}),
    "wrong-ehlo": Named(N_("EHLO is answered with a name that is not the server's"), {"ehlo_name": "localhost"}),
    "wrong-service": Named(N_("it is a POP3 server that answers on this port"), {"service": "pop3"}),
    "http": Named(N_("it is a web server that answers on this port"), {"service": "http"}),
    "silent": Named(N_("the connection comes about, and nobody says a word"), {"service": "silent"}),
    "closed": Named(N_("the connection is closed without a word"), {"service": "closed"}),
    "busy": Named(N_("421 instead of a greeting"), {"service": "busy"}),
    "unwelcome": Named(N_("554 instead of a greeting"), {"service": "unwelcome"}),
    "no-reply": Named(N_("no reply after the dot, as long as one waits"), {"final_reply": False}),
    "unknown-users": Named(
        N_("550 to everybody but bob and postmaster at example.com"),
        {"users": ["bob@example.com", "postmaster@example.com"]},
    ),
}
"""The faults, by name."""


def profiles() -> dict[str, str]:
    """The names of all profiles, those that are one fault included, and what each is, in the person's language."""
    return {name: _(row.meaning) for name, row in (PROFILES | FAULTS).items()}


def faults() -> dict[str, str]:
    """The names of all faults, and what each does, in the person's language."""
    return {name: _(row.meaning) for name, row in FAULTS.items()}


def profile_of(name: str) -> Profile:
    """A profile by name, or the strict one with the fault of that name. Raises `UsageError`."""
    if name in FAULTS:
        return replace(with_faults(DEFAULT, [name]), name=name)
    if name not in PROFILES:
        raise UsageError(
            phrase('there is no profile "{name}"', name=printable(name)),
            did_you_mean(name, PROFILES | FAULTS),
            kind="unknown-profile",
        )
    return _changed(DEFAULT, PROFILES[name].values, name=name)


def with_faults(profile: Profile, names: Iterable[str]) -> Profile:
    """The profile with these faults on top, beside those that it has. Raises `UsageError`."""
    for name in names:
        if name not in FAULTS:
            raise UsageError(
                phrase('there is no fault "{name}"', name=printable(name)),
                did_you_mean(name, FAULTS),
                kind="unknown-fault",
            )
        if name not in profile.faults:
            more = {"faults": (*profile.faults, name), "healthy": profile.healthy or profile}
            profile = _changed(profile, FAULTS[name].values, **more)
    return profile


def without_faults(profile: Profile, names: Iterable[str]) -> Profile:
    """The profile without these faults. Raises `UsageError`."""
    gone = set(names)
    for name in gone:
        if name not in profile.faults:
            raise UsageError(
                phrase('the fault "{name}" is not on', name=printable(name)),
                phrase("on: {names}", names=", ".join(profile.faults)) if profile.faults else "no fault is on",
                kind="unknown-fault",
            )
    return with_faults(profile.healthy or profile, [name for name in profile.faults if name not in gone])


def profile_from(values: Mapping[str, object], base: str = "strict") -> Profile:
    """A server of one's own: the profile `base` with switches set as a file has them. Raises `UsageError`.

    Beside the switches, `profile` names another base and `faults` lists faults.
    """
    rest = dict(values)
    named = rest.pop("profile", base)
    chosen = rest.pop("faults", ())
    if not isinstance(named, str):
        raise UsageError("profile takes the name of a profile", did_you_mean("", PROFILES), kind="bad-switch")
    if not isinstance(chosen, (list, tuple)) or not all(isinstance(one, str) for one in chosen):
        raise UsageError("faults takes a list of faults", did_you_mean("", FAULTS), kind="bad-switch")
    profile = with_faults(profile_of(named), chosen)
    return _changed(profile, rest, name=profile.name if not rest else "")


def _changed(profile: Profile, values: Mapping[str, object], **more: object) -> Profile:
    read = read_switches(values) | more
    # The rows of `SWITCHES` give each attribute its own type; tests hold the two together.
    return replace(profile, **read)  # type: ignore[arg-type]
