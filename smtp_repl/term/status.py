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
from smtp_repl.view.width import cells
from smtp_repl.wire import states
from smtp_repl.wire.extensions import Capabilities
from smtp_repl.wire.language import N_, _, phrase, phrase_of
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
    told = _(name)
    return Line(REMARK, f"# {told}{' ' * (_NAME - cells(told))} {_(value)}".rstrip())


# ---------------------------------------------------------------- who talks to whom


def _server(desk: Desk) -> Iterator[tuple[str, str]]:
    opened = desk.opened
    if opened is None:
        yield (
            N_("server"),
            phrase("not connected (last: {target})", target=desk.target)
            if desk.target is not None
            else phrase("not connected"),
        )
        return
    name = "" if opened.host in ("", opened.address) else f" ({opened.host})"
    where = printable(_end(opened.address, opened.port) + name)
    if desk.is_practice:
        where = phrase("{where}, the practice server: nothing is delivered", where=where)
    yield N_("server"), where
    if opened.local_address:
        yield N_("client"), printable(_end(opened.local_address, opened.local_port))
    steps = desk.ledger.last
    at = desk.ledger.steps[0].at
    yield N_("since"), phrase_of("{at}, {count} step (/steps)", "{at}, {count} steps (/steps)", steps, at=at)
    yield "TLS", describe_tls(desk.tls) if desk.tls is not None else phrase("none: PLAINTEXT")
    if desk.tls is not None:
        for fact, value in tls_rows(desk.tls):
            told = _(fact)
            yield "", f"{told}{' ' * (8 - cells(told))} {value}"


def _end(address: str, port: int) -> str:
    return f"{address} port {port}" if port else address


def _valid(facts: TlsFacts) -> str:
    return _("{first} to {last}").format(first=facts.not_before, last=facts.not_after)


def tls_rows(facts: TlsFacts) -> Iterator[tuple[str, str]]:
    """What is known of a certificate, printable; what is not known is left out."""
    rows = {
        N_("subject"): facts.subject,
        N_("issuer"): facts.issuer,
        N_("names"): ", ".join(facts.names),
        N_("valid"): _valid(facts) if facts.not_after else "",
        "SHA-256": facts.sha256,
        N_("trusted"): facts.trust,
    }
    for name, value in rows.items():
        if value:
            yield name, printable(value)


# ---------------------------------------------------------------- what is offered


def _offered(desk: Desk) -> Iterator[Line]:
    conversation = desk.conversation
    yield _row(N_("phase"), conversation.phase.value)
    now, before = _keywords(conversation.capabilities), _keywords(conversation.previous_capabilities)
    if not before:
        asked = phrase("nothing") if conversation.phase is not Phase.CONNECTED else phrase("not asked: say EHLO")
        yield _row(N_("offered"), ", ".join(now.values()) or asked)
        return
    heading = _("before TLS")
    width = max(cells(heading), *map(len, before.values()))
    if len("# ") + _NAME + 1 + width + 2 + max(map(cells, now.values()), default=0) >= desk.columns():
        yield from _below_each_other(before, now)
        return
    present = _("now") if now else _("now (not asked: say EHLO)")
    yield _row(N_("offered"), f"{heading}{' ' * (width - cells(heading))}  {present}")
    for keyword in {**before, **now}:
        was, is_now = before.get(keyword, ""), now.get(keyword, "")
        mark, kind = (" ", REMARK) if was == is_now else ("+", ADDED) if not was else ("-", REMOVED)
        if was and is_now and was != is_now:
            mark, kind = "~", ADDED
        yield Line(kind, f"# {mark.rjust(_NAME)} {was.ljust(width)}  {is_now}".rstrip())


def _below_each_other(before: dict[str, str], now: dict[str, str]) -> Iterator[Line]:
    """The same for a narrow terminal: what is as it was stands there once."""
    yield _row(N_("offered"), _("- before TLS, + now"))
    for keyword in {**before, **now}:
        was, is_now = before.get(keyword, ""), now.get(keyword, "")
        if was == is_now:
            yield Line(REMARK, f"# {' ' * _NAME} {was}")
            continue
        if was:
            yield Line(REMOVED, f"# {'-'.rjust(_NAME)} {was}")
        if is_now:
            yield Line(ADDED, f"# {'+'.rjust(_NAME)} {is_now}")


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
        yield (
            "AUTH",
            phrase("{user} by {mechanism}", user=printable(who.user or b"?"), mechanism=printable(who.mechanism)),
        )
    elif desk.login.exchange is not None:
        yield "AUTH", phrase("{mechanism}, not finished", mechanism=printable(desk.login.exchange.mechanism))
    envelope = conversation.envelope
    if envelope.sender is not None:
        yield N_("from"), f"<{printable(envelope.sender)}>"
    for recipient in envelope.recipients:
        yield N_("to"), f"<{printable(recipient)}>"
    if conversation.awaiting:
        yield N_("awaited"), phrase("a reply to {verbs}", verbs=", ".join(conversation.awaiting))
    if conversation.pending_reply:
        yield N_("unfinished"), unfinished(desk)
    if desk.pipeline:
        yield (
            N_("kept back"),
            phrase_of("{count} line (/pipeline send)", "{count} lines (/pipeline send)", len(desk.pipeline)),
        )
    yield N_("due here"), _due(desk)
    yield N_("said"), _traffic(desk.ledger.said)
    yield N_("heard"), _traffic(desk.ledger.heard)


def unfinished(desk: Desk) -> str:
    """What has come of a reply that is not complete, secrets masked."""
    octets = desk.conversation.pending_reply
    shown = printable(desk.conversation.secrets.mask(octets[:_SHOWN]))
    shown += "…" if len(octets) > _SHOWN else ""
    return phrase("{count} octets of a reply: {shown}", count=len(octets), shown=shown)


def _due(desk: Desk) -> str:
    match desk.phase:
        case Phase.DATA:
            return phrase("the message; a lone dot ends it")
        case Phase.AUTH:
            return phrase("a step of AUTH in base64, or * to cancel")
        case Phase.OPENED:
            return phrase("the greeting")
        case phase:
            return " ".join(verb for verb in states.legal_verbs(phase) if makes_sense(verb, desk)) or phrase("nothing")


def _traffic(traffic: Traffic) -> str:
    return phrase_of(
        "{count} line, {octets} octets", "{count} lines, {octets} octets", traffic.lines, octets=traffic.octets
    )


def _beside(desk: Desk) -> Iterator[tuple[str, str]]:
    if desk.scribe.recorder is not None:
        yield N_("recording"), printable(str(desk.scribe.recorder.path))
    if desk.round_trip is not None:
        yield N_("last reply"), phrase("after {took:.1f} ms", took=desk.round_trip * 1000)
    if desk.settings.show_secrets:
        yield N_("secrets"), phrase("shown on this screen (/set secrets hide)")
