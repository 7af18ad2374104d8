"""The toolbar of `answer`: the client, TLS, what waits for an answer, the envelope. Pure."""

from smtp_repl.term.answering.desk import AnswerDesk
from smtp_repl.term.toolbar import Piece, envelope_piece, lay_out, recording_piece
from smtp_repl.wire.language import phrase, phrase_of
from smtp_repl.wire.octets import printable


def answer_toolbar(desk: AnswerDesk, *, where: str, waiting: int, securing: bool, width: int) -> list[Piece]:
    """What the toolbar shows. `where` is the address that we listen on, `waiting` counts the clients that wait."""
    return lay_out(_pieces(desk, where, waiting, securing), width)


def _pieces(desk: AnswerDesk, where: str, waiting: int, securing: bool) -> list[Piece]:
    recording = recording_piece(desk)
    if not desk.is_connected:
        return [("class:toolbar.host", phrase("listening on {where}", where=where)), ("", "Ctrl-D leaves"), recording]
    who = desk.conversation.authenticated
    return [
        ("class:toolbar.host", desk.client),
        ("class:toolbar.next", phrase("TLS handshake") if securing else _awaiting(desk)),
        ("class:toolbar.good", desk.tls.version) if desk.tls is not None else ("", "plaintext"),
        ("", desk.ehlo),
        ("class:toolbar.good", f"AUTH {printable(who.user or b'?')}") if who is not None else ("", ""),
        ("class:toolbar.bad", phrase("secrets shown")) if desk.shows_secrets else ("", ""),
        ("", envelope_piece(desk.conversation.envelope)),
        ("class:toolbar.note", phrase_of("{count} more waits", "{count} more wait", waiting) if waiting else ""),
        recording,
    ]


def _awaiting(desk: AnswerDesk) -> str:
    conversation = desk.conversation
    if conversation.chunk_left:
        return phrase("a chunk comes: {left} octets are left", left=conversation.chunk_left)
    if conversation.awaiting:
        first, *more = conversation.awaiting
        return f"answer {first}" + (f", then {' '.join(more)}" if more else "")
    return phrase("the message comes; a lone dot ends it") if desk.is_in_message else phrase("the client's turn")
