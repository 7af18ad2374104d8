"""`/template`: what a correct message needs and the one that is being written lacks, filled in (RFC 5322 §3.6).

`fill_in` is pure; the handler gives it the envelope, the time and a Message-ID. Nothing that was typed is changed, but
a field that has a name and no value gets one.
"""

from collections.abc import Generator

from smtp_repl.teach.message_check import survey
from smtp_repl.term.desk import Desk
from smtp_repl.term.requests import Answer, Handling, Request, draft, say
from smtp_repl.term.writing import circumstances, octets_of
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.states import Phase


class Filling(Record):
    """What is filled in. `author` and `recipients` are addresses; `eight_bit` text may go as it is."""

    author: str
    recipients: tuple[str, ...]
    date: str
    message_id: str
    subject: str = ""
    eight_bit: bool = False


def fill_in(text: str, filling: Filling) -> tuple[str, int]:
    """The message with what it lacks, and where the cursor belongs: behind `Subject: `, or at the end.

    LF line ends. MIME fields are filled in where the text is not ASCII, and only where they will be true.
    """
    lines = text.split("\n") if text else []
    read = survey(octets_of(text + "\n" if text else ""), finished=True)
    if read.bad_line is not None:
        end = after = read.bad_line[0] - 1
    else:
        end = next((number for number, line in enumerate(lines) if not line.strip("\r")), len(lines))
        after = end + 1
    header, body = lines[:end], lines[after:]
    names = {name.decode("ascii").lower() for name, _ in read.fields}
    fields = [
        ("From", filling.author),
        ("To", ",\n ".join(filling.recipients)),
        ("Date", filling.date),
        ("Message-ID", filling.message_id),
    ]
    if not "\n".join(body).isascii() and filling.eight_bit:
        fields += [
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
        ]
    header = _with_values(header, {**dict(fields), "Subject": filling.subject})
    header += [f"{name}: {value}".rstrip() for name, value in fields if name.lower() not in names]
    if "subject" in names or filling.subject:
        header += [] if "subject" in names else [f"Subject: {filling.subject}"]
        whole = "\n".join([*header, "", *(body or [""])])
        return whole, len(whole)
    head = "\n".join([*header, "Subject: "])
    return "\n\n".join([head, "\n".join(body)]) if body else head, len(head)


def _with_values(header: list[str], values: dict[str, str]) -> list[str]:
    """The header with a value for each field that has none and could have one."""
    known = {name.lower(): value for name, value in values.items()}
    filled: list[str] = []
    for number, line in enumerate(header):
        following = "".join(header[number + 1 : number + 2])
        name, colon, value = line.partition(":")
        is_empty = colon and not value.strip() and not following.startswith((" ", "\t"))
        wanted = known.get(name.lower(), "") if is_empty else ""
        filled.append(f"{name}: {wanted}" if wanted else line)
    return filled


def handle_template(desk: Desk, argument: str) -> Handling:
    """`/template [SUBJECT]`: fills in From, To, Date, Message-ID; in a mail with recipients it says DATA first."""
    text = yield from written(desk)
    if text is None:
        return
    whole, cursor = fill_in(text, _filling(desk, " ".join(argument.split())))
    yield from draft(whole, cursor)


def written(desk: Desk) -> Generator[Request, Answer, str | None]:
    """The message that is being written; DATA is said where it is due, and None comes of a refusal.

    Raises `UsageError` where none is written.
    """
    if desk.phase is Phase.RCPT and desk.at_prompt and not desk.settings.live_data:
        reply = yield from say(b"DATA\r\n")
        if reply is None or reply.code != 354:
            return None
    text = yield from draft()
    if text is None:
        raise UsageError("no message is being written here", "MAIL, RCPT and DATA first, and no /data live")
    return text


def _filling(desk: Desk, subject: str) -> Filling:
    from email.utils import formatdate, make_msgid

    envelope = desk.conversation.envelope
    recipients = tuple(filter(None, map(_address, envelope.recipients)))
    name = desk.ehlo_name
    here = name if _is_domain(name) else recipients[0].rpartition("@")[2] if recipients else "localhost"
    author = _address(envelope.sender) if envelope.sender else f"postmaster@{here}"  # of a bounce
    domain = author.rpartition("@")[2]
    return Filling(
        author,
        recipients,
        formatdate(localtime=True),
        make_msgid(domain=domain if _is_domain(domain) else here),
        subject,
        circumstances(desk).eight_bit_offered,
    )


def _address(octets: bytes) -> str:
    """An address of the envelope as a header has it; empty for one that no header should have."""
    text = octets.decode("utf-8", "replace")
    return text if printable(text) == text and "\ufffd" not in text else ""


def _is_domain(name: str) -> bool:
    return name.isascii() and "." in name and all(part and part.replace("-", "").isalnum() for part in name.split("."))
