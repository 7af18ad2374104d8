"""An EHLO reply becomes capabilities: every keyword kept, nothing dressed up as one believed."""

import pytest

from smtp_repl.wire.extensions import EXTENSIONS, NO_CAPABILITIES, Capabilities
from smtp_repl.wire.replies import ReplyReader


def offered(*lines: bytes) -> Capabilities:
    """The capabilities of a reply whose first line names the host."""
    return Capabilities.from_reply([b"mail.example.com", *lines])


def test_reply_of_a_real_server() -> None:
    """SIZE, both spellings of AUTH, and a keyword that nobody knows, as a large provider sends them."""
    wire = (
        b"250-smtp.qq.com\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-AUTH LOGIN PLAIN\r\n250-AUTH=LOGIN\r\n"
        b"250-MAILCOMPRESS\r\n250-8BITMIME\r\n250 STARTTLS\r\n"
    )
    (reply,) = ReplyReader().feed(wire)
    capabilities = Capabilities.from_reply(reply.texts)
    assert capabilities.greeting == b"smtp.qq.com"
    assert capabilities.keywords == {
        "PIPELINING": (),
        "SIZE": ("52428800",),
        "AUTH": ("LOGIN", "PLAIN"),
        "MAILCOMPRESS": (),
        "8BITMIME": (),
        "STARTTLS": (),
    }
    assert list(capabilities.keywords)[-1] == "STARTTLS"
    assert capabilities.size == 52428800
    assert capabilities.auth == ("LOGIN", "PLAIN")
    assert capabilities.flags == ("auth-equals",)
    assert capabilities.offers("starttls")
    assert capabilities.offers("MAILCOMPRESS")
    assert not capabilities.offers("CHUNKING")
    assert capabilities.verbs == ("AUTH", "STARTTLS")
    assert capabilities.mail_parameters == ("SIZE", "AUTH", "BODY")


KEYWORDS = {
    "nothing": ((), {}, ()),
    "any case": ((b"starttls", b"Size 1000"), {"STARTTLS": (), "SIZE": ("1000",)}, ()),
    "the first of two": ((b"SIZE 10", b"SIZE 20"), {"SIZE": ("10",)}, ("duplicate-keyword",)),
    "blanks and tabs": ((b"  SIZE \t 10  ",), {"SIZE": ("10",)}, ()),
    "no text": ((b"", b" ", b"DSN"), {"DSN": ()}, ()),
    "underscore": ((b"PIPE_CONNECT",), {"PIPE_CONNECT": ()}, ()),
    "visible but no keyword": ((b"*STAR= 1",), {"*STAR=": ("1",)}, ("bad-keyword",)),
    "full-width letters": (("ＳＴＡＲＴＴＬＳ".encode(),), {}, ("non-ascii-keyword",)),  # noqa: RUF001 - the attack
    "long s": (("\u017fTARTTLS".encode(),), {}, ("non-ascii-keyword",)),
    "escape sequence": ((b"X\x1b]52;c;cHduCg==\x07Y",), {}, ("control-char",)),
    "CR at the end": ((b"STARTTLS\r",), {}, ("control-char",)),
    "NUL": ((b"START\0TLS",), {}, ("nul",)),
    "escape in a parameter": ((b"LIMITS \x1b[2J",), {"LIMITS": (r"\x1b[2J",)}, ("control-char",)),
    "UTF-8 in a parameter": (("XNAME né".encode(),), {"XNAME": ("né",)}, ("non-ascii-keyword",)),
}


@pytest.mark.parametrize(("lines", "keywords", "flags"), KEYWORDS.values(), ids=KEYWORDS)
def test_keywords(lines: tuple[bytes, ...], keywords: dict[str, tuple[str, ...]], flags: tuple[str, ...]) -> None:
    """Keywords are visible ASCII in any case; what is not is flagged and offers nothing."""
    capabilities = offered(*lines)
    assert (capabilities.keywords, capabilities.flags) == (keywords, flags)


def test_odd_lines_are_kept() -> None:
    """A line that offers nothing can still be shown."""
    assert offered(b"\xff\xfe 1", b"DSN").odd == (b"\xff\xfe 1",)


def test_first_line_is_no_keyword() -> None:
    """The first line names the server, whatever it looks like (RFC 5321 §4.1.1.1)."""
    capabilities = Capabilities.from_reply([b"STARTTLS"])
    assert capabilities.greeting == b"STARTTLS"
    assert not capabilities.offers("STARTTLS")


SIZES = {
    "a limit": (b"SIZE 10240000", 10240000, ()),
    "no limit": (b"SIZE 0", 0, ()),
    "not told": (b"SIZE", None, ()),
    "twenty digits": (b"SIZE 99999999999999999999", 99999999999999999999, ()),
    "negative": (b"SIZE -1", None, ("size-bad",)),
    "signed": (b"SIZE +1", None, ("size-bad",)),
    "underscore": (b"SIZE 1_0", None, ("size-bad",)),
    "a word": (b"SIZE abc", None, ("size-bad",)),
    "two numbers": (b"SIZE 1 2", None, ("size-bad",)),
    "Arabic digits": ("SIZE ٢٢".encode(), None, ("non-ascii-keyword", "size-bad")),
    "5,000 digits": (b"SIZE " + b"9" * 5000, None, ("size-overflow",)),
}


@pytest.mark.parametrize(("line", "size", "flags"), SIZES.values(), ids=SIZES)
def test_size(line: bytes, size: int | None, flags: tuple[str, ...]) -> None:
    """A limit is 1 to 20 ASCII digits (RFC 1870 §3); int() alone would take signs, underscores and other digits."""
    capabilities = offered(line)
    assert (capabilities.size, capabilities.flags) == (size, flags)
    assert capabilities.offers("SIZE")


MECHANISMS = {
    "order kept": ((b"AUTH PLAIN LOGIN",), ("PLAIN", "LOGIN"), ()),
    "no mechanism": ((b"AUTH",), (), ()),
    "repeated": ((b"AUTH PLAIN PLAIN plain",), ("PLAIN",), ()),
    "old form alone": ((b"AUTH=LOGIN PLAIN",), ("LOGIN", "PLAIN"), ("auth-equals",)),
    "old form with a blank": ((b"auth= login",), ("LOGIN",), ("auth-equals",)),
    "standard form first": (
        (b"AUTH=LOGIN PLAIN", b"AUTH CRAM-MD5"),
        ("CRAM-MD5", "LOGIN", "PLAIN"),
        ("auth-equals",),
    ),
    "two lines": ((b"AUTH PLAIN", b"AUTH LOGIN"), ("PLAIN", "LOGIN"), ("duplicate-keyword",)),
    "NUL in a name": ((b"AUTH \0PLAIN LOGIN",), ("LOGIN",), ("nul",)),
    "escape in a name": ((b"AUTH PLAIN\x1b[2J LOGIN",), ("LOGIN",), ("control-char",)),
    "no mechanism name": ((b"AUTH PLAIN, LOGIN",), ("LOGIN",), ("bad-mechanism",)),
}


@pytest.mark.parametrize(("lines", "auth", "flags"), MECHANISMS.values(), ids=MECHANISMS)
def test_auth(lines: tuple[bytes, ...], auth: tuple[str, ...], flags: tuple[str, ...]) -> None:
    """Mechanisms of AUTH and of the old AUTH= are one list, without duplicates and without what is no name."""
    capabilities = offered(*lines)
    assert (capabilities.auth, capabilities.flags) == (auth, flags)
    assert capabilities.keywords["AUTH"] == auth


def test_before_any_ehlo() -> None:
    """Nothing is offered before an EHLO."""
    assert not NO_CAPABILITIES.keywords
    assert NO_CAPABILITIES.size is None
    assert NO_CAPABILITIES.verbs == ()
    assert Capabilities.from_reply([]) == NO_CAPABILITIES


def test_parameters_by_command() -> None:
    """Each keyword says which parameters MAIL and RCPT may have; two keywords may bring the same one."""
    capabilities = offered(b"8BITMIME", b"BINARYMIME", b"DSN", b"XUNKNOWN")
    assert capabilities.mail_parameters == ("BODY", "RET", "ENVID")
    assert capabilities.rcpt_parameters == ("NOTIFY", "ORCPT")


@pytest.mark.parametrize("keyword", EXTENSIONS)
def test_table(keyword: str) -> None:
    """Every row is upper case and has its source."""
    row = EXTENSIONS[keyword]
    assert row.keyword == keyword == keyword.upper()
    assert row.ref
