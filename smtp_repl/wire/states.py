"""Phases of an SMTP session, and the one table by which a phase changes.

Everything that affects the phase is a row of `RULES`: nothing else in the program may assign a phase.
The table does not know which side we play: a phase changes when a *reply* is said, whoever says it, and
what the reply answers was said, whoever said that.

A row keeps two questions apart. *Legal*: where RFC 5321 §4.1.4 (and the extension's RFC) lets the command
stand; asked before it is sent, and answered only by a finding. *Outcomes*: what follows when the peer gives
this code; followed wherever the command was said, since what the server accepted has happened.
"""

from enum import Enum

from smtp_repl.wire.records import Record


class Phase(Enum):
    """Where a session stands."""

    OPENED = "opened"
    """The connection is there; the greeting is not."""
    CONNECTED = "connected"
    """Greeted by the server, not yet by the client."""
    GREETED = "greeted"
    """EHLO, HELO or LHLO was accepted; no mail transaction is open."""
    MAIL = "mail"
    """MAIL was accepted."""
    RCPT = "rcpt"
    """At least one RCPT was accepted."""
    DATA = "data"
    """354 was said: what the client says is message text up to the lone dot."""
    BDAT = "bdat"
    """A BDAT chunk was answered and more is due (RFC 3030)."""
    AUTH = "auth"
    """334 was said: the next client line is a step of AUTH (RFC 4954)."""
    TLS = "tls"
    """220 to STARTTLS was said: the handshake is due, and not one octet of plaintext (RFC 3207)."""
    UNWELCOME = "unwelcome"
    """The greeting was a refusal: QUIT is all that is left (RFC 5321 §3.1)."""
    CLOSED = "closed"
    """221 or 421 was said, or the connection is gone."""


GREETING = "greeting"
"""What the first reply of a session answers."""
END_OF_DATA = "."
"""What the reply after a message text answers."""
LAST_CHUNK = "BDAT LAST"
"""What the reply to the last BDAT chunk answers; other chunks are answered under `BDAT`."""
AUTH_STEP = "AUTH step"
"""What the reply to a client line in phase AUTH answers."""
HANDSHAKE = "handshake"
"""Not a reply: a TLS handshake after STARTTLS came to its end."""


class Rule(Record):
    """What may be said where, and what follows.

    `outcomes` pairs the beginning of a reply code ("250", "2") with the next phase; the longest beginning wins
    and a code that matches none changes nothing. The first outcome is what a client hopes for. `moves_from`
    narrows the phases in which the outcomes happen; None means anywhere.
    """

    said: str
    legal: frozenset[Phase]
    outcomes: tuple[tuple[str, Phase], ...]
    ref: str
    moves_from: frozenset[Phase] | None = None


def _phases(words: str) -> frozenset[Phase]:
    return frozenset(Phase[word.upper()] for word in words.split())


_ANYTIME = _phases("connected greeted mail rcpt bdat")

_ROWS = (
    Rule(
        GREETING,
        _phases("opened"),
        (("220", Phase.CONNECTED), ("4", Phase.UNWELCOME), ("5", Phase.UNWELCOME)),
        "RFC 5321 §3.1",
    ),
    Rule("EHLO", _ANYTIME, (("250", Phase.GREETED),), "RFC 5321 §4.1.1.1"),
    Rule("HELO", _ANYTIME, (("250", Phase.GREETED),), "RFC 5321 §4.1.1.1"),
    Rule("LHLO", _ANYTIME, (("250", Phase.GREETED),), "RFC 2033 §4.1"),
    Rule("STARTTLS", _phases("greeted"), (("220", Phase.TLS),), "RFC 3207 §4"),
    Rule(HANDSHAKE, _phases("tls"), (("", Phase.CONNECTED),), "RFC 3207 §4.2"),
    Rule("AUTH", _phases("greeted"), (("334", Phase.AUTH), ("235", Phase.GREETED)), "RFC 4954 §4"),
    Rule(
        AUTH_STEP,
        _phases("auth"),
        (("235", Phase.GREETED), ("334", Phase.AUTH), ("4", Phase.GREETED), ("5", Phase.GREETED)),
        "RFC 4954 §4",
    ),
    Rule("MAIL", _phases("greeted"), (("250", Phase.MAIL),), "RFC 5321 §4.1.1.2"),
    Rule("RCPT", _phases("mail rcpt"), (("25", Phase.RCPT),), "RFC 5321 §4.1.1.3"),
    Rule("DATA", _phases("rcpt"), (("354", Phase.DATA),), "RFC 5321 §4.1.1.4"),
    Rule(
        END_OF_DATA,
        _phases("data"),
        (("2", Phase.GREETED), ("4", Phase.GREETED), ("5", Phase.GREETED)),
        "RFC 5321 §4.1.1.4",
    ),
    Rule("BDAT", _phases("rcpt bdat"), (("2", Phase.BDAT), ("4", Phase.BDAT), ("5", Phase.BDAT)), "RFC 3030 §2"),
    # After a refused chunk only RSET makes the session certain again (RFC 3030 §2), hence BDAT and not GREETED.
    Rule(
        LAST_CHUNK,
        _phases("rcpt bdat"),
        (("2", Phase.GREETED), ("4", Phase.BDAT), ("5", Phase.BDAT)),
        "RFC 3030 §2",
    ),
    # Before EHLO there is nothing to forget, and RSET is no greeting.
    Rule("RSET", _ANYTIME, (("250", Phase.GREETED),), "RFC 5321 §4.1.1.5", _phases("mail rcpt bdat")),
    Rule("NOOP", _ANYTIME, (), "RFC 5321 §4.1.1.9"),
    Rule("HELP", _ANYTIME, (), "RFC 5321 §4.1.1.8"),
    Rule("VRFY", _ANYTIME, (), "RFC 5321 §4.1.1.6"),
    Rule("EXPN", _ANYTIME, (), "RFC 5321 §4.1.1.7"),
    Rule("ETRN", _phases("greeted"), (), "RFC 1985 §5"),
    Rule("XFORWARD", _phases("greeted"), (), "Postfix XFORWARD_README"),
    Rule("XCLIENT", _phases("greeted"), (("220", Phase.CONNECTED),), "Postfix XCLIENT_README"),
    Rule("QUIT", _ANYTIME | _phases("unwelcome"), (("221", Phase.CLOSED),), "RFC 5321 §4.1.1.10"),
)

RULES: dict[str, Rule] = {row.said: row for row in _ROWS}

_OUTCOMES: dict[tuple[Phase, str], dict[str, Phase]] = {
    (phase, row.said): dict(row.outcomes)
    for row in _ROWS
    if row.outcomes
    for phase in Phase
    if row.moves_from is None or phase in row.moves_from
}

UNAVAILABLE = 421
"""The one code that may come at any time, to anything or to nothing: the server closes (RFC 5321 §3.8)."""


def after(phase: Phase, said: str, code: int) -> Phase:
    """The phase after the reply `code` to what was `said` in `phase`."""
    if code == UNAVAILABLE:
        return Phase.CLOSED
    digits = str(code)
    outcomes = _OUTCOMES.get((phase, said))
    if outcomes is None:
        return phase
    for length in (3, 2, 1, 0):
        following = outcomes.get(digits[:length])
        if following is not None:
            return following
    return phase


def hoped(phase: Phase, said: str) -> Phase:
    """The phase after what was `said` in `phase` if the peer agrees; for what is sent before replies came."""
    outcomes = _OUTCOMES.get((phase, said))
    return next(iter(outcomes.values())) if outcomes else phase


def is_legal(said: str, phase: Phase) -> bool:
    """Whether the RFCs let this be said in this phase; what no rule knows is not judged."""
    rule = RULES.get(said)
    return rule is None or phase in rule.legal


_NOT_VERBS = frozenset({GREETING, END_OF_DATA, LAST_CHUNK, AUTH_STEP, HANDSHAKE})


def legal_verbs(phase: Phase) -> tuple[str, ...]:
    """The verbs that may be said in a phase, in the order in which a session uses them."""
    return tuple(rule.said for rule in _ROWS if phase in rule.legal and rule.said not in _NOT_VERBS)


def way_to(said: str, phase: Phase) -> tuple[str, ...]:
    """The shortest row of verbs after which `said` may be said; empty when it may now, or never will."""
    ways: list[tuple[Phase, tuple[str, ...]]] = [(phase, ())]
    seen = {phase}
    for here, way in ways:
        if is_legal(said, here):
            return way
        # Of two ways of the same length, the one that keeps more: RSET and not another EHLO.
        for verb in sorted(legal_verbs(here), key=lambda verb: verb != "RSET"):
            there = hoped(here, verb)
            if there not in seen:
                seen.add(there)
                ways.append((there, (*way, verb)))
    return ()


def diagram() -> str:
    """The table as a Mermaid state diagram (for docs/architecture.md)."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for rule in _ROWS:
        for phase in sorted(rule.legal, key=list(Phase).index):
            for start, following in rule.outcomes:
                # What moves nothing, and QUIT from everywhere, would only hide the picture.
                if following is phase or rule.said == "QUIT" or (rule.moves_from and phase not in rule.moves_from):
                    continue
                label = f"{rule.said} {start.ljust(3, 'x')}" if start else rule.said
                arrows.setdefault((phase.value, following.value), []).append(label)
    lines = ["stateDiagram-v2", f"    [*] --> {Phase.OPENED.value}"]
    lines += [f"    {one} --> {two}: {', '.join(labels)}" for (one, two), labels in arrows.items()]
    lines.append(
        "    note right of closed: QUIT 221 from every phase where it is legal, 421 and a lost connection always"
    )
    return "\n".join(lines) + "\n"
