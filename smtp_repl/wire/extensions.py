"""Service extensions: what a server offers in its reply to EHLO (RFC 5321 §4.1.1.1), and what each keyword adds.

`EXTENSIONS` is the one table of keywords (IANA "SMTP Service Extensions" and the well-known private ones): which
verbs and parameters come with each. What they mean in words is in `smtp_repl.knowledge` under the same keys.
Knows nothing of how the reply was read or of what the session does with it.
"""

import re
from collections.abc import Sequence

from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record


class Extension(Record):
    """What one EHLO keyword brings: verbs, and names of parameters on MAIL and RCPT."""

    keyword: str
    verbs: tuple[str, ...] = ()
    mail_parameters: tuple[str, ...] = ()
    rcpt_parameters: tuple[str, ...] = ()
    ref: str = ""


EXTENSIONS: dict[str, Extension] = {
    extension.keyword: extension
    for extension in (
        Extension("SIZE", (), ("SIZE",), ref="RFC 1870"),
        Extension("8BITMIME", (), ("BODY",), ref="RFC 6152"),
        Extension("PIPELINING", ref="RFC 2920"),
        Extension("CHUNKING", ("BDAT",), ref="RFC 3030"),
        Extension("BINARYMIME", (), ("BODY",), ref="RFC 3030"),
        Extension("STARTTLS", ("STARTTLS",), ref="RFC 3207"),
        Extension("AUTH", ("AUTH",), ("AUTH",), ref="RFC 4954"),
        Extension("DSN", (), ("RET", "ENVID"), ("NOTIFY", "ORCPT"), "RFC 3461"),
        Extension("ENHANCEDSTATUSCODES", ref="RFC 2034"),
        Extension("SMTPUTF8", (), ("SMTPUTF8",), ref="RFC 6531"),
        Extension("ETRN", ("ETRN",), ref="RFC 1985"),
        Extension("ATRN", ("ATRN",), ref="RFC 2645"),
        Extension("DELIVERBY", (), ("BY",), ref="RFC 2852"),
        Extension("MTRK", (), ("MTRK",), ref="RFC 3885"),
        Extension("NO-SOLICITING", (), ("SOLICIT",), ref="RFC 3865"),
        Extension("SUBMITTER", (), ("SUBMITTER",), ref="RFC 4405"),
        Extension("BURL", ("BURL",), ref="RFC 4468"),
        Extension("FUTURERELEASE", (), ("HOLDFOR", "HOLDUNTIL"), ref="RFC 4865"),
        Extension("CONPERM", (), ("CONPERM",), ref="RFC 4141"),
        Extension("CONNEG", (), (), ("CONNEG",), "RFC 4141"),
        Extension("MT-PRIORITY", (), ("MT-PRIORITY",), ref="RFC 6710"),
        Extension("RRVS", (), (), ("RRVS",), "RFC 7293"),
        Extension("REQUIRETLS", (), ("REQUIRETLS",), ref="RFC 8689"),
        Extension("LIMITS", ref="RFC 9422"),
        Extension("CHECKPOINT", (), ("TRANSID",), ref="RFC 1845"),
        Extension("EXPN", ("EXPN",), ref="RFC 5321 §4.1.1.7"),
        Extension("HELP", ("HELP",), ref="RFC 5321 §4.1.1.8"),
        Extension("VRFY", ("VRFY",), ref="RFC 5321 §4.1.1.6"),
        Extension("TURN", ("TURN",), ref="RFC 821 §3.8"),
        Extension("SEND", ("SEND",), ref="RFC 821 §3.4"),
        Extension("SOML", ("SOML",), ref="RFC 821 §3.4"),
        Extension("SAML", ("SAML",), ref="RFC 821 §3.4"),
        Extension("UTF8SMTP", (), ("ALT-ADDRESS",), ("ALT-ADDRESS",), "RFC 5336"),
        Extension("VERB", ("VERB",), ref="sendmail"),
        Extension("ONEX", ("ONEX",), ref="sendmail"),
        Extension("XCLIENT", ("XCLIENT",), ref="Postfix XCLIENT_README"),
        Extension("XFORWARD", ("XFORWARD",), ref="Postfix XFORWARD_README"),
        Extension("PRDR", (), ("PRDR",), ref="draft-hall-prdr-00"),
        Extension("PIPECONNECT", ref="Exim"),
        Extension("X_PIPE_CONNECT", ref="Exim"),
        Extension("PIPE_CONNECT", ref="Exim"),
        Extension("X-EXPS", ("X-EXPS",), ref="Microsoft Exchange"),
        Extension("X-ANONYMOUSTLS", ref="Microsoft Exchange"),
        Extension("XRDST", ref="Microsoft Exchange"),
        Extension("XSHADOW", (), ("XSHADOW",), ref="Microsoft Exchange"),
    )
}

# Octets, not str: the long s (U+017F) has S for its upper case, and full-width letters casefold; neither may make a
# STARTTLS.
_VISIBLE = rb"[!-~]+"
_KEYWORD = rb"[A-Za-z0-9][A-Za-z0-9_-]*"
_MECHANISM = rb"[A-Za-z0-9_-]{1,64}"
_DIGITS = rb"[0-9]+"
_SIZE_DIGITS = 20
"""RFC 1870 §3: size-value ::= 1*20DIGIT."""


class Capabilities(Record):
    """What a server offered in its last reply to EHLO.

    `keywords` maps each keyword in upper case to its parameters, in the order of the reply; the first of
    duplicates counts. `AUTH` also holds what was offered in the old form `AUTH=LOGIN`. All text in it is safe
    to show. `odd` keeps lines whose keyword is no visible ASCII, which offer nothing. `size` is None when no
    usable limit was told, 0 when the server says that it has none. `flags` are rule ids of findings:
    auth-equals, duplicate-keyword, bad-keyword, non-ascii-keyword, control-char, nul, bad-mechanism, size-bad,
    size-overflow.
    """

    greeting: bytes
    """The text of the first line: the server's name and what it adds."""
    keywords: dict[str, tuple[str, ...]]
    flags: tuple[str, ...] = ()
    odd: tuple[bytes, ...] = ()
    size: int | None = None
    auth: tuple[str, ...] = ()
    """Mechanisms in upper case, without duplicates: those of AUTH first, then those of the old form."""

    @classmethod
    def from_reply(cls, texts: Sequence[bytes]) -> "Capabilities":
        """Read the texts (`Reply.texts`: no codes, no line ends) of a 250 reply to EHLO or LHLO."""
        return _Reading(texts).capabilities()

    def offers(self, keyword: str) -> bool:
        """Whether the keyword was offered, however it is spelled."""
        return keyword.upper() in self.keywords

    @property
    def extensions(self) -> tuple[Extension, ...]:
        """The offered extensions that we know."""
        return tuple(EXTENSIONS[keyword] for keyword in self.keywords if keyword in EXTENSIONS)

    @property
    def verbs(self) -> tuple[str, ...]:
        """The verbs that the offered keywords bring."""
        return tuple(verb for extension in self.extensions for verb in extension.verbs)

    @property
    def mail_parameters(self) -> tuple[str, ...]:
        """Names of the parameters that MAIL may have here."""
        return tuple(dict.fromkeys(name for extension in self.extensions for name in extension.mail_parameters))

    @property
    def rcpt_parameters(self) -> tuple[str, ...]:
        """Names of the parameters that RCPT may have here."""
        return tuple(dict.fromkeys(name for extension in self.extensions for name in extension.rcpt_parameters))


class _Reading:
    """The state while one reply is being read."""

    __slots__ = ("flags", "greeting", "keywords", "legacy", "mechanisms", "odd", "seen", "size")

    def __init__(self, texts: Sequence[bytes]) -> None:
        self.greeting = texts[0] if texts else b""
        self.keywords: dict[str, tuple[str, ...]] = {}
        self.flags: list[str] = []
        self.odd: list[bytes] = []
        self.seen: set[str] = set()
        self.mechanisms: list[str] = []
        self.legacy: list[str] = []
        self.size: int | None = None
        for text in texts[1:]:
            self._read_line(text)

    def capabilities(self) -> Capabilities:
        auth = tuple(dict.fromkeys(self.mechanisms + self.legacy))
        if "AUTH" in self.keywords:
            self.keywords["AUTH"] = auth
        flags = tuple(dict.fromkeys(self.flags))
        return Capabilities(self.greeting, self.keywords, flags, tuple(self.odd), self.size, auth)

    def _read_line(self, text: bytes) -> None:
        words = [word for word in text.replace(b"\t", b" ").split(b" ") if word]
        if not words:
            return
        word, *parameters = words
        if word[:5].upper() == b"AUTH=":
            # Microsoft's clients of the 1990s wanted it so; servers have sent both forms ever since.
            self.flags.append("auth-equals")
            self._read_mechanisms([word[5:], *parameters] if word[5:] else parameters, self.legacy)
            self.keywords.setdefault("AUTH", ())
            return
        if re.fullmatch(_VISIBLE, word) is None:
            self._note_characters(word)
            self.odd.append(text)
            return
        if re.fullmatch(_KEYWORD, word) is None:
            self.flags.append("bad-keyword")
        keyword = word.upper().decode("ascii")
        if keyword in self.seen:
            self.flags.append("duplicate-keyword")
        if keyword == "AUTH":
            self._read_mechanisms(parameters, self.mechanisms)
            self.keywords.setdefault("AUTH", ())
        elif keyword not in self.seen:
            for parameter in parameters:
                self._note_characters(parameter)
            self.keywords[keyword] = tuple(printable(parameter) for parameter in parameters)
            if keyword == "SIZE" and parameters:
                self._read_size(parameters)
        self.seen.add(keyword)

    def _read_mechanisms(self, names: Sequence[bytes], into: list[str]) -> None:
        for name in names:
            if re.fullmatch(_MECHANISM, name):
                into.append(name.upper().decode("ascii"))
            elif re.fullmatch(_VISIBLE, name):
                self.flags.append("bad-mechanism")
            else:
                self._note_characters(name)

    def _read_size(self, parameters: Sequence[bytes]) -> None:
        digits = parameters[0]
        if len(parameters) > 1 or re.fullmatch(_DIGITS, digits) is None:
            self.flags.append("size-bad")
        elif len(digits) > _SIZE_DIGITS:
            self.flags.append("size-overflow")
        else:
            self.size = int(digits)

    def _note_characters(self, word: bytes) -> None:
        if b"\0" in word:
            self.flags.append("nul")
        if any(0 < octet < 0x20 or octet == 0x7F for octet in word):
            self.flags.append("control-char")
        if not word.isascii():
            self.flags.append("non-ascii-keyword")


NO_CAPABILITIES = Capabilities(b"", {})
"""Before any EHLO, after HELO, and again after STARTTLS (RFC 3207 §4.2)."""
