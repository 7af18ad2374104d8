"""A reply that somebody quotes: in a line of a mail log, in a bounce, in the error of a program.

The reply is taken out, with what the line tells of its circumstances: which host said it, and to which command. The
forms are those of Postfix, Exim, qmail, of delivery reports (RFC 3464 §2.3.6), of Python's smtplib and of swaks; and
wherever else a code and an enhanced code of one class stand together. Pure.
"""

import re

from smtp_repl.teach.explanation import Circumstances
from smtp_repl.wire.records import Record


class Quoted(Record):
    """A reply and what is known around it; what was known before goes before what the line tells."""

    reply: str
    circumstances: Circumstances


# Compiled when somebody asks about a line of which no word is known.
_FORMS = (
    # smtplib: (535, b'5.7.8 Error: authentication failed')
    r"\((?P<code>[2-5][0-9]{2}), b?(?P<quote>['\"])(?P<text>.*?)(?P=quote)\)",
    # swaks
    r"^<(?:-|~|\*\*|~\*)\s+(?P<reply>[2-5][0-9]{2}[ -].*)",
    # Postfix: host mx.example.com[192.0.2.1] said: 550 … (in reply to RCPT TO command)
    r"(?:host (?P<host>[\w.-]+)\[[^\]]*\] )?(?:said|refused to talk to me): (?P<reply>[2-5][0-9]{2}[ -].*?)"
    r"(?: \(in reply to (?P<said>[\w /]+?)(?: command)?\))?\)?$",
    # Exim: H=mx.example.com [192.0.2.1]: SMTP error from remote mail server after RCPT TO:<…>: 550 …
    r"(?:H=(?P<host>[\w.-]+) .*)?SMTP error from remote mail(?:er| server) after (?P<said>[A-Za-z ]+?)(?::?<[^>]*>)?"
    r"(?: SIZE=\d+)?: (?:host (?P<other>[\w.-]+) \[[^\]]*\]: )?(?P<reply>[2-5][0-9]{2}[ -].*)",
    # a delivery report; qmail
    r"(?:Diagnostic-Code: ?(?:smtp|x-\S+); ?|Remote host said: )(?P<reply>[2-5][0-9]{2}[ -].*)",
    r"\b(?P<reply>4[0-9]{2}[ -]4\.[0-9]{1,3}\.[0-9]{1,3}\b.*|5[0-9]{2}[ -]5\.[0-9]{1,3}\.[0-9]{1,3}\b.*)",
)
_SAID = {
    "connect": "greeting",
    "initial connection": "greeting",
    "ehlo": "EHLO",
    "helo": "HELO",
    "mail": "MAIL",
    "rcpt": "RCPT",
    "end of data": ".",
    "data": "DATA",
    "auth": "AUTH",
    "starttls": "STARTTLS",
}
TEXT_LIMIT = 4000
"""Characters that are looked at."""


def quoted_reply(text: str, around: Circumstances) -> Quoted | None:
    """The reply that a text quotes, on one line; None when it quotes none."""
    line = " ".join(text[:TEXT_LIMIT].split())
    for form in _FORMS:
        found = re.search(form, line, re.ASCII | re.IGNORECASE)
        if found is None:
            continue
        parts = found.groupdict()
        reply = parts.get("reply") or f"{parts['code']} {_first_line(parts['text'])}"
        host = parts.get("host") or parts.get("other") or ""
        said = around.said or _command(parts.get("said") or "")
        return Quoted(reply.rstrip(), around._replace(host=around.host or host, said=said))
    return None


def _first_line(text: str) -> str:
    """Of the literal of a byte string that begins the text only; its lines have the same reason."""
    return text.partition("\\n")[0]


def _command(said: str) -> str:
    """What a log says that was answered, by our name for it."""
    words = said.lower().replace("pipelined ", "").strip()
    return next((name for beginning, name in _SAID.items() if words.startswith(beginning)), "")
