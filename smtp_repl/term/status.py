"""`/status`: all that is known of a session, in rows; what the server offered before TLS beside what it offers now.

Pure but for reading the desk. Foreign text is made printable here.
"""

from collections.abc import Iterator

from smtp_repl.script.actions import TlsFacts
from smtp_repl.script.transcript import REMARK, Line, describe_tls
from smtp_repl.term.desk import Desk
from smtp_repl.term.ledger import Traffic
from smtp_repl.term.requests import ADDED, REMOVED, Display, Handling
from smtp_repl.term.toolbar import makes_sense
from smtp_repl.wire import states
from smtp_repl.wire.extensions import Capabilities
from smtp_repl.wire.octets import printable
from smtp_repl.wire.states import Phase

_NAME = 10
_SHOWN = 200
"""Octets of an unfinished reply that are shown."""


def handle_status(desk: Desk, argument: str) -> Handling:
    """`/status`: everything that the toolbar has no room for."""
    yield Display(tuple(_lines(desk)))


def _lines(desk: Desk) -> Iterator[Line]:
    for name, value in _server(desk):
        yield _row(name, value)
    if desk.is_connected:
        yield from _offered(desk)
        for name, value in _session(desk):
            yield _row(name, value)
    for name, value in _beside(desk):
        yield _row(name, value)


def _row(name: str, value: str) -> Line:
    return Line(REMARK, f"# {name.ljust(_NAME)} {value}".rstrip())


# ---------------------------------------------------------------- who talks to whom


def _server(desk: Desk) -> Iterator[tuple[str, str]]:
    opened = desk.opened
    if opened is None:
        yield "server", f"not connected (last: {desk.target})" if desk.target is not None else "not connected"
        return
    name = "" if opened.host in ("", opened.address) else f" ({opened.host})"
    practice = ", the practice server: nothing is delivered" if desk.is_practice else ""
    yield "server", printable(_end(opened.address, opened.port) + name) + practice
    if opened.local_address:
        yield "client", printable(_end(opened.local_address, opened.local_port))
    steps = desk.ledger.last
    yield "since", f"{desk.ledger.steps[0].at}, {'1 step' if steps == 1 else f'{steps} steps'} (/steps)"
    yield "TLS", describe_tls(desk.tls) if desk.tls is not None else "none: PLAINTEXT"
    if desk.tls is not None:
        for fact, value in tls_rows(desk.tls):
            yield "", f"{fact.ljust(8)} {value}"


def _end(address: str, port: int) -> str:
    return f"{address} port {port}" if port else address


def tls_rows(facts: TlsFacts) -> Iterator[tuple[str, str]]:
    """What is known of a certificate, printable; what is not known is left out."""
    rows = {
        "subject": facts.subject,
        "issuer": facts.issuer,
        "names": ", ".join(facts.names),
        "valid": f"{facts.not_before} to {facts.not_after}" if facts.not_after else "",
        "SHA-256": facts.sha256,
        "trusted": facts.trust,
    }
    for name, value in rows.items():
        if value:
            yield name, printable(value)


# ---------------------------------------------------------------- what is offered


def _offered(desk: Desk) -> Iterator[Line]:
    conversation = desk.conversation
    yield _row("phase", conversation.phase.value)
    now, before = _keywords(conversation.capabilities), _keywords(conversation.previous_capabilities)
    if not before:
        asked = "nothing" if conversation.phase is not Phase.CONNECTED else "not asked: say EHLO"
        yield _row("offered", ", ".join(now.values()) or asked)
        return
    width = max(len("before TLS"), *map(len, before.values()))
    yield _row("offered", f"{'before TLS'.ljust(width)}  now{'' if now else ' (not asked: say EHLO)'}")
    for keyword in {**before, **now}:
        was, is_now = before.get(keyword, ""), now.get(keyword, "")
        mark, kind = (" ", REMARK) if was == is_now else ("+", ADDED) if not was else ("-", REMOVED)
        if was and is_now and was != is_now:
            mark, kind = "~", ADDED
        yield Line(kind, f"# {mark.rjust(_NAME)} {was.ljust(width)}  {is_now}".rstrip())


def _keywords(capabilities: Capabilities) -> dict[str, str]:
    """Each keyword with its parameters, printable; AUTH with those of its old form."""
    shown = {
        keyword: printable(" ".join((keyword, *parameters))) for keyword, parameters in capabilities.keywords.items()
    }
    if "AUTH" in shown:
        shown["AUTH"] = printable(" ".join(("AUTH", *capabilities.auth)))
    return shown


# ---------------------------------------------------------------- where it stands


def _session(desk: Desk) -> Iterator[tuple[str, str]]:
    conversation = desk.conversation
    who = conversation.authenticated
    if who is not None:
        yield "AUTH", f"{printable(who.user or b'?')} by {printable(who.mechanism)}"
    elif desk.login.exchange is not None:
        yield "AUTH", f"{printable(desk.login.exchange.mechanism)}, not finished"
    envelope = conversation.envelope
    if envelope.sender is not None:
        yield "from", f"<{printable(envelope.sender)}>"
    for recipient in envelope.recipients:
        yield "to", f"<{printable(recipient)}>"
    if conversation.awaiting:
        yield "awaited", f"a reply to {', '.join(conversation.awaiting)}"
    if conversation.pending_reply:
        yield "unfinished", unfinished(desk)
    if desk.pipeline:
        yield "kept back", f"{len(desk.pipeline)} lines (/pipeline send)"
    yield "due here", _due(desk)
    yield "said", _traffic(desk.ledger.said)
    yield "heard", _traffic(desk.ledger.heard)


def unfinished(desk: Desk) -> str:
    """What has come of a reply that is not complete, secrets masked."""
    octets = desk.conversation.pending_reply
    shown = printable(desk.conversation.secrets.mask(octets[:_SHOWN]))
    return f"{len(octets)} octets of a reply: {shown}{'…' if len(octets) > _SHOWN else ''}"


def _due(desk: Desk) -> str:
    match desk.phase:
        case Phase.DATA:
            return "the message; a lone dot ends it"
        case Phase.AUTH:
            return "a step of AUTH in base64, or * to cancel"
        case Phase.OPENED:
            return "the greeting"
        case phase:
            return " ".join(verb for verb in states.legal_verbs(phase) if makes_sense(verb, desk)) or "nothing"


def _traffic(traffic: Traffic) -> str:
    return f"{traffic.lines} {'line' if traffic.lines == 1 else 'lines'}, {traffic.octets} octets"


def _beside(desk: Desk) -> Iterator[tuple[str, str]]:
    if desk.scribe.recorder is not None:
        yield "recording", printable(str(desk.scribe.recorder.path))
    if desk.round_trip is not None:
        yield "last reply", f"after {desk.round_trip * 1000:.1f} ms"
    if desk.settings.show_secrets:
        yield "secrets", "shown on this screen (/set secrets hide)"
