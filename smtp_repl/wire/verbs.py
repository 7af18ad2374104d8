"""The verbs and their parameters, one row each: the syntax that a completer, a linter and a server share.

Only what RFC 5321 and the extensions say about the *form* of a command stands here. What a verb means is prose
(see `knowledge`), when it may be said is a phase (see `states`), and whether a line is well formed is asked of
`commands`.
"""

import re

from smtp_repl.wire.records import Record


class VerbSyntax(Record):
    """How one verb is written.

    `argument` is none, optional, text, domain, path, chunk, auth or attributes. `keyword` is the EHLO keyword
    without which the verb does not exist, "" for the verbs of RFC 5321 itself. A verb that `ends_group` must be
    the last of a pipelined group (RFC 2920 §3.1). `status` is standard, obsolete, private, or pseudo for what
    stands where a command would but is none (the lone dot after a message, the star that cancels AUTH).
    """

    verb: str
    form: str
    argument: str
    keyword: str
    ends_group: bool
    takes_parameters: bool
    status: str
    ref: str


class Parameter(Record):
    """A parameter of MAIL, RCPT, VRFY or EXPN.

    `value` is the pattern of the octets after "=", b"" for a parameter that takes none. `octets` is what the
    extension adds to the greatest length of the command line (RFC 5321 §4.1.1.11), 0 where it does not say.
    """

    on: tuple[str, ...]
    name: str
    form: str
    value: bytes
    keyword: str
    octets: int
    ref: str


_ENDS, _GOES_ON = True, False
_PARAMETERS, _BARE = True, False

VERBS: dict[str, VerbSyntax] = {
    row[0]: VerbSyntax(*row)
    for row in (
        ("EHLO", "EHLO domain", "domain", "", _ENDS, _BARE, "standard", "RFC 5321 §4.1.1.1"),
        ("HELO", "HELO domain", "domain", "", _ENDS, _BARE, "standard", "RFC 5321 §4.1.1.1"),
        ("MAIL", "MAIL FROM:<address>", "path", "", _GOES_ON, _PARAMETERS, "standard", "RFC 5321 §4.1.1.2"),
        ("RCPT", "RCPT TO:<address>", "path", "", _GOES_ON, _PARAMETERS, "standard", "RFC 5321 §4.1.1.3"),
        ("DATA", "DATA", "none", "", _ENDS, _BARE, "standard", "RFC 5321 §4.1.1.4"),
        ("BDAT", "BDAT octets [LAST]", "chunk", "CHUNKING", _GOES_ON, _BARE, "standard", "RFC 3030 §2"),
        ("AUTH", "AUTH mechanism [step]", "auth", "AUTH", _ENDS, _BARE, "standard", "RFC 4954 §4"),
        ("STARTTLS", "STARTTLS", "none", "STARTTLS", _ENDS, _BARE, "standard", "RFC 3207 §4"),
        ("RSET", "RSET", "none", "", _GOES_ON, _BARE, "standard", "RFC 5321 §4.1.1.5"),
        ("NOOP", "NOOP [text]", "optional", "", _ENDS, _BARE, "standard", "RFC 5321 §4.1.1.9"),
        ("VRFY", "VRFY address", "text", "", _ENDS, _PARAMETERS, "standard", "RFC 5321 §4.1.1.6"),
        ("EXPN", "EXPN list", "text", "", _ENDS, _PARAMETERS, "standard", "RFC 5321 §4.1.1.7"),
        ("HELP", "HELP [verb]", "optional", "", _GOES_ON, _BARE, "standard", "RFC 5321 §4.1.1.8"),
        ("QUIT", "QUIT", "none", "", _ENDS, _BARE, "standard", "RFC 5321 §4.1.1.10"),
        ("LHLO", "LHLO domain", "domain", "", _ENDS, _BARE, "standard", "RFC 2033 §4.1"),
        ("BURL", "BURL url [LAST]", "text", "BURL", _GOES_ON, _BARE, "standard", "RFC 4468 §3.2"),
        ("ETRN", "ETRN domain", "text", "ETRN", _GOES_ON, _BARE, "standard", "RFC 1985 §5"),
        ("ATRN", "ATRN [domain,…]", "optional", "ATRN", _ENDS, _BARE, "standard", "RFC 2645 §5.2.1"),
        ("TURN", "TURN", "none", "TURN", _ENDS, _BARE, "obsolete", "RFC 821 §3.8"),
        ("SEND", "SEND FROM:<address>", "path", "SEND", _GOES_ON, _BARE, "obsolete", "RFC 821 §3.4"),
        ("SOML", "SOML FROM:<address>", "path", "SOML", _GOES_ON, _BARE, "obsolete", "RFC 821 §3.4"),
        ("SAML", "SAML FROM:<address>", "path", "SAML", _GOES_ON, _BARE, "obsolete", "RFC 821 §3.4"),
        ("XCLIENT", "XCLIENT NAME=value", "attributes", "XCLIENT", _ENDS, _BARE, "private", "XCLIENT_README"),
        ("XFORWARD", "XFORWARD NAME=value", "attributes", "XFORWARD", _GOES_ON, _BARE, "private", "XFORWARD_README"),
        ("X-EXPS", "X-EXPS mechanism", "auth", "X-EXPS", _ENDS, _BARE, "private", "Microsoft Exchange"),
        ("VERB", "VERB", "optional", "VERB", _GOES_ON, _BARE, "private", "Sendmail"),
        (".", ".", "none", "", _ENDS, _BARE, "pseudo", "RFC 5321 §4.1.1.4"),
        ("*", "*", "none", "", _ENDS, _BARE, "pseudo", "RFC 4954 §4"),
    )
}  # fmt: skip
"""Every verb that the program knows, the common ones first."""

_XTEXT = rb"(?:[!-*,-<>-~]|\+[0-9A-F]{2})"
_DATE_TIME = rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})"
_OUTCOME = rb"(?:SUCCESS|FAILURE|DELAY)"
_ANYTHING = rb"[!-~]*"

PARAMETERS: tuple[Parameter, ...] = tuple(
    Parameter(*row)
    for row in (
        (("MAIL",), "SIZE", "SIZE=octets", rb"[0-9]{1,20}", "SIZE", 26, "RFC 1870 §3"),
        (("MAIL",), "BODY", "BODY=8BITMIME", rb"(?i:7BIT|8BITMIME|BINARYMIME)", "8BITMIME", 16, "RFC 6152 §2"),
        (("MAIL",), "SMTPUTF8", "SMTPUTF8", b"", "SMTPUTF8", 10, "RFC 6531 §3.1"),
        (("VRFY", "EXPN"), "SMTPUTF8", "SMTPUTF8", b"", "SMTPUTF8", 10, "RFC 6531 §3.1"),
        (("MAIL",), "AUTH", "AUTH=<>", rb"<>|" + _XTEXT + rb"+", "AUTH", 500, "RFC 4954 §5"),
        (("MAIL",), "RET", "RET=HDRS", rb"(?i:FULL|HDRS)", "DSN", 0, "RFC 3461 §4.3"),
        (("MAIL",), "ENVID", "ENVID=xtext", _XTEXT + rb"{1,100}", "DSN", 0, "RFC 3461 §4.4"),
        (
            ("RCPT",),
            "NOTIFY",
            "NOTIFY=FAILURE,DELAY",
            rb"(?i:NEVER|" + _OUTCOME + rb"(?:," + _OUTCOME + rb"){0,2})",
            "DSN",
            0,
            "RFC 3461 §4.1",
        ),
        (("RCPT",), "ORCPT", "ORCPT=rfc822;xtext", rb"[A-Za-z0-9-]+;" + _XTEXT + rb"+", "DSN", 500, "RFC 3461 §4.2"),
        (("MAIL",), "BY", "BY=seconds;R", rb"[+-]?[0-9]{1,9};[NRnr][Tt]?", "DELIVERBY", 17, "RFC 2852 §4"),
        (("MAIL",), "HOLDFOR", "HOLDFOR=seconds", rb"[1-9][0-9]{0,8}", "FUTURERELEASE", 34, "RFC 4865 §4"),
        (("MAIL",), "HOLDUNTIL", "HOLDUNTIL=date-time", _DATE_TIME, "FUTURERELEASE", 34, "RFC 4865 §4"),
        (("MAIL",), "MT-PRIORITY", "MT-PRIORITY=3", rb"0|-?[1-9]", "MT-PRIORITY", 15, "RFC 6710 §3"),
        (("MAIL",), "MTRK", "MTRK=base64", rb"[A-Za-z0-9+/]+=*(?::[0-9]{1,9})?", "MTRK", 40, "RFC 3885 §3"),
        (("MAIL",), "REQUIRETLS", "REQUIRETLS", b"", "REQUIRETLS", 11, "RFC 8689 §2"),
        (("MAIL",), "SOLICIT", "SOLICIT=class,…", rb"[!-~]+", "NO-SOLICITING", 1007, "RFC 3865 §2.3"),
        (("MAIL",), "CONPERM", "CONPERM", b"", "CONPERM", 0, "RFC 4141 §4"),
        (("RCPT",), "CONNEG", "CONNEG", b"", "CONNEG", 0, "RFC 4141 §5"),
        (("MAIL",), "TRANSID", "TRANSID=<id@domain>", rb"<[!-=?-~]+>", "CHECKPOINT", 88, "RFC 1845 §3"),
        (("MAIL",), "SUBMITTER", "SUBMITTER=xtext", _XTEXT + rb"+", "SUBMITTER", 0, "RFC 4405 §4"),
        (("RCPT",), "RRVS", "RRVS=date-time", _DATE_TIME + rb"(?:;[CR])?", "RRVS", 33, "RFC 7293 §3.1"),
        (("MAIL", "RCPT"), "ALT-ADDRESS", "ALT-ADDRESS=xtext", _XTEXT + rb"+", "UTF8SMTP", 460, "RFC 5336 §3.4"),
        (("MAIL",), "PRDR", "PRDR", b"", "PRDR", 0, "draft-hall-prdr-00"),
        (("MAIL",), "XOORG", "XOORG=domain", _ANYTHING, "XOORG", 0, "Microsoft Exchange"),
        (("MAIL",), "X-MESSAGECONTEXT", "X-MESSAGECONTEXT=…", _ANYTHING, "X-MESSAGECONTEXT", 0, "Microsoft Exchange"),
        (("MAIL",), "XSHADOW", "XSHADOW=…", _ANYTHING, "XSHADOW", 0, "Microsoft Exchange"),
    )
)  # fmt: skip
"""Every parameter that the program knows, the common ones first."""


def parameters_of(verb: str) -> dict[str, Parameter]:
    """The parameters that a verb can take, by name."""
    return {parameter.name: parameter for parameter in PARAMETERS if verb in parameter.on}


def value_fits(parameter: Parameter, value: bytes | None) -> bool:
    """Whether a parameter may have this value; None is a parameter without "="."""
    if not parameter.value or value is None:
        return value is None and parameter.value in (b"", _ANYTHING)
    # Compiled when first asked for, and kept by `re`: most sessions use two of these patterns.
    return re.fullmatch(parameter.value, value) is not None


# What people write who know the protocol from hearsay; no edit distance finds these.
_MEANT = {"HELLO": "EHLO", "HI": "EHLO", "FROM": "MAIL", "TO": "RCPT", "LOGIN": "AUTH", "TLS": "STARTTLS"}
_MEANT |= {"RESET": "RSET", "BYE": "QUIT", "EXIT": "QUIT", "BODY": "DATA", "SUBJECT": "DATA"}


def near_verb(word: str) -> str | None:
    """The verb that was probably meant by a word that is none ("did you mean"); None when nothing is near."""
    word = word.upper()
    if word in VERBS:
        return word
    if word in _MEANT:
        return _MEANT[word]
    nearest: str | None = None
    least = 3 if len(word) > 3 else 2
    for syntax in VERBS.values():
        if syntax.status == "standard" and (steps := _distance(word, syntax.verb)) < least:
            nearest, least = syntax.verb, steps
    return nearest


def _distance(one: str, other: str) -> int:
    """How many letters must be put in, left out, exchanged or swapped with their neighbour."""
    if abs(len(one) - len(other)) > 2:
        return 3
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
