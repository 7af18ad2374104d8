"""What is wrong with a message: with one of its lines while it is typed, or with all of it when it has come to its end.

Lines are as on the wire, with line end and stuffed dots (RFC 5321 §4.5.2); messages are judged by `message_check`.
"""

import re

from smtp_repl.teach.pitfalls.situation import Letter, Situation

_COMMAND = rb"(?i)(?:QUIT|RSET|NOOP|DATA)\r?\n\Z|MAIL FROM:[ ]*<|RCPT TO:[ ]*<"


def command_in_data(line: bytes, situation: Situation) -> bool:
    return re.match(_COMMAND, line) is not None


def dot_space(line: bytes, situation: Situation) -> bool:
    return line.strip(b" \t\r\n") == b"." and line.rstrip(b"\r\n") != b"."


def dot_stuff(line: bytes, situation: Situation) -> bool:
    is_lost = line[:1] == b"." and line[:2] != b".." and line.rstrip(b"\r\n") != b"."
    return is_lost and not dot_space(line, situation)


def bare_lf(line: bytes, situation: Situation) -> bool:
    return line.endswith(b"\n") and not line.endswith(b"\r\n")


def crlf_windows(line: bytes, situation: Situation) -> bool:
    return line.endswith(b"\r\r\n")


# ---------------------------------------------------------------- whole messages


def no_blank(letter: Letter, situation: Situation) -> bool:
    return bool(letter.read.fields) and not letter.troubles.isdisjoint(("no-body", "bad-header"))


def no_headers(letter: Letter, situation: Situation) -> bool:
    """Without From, or without both of Date and Subject; a Date alone is added by many a submission server."""
    if no_blank(letter, situation):
        return False
    names = {name for name, _ in letter.read.fields}
    return b"from" not in names or not (b"date" in names or b"subject" in names)


def from_vs_mail(letter: Letter, situation: Situation) -> bool:
    return "from-differs" in letter.troubles


def bcc_header(letter: Letter, situation: Situation) -> bool:
    return "bcc" in letter.troubles


def eight_bit_header(letter: Letter, situation: Situation) -> bool:
    return "raw-header" in letter.troubles


def eight_bit_body(letter: Letter, situation: Situation) -> bool:
    return not _is_binary(situation) and not letter.troubles.isdisjoint(("eight-bit", "no-charset"))


def long_line(letter: Letter, situation: Situation) -> bool:
    return not _is_binary(situation) and "long-line" in letter.troubles


def _is_binary(situation: Situation) -> bool:
    return situation.mail_parameters.get("BODY", b"").upper() == b"BINARYMIME"
