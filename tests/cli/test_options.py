"""Reading the command line: what decides, what is refused, and what the refusal says."""

import pytest

from smtp_repl.cli.help import help_text
from smtp_repl.cli.options import COMMANDS, OPTIONS, SHELL, options_of, read
from smtp_repl.wire.errors import UsageError
from tests.cli.conftest import call


@pytest.mark.parametrize(
    ("argv", "command", "words", "values"),
    [
        pytest.param(["mail.example.com", "587"], SHELL, ["mail.example.com", "587"], {}, id="host-and-port"),
        pytest.param(["h", "--timeout", "3", "25"], SHELL, ["h", "25"], {"timeout": ["3"]}, id="options-between-words"),
        pytest.param(["h", "--timeout=3"], SHELL, ["h"], {"timeout": ["3"]}, id="equals-sign"),
        pytest.param(["h", "-c", "EHLO x", "-cQUIT"], SHELL, ["h"], {"line": ["EHLO x", "QUIT"]}, id="-c-repeats"),
        pytest.param(["h", "-c", "-x"], SHELL, ["h"], {"line": ["-x"]}, id="a-value-may-begin-with-a-hyphen"),
        pytest.param(["run", "a", "-kv", "b"], "run", ["a", "b"], {"insecure": [""], "verbose": [""]}, id="flags"),
        pytest.param(["--", "-host"], SHELL, ["-host"], {}, id="after-double-hyphen-all-are-words"),
        pytest.param(["--", "run"], SHELL, ["run"], {}, id="a-host-of-a-subcommands-name"),
        pytest.param(["run", "-", "--local"], "run", ["-"], {"local": [""]}, id="a-hyphen-is-a-word"),
        pytest.param([], SHELL, [], {}, id="nothing"),
    ],
)
def test_reads(argv: list[str], command: str, words: list[str], values: dict[str, list[str]]) -> None:
    """The first word decides, then options and words may stand in any order."""
    result = read(argv)
    assert (result.command, result.words) == (command, words)
    assert {option.key: result.texts(option.key) for option in OPTIONS if result.has(option.key)} == values


@pytest.mark.parametrize(
    ("argv", "message", "hint"),
    [
        (["--colour", "h"], "has no option --colour", "--help lists them"),
        (["h", "--startls"], "has no option --startls", "did you mean --starttls?"),
        (["h", "--start"], "has no option --start", "--starttls"),
        (["h", "--strict"], "has no option --strict", "smtp-repl run, smtp-repl check have it"),
        (["run", "f", "--ehlo", "x"], "smtp-repl run has no option --ehlo", "smtp-repl HOST has it"),
        (["--password", "hunter2", "h"], "everybody on this machine could read", "--password-file FILE"),
        (["run", "f", "--password=hunter2"], "everybody on this machine could read", "--password-command"),
        (["h", "--timeout"], "--timeout needs a value", ""),
        (["h", "--local=yes"], "takes no value", ""),
        (["h", "--ehlo", "a", "--ehlo", "b"], "given twice", ""),
        (["h", "25", "26"], "one word too many: '26'", "smtp-repl HOST"),
        (["-k", "run", "f"], "sub-command run comes first", "smtp-repl run"),
        (["check"], "check needs a script", "smtp-repl check FILE"),
        (["show", "a", "b"], "one word too many", "smtp-repl show FILE"),
        (["serve", "2525"], "one word too many", ""),
        (["h", "-x"], "has no option -x", ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_refuses(argv: list[str], message: str, hint: str) -> None:
    """What is not understood is an error that says what to write; options are never abbreviated."""
    with pytest.raises(UsageError) as caught:
        read(argv)
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "1e3", "٣", "1_0", "100000", "", "x", "1.2.3"])
def test_seconds_are_sane(text: str) -> None:
    """A time is a plain number of seconds, more than none and at most a day."""
    with pytest.raises(UsageError):
        read(["h", f"--timeout={text}"]).seconds("timeout")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_every_option(command: str) -> None:
    """`--help` lists what is built, all of it and nothing else."""
    text = help_text(command)
    for option in OPTIONS:
        assert all(flag in text for flag in option.flags) or option not in options_of(command)
    assert max(map(len, text.splitlines())) <= 120
    done = call(*([] if command == SHELL else [command]), "--help")
    assert (done.status, done.out, done.err) == (0, text + "\n", "")


def test_tables_hold() -> None:
    """Keys are unique, so are the flags of one sub-command, and every row belongs to one that exists."""
    assert len({option.key for option in OPTIONS}) == len(OPTIONS)
    for command in COMMANDS:
        flags = [flag for option in options_of(command) for flag in option.flags]
        assert len(set(flags)) == len(flags)
    assert {command for option in OPTIONS for command in option.commands} <= set(COMMANDS)


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param(["--", "-oProxyCommand=x"], id="L002"),
        pytest.param(["host:0"], id="L003"),
        pytest.param(["host:65536"], id="L004"),
        pytest.param(["host:-1"], id="L005"),
        pytest.param(["host:٢٥"], id="L006"),
        pytest.param(["host:25abc"], id="L007"),
        pytest.param(["[::1"], id="L012"),
        pytest.param(["smtp://h/%0d%0aMAIL"], id="L014"),
        pytest.param(["http://h/"], id="L015"),
        pytest.param([""], id="L028"),
        pytest.param(["h", "0"], id="port-word"),
        pytest.param(["h", "--ehlo", "x\r\nMAIL"], id="control-characters-in-a-name"),
        pytest.param(["h", "--auth", "x\0"], id="nul-in-a-user"),
        pytest.param(["h", "--expect", "600"], id="no-reply-code"),
        pytest.param(["h", "--pin", "abc"], id="no-fingerprint"),
        pytest.param(["h", "--local"], id="two-servers"),
        pytest.param([], id="no-host-and-no-terminal"),
        pytest.param(["h", "--force"], id="force-what"),
    ],
)
def test_bad_words_are_usage_errors(argv: list[str]) -> None:
    """Status 2, nothing on standard output, an error on standard error; nothing was connected."""
    done = call(*argv)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("error: ")
    assert "Traceback" not in done.err


def test_version() -> None:
    from smtp_repl import __version__

    assert call("--version") == (0, f"smtp-repl {__version__}\n", "")
