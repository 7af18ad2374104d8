"""What can be behind a port instead of a mail server that is well: a few lines each, enough to be recognised.

A row says what is said first, what to which word, and what to everything else.
"""

from collections.abc import Mapping

from smtp_repl.wire.records import Record


class Service(Record):
    """One row of `SERVICES`. Texts have no last line end; "" is silence. QUIT is the end, and where it `closes`, so is
    the greeting or, without one, the first answer.
    """

    greeting: str = ""
    replies: Mapping[str, str] = {}
    otherwise: str = ""
    closes: bool = False


SERVICES: dict[str, Service] = {
    "pop3": Service(
        "+OK POP3 practice server ready",
        {"QUIT": "+OK Bye", "NOOP": "+OK", "CAPA": "+OK Capability list follows\r\nUSER\r\nSTLS\r\n."},
        "-ERR unknown command",
    ),
    "http": Service(
        "",
        {},
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 0\r\nConnection: close\r\n",
        closes=True,
    ),
    "silent": Service(),
    "closed": Service(closes=True),
    "busy": Service("421 4.3.2 {hostname} Too busy; try again later", closes=True),
    "unwelcome": Service(
        "554 5.7.1 {hostname} No mail is taken from you",
        {"QUIT": "221 2.0.0 Bye"},
        "503 5.5.1 No mail is taken from you; write QUIT to leave",
    ),
}
"""By the name of the switch `service`; smtp is none of them."""
