"""The settings file: what it may say, and what each mistake gets."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from smtp_repl.config import Config, load
from smtp_repl.net.trust import TlsOptions
from smtp_repl.term.hosts import Host
from smtp_repl.view.errors import show_error
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.targets import Target

Load = Callable[[str | bytes], Config]


@pytest.fixture
def config(tmp_path: Path) -> Load:
    def read(content: str | bytes) -> Config:
        path = tmp_path / "config.toml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return load(path, must_exist=True)

    return read


def refusal(config: Load, content: str | bytes) -> UsageError:
    with pytest.raises(UsageError) as caught:
        config(content)
    assert int(caught.value.exit_status) == 2
    return caught.value


def test_reads_everything(config: Load, tmp_path: Path) -> None:
    """Settings, profiles and aliases, each with its place."""
    found = config(
        """\
# mine
keys = "vi"
timing = true
timeout = 5
startup = ["EHLO client.example.org", "/timing on"]

[hosts.work]
host = "mail.example.com"
port = 587
tls = "starttls"
user = "alice"
auth = true
ca = "ca.pem"

[alias]
hi = "EHLO client.example.org"
"/w" = "/connect work"
"""
    )
    assert found.values == {
        "keys": "vi",
        "timing": True,
        "timeout": 5.0,
        "startup": ("EHLO client.example.org", "/timing on"),
    }
    assert found.lines == {"keys": 2, "timing": 3, "timeout": 4, "startup": 5}
    assert found.hosts == {
        "work": Host(
            "work",
            Target("mail.example.com", 587),
            starttls=True,
            user="alice",
            logs_in=True,
            tls=TlsOptions(ca_file=str(tmp_path / "ca.pem")),
        )
    }
    assert found.aliases == {"hi": "EHLO client.example.org", "w": "/connect work"}


@pytest.mark.parametrize("content", ["", "\ufeff", "# nothing\r\n", "\ufeffkeys = 'vi'\r\n[hosts]\r\n"])
def test_harmless(config: Load, content: str) -> None:
    """An empty file, a byte order mark and CR LF are no mistakes."""
    assert config(content).hosts == {}


@pytest.mark.parametrize(
    ("profile", "target", "starttls"),
    [
        ('host = "mail.example.com"', Target("mail.example.com", 25), False),
        ('host = "mail.example.com:465"', Target("mail.example.com", 465, implicit_tls=True), False),
        ('host = "smtps://mail.example.com"', Target("mail.example.com", 465, implicit_tls=True), False),
        ('host = "mail.example.com"\ntls = "implicit"', Target("mail.example.com", 465, implicit_tls=True), False),
        (
            'host = "mail.example.com"\nport = 2465\ntls = "implicit"',
            Target("mail.example.com", 2465, implicit_tls=True),
            False,
        ),
        ('host = "mail.example.com"\nport = 465\ntls = "none"', Target("mail.example.com", 465), False),
        ('host = "mail.example.com"\ntls = "starttls"', Target("mail.example.com", 25), True),
        ('host = "unix:/run/lmtp"', Target("", 0, path="/run/lmtp"), False),
        ('host = "::1"\nport = 2525', Target("::1", 2525), False),
    ],
    ids=lambda value: value.replace("\n", " ") if isinstance(value, str) else "",
)
def test_profiles(config: Load, profile: str, target: Target, starttls: bool) -> None:
    """Where a profile goes, and how it is encrypted."""
    host = config(f"[hosts.a]\n{profile}\n").hosts["a"]
    assert (host.target, host.starttls) == (target, starttls)


MISTAKES = {
    "binary": (b"\0\0", 1, "this is no TOML: invalid statement", ""),
    "broken": ("timeout = \n", 1, "this is no TOML: invalid value", ""),
    "not closed": ("startup = [\n1,\n", 2, "this is no TOML", ""),
    "wrong type": ('timeout = "x"\n', 1, 'timeout takes seconds, such as 5 or 0.5, and not "x"', ""),
    "a word for a switch": ('\ntiming = "on"\n', 2, 'timing takes true or false, and not "on"', ""),
    "a switch for a word": ("style = true\n", 1, "style takes dark, light or none, and not true or false", ""),
    "not a number": ("timeout = nan\n", 1, "timeout takes seconds", ""),
    "endless": ("timeout = inf\n", 1, "timeout takes seconds", ""),
    "escape code": ('style = "\\u001b[31m"\n', 1, 'style takes dark, light or none, and not "\\x1b[31m"', ""),
    "colours": ('[colors]\nserver = "\\u001b]0;x\\u0007"\n', 1, 'there is no setting "colors"', "known: style"),
    "unknown": ('stile = "dark"\n', 1, 'there is no setting "stile"', "did you mean style?"),
    "not utf-8": (b"keys = 'vi'\n# caf" + b"\xe9", 2, "this is no text in UTF-8", "save it as UTF-8"),
    "session only": ('secrets = "show"\n', 1, "secrets is for one session only", "/set secrets show"),
    "unknown in a profile": ('[hosts.a]\nhost = "b"\nprot = 1', 3, 'a profile has no "prot"', "did you mean port?"),
    "in an inline table": ('hosts.a = { host = "b", prot = 1 }', 1, 'a profile has no "prot"', "did you mean port?"),
    "in a quoted table": ('[hosts."a"]\nport = 0\nhost = "b"', 2, "port takes a number from 1 to 65535", ""),
    "a profile without host": ("[hosts.a]\nport = 25\n", 2, 'the profile "a" has no host', 'host = "'),
    "a bad host": ('[hosts.a]\nhost = "a b"\n', 2, '"a b" is no host name', ""),
    "a bad tls": ('[hosts.a]\nhost = "b"\ntls = "yes"', 3, "tls takes none, starttls or implicit", ""),
    "a bad pin": ('[hosts.a]\nhost = "b"\npin = "12"', 3, "pin takes a SHA-256 fingerprint", ""),
    "auth without user": ('[hosts.a]\nhost = "b"\nauth = true', 2, 'the profile "a" has auth and no user', "user ="),
    "a name that is an address": ('[hosts."a:25"]\nhost = "b"\n', 1, "a profile has a name without", "[hosts.work]"),
    "no table": ("hosts = 3\n", 1, "hosts is a table", "[hosts]"),
    "an alias of nothing": ('[alias]\nw = "/conect work"\n', 2, 'there is no command "/conect"', "/connect?"),
    "an alias in the way": ('[alias]\nquit = "QUIT"\n', 2, "/quit is a command already", ""),
    "an alias of two lines": ('[alias]\nw = "EHLO x\\nQUIT"\n', 2, "the alias w takes one line of text", ""),
    "a long number": ("timeout = 1" + "0" * 5000, 0, "there is a number with too many digits", ""),
    "brackets": ("a=" + "[" * 100_000, 0, "this is nested too deeply", ""),
}


@pytest.mark.parametrize(("content", "line", "message", "hint"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(config: Load, content: str | bytes, line: int, message: str, hint: str) -> None:
    """Each mistake has its place and a hint; nothing raw reaches a terminal."""
    error = refusal(config, content)
    assert (error.line, error.message[: len(message)]) == (line, message)
    assert hint in error.hint
    shown = show_error(error)
    assert "config.toml" in shown
    assert all(text.isprintable() for text in shown.split("\n"))


def test_an_error_points(config: Load) -> None:
    """The line stands there, with carets under what is meant."""
    shown = show_error(refusal(config, '[hosts.work]\nhost = "mail.example.com"\ntls = "ssl"\n'))
    assert shown.splitlines()[2:] == ["  |", '3 | tls = "ssl"', "  |       ^^^^^"]


PASSWORDS = [
    '[hosts.a]\nhost = "b"\npassword = "hunter2"\n',
    'password = "hunter2"\n',
    '[profile.a]\nsmtp_password = "hunter2"\n',
    'hosts.a = { host = "b", pass = "hunter2" }\n',
    'passwd = """\nhunter2\n',
    'token = "hunter2"\nkeys = \n',
    'startup = ["AUTH PLAIN hunter2"]\n',
    '[alias]\nin = "/b64 hunter2"\n',
]


@pytest.mark.parametrize("content", PASSWORDS)
def test_no_password(config: Load, content: str) -> None:
    """A password is refused wherever it stands, and the error does not show it once more."""
    error = refusal(config, content)
    assert "hunter2" not in show_error(error)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_password_for_everybody(config: Load, tmp_path: Path) -> None:
    """When others can read the file, the password in it is no secret any more, and the error says so."""
    path = tmp_path / "config.toml"
    path.touch()
    for mode, told in ((0o644, True), (0o600, False)):
        path.chmod(mode)
        assert ("change that password" in refusal(config, PASSWORDS[0]).message) is told


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_no_command_from_everybody(config: Load, tmp_path: Path) -> None:
    """What is run must not be for others to write."""
    content = '[hosts.a]\nhost = "b"\nuser = "alice"\npassword_command = "pass show b"\n'
    assert config(content).hosts["a"].password_command == "pass show b"
    (tmp_path / "config.toml").chmod(0o666)
    error = refusal(config, content)
    assert "anybody on this machine may change this file" in error.message
    assert error.hint.startswith("chmod o-w ")


def test_too_long(config: Load) -> None:
    """Nobody's settings are a megabyte."""
    assert "at most" in refusal(config, b"#" * (1024 * 1024 + 1)).message


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that was named must be there; the usual one need not."""
    missing = tmp_path / "none.toml"
    assert load(missing, must_exist=False) == Config()
    for path in (missing, tmp_path, Path("a\0b")):
        with pytest.raises(UsageError, match="cannot read the settings"):
            load(path, must_exist=True)
    assert load(Path(os.devnull), must_exist=True).values == {}


def test_profile_trust() -> None:
    """What was chosen for the session counts before the profile; -k is no half measure."""
    host = Host("a", Target("b"), tls=TlsOptions(ca_file="ca.pem", pin_sha256=("ab",), server_name="b"))
    assert host.trust(TlsOptions()) == host.tls
    assert host.trust(TlsOptions(ca_file="x", server_name="y")) == TlsOptions(
        ca_file="x", pin_sha256=("ab",), server_name="y"
    )
    assert host.trust(TlsOptions(verify=False)) == TlsOptions(verify=False, server_name="b")
