"""`/attach FILE`: files that go with the message that is being written, and sending it with them.

The message at the prompt stays as it is written; see `multipart` for what becomes of it.
"""

from collections.abc import Callable
from pathlib import Path

from smtp_repl.teach.message_check import survey, troubles
from smtp_repl.term.desk import Desk
from smtp_repl.term.multipart import Attachment, Multipart, attach
from smtp_repl.term.outgoing import Outgoing
from smtp_repl.term.requests import Handling, Tell
from smtp_repl.term.sending import send_data, tell_troubles
from smtp_repl.term.template import written
from smtp_repl.term.writing import circumstances, octets_of
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable


def handle_attach(desk: Desk, argument: str) -> Handling:
    """`/attach FILE`; `/attach` lists what is attached, `/attach off` takes it off again."""
    name = argument.strip()
    if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
        name = name[1:-1]
    if not name:
        for one in desk.attachments:
            yield Tell(_described(one))
        if not desk.attachments:
            yield Tell("nothing is attached; /attach FILE")
    elif name.lower() == "off":
        yield Tell(
            phrase("{count} taken off", count=len(desk.attachments)) if desk.attachments else "nothing is attached"
        )
        desk.attachments.clear()
    else:
        attachment = attach(Path(name).expanduser())
        if (yield from written(desk)) is None:
            return
        desk.attachments.append(attachment)
        yield Tell(phrase("attached {file}; it goes with the message, in base64", file=_described(attachment)))


def _described(attachment: Attachment) -> str:
    return phrase(
        "{name}, {octets:,} octets, {kind}",
        name=printable(attachment.path.name),
        octets=attachment.octets,
        kind=attachment.kind,
    )


def send_with_attachments(desk: Desk, text: str, discard: Callable[[], object]) -> Handling:
    """Send what is written, with its files; `discard` empties the prompt, once nothing speaks against it."""
    attachments = [attach(one.path) for one in desk.attachments]
    discard()
    desk.attachments.clear()
    given = circumstances(desk)
    message = Multipart(octets_of(text), attachments)
    outgoing = Outgoing(phrase("the message"), message.size)
    try:
        is_sent = yield from send_data(desk, outgoing, message.blocks(outgoing))
    except OSError as error:
        raise UsageError(
            phrase("cannot read on: {why}; the message is half sent", why=error.strerror), kind="no-file"
        ) from None
    if is_sent:
        read = survey(octets_of(text), finished=True)
        read.octets = message.size
        yield from tell_troubles(troubles(read, given, finished=True))
