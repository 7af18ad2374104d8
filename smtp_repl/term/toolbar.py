"""The toolbar: one line below the prompt with where the session stands, left to right by importance.

Pure: the desk's facts become pieces of text with the name of a style each. What does not fit is left out; of what may
come next as much is shown as fits. Foreign text is made printable here.
"""

from collections.abc import Sequence

from smtp_repl.term.desk import Desk
from smtp_repl.term.trouble import Trouble
from smtp_repl.view.width import cells, cut
from smtp_repl.wire import states
from smtp_repl.wire.conversation import Envelope
from smtp_repl.wire.language import _, phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.secrets import MASK
from smtp_repl.wire.states import Phase
from smtp_repl.wire.verbs import VERBS

Piece = tuple[str, str]
"""Style name and text."""

_SEPARATOR = "  "


def toolbar(
    desk: Desk, *, note: str = "", trouble: Trouble | None = None, message: Sequence[Piece] = (), width: int = 100
) -> list[Piece]:
    """What the toolbar shows.

    `note` is what the driver has to say of itself, such as lines that wait; `trouble` is about the line that is typed,
    `message` about the message.
    """
    first: list[Piece] = [("class:toolbar.note", note)] if note else []
    if trouble is not None:
        first.append((_SEVERITIES[trouble.severity], trouble.shown))
    if desk.outgoing is not None:
        first.append(("class:toolbar.next", desk.outgoing.progress()))
    return lay_out([*first, *message, *_pieces(desk)], width)


_SEVERITIES = {"error": "class:toolbar.bad", "warning": "class:toolbar.note", "info": ""}


def lay_out(pieces: list[Piece], width: int) -> list[Piece]:
    """The pieces with what separates them, as far as they fit."""
    shown: list[Piece] = []
    used = 1
    for style, piece in pieces:
        text = _(piece)
        if not text:
            continue
        if used + cells(text) > width:
            text = _fewer(text, width - used) or text
        if used + cells(text) > width:
            if shown:
                continue
            text = cut(text, width - 1)
        if shown:
            shown.append(("", _SEPARATOR))
        shown.append((style, text))
        used += cells(text) + len(_SEPARATOR)
    return [("", " "), *shown]


def _fewer(text: str, room: int) -> str:
    """A list of verbs with as many of them as there is room for; empty where there is for none, or it is no list."""
    label, *verbs = text.split(" ")
    if not label.endswith(":") or not all(verb.isupper() for verb in verbs):
        return ""
    lists = (f"{' '.join([label, *verbs[:count]])} …" for count in range(len(verbs) - 1, 0, -1))
    return next((shorter for shorter in lists if cells(shorter) <= room), "")


def _pieces(desk: Desk) -> list[Piece]:
    opened = desk.opened
    lesson = desk.learning.tutor.place if desk.learning is not None else ""
    is_lost = desk.commands > 0 and not desk.scribe.kept and not lesson
    if opened is None:
        return [
            ("class:toolbar.next", lesson),
            ("class:toolbar.bad", phrase("not connected")),
            ("class:toolbar.note", phrase("/save FILE keeps it") if is_lost else ""),
            ("", "/connect HOST[:PORT]"),
            ("", phrase("Ctrl-D leaves")),
        ]
    where = printable(str(desk.target) if desk.target is not None else opened.address)
    return [
        ("class:toolbar.host", phrase("practice") if desk.is_practice else where),
        ("class:toolbar.next", lesson),
        _tls(desk),
        _who(desk),
        ("class:toolbar.bad", phrase("secrets shown")) if desk.settings.show_secrets else ("", ""),
        ("class:toolbar.next", _due(desk)),
        ("", envelope_piece(desk.conversation.envelope)),
        recording_piece(desk),
        ("", f"{desk.round_trip * 1000:.0f} ms" if desk.round_trip is not None else ""),
    ]


def _tls(desk: Desk) -> Piece:
    facts = desk.tls
    if facts is None:
        on_loopback = desk.opened is not None and desk.opened.is_loopback
        return ("", phrase("plaintext")) if on_loopback else ("class:toolbar.bad", phrase("PLAINTEXT"))
    if facts.trust == "pin":
        verdict = phrase("{version} pinned", version=facts.version)
    elif facts.verified:
        verdict = phrase("{version} verified", version=facts.version)
    else:
        verdict = phrase("{version} NOT VERIFIED", version=facts.version)
    return ("class:toolbar.good" if facts.verified else "class:toolbar.bad", verdict)


def _who(desk: Desk) -> Piece:
    who = desk.conversation.authenticated
    return ("class:toolbar.good", f"AUTH {printable(who.user or MASK.encode())}") if who is not None else ("", "")


def recording_piece(desk: Desk) -> Piece:
    """Where what is said is written down."""
    recorder = desk.scribe.recorder
    return "class:toolbar.note", phrase(
        "rec {file}", file=printable(recorder.path.name)
    ) if recorder is not None else ""


def envelope_piece(envelope: Envelope) -> str:
    """Sender and first recipient, and how many more there are."""
    if envelope.sender is None:
        return ""
    recipients = envelope.recipients
    to = f" → <{printable(recipients[0])}>" if recipients else ""
    more = f" +{len(recipients) - 1}" if len(recipients) > 1 else ""
    return f"<{printable(envelope.sender)}>{to}{more}"


def _due(desk: Desk) -> str:
    """What may be said next: the verbs that lead on, before those that are legal always."""
    match desk.phase:
        case Phase.DATA if desk.outgoing is not None:
            return phrase("Ctrl-C asks")
        case Phase.DATA:
            if desk.settings.live_data:
                return phrase("message: a lone . sends it, Ctrl-C asks (live)")
            return phrase("message: a lone . sends it, Ctrl-C asks")
        case Phase.AUTH:
            return phrase("AUTH: type and F4 encodes, /pass asks, * cancels")
        case Phase.OPENED:
            return phrase("waiting for the greeting")
        case Phase.TLS:
            return phrase("TLS handshake")
        case phase:
            verbs = [verb for verb in states.legal_verbs(phase) if _leads_on(verb, phase) and makes_sense(verb, desk)]
            return phrase("next: {verbs}", verbs=" ".join(verbs or ["QUIT"]))


_ANYWHERE = frozenset("QUIT NOOP HELP VRFY EXPN ETRN XFORWARD XCLIENT HELO".split())


def _leads_on(verb: str, phase: Phase) -> bool:
    if verb in _ANYWHERE or verb == "BDAT" or (verb == "RSET" and phase in (Phase.CONNECTED, Phase.GREETED)):
        return False
    return verb not in ("EHLO", "LHLO") or phase is Phase.CONNECTED


def makes_sense(verb: str, desk: Desk) -> bool:
    """Whether a verb that is legal here has anything to do with this server and this session."""
    if verb == "STARTTLS" and desk.conversation.tls_active:
        return False
    if verb == "AUTH" and desk.conversation.authenticated is not None:
        return False
    is_lmtp = desk.target is not None and desk.target.lmtp
    if verb in ("EHLO", "HELO", "LHLO") and (verb == "LHLO") is not is_lmtp:
        return False
    keyword = VERBS[verb].keyword
    return not keyword or desk.conversation.capabilities.offers(keyword)
