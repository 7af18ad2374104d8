"""Targets: what people type as host and port, read without looking anything up."""

import pytest

from smtp_repl.wire.errors import ExitStatus, UsageError
from smtp_repl.wire.octets import printable
from smtp_repl.wire.targets import Target, is_loopback_address, parse_port, parse_target


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("mail.example.com", Target("mail.example.com")),
        ("mail.example.com.", Target("mail.example.com.")),
        ("mail.example.com:587", Target("mail.example.com", 587)),
        ("mail.example.com:465", Target("mail.example.com", 465, implicit_tls=True)),
        ("mail.example.com:24", Target("mail.example.com", 24, lmtp=True)),
        ("192.0.2.1:2525", Target("192.0.2.1", 2525)),
        ("::1", Target("::1")),
        ("2001:db8::1", Target("2001:db8::1")),
        ("[::1]", Target("::1")),
        ("[2001:db8::1]:587", Target("2001:db8::1", 587)),
        ("[fe80::1%eth0]:25", Target("fe80::1%eth0")),
        ("fe80::1%br-lan.7", Target("fe80::1%br-lan.7")),
        ("smtp://mail.example.com", Target("mail.example.com")),
        ("SMTP://mail.example.com/", Target("mail.example.com")),
        ("smtps://mail.example.com", Target("mail.example.com", 465, implicit_tls=True)),
        ("smtps://mail.example.com:2465", Target("mail.example.com", 2465, implicit_tls=True)),
        ("submission://mail.example.com", Target("mail.example.com", 587)),
        ("submissions://[::1]", Target("::1", 465, implicit_tls=True)),
        ("lmtp://mail.example.com", Target("mail.example.com", 24, lmtp=True)),
        ("lmtp:mail.example.com:2400", Target("mail.example.com", 2400, lmtp=True)),
        ("unix:/run/dovecot/lmtp", Target("", 0, path="/run/dovecot/lmtp")),
        ("lmtp:unix:/run/lmtp", Target("", 0, lmtp=True, path="/run/lmtp")),
        ("bücher.example", Target("bücher.example")),
        ("a_b.example.com", Target("a_b.example.com")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_reads(text: str, target: Target) -> None:
    """Every form that the manual names is understood."""
    assert parse_target(text) == target


def test_port_as_a_word_of_its_own() -> None:
    """`HOST PORT` is `HOST:PORT`; the port decides the same things."""
    assert parse_target("mail.example.com", "465") == parse_target("mail.example.com:465")
    assert parse_target("::1", "2525") == Target("::1", 2525)
    assert parse_target("smtps://mail.example.com", "25") == Target("mail.example.com", 25, implicit_tls=True)
    assert parse_target("mail.example.com:25", "25").port == 25


@pytest.mark.parametrize(
    "text",
    [
        *("", ":25", "[]", "smtp://", "[::1", "[::1]25", "[::1]x", "[mail.example.com]:25", "[:::]", "1:2:3"),
        *("host:0", "host:65536", "host:-1", "host:+25", "host:25abc", "host:2_5", "host: 25", "host:"),
        *("host:\u0662\u0665", "host:\uff12\uff15", "host:000025"),
        *("-oProxyCommand=x", "-host:25", "smtp://-x"),
        *(
            "smtp://h/%0d%0aMAIL",
            "smtp://h/path",
            "smtp://h?x",
            "smtp://user@h",
            "http://h/",
            "file:///etc/passwd",
        ),
        *(
            "a b",
            "a\tb",
            "a\r\nMAIL",
            "a\0b",
            "a\x1b[2Jb",
            "a\x9bb",
            "a\u200bb",
            "a\u202eb",
            "a\u00a0b",
            "a]b",
            "a%b",
        ),
        *(
            "a" * 64 + ".example",
            "a." * 130 + "example",
            "[fe80::1%]:25",
            "[fe80::1%a b]",
            "unix:",
            "unix:/a\0b",
        ),
        *("lmtp:unix:", "lmtp:", "a\\b", '"a"', "<a>"),
    ],
    ids=ascii,
)
def test_refuses(text: str) -> None:
    """What is no target is refused with exit status 2, in words that are safe to print, and nothing is looked up."""
    with pytest.raises(UsageError) as raised:
        parse_target(text)
    assert raised.value.exit_status is ExitStatus.USAGE
    assert printable(raised.value.message) == raised.value.message


@pytest.mark.parametrize("text", ["", "-oProxyCommand=x", "a\nb", "a" * 64])
def test_a_bad_host_has_a_kind(text: str) -> None:
    """A host that is none is told from other wrong words."""
    with pytest.raises(UsageError) as raised:
        parse_target(text)
    assert raised.value.kind == "bad-host"


@pytest.mark.parametrize(("text", "port"), [("host:25", "26"), ("unix:/run/lmtp", "24")])
def test_refuses_a_second_port(text: str, port: str) -> None:
    """A word that would be ignored is an error."""
    with pytest.raises(UsageError):
        parse_target(text, port)


@pytest.mark.parametrize(("text", "port"), [("1", 1), ("25", 25), ("65535", 65535), ("00025", 25)])
def test_ports(text: str, port: int) -> None:
    """The whole range, and digits only."""
    assert parse_port(text) == port


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        *[(host, True) for host in ("localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.255.0.9", "::1")],
        *[(host, True) for host in ("::ffff:127.0.0.1", "::1%lo")],
        *[(host, False) for host in ("127.example.com", "127.0.0.1.example.com", "localhost.example.com", "127.")],
        *[(host, False) for host in ("192.0.2.1", "::2", "::ffff:192.0.2.1", "2001:db8::127", "")],
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    """A password in cleartext rides on this: only this machine's own addresses count, no name that looks like one."""
    assert Target(host).is_loopback is loopback
    assert is_loopback_address(host) is (loopback and "localhost" not in host.lower())


def test_a_unix_socket_is_loopback() -> None:
    """What is said to a path does not leave the machine."""
    assert parse_target("unix:/run/lmtp").is_loopback


@pytest.mark.parametrize("text", ["mail.example.com:25", "[::1]:2525", "unix:/run/lmtp", "192.0.2.1:587"])
def test_prints_as_it_is_given(text: str) -> None:
    """A target in a message can be typed again."""
    assert str(parse_target(text)) == text
