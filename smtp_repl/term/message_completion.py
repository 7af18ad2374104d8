"""What may come next in the header of a message: fields that it lacks, addresses, the values of MIME fields.

Addresses are those of the envelope, then those that were used before. Nothing is proposed in the body.
"""

from smtp_repl.term.argument_completion import usable
from smtp_repl.term.suggestions import Proposal, Proposals, State
from smtp_repl.wire.language import phrase

HEADERS = (
    ("From", phrase("the author: a name and an <address>")),
    ("To", phrase("the recipients, as readers see them")),
    ("Subject", phrase("one line on what it is about")),
    ("Date", phrase("when it was written: Tue, 15 Jan 2008 16:02:43 -0500")),
    ("Message-ID", phrase("a name for this message that no other has: <id@domain>")),
    ("Cc", phrase("recipients of a copy")),
    ("Reply-To", phrase("where answers go, if not to From")),
    ("Sender", phrase("who sent it, if not the author")),
    ("In-Reply-To", phrase("the Message-ID of the message that this one answers")),
    ("References", phrase("the Message-IDs of the thread")),
    ("MIME-Version", phrase("1.0: the Content fields below hold")),
    ("Content-Type", phrase("what the body is: text/plain; charset=utf-8")),
    ("Content-Transfer-Encoding", phrase("how the body is coded: 7bit, 8bit, quoted-printable, base64")),
    ("List-Unsubscribe", phrase("how to leave the list")),
    ("Auto-Submitted", phrase("auto-generated: no person wrote this, so do not answer")),
)
"""Fields of a message header (RFC 5322 §3.6, RFC 2045, RFC 3834), the common ones first."""
_AUTHORS = frozenset({"from", "reply-to", "sender"})
_READERS = frozenset({"to", "cc"})
VALUES = {
    "mime-version": (("1.0", ""),),
    "content-type": (
        ("text/plain; charset=utf-8", phrase("text in any language")),
        ("text/html; charset=utf-8", phrase("a web page")),
    ),
    "content-transfer-encoding": (
        ("8bit", phrase("as it is; needs 8BITMIME")),
        ("7bit", phrase("as it is, all of it ASCII")),
        ("quoted-printable", phrase("=C3=A9 for an é; you write it so yourself")),
        ("base64", phrase("you write it so yourself")),
    ),
    "auto-submitted": (
        ("auto-generated", phrase("no person wrote this")),
        ("auto-replied", phrase("an answer by a program")),
    ),
}


def message_proposals(text: str, state: State) -> Proposals:
    """What may stand where the text before the cursor ends."""
    if "\n\n" in text or text.startswith("\n"):
        return Proposals(len(text))
    *before, line = text.split("\n")
    start = len(text) - len(line)
    if line.startswith("."):
        return Proposals(start)
    if line.startswith((" ", "\t")):  # the line before goes on
        name = next((one for one in reversed(before) if not one.startswith((" ", "\t"))), "").partition(":")[0]
        value = line
    else:
        name, colon, value = line.partition(":")
        if not colon:
            return Proposals(start, _fields(before))
    name = name.lower()
    if name in VALUES:
        typed = value.lstrip(" \t")
        return Proposals(len(text) - len(typed), [Proposal(one, meaning, fixed=True) for one, meaning in VALUES[name]])
    if name not in _AUTHORS and name not in _READERS:
        return Proposals(start)
    last = value.rpartition(",")[2].lstrip(" \t")
    last = last.rpartition("<")[2]
    return Proposals(len(text) - len(last), _addresses(name, value, state))


def _fields(before: list[str]) -> list[Proposal]:
    present = {line.partition(":")[0].lower() for line in before}
    return [Proposal(f"{name}: ", meaning, fixed=True) for name, meaning in HEADERS if name.lower() not in present]


def _addresses(name: str, value: str, state: State) -> list[Proposal]:
    """Of the envelope, then of earlier ones; those that stand there already are left out."""
    sender = [(state.envelope.sender or b"").decode("utf-8", "replace")]
    recipients = [octets.decode("utf-8", "replace") for octets in state.envelope.recipients]
    ours = sender if name in _AUTHORS else recipients
    used = [*state.senders, *state.recipients] if name in _AUTHORS else [*state.recipients, *state.senders]
    taken = {part.strip(" \t<>") for part in value.split(",")[:-1]}
    closing = ">" if "<" in value.rpartition(",")[2] else ""
    return [
        Proposal(address + closing, phrase("in the envelope") if address in ours else phrase("used before"), fixed=True)
        for address in usable([*ours, *used])
        if address not in taken
    ]
