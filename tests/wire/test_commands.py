"""The form of commands: what is read from a line, and what a strict server has against it."""

import pytest

from smtp_repl.wire.commands import (
    PARAMETERS,
    RULES,
    VERBS,
    build,
    check_syntax,
    near_verb,
    parse_command,
    parse_path,
)
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.paths import check_address, check_domain
from smtp_repl.wire.verbs import parameters_of, value_fits


def rules(line: bytes, **facts: object) -> list[str]:
    return [problem.rule for problem in check_syntax(parse_command(line), **facts)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "verb", "argument"),
    [
        (b"EHLO client.example.org", "EHLO", b"client.example.org"),
        (b"quit", "QUIT", b""),
        (b"MAIL  FROM:<>", "MAIL", b" FROM:<>"),
        (b"", "", b""),
        (b" EHLO x", "", b"EHLO x"),
        (b"x-exps LOGIN", "X-EXPS", b"LOGIN"),
        (b".", ".", b""),
        ("r\u017fet".encode(), "", b""),
        (b"NOOP\0x", "", b""),
        (b"\xff\xfe", "", b""),
        (b"EHLO\tx", "", b""),
    ],
)
def test_a_line_is_a_verb_and_what_follows_one_blank(line: bytes, verb: str, argument: bytes) -> None:
    command = parse_command(line)
    assert (command.line, command.verb, command.argument) == (line, verb, argument)


@pytest.mark.parametrize(
    "line",
    [
        b"EHLO x",
        b"EHLO client.example.org",
        b"EHLO [192.0.2.1]",
        b"EHLO [IPv6:2001:db8::1]",
        b"HELO xn--bcher-kva.example",
        b"MAIL FROM:<>",
        b"mail from:<a@example.org>",
        b"MAIL FROM:<a@example.org> SIZE=100 BODY=8bitmime",
        b"MAIL FROM:<a@example.org> AUTH=<> RET=HDRS ENVID=QQ+2B",
        b'MAIL FROM:<"a b"@example.org>',
        b'MAIL FROM:<"a>b@c"@example.org>',
        b"MAIL FROM:<@relay.example.net,@x.example.net:a@example.org>",
        "MAIL FROM:<bücher@bücher.example> SMTPUTF8".encode(),
        b"RCPT TO:<postmaster>",
        b"RCPT TO:<PostMaster>",
        b"RCPT TO:<b@[192.0.2.1]>",
        b"RCPT TO:<b@example.com> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b@example.com",
        b"DATA",
        b"DATA ",
        b"RSET",
        b"NOOP anything at all",
        b"HELP",
        b"VRFY b@example.com",
        b"AUTH PLAIN",
        b"AUTH PLAIN =",
        b"AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm",
        b"BDAT 0 LAST",
        b"BDAT 86 last",
        b"STARTTLS",
        b"XCLIENT NAME=[UNAVAILABLE] ADDR=192.0.2.1",
    ],
)
def test_what_the_rfc_allows_has_no_problem(line: bytes) -> None:
    assert rules(line) == []


REFUSED = [
    # line, rule, code, enhanced, column, words of the message
    (b"", "empty-line", 500, "5.5.2", 1, ""),
    (b"   ", "empty-line", 500, "5.5.2", 1, ""),
    (b"NOOP\0x", "control-char", 501, "5.5.2", 5, "control character"),
    (b"EHLO\tx", "control-char", 501, "5.5.2", 5, "TAB"),
    (b"QUIT\r", "control-char", 501, "5.5.2", 5, ""),
    (b"RPCT TO:<b@example.com>", "unknown-verb", 500, "5.5.1", 1, "did you mean RCPT?"),
    (b"GET / HTTP/1.1", "unknown-verb", 500, "5.5.1", 1, "Unknown command"),
    (b" EHLO x", "unknown-verb", 500, "5.5.1", 1, "without a blank"),
    (b".", "unknown-verb", 500, "5.5.1", 1, "lone dot"),
    (b"*", "unknown-verb", 500, "5.5.1", 1, "No AUTH"),
    (b"EHLO", "argument-missing", 501, "5.5.4", 5, "EHLO needs"),
    (b"EHLO ", "argument-missing", 501, "5.5.4", 6, "EHLO needs"),
    (b"EHLO a b", "argument-unwanted", 501, "5.5.4", 6, "one host name"),
    (b"EHLO my_host", "bad-host-name", 501, "5.5.4", 6, '"_"'),
    (b"EHLO example.org.", "bad-host-name", 501, "5.5.4", 6, "dot"),
    (b"EHLO [1.2.3]", "bad-host-name", 501, "5.5.4", 6, "literal"),
    ("EHLO bücher.example".encode(), "bad-host-name", 501, "5.5.4", 6, "ASCII"),
    (b"DATA now", "argument-unwanted", 501, "5.5.4", 6, "DATA takes no argument"),
    (b"QUIT x", "argument-unwanted", 501, "5.5.4", 6, ""),
    (b"STARTTLS now", "argument-unwanted", 501, "5.5.4", 10, ""),
    (b"VRFY", "argument-missing", 501, "5.5.4", 5, ""),
    (b"MAIL", "argument-missing", 501, "5.5.4", 5, "FROM:<address>"),
    (b"MAIL FROM:", "missing-address", 501, "5.5.4", 11, "No address"),
    (b"MAIL <a@example.org>", "missing-keyword", 501, "5.5.4", 6, 'No "FROM:"'),
    (b"MAIL FROM<a@example.org>", "missing-keyword", 501, "5.5.4", 6, 'No colon after "FROM"'),
    (b"RCPT FROM:<b@example.com>", "missing-keyword", 501, "5.5.4", 6, 'takes "TO:", not "FROM:"'),
    (b"MAIL FROM :<a@example.org>", "blank-before-colon", 501, "5.5.4", 6, "before the colon"),
    (b"MAIL FROM: <a@example.org>", "blank-after-colon", 501, "5.5.4", 11, 'No blank after "FROM:"'),
    (b"RCPT TO: <b@example.com>", "blank-after-colon", 501, "5.5.4", 9, 'No blank after "TO:"'),
    (b"MAIL FROM:a@example.org", "missing-brackets", 501, "5.5.4", 11, "< and >"),
    (b"MAIL FROM:<a@example.org", "missing-brackets", 501, "5.5.4", 25, 'closing ">"'),
    (b"MAIL FROM:<a@example.org>SIZE=1", "missing-blank", 501, "5.5.4", 26, "blank"),
    (b"RCPT TO:<>", "null-recipient", 501, "5.1.3", 10, "sender only"),
    (b"MAIL FROM:<a>", "no-domain", 501, "5.1.7", 12, "@domain"),
    (b"RCPT TO:<b>", "no-domain", 501, "5.1.3", 10, "@domain"),
    (b"MAIL FROM:<a..b@example.org>", "bad-local-part", 501, "5.1.7", 12, "dot"),
    (b"MAIL FROM:<a b@example.org>", "bad-local-part", 501, "5.1.7", 12, "blank"),
    (b"RCPT TO:<../../tmp/x@d>", "bad-local-part", 501, "5.1.3", 10, "dot"),
    (b"RCPT TO:<b,c@example.com>", "bad-local-part", 501, "5.1.3", 10, "needs quotes"),
    (b"RCPT TO:<@example.com>", "bad-local-part", 501, "5.1.3", 10, "Nothing"),
    (b"RCPT TO:<b@c@example.com>", "bad-local-part", 501, "5.1.3", 10, "two @"),
    (b"MAIL FROM:<a@>", "bad-domain", 501, "5.1.7", 12, "empty"),
    (b"RCPT TO:<b@-x.example.com>", "bad-domain", 501, "5.1.3", 10, "Not a domain"),
    (b"RCPT TO:<" + b"b" * 65 + b"@example.com>", "local-part-too-long", 501, "5.1.3", 10, "64"),
    (b"MAIL FROM:<a@" + b"x." * 130 + b"org>", "path-too-long", 501, "5.1.7", 12, "256"),
    ("MAIL FROM:<ü@example.org>".encode(), "non-ascii", 550, "5.6.7", 12, "SMTPUTF8"),
    ("RCPT TO:<ü@example.com>".encode(), "non-ascii", 553, "5.6.7", 10, "SMTPUTF8"),
    (b"MAIL FROM:<\xff@example.org> SMTPUTF8", "non-utf8", 501, "5.5.2", 12, "UTF-8"),
    (b"MAIL FROM:<a@example.org> FOO=1", "unknown-parameter", 555, "5.5.4", 27, "FOO"),
    (b"RCPT TO:<b@example.com> SIZE=1", "unknown-parameter", 555, "5.5.4", 25, "SIZE"),
    (b"MAIL FROM:<a@example.org> SIZE=1 SIZE=2", "duplicate-parameter", 501, "5.5.4", 34, "twice"),
    (b"MAIL FROM:<a@example.org> SIZE=1x", "bad-parameter", 501, "5.5.4", 27, "SIZE"),
    (b"MAIL FROM:<a@example.org> SIZE", "bad-parameter", 501, "5.5.4", 27, "SIZE"),
    (b"MAIL FROM:<a@example.org> SIZE=", "bad-parameter", 501, "5.5.4", 27, "NAME=value"),
    (b"MAIL FROM:<a@example.org> SMTPUTF8=yes", "bad-parameter", 501, "5.5.4", 27, "SMTPUTF8"),
    (b"MAIL FROM:<a@example.org> BODY=9BIT", "bad-parameter", 501, "5.5.4", 27, "BODY"),
    (b"MAIL FROM:<a@example.org> \xff=1", "bad-parameter", 501, "5.5.4", 27, ""),
    (b"AUTH", "argument-missing", 501, "5.5.4", 5, ""),
    (b"AUTH pl@in", "bad-mechanism", 501, "5.5.4", 6, ""),
    (b"AUTH PLAIN a b", "argument-unwanted", 501, "5.5.4", 12, ""),
    (b"AUTH PLAIN hunter2!", "bad-base64", 501, "5.5.2", 12, "base64"),
    (b"BDAT", "argument-missing", 501, "5.5.4", 5, ""),
    (b"BDAT -1", "bad-chunk-size", 501, "5.5.4", 6, "octets"),
    ("BDAT ٣".encode(), "bad-chunk-size", 501, "5.5.4", 6, "octets"),
    (b"BDAT 10 FIRST", "argument-unwanted", 501, "5.5.4", 9, "LAST"),
    (b"XCLIENT NAME", "bad-attribute", 501, "5.5.4", 9, "NAME=value"),
    (b"XCLIENT", "argument-missing", 501, "5.5.4", 8, ""),
    (b"NOOP " + b"x" * 600, "line-over-512", 500, "5.5.2", 513, "607 octets"),
    (b"AUTH PLAIN " + b"QUFB" * 4000, "auth-line-too-long", 500, "5.5.6", 12289, ""),
]


@pytest.mark.parametrize(
    ("line", "rule", "code", "enhanced", "column", "words"),
    REFUSED,
    ids=[f"{row[1]}-{row[0][:20].decode('ascii', 'backslashreplace')}" for row in REFUSED],
)
def test_what_a_strict_server_answers(
    line: bytes, rule: str, code: int, enhanced: str, column: int, words: str
) -> None:
    """Each fault has its rule, its codes, and the octet where it begins."""
    problem = check_syntax(parse_command(line))[0]
    assert (problem.rule, problem.code, problem.enhanced, problem.column) == (rule, code, enhanced, column)
    assert words in problem.message
    assert problem.ref


def test_every_rule_is_found_by_some_line() -> None:
    """No row of RULES is dead."""
    by_state = {"verb-not-offered", "parameters-after-helo", "parameter-not-offered"}
    assert {row[1] for row in REFUSED} | by_state == set(RULES)


def test_a_long_line_that_is_no_command_is_told_to_be_long() -> None:
    """K012: 600 octets of nothing."""
    assert rules(b"x" * 600) == ["unknown-verb", "line-over-512"]


def test_parameters_make_room_for_themselves() -> None:
    """RFC 5321 §4.1.1.11: an extension adds to the length of the line, and only where it is offered."""
    line = b"MAIL FROM:<a@example.org> AUTH=" + b"x" * 500
    assert rules(line) == []
    assert rules(line, offered=frozenset({"AUTH"})) == []
    assert rules(line, offered=frozenset()) == ["line-over-512", "parameter-not-offered"]


def test_what_is_not_offered_is_a_problem_only_when_the_offer_is_known() -> None:
    line = b"MAIL FROM:<a@example.org> RET=FULL"
    assert rules(line) == []
    assert rules(line, offered=frozenset({"DSN"})) == []
    assert rules(line, offered=frozenset({"SIZE"})) == ["parameter-not-offered"]
    assert rules(b"BDAT 3", offered=frozenset()) == ["verb-not-offered"]
    assert rules(b"BDAT 3", offered=frozenset({"CHUNKING"})) == []


def test_binarymime_is_an_extension_of_its_own() -> None:
    """RFC 3030 §3."""
    line = b"MAIL FROM:<a@example.org> BODY=BINARYMIME"
    assert rules(line, offered=frozenset({"8BITMIME"})) == ["parameter-not-offered"]
    assert rules(line, offered=frozenset({"BINARYMIME"})) == []


def test_parameters_need_ehlo() -> None:
    assert rules(b"MAIL FROM:<a@example.org> SIZE=1", extended=False) == ["parameters-after-helo"]


def test_smtputf8_lasts_for_the_transaction() -> None:
    """RFC 6531 §3.1: the parameter of MAIL covers the recipients, and counts only where it is offered."""
    recipient = "RCPT TO:<ü@example.com>".encode()
    assert rules(recipient, smtputf8=True) == []
    sender = "MAIL FROM:<ü@example.org> SMTPUTF8".encode()
    assert rules(sender, offered=frozenset()) == ["non-ascii", "parameter-not-offered"]


def test_a_hint_gives_the_command_as_it_should_have_been() -> None:
    assert check_syntax(parse_command(b"MAIL FROM: <me@example.org>"))[0].hint == "write MAIL FROM:<me@example.org>"
    assert check_syntax(parse_command(b"RCPT TO:b@@"))[0].hint == "write RCPT TO:<b@example.com>"


def test_nothing_of_an_auth_line_is_repeated() -> None:
    """It can be a password, typed where it does not belong."""
    for line in (b"AUTH hunter2!", b"AUTH PLAIN hunter2!", b"AUTH PLAIN hunter2 hunter2", b"hunter2!"):
        for problem in check_syntax(parse_command(line)):
            assert "hunter2" not in problem.message + problem.hint


@pytest.mark.parametrize(
    ("argument", "keyword", "address", "parameters"),
    [
        (b"FROM:<a@example.org>", b"FROM", b"a@example.org", ()),
        (b"from:<>", b"FROM", b"", ()),
        (b"FROM: <a@example.org> size=5 X", b"FROM", b"a@example.org", (("SIZE", b"5"), ("X", None))),
        (b"FROM:a@example.org SIZE=5", b"FROM", b"a@example.org", (("SIZE", b"5"),)),
        (b"FROM:<a@example.org SIZE=5", b"FROM", b"a@example.org", (("SIZE", b"5"),)),
        (b"<a@example.org>", b"FROM", b"a@example.org", ()),
        (b"a@example.org", b"FROM", b"a@example.org", ()),
        (b"TO:<a@example.org>", b"FROM", b"a@example.org", ()),
        (b'FROM:<"a>b c"@example.org> SIZE=5', b"FROM", b'"a>b c"@example.org', (("SIZE", b"5"),)),
        (b'FROM:<a"b@example.org> SIZE=5', b"FROM", b'a"b@example.org', (("SIZE", b"5"),)),
        (b"TO:<@one,@two:b@example.com>", b"TO", b"b@example.com", ()),
        (b"TO:<b@example.com> ORCPT=rfc822;b=c", b"TO", b"b@example.com", (("ORCPT", b"rfc822;b=c"),)),
        (b"TO:", b"TO", None, ()),
        (b"", b"TO", None, ()),
        (b"TO:<\xff>", b"TO", b"\xff", ()),
        (b"TO:\0", b"TO", b"\0", ()),
    ],
)
def test_an_address_is_found_whatever_is_wrong_around_it(
    argument: bytes, keyword: bytes, address: bytes | None, parameters: tuple[tuple[str, bytes | None], ...]
) -> None:
    path = parse_path(argument, keyword)
    assert (path.address, path.parameters) == (address, parameters)


def test_long_nonsense_is_read_in_no_time() -> None:
    """No pattern goes back over what it has read."""
    for octets in (b'"', b"\\", b"<", b"a.", b"<@", b'"a"', b" "):
        line = b"MAIL FROM:<" + octets * 20000
        check_syntax(parse_command(line))
        check_address(octets * 20000 + b"@x")
        check_domain(octets * 127)


@pytest.mark.parametrize(
    ("word", "verb"),
    [
        ("RPCT", "RCPT"),
        ("rctp", "RCPT"),
        ("MIAL", "MAIL"),
        ("HELLO", "EHLO"),
        ("EHL", "EHLO"),
        ("STARTLS", "STARTTLS"),
        ("STARTTTLS", "STARTTLS"),
        ("EXIT", "QUIT"),
        ("QUITE", "QUIT"),
        ("quit", "QUIT"),
        ("GET", None),
        ("POST", None),
        ("", None),
        ("SSH-2.0-OPENSSH", None),
    ],
)
def test_did_you_mean(word: str, verb: str | None) -> None:
    assert near_verb(word) == verb


def test_a_command_is_built_from_parts() -> None:
    assert build("MAIL", "FROM:<ü@example.org>", "SMTPUTF8") == "MAIL FROM:<ü@example.org> SMTPUTF8".encode()
    assert build("QUIT") == b"QUIT"


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        (("MAIL", "FROM:<a@b>\r\nRCPT TO:<evil@x>"), "control-char"),
        (("MAIL", "FROM:<a@b>\rRCPT TO:<evil@x>"), "control-char"),
        (("EHLO", "host\nMAIL FROM:<x@y>"), "control-char"),
        (("EHLO", "a\0b"), "control-char"),
        (("EHLO", "\x7f\b"), "control-char"),
        (("RCPT", "TO:<a@b\x85c>"), "control-char"),
        (("EHLO x\r\nQUIT",), "bad-verb"),
        (("EHLO x",), "bad-verb"),
        (("",), "bad-verb"),
        (("\u017fET",), "bad-verb"),
        (("EHLO", "\udc80"), "bad-utf8"),
    ],
)
def test_no_part_can_begin_another_command(parts: tuple[str, ...], kind: str) -> None:
    with pytest.raises(UsageError) as raised:
        build(*parts)
    assert raised.value.kind == kind


@pytest.mark.parametrize(
    ("domain", "reason"),
    [
        (b"x" * 63 + b".example", ""),
        (b"x" * 64 + b".example", "A label of the domain is longer than 63 octets"),
        (b"x." * 126 + b"example", "The domain is longer than 255 octets"),
        (b"[192.0.2.256]", "Not an address literal such as [192.0.2.1]"),
        (b"[x400:c=de]", ""),
        (b"a..b", "A dot of the domain has nothing beside it"),
        (b"", "The domain is empty"),
    ],
)
def test_domains(domain: bytes, reason: str) -> None:
    """RFC 5321 §4.1.2, §4.1.3, §4.5.3.1.2; RFC 1035 §2.3.4."""
    assert check_domain(domain) == reason


def test_the_tables_agree_with_each_other() -> None:
    """A verb takes parameters exactly where the parameter table has some for it."""
    assert len(VERBS) == 28
    assert {verb for verb, syntax in VERBS.items() if syntax.takes_parameters} == {
        verb for parameter in PARAMETERS for verb in parameter.on
    }
    assert all(syntax.verb == verb and syntax.form.startswith(verb) for verb, syntax in VERBS.items())
    for parameter in PARAMETERS:
        assert parameter.form.startswith(parameter.name)
        assert ("=" in parameter.form) == bool(parameter.value)


def test_what_must_end_a_pipelined_group() -> None:
    """RFC 2920 §3.1."""
    ending = {verb for verb, syntax in VERBS.items() if syntax.ends_group and syntax.status == "standard"}
    assert {"EHLO", "DATA", "VRFY", "EXPN", "QUIT", "NOOP", "STARTTLS", "AUTH"} <= ending
    assert not {"MAIL", "RCPT", "RSET", "BDAT", "HELP"} & ending


@pytest.mark.parametrize(
    ("verb", "name", "value", "fits"),
    [
        ("MAIL", "HOLDFOR", b"60", True),
        ("MAIL", "HOLDFOR", b"0", False),
        ("MAIL", "HOLDUNTIL", b"2030-01-01T00:00:00Z", True),
        ("MAIL", "BY", b"+600;RT", True),
        ("MAIL", "BY", b"600", False),
        ("MAIL", "MT-PRIORITY", b"-9", True),
        ("MAIL", "MT-PRIORITY", b"10", False),
        ("MAIL", "ENVID", b"a+2g", False),
        ("RCPT", "NOTIFY", b"NEVER", True),
        ("RCPT", "NOTIFY", b"NEVER,DELAY", False),
        ("RCPT", "RRVS", b"2014-04-03T23:01:00Z;C", True),
        ("MAIL", "XSHADOW", None, True),
        ("MAIL", "REQUIRETLS", b"", False),
    ],
)
def test_parameter_values(verb: str, name: str, value: bytes | None, fits: bool) -> None:
    assert value_fits(parameters_of(verb)[name], value) is fits
