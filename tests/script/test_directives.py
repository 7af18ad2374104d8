"""Directives: every row of the table has an example that is read and one that is refused."""

import pytest

from smtp_repl.script.arguments import (
    Auth,
    Caps,
    Connect,
    File,
    Match,
    Nothing,
    Require,
    Set,
    Tags,
    Term,
    Text,
    Timeout,
    Tls,
    Value,
    Wait,
    Within,
)
from smtp_repl.script.directives import DIRECTIVES, near_directive, read_directive
from smtp_repl.wire.errors import ScriptError
from smtp_repl.wire.targets import Target

READ: list[tuple[str, str, str, Value]] = [
    ("connect", "", "mail.example.com:587", Connect(Target("mail.example.com", 587))),
    (
        "connect",
        "bob",
        "[::1]:25 tls bind=192.0.2.1 sni=mx.example.com",
        Connect(Target("::1", 25, True, bind="192.0.2.1", server_name="mx.example.com")),
    ),
    ("connect", "", "unix:/run/lmtp", Connect(Target("", 0, path="/run/lmtp"))),
    ("connect", "", "lmtp:example.com:2424", Connect(Target("example.com", 2424, lmtp=True))),
    ("tls", "", "manual", Tls("manual")),
    ("auth", "", "user=alice", Auth("auth", "alice", "")),
    ("auth", "bob", "mech=cram-md5 user=bob@example.org", Auth("bob", "bob@example.org", "CRAM-MD5")),
    ("auth", "", r'user="alice \"a\" smith"', Auth("auth", 'alice "a" smith', "")),
    ("match", "", "text", Match("text")),
    ("strict", "", "", Nothing()),
    (
        "caps",
        "",
        "STARTTLS auth=PLAIN,login !XCLIENT",
        Caps((Term("STARTTLS", ()), Term("AUTH", ("PLAIN", "LOGIN"))), (Term("XCLIENT", ()),)),
    ),
    ("require", "", "starttls", Require((Term("STARTTLS", ()),))),
    ("timeout", "", "5", Timeout(5.0)),
    ("within", "", "1", Within(0.0, 1.0)),
    ("within", "", "2..10.5", Within(2.0, 10.5)),
    ("wait", "", ".5", Wait(0.5)),
    ("wait", "", "0", Wait(0.0)),
    ("data", "", "mails/./hello world.eml", File("mails/hello world.eml")),
    ("send", "", "raw.bin", File("raw.bin")),
    ("set", "", "greeting=  a=b ", Set("greeting", b"  a=b ")),
    ("include", "", "prologue.smtp", File("prologue.smtp")),
    ("early", "", "", Nothing()),
    ("eof", "bob", "", Nothing()),
    ("close", "", "", Nothing()),
    ("shutdown", "", "", Nothing()),
    ("title", "", "First mail", Text("First mail")),
    ("about", "", "What it shows", Text("What it shows")),
    ("source", "", "RFC 5321", Text("RFC 5321")),
    ("tag", "", "auth, tls", Tags(("auth", "tls"))),
    ("recorded", "", "2026-01-02 by smtp-repl", Text("2026-01-02 by smtp-repl")),
]
REFUSED = [
    ("connect", "", 1, "bad-argument"),
    ("connect", "a:99999", 1, "bad-argument"),
    ("connect", "a:25 loud", 6, "bad-argument"),
    ("connect", "a:25 bind=", 6, "bad-argument"),
    ("tls", "always", 1, "bad-argument"),
    ("auth", "", 1, "bad-argument"),
    ("auth", "mech=PLAIN", 1, "bad-argument"),
    ("auth", "user=alice password=wonderland", 12, "password-in-script"),
    ("auth", "user=alice user=bob", 12, "bad-argument"),
    ("auth", "user=alice mech=a/b", 12, "bad-argument"),
    ("auth", r'user="\q"', 1, "bad-argument"),
    ("auth", r'user="\xff"', 1, "bad-argument"),
    ("match", "", 1, "bad-argument"),
    ("match", "roughly", 1, "bad-argument"),
    ("strict", "yes", 1, "bad-argument"),
    ("caps", "", 1, "bad-argument"),
    ("caps", "STARTTLS AUTH=", 10, "bad-argument"),
    ("caps", "!", 1, "bad-argument"),
    ("require", "", 1, "bad-argument"),
    ("require", "a/b", 1, "bad-argument"),
    ("timeout", "", 1, "bad-number"),
    ("timeout", "nan", 1, "bad-number"),
    ("timeout", "٣", 1, "bad-number"),
    ("within", "inf", 1, "bad-number"),
    ("within", "1..", 1, "bad-number"),
    ("within", "3..2", 1, "bad-number"),
    ("wait", "-1", 1, "bad-number"),
    ("wait", "1e3", 1, "bad-number"),
    ("wait", "3600.1", 1, "bad-number"),
    ("data", "", 1, "bad-argument"),
    ("data", "/etc/passwd", 1, "path-outside"),
    ("send", "a/../../b", 1, "path-outside"),
    ("send", "C:\\x", 1, "path-outside"),
    ("send", "C:x", 1, "path-outside"),
    ("include", "../../etc/passwd", 1, "path-outside"),
    ("include", "a\x1bb", 1, "path-outside"),
    ("set", "novalue", 1, "bad-argument"),
    ("set", "auth.plain=x", 1, "bad-argument"),
    ("set", "b64=x", 1, "bad-argument"),
    ("early", "now", 1, "bad-argument"),
    ("eof", "x", 1, "bad-argument"),
    ("close", "x", 1, "bad-argument"),
    ("shutdown", "x", 1, "bad-argument"),
    ("title", "", 1, "bad-argument"),
    ("about", "", 1, "bad-argument"),
    ("source", "", 1, "bad-argument"),
    ("tag", "", 1, "bad-argument"),
    ("recorded", "", 1, "bad-argument"),
    ("shell", "rm -rf /", 0, "unknown-directive"),
]


@pytest.mark.parametrize(("name", "connection", "args", "value"), READ, ids=[f"{row[0]}-{row[2]}" for row in READ])
def test_read(name: str, connection: str, args: str, value: Value) -> None:
    assert read_directive(name, connection, args) == value
    assert type(read_directive(name, connection, args)) is type(value)


@pytest.mark.parametrize(("name", "args", "column", "kind"), REFUSED, ids=[f"{row[0]}-{row[1]}" for row in REFUSED])
def test_refused(name: str, args: str, column: int, kind: str) -> None:
    """A bad argument has a place and a stable id; numbers are finite, not negative and at most an hour."""
    with pytest.raises(ScriptError) as raised:
        read_directive(name, "", args)
    assert (raised.value.kind, raised.value.column) == (kind, column)


def test_every_row_has_both_examples() -> None:
    assert {row[0] for row in READ} == set(DIRECTIVES)
    assert {row[0] for row in REFUSED} >= set(DIRECTIVES)


@pytest.mark.parametrize("name", DIRECTIVES)
def test_rows_say_what_they_mean(name: str) -> None:
    """Every row can be shown: a meaning of one line, a known scope; all take a connection."""
    row = DIRECTIVES[name]
    assert row.name == name
    assert 0 < len(row.meaning) < 100
    assert row.scope in ("script", "onwards", "next", "last", "here")
    assert row.takes_connection


@pytest.mark.parametrize(("word", "near"), [("timout", "timeout"), ("Match", "match"), ("xyzzy", None), ("", None)])
def test_near(word: str, near: str | None) -> None:
    assert near_directive(word) == near
