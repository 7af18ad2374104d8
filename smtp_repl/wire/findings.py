"""What is notable about a command that is being said and a reply that has come: pure functions over the tables.

They look; they never change anything. The rows they report stand in `events.FINDINGS`, and for the syntax of
commands in `commands`.
"""

from collections.abc import Sequence

from smtp_repl.wire import states
from smtp_repl.wire.commands import VERBS, Command, check_syntax
from smtp_repl.wire.events import AuthStep, Finding, finding
from smtp_repl.wire.extensions import NO_CAPABILITIES, Capabilities
from smtp_repl.wire.language import N_, phrase
from smtp_repl.wire.replies import Reply
from smtp_repl.wire.states import AUTH_STEP, END_OF_DATA, GREETING, Phase

_LOOKS_LIKE = (
    (b"HTTP/", N_("this looks like a web server (HTTP)")),
    (b"SSH-", N_("this looks like an SSH server")),
    (b"+OK", N_("this looks like a POP3 server; its mail server may listen on port 25, 465 or 587")),
    (b"* OK", N_("this looks like an IMAP server; its mail server may listen on port 25, 465 or 587")),
    (b"\x15\x03", N_("this looks like TLS: try smtps:// (port 465)")),
    (b"\x16\x03", N_("this looks like TLS: try smtps:// (port 465)")),
    (b"\xff", N_("these look like telnet negotiation octets")),
)


def malformed_hint(octets: bytes) -> str:
    """A guess at what speaks there, from octets that are no SMTP reply; empty when there is none."""
    return next((hint for start, hint in _LOOKS_LIKE if octets.startswith(start)), "")


def reply_findings(reply: Reply, said: str | None) -> list[Finding]:
    """What is notable about a reply to what was `said` (None when nobody asked)."""
    # An empty challenge is how a server asks for what it knows will come (RFC 4954 §4).
    flags = [flag for flag in reply.flags if (flag, reply.code) != ("no-text", 334)]
    found = [finding(flag, hint=malformed_hint(reply.raw) if flag == "malformed-line" else "") for flag in flags]
    if said is None:
        if not reply.partial:
            found.append(finding("unsolicited"))
    elif reply.klass in (2, 3) and not _is_expected(said, reply):
        what = phrase("a message") if said == END_OF_DATA else said
        hint = N_("a line that is no command is a step of it all the same, and masked") if said == "AUTH" else ""
        found.append(finding("unexpected-code", hint=hint, code=reply.code, said=what))
    return found


def _is_expected(said: str, reply: Reply) -> bool:
    rule = states.RULES.get(said)
    if rule is None or not rule.outcomes:
        return reply.klass == 2
    return any(str(reply.code).startswith(start) for start, _ in rule.outcomes)


def step_findings(step: AuthStep, *, path_is_private: bool) -> list[Finding]:
    """What is notable about a step of AUTH."""
    found: list[Finding] = []
    if not step.is_base64:
        found.append(finding("step-not-base64"))
    if step.password is not None and not path_is_private:
        found.append(finding("auth-cleartext", mechanism=step.mechanism))
    return found


def command_findings(
    command: Command,
    said: str,
    *,
    phase: Phase,
    awaiting: Sequence[str],
    capabilities: Capabilities,
    after_handshake: bool,
    smtputf8: bool,
) -> list[Finding]:
    """What is notable about a command that is said in `phase` (as if all that is awaited went well)."""
    if said == AUTH_STEP:
        return []
    found = [] if states.is_legal(said, phase) else [_order(said, phase, GREETING in awaiting, after_handshake)]
    found += _pipelining(said, awaiting, capabilities)
    syntax = VERBS.get(command.verb)
    if syntax and syntax.keyword and capabilities is not NO_CAPABILITIES and not capabilities.offers(syntax.keyword):
        why = phrase("it may be offered after STARTTLS") if capabilities.offers("STARTTLS") else ""
        found.append(finding("not-offered", said=command.verb, keyword=syntax.keyword, why=why, ref=syntax.ref))
    found += [
        Finding(problem.rule, "warning", problem.message, problem.hint, problem.ref)
        for problem in check_syntax(command, smtputf8=smtputf8)
    ]
    return found


def _order(said: str, phase: Phase, is_early: bool, after_handshake: bool) -> Finding:
    if phase is Phase.OPENED and is_early:
        return finding("talks-too-early", said=said)
    if phase is Phase.CONNECTED and after_handshake:
        return finding("no-ehlo-after-tls")
    way = states.way_to(said, phase)
    return finding("out-of-order", said=said, first=_first(way), ref=states.RULES[said].ref)


def _first(way: Sequence[str]) -> str:
    """What would have to be said before."""
    if len(way) < 2:
        return phrase("{verb} comes first", verb=way[0]) if way else ""
    verbs: str = way[0]
    for verb in way[1:]:
        verbs = phrase("{verbs}, then {verb}", verbs=verbs, verb=verb)
    return phrase("{verbs} come first", verbs=verbs)


def _pipelining(said: str, awaiting: Sequence[str], capabilities: Capabilities) -> list[Finding]:
    """RFC 2920 §3.1: what may be sent while replies are awaited, and whether this may be at all."""
    # A message text may be followed in the same group (RFC 2920 §3.1).
    before = [one for one in awaiting if one not in (GREETING, END_OF_DATA)]
    if not before:
        return []
    found: list[Finding] = []
    if not capabilities.offers("PIPELINING"):
        found.append(finding("pipelining-not-offered", said=said, before=before[0]))
    syntax = VERBS.get(before[-1])
    if syntax is not None and syntax.ends_group:
        found.append(finding("not-last", said=before[-1]))
    return found
