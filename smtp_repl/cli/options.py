"""The options and sub-commands: two tables, and the reading of a command line by them.

To add an option, add a row to `OPTIONS`; help and parser (and, later, settings and environment) read the same rows.
The first word decides, sub-command or else host, before any option is looked at, so that a new option never changes
what an old command line means. Options are not abbreviated, for the same reason.
"""

from collections.abc import Sequence

from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import phrase, phrase_of
from smtp_repl.wire.records import Record

SHELL = "shell"
"""The name in the tables for `smtp-repl HOST`, which has no word of its own."""


class SubCommand(Record):
    """One row of `COMMANDS`: `words` is how its arguments are shown, `least` how many there must be."""

    name: str
    words: str
    summary: str
    detail: str
    least: int = 0
    most: int = 1_000_000
    needs: str = ""
    """What is missing when there are fewer words."""


class Option(Record):
    """One row of `OPTIONS`.

    `commands` says where it belongs, `value` what follows it ("" for a flag, "[=…]" for one that may be left out),
    `many` that it may be repeated.
    `group` is the heading in `--help`; `key` its name for whoever reads it, and one day in the settings.
    """

    key: str
    flags: tuple[str, ...]
    commands: tuple[str, ...]
    value: str
    help: str
    group: str
    many: bool = False


COMMANDS: dict[str, SubCommand] = {
    row.name: row
    for row in (
        SubCommand(
            SHELL,
            "HOST[:PORT] | HOST PORT",
            "talk to a mail server by hand",
            "HOST may be a name, an address, smtp://…, smtps://… (TLS from the start), lmtp://… or\n"
            "unix:/path; the port is 25 unless said. Without a terminal, or with -c, lines are sent one\n"
            "by one, each when the one before is answered.",
            most=2,
        ),
        SubCommand(
            "run",
            "FILE… | FOLDER… | @NAME… | -",
            "play scripts against a server",
            "FILE is a script or a recording, @NAME one that came with the program (--list names them),\n"
            "- standard input; of a FOLDER all scripts (*.smtp) below it. Where to: --server, --local, or\n"
            "the script's own @connect.",
        ),
        SubCommand(
            "mock",
            "FILE | @NAME | -",
            "play a script as the server, for a real client",
            "The S: lines are said, the C: lines are what the client must say: its verbs, or with C= and\n"
            "C~ its lines. What is not as the script has it is shown and answered 503. One session and\n"
            "the exit status says whether the client kept to the script.",
            1,
            1,
            needs="a script to play",
        ),
        SubCommand(
            "answer",
            "",
            "be the server yourself, for a real client",
            "Each command of the client is shown, and you type the reply; sensible ones are proposed. One\n"
            "client at a time is served, others wait. Without a terminal, replies are read from standard\n"
            "input, one for each command of one client.",
            most=0,
        ),
        SubCommand(
            "check",
            "FILE… | FOLDER…",
            "find what is wrong in scripts, without a network",
            "Each is read, played against itself in memory, and looked at for what is odd; of a FOLDER\n"
            "all scripts (*.smtp) below it. Status 2 for what cannot be played.",
            1,
            needs="a script to check",
        ),
        SubCommand(
            "fmt",
            "FILE…",
            "give scripts their canonical spacing",
            "Prints the result; what goes over the wire is never changed.",
            1,
            needs="a script to format",
        ),
        SubCommand(
            "explain",
            "WORD… | FILE | -",
            "say what a reply, a word or a whole conversation means",
            "WORD is what you saw or typed: a reply with its text, a code, a verb, an EHLO keyword, a parameter,\n"
            "an error of TLS, base64. FILE is a transcript, and is shown with an explanation below each line that\n"
            "wants one; - is standard input, for either.",
            1,
            needs="something to explain: a reply, a word, or a file",
        ),
        SubCommand(
            "learn",
            "[LESSON]",
            "learn SMTP, lesson by lesson",
            "LESSON is a number, a name, or a file that somebody wrote; without one you go on where you\n"
            "stopped. The server is the practice server: nothing leaves this machine. Without a terminal,\n"
            "lines are read from standard input, and the exit status says whether every goal was reached.",
        ),
        SubCommand("show", "FILE", "show a script in colours", "", 1, 1, needs="a script to show"),
        SubCommand(
            "b64",
            "[-d] TEXT | -",
            "a text as a step of AUTH, and back",
            "Prints the base64 of TEXT, in which \\0 stands for a NUL; with -d what the base64 holds, safe to\n"
            "show. - is standard input, octet for octet: a password that is an argument stands in the list of\n"
            "processes and in the history of your shell.",
            1,
            1,
            needs="a text, or -",
        ),
        SubCommand(
            "auth",
            "MECHANISM --user NAME",
            "work out an AUTH exchange, without a server",
            "Each line is shown in both of its forms, base64 and what is in it. Passwords are masked.",
            1,
            1,
            needs="a mechanism: PLAIN, LOGIN, CRAM-MD5",
        ),
        SubCommand(
            "serve",
            "",
            "run the practice server in the foreground",
            "It takes mail for example.com, example.org and example.net, keeps it, and delivers\n"
            "nothing. What it is strict about, and what it does wrong, is for you to choose. Ctrl-C stops it.",
            most=0,
        ),
        SubCommand(
            "config",
            "",
            "show the settings, and where each comes from",
            "The command line counts before the environment, the environment before the file.",
            most=0,
        ),
    )
}

_PLAYED = (SHELL, "run")
_PLAYERS = (*_PLAYED, "mock")
_LOGIN = (*_PLAYERS, "auth")
_SERVING = ("serve", "mock", "answer")
_PRACTISED = (*_PLAYED, "serve")
_ANSWERING = ("mock", "answer")
_RECORDED = (*_PLAYED, "answer")
_SETTLED = (SHELL, "answer", "learn", "show", "config")
_WHERE, _WALK, _LINES, _KEEP, _JUDGE = "where to", "how far to go", "without a terminal", "recording", "what must hold"
_TLS, _SECRETS, _OUTPUT, _OTHER = "TLS", "passwords", "output", "other"
_CLASS = "a class"
_MANY, _REPORTS, _EXCHANGE, _SAID_BY = "many sessions", "reports", "the exchange", "who said it"

_TEACHING = "for teachers"

OPTIONS: tuple[Option, ...] = (
    Option("local", ("--local",), _PLAYED, "", "the practice server, started for this session", _WHERE),
    Option("server", ("--server",), ("run",), "HOST:PORT", "a server, whatever the script says", _WHERE),
    Option("profile", ("--profile",), _PRACTISED, "PROFILE", "how the practice server behaves", _WHERE),
    Option("fault", ("--fault",), _PRACTISED, "FAULT", "what it does wrong, on top of that", _WHERE, True),
    Option("listen", ("--listen",), _SERVING, "HOST:PORT", "listen there (127.0.0.1 and a free port)", _WHERE),
    Option("listen-public", ("--listen-public",), _SERVING, "", "allow --listen beyond this machine", _WHERE),
    Option("once", ("--once",), ("mock",), "", "one session, then exit (which is what happens anyway)", _WALK),
    Option("loop", ("--loop",), ("mock",), "", "play it anew for each client, until Ctrl-C", _WALK),
    Option("accounts", ("--accounts",), ("serve",), "FILE", "who may log in: a CSV of names and passwords", _CLASS),
    Option("transcripts", ("--transcripts",), ("serve",), "FOLDER", "keep a transcript of each session there", _CLASS),
    Option("ehlo", ("--ehlo",), (SHELL,), "NAME", "say EHLO NAME", _WALK),
    Option("starttls", ("--starttls",), (SHELL,), "", "EHLO, STARTTLS, EHLO again", _WALK),
    Option("auth", ("--auth",), (SHELL,), "USER", "then log in as USER", _WALK),
    Option("auth-user", ("--user",), ("auth",), "NAME", "who logs in", _EXCHANGE),
    Option("authzid", ("--authzid",), ("auth",), "NAME", "whom to act as (PLAIN)", _EXCHANGE),
    Option("challenge", ("--challenge",), ("auth",), "BASE64", "what the server asks: the text of its 334", _EXCHANGE),
    Option("explain-host", ("--host",), ("explain",), "NAME", "the server that was dialled", _SAID_BY),
    Option("explain-banner", ("--banner",), ("explain",), "TEXT", "how it greeted: the text of its 220", _SAID_BY),
    Option("explain-said", ("--said",), ("explain",), "VERB", "what the reply answers; . for a message", _SAID_BY),
    Option("to-line", ("--to-line",), ("run",), "N", "stop behind line N of the script", _WALK),
    Option("shell", ("--shell",), ("run",), "", "then hand over to you (with --to-line)", _WALK),
    Option("line", ("-c",), (SHELL,), "LINE", "say LINE (or do /COMMAND); no input is read", _LINES, True),
    Option("expect", ("--expect",), (SHELL,), "CODE", "some reply must have CODE: a refusal is the success", _LINES),
    Option("no-quit", ("--no-quit",), (SHELL,), "", "say no QUIT at the end", _LINES),
    Option("var", ("--var",), ("run", "check", "mock"), "NAME=VALUE", "what {NAME} stands for", _JUDGE, True),
    Option("match", ("--match",), ("run",), "LEVEL", "class, code, status, prefix, text or exact", _JUDGE),
    Option("strict", ("--strict",), ("run",), "", "drift fails", _JUDGE),
    Option("warnings-fail", ("--strict",), ("check",), "", "status 1 when there is a warning", _JUDGE),
    Option("tag", ("--tag",), ("run",), "WORD", "only scripts that have this @tag", _JUDGE, True),
    Option("fail-fast", ("--fail-fast",), ("run",), "", "begin nothing more once something failed", _JUDGE),
    Option("jobs", ("-j", "--jobs"), ("run",), "N", "sessions at once (1)", _MANY),
    Option("repeat", ("--repeat",), ("run",), "N", "play each script N times", _MANY),
    Option("duration", ("--duration",), ("run",), "SECONDS", "begin sessions for so long", _MANY),
    Option("rate", ("--rate",), ("run",), "R", "begin R sessions per second, ready or not", _MANY),
    Option("load-ok", ("--load-ok",), ("run",), "", "more than 10 connections at once beyond this machine", _MANY),
    Option("update", ("--update",), ("run",), "[=all]", "rewrite S: lines as the server has them now", _KEEP),
    Option("record", ("--record",), _RECORDED, "FILE", "record as a script, from the first octet", _KEEP),
    Option("force", ("--force",), _RECORDED, "", "overwrite the FILE of --record", _KEEP),
    Option("tls", ("--tls",), _ANSWERING, "", "begin with TLS; STARTTLS is answered in any case", _TLS),
    Option("cert", ("--cert",), _SERVING, "FILE", "the certificate to show (PEM); one is made without", _TLS),
    Option("key", ("--key",), _SERVING, "FILE", "its private key (PEM), where --cert does not hold it", _TLS),
    Option("ca-file", ("--ca-file",), _SERVING, "FILE", "write the authority for clients to trust there", _TLS),
    Option("ca", ("--ca",), _PLAYED, "FILE", "trust the authorities in FILE (PEM)", _TLS),
    Option("pin", ("--pin",), _PLAYED, "SHA256", "trust exactly the certificate with this fingerprint", _TLS),
    Option("tls-name", ("--tls-name",), _PLAYED, "NAME", "the name that the certificate must have", _TLS),
    Option("insecure", ("-k", "--insecure"), _PLAYED, "", "take any certificate", _TLS),
    Option("password-env", ("--password-env",), _LOGIN, "[WHO=]VARIABLE", "from the environment", _SECRETS, True),
    Option("password-file", ("--password-file",), _LOGIN, "[WHO=]FILE", "from a file's first line", _SECRETS, True),
    Option("password-command", ("--password-command",), _LOGIN, "[WHO=]COMMAND", "from a command", _SECRETS, True),
    Option("allow-plaintext-auth", ("--allow-plaintext-auth",), _PLAYED, "", "send it without TLS too", _SECRETS),
    Option(
        "take-plaintext-auth", ("--allow-plaintext-auth",), ("serve",), "", "take AUTH without TLS from afar", _CLASS
    ),
    Option("show-secrets", ("--show-secrets",), ("auth",), "", "the password, and its base64, in the open", _OUTPUT),
    Option("decode", ("-d", "--decode"), ("b64",), "", "from base64", _OUTPUT),
    Option("lenient", ("--lenient",), ("serve",), "", "the same as --profile lenient", _OTHER),
    Option("write", ("-w", "--write"), ("fmt",), "", "write the result back to the file", _OUTPUT),
    Option("fmt-check", ("--check",), ("fmt",), "", "only tell which files would change; status 1 if any", _OUTPUT),
    Option("json", ("--json",), (SHELL, "run", "mock", "check"), "", "one JSON object for each event", _OUTPUT),
    Option("verbose", ("-v", "--verbose"), ("run", "mock"), "", "show the conversation and each drift", _OUTPUT),
    Option("quiet", ("-q", "--quiet"), ("run", "mock"), "", "show what is not as expected only", _OUTPUT),
    Option("save", ("--save",), ("run",), "FOLDER", "keep what was said in sessions that failed", _REPORTS),
    Option("junit", ("--junit",), ("run",), "FILE", "a report for CI (JUnit XML)", _REPORTS),
    Option("tap", ("--tap",), ("run",), "FILE", "a report in TAP 14", _REPORTS),
    Option("html", ("--html",), ("run",), "FILE", "a report to look at: one page; - is standard output", _REPORTS),
    Option("explain-json", ("--json",), ("explain",), "", "one JSON object for each explanation", _OUTPUT),
    Option("explain-html", ("--html",), ("explain",), "FILE", "one page to hand out; - is standard output", _OUTPUT),
    Option("list-profiles", ("--list-profiles",), ("serve",), "", "list what --profile can name", _OUTPUT),
    Option("list-faults", ("--list-faults",), ("serve",), "", "list what --fault can name", _OUTPUT),
    Option("list", ("--list",), ("run", "learn"), "", "list what came with the program, scripts or lessons", _OUTPUT),
    Option("blind", ("--blind",), ("learn",), "", "a second pass, in which no syntax is shown", _WALK),
    Option("restart", ("--restart",), ("learn",), "", "begin the lesson anew", _WALK),
    Option("learn-check", ("--check",), ("learn",), "", "find what is wrong in lessons: LESSON…", _TEACHING),
    Option("grade", ("--grade",), ("learn",), "", "judge a folder of hand-ins: LESSON FOLDER", _TEACHING),
    Option("csv", ("--csv",), ("learn",), "FILE", "the table of --grade (standard output)", _TEACHING),
    Option("from-server", ("--from-server",), ("learn",), "", "with --grade: serve wrote what is in FOLDER", _TEACHING),
    Option("timeout", ("--timeout",), _PLAYERS, "SECONDS", "for each reply (30; after a message 300)", _OTHER),
    Option("connect-timeout", ("--connect-timeout",), _PLAYED, "SECONDS", "for the connection (10)", _OTHER),
    Option("config-show", ("--show",), ("config",), "", "the settings as they are (what happens anyway)", _OUTPUT),
    Option("config-path", ("--path",), ("config",), "", "where the settings file is looked for", _OUTPUT),
    Option("config-example", ("--example",), ("config",), "", "a settings file with everything explained", _OUTPUT),
    Option("auth-json", ("--json",), ("auth",), "", "one JSON object for each line", _OUTPUT),
    Option("config-json", ("--json",), ("config",), "", "the settings as one JSON object", _OUTPUT),
    Option("config-hosts", ("--hosts",), ("config",), "", "the names of the profiles", _OUTPUT),
    Option("config", ("--config",), _SETTLED, "FILE", "read the settings there; /dev/null has none", _OTHER),
    Option("set", ("--set",), _SETTLED, "NAME=VALUE", "a setting, for this time", _OTHER, True),
    Option("completion", ("--print-completion",), (SHELL,), "SHELL", "completion for bash, zsh or fish", _OUTPUT),
    Option("lang", ("--lang",), tuple(COMMANDS), "LANGUAGE", "en or zh_CN; otherwise that of your locale", _OTHER),
    Option("help", ("-h", "--help"), tuple(COMMANDS), "", "show this", _OTHER),
    Option("version", ("--version",), (SHELL,), "", "show the version", _OTHER),
)  # fmt: skip
"""Every option, in the order in which `--help` shows them within its group."""

SECONDS_LIMIT = 86_400.0
RATE_LIMIT = 1_000_000.0

_SOURCES = "--password-env VARIABLE, --password-file FILE or --password-command COMMAND; without one you are asked"


class Words:
    """A command line that was read: the sub-command, its words, and the values of its options by key."""

    __slots__ = ("_values", "command", "words")

    def __init__(self, command: str, words: list[str], values: dict[str, list[str]]) -> None:
        self.command = command
        self.words = words
        self._values = values

    def has(self, key: str) -> bool:
        return key in self._values

    def text(self, key: str) -> str | None:
        """The value of an option; the last one when it was given twice."""
        values = self._values.get(key)
        return values[-1] if values else None

    def texts(self, key: str) -> list[str]:
        """All values of an option, in order."""
        return list(self._values.get(key, ()))

    def seconds(self, key: str) -> float | None:
        """A time. Raises `UsageError`."""
        text = self.text(key)
        if text is None:
            return None
        number = text.replace(".", "", 1)
        if not (number.isascii() and number.isdigit() and len(text) < 16 and 0 < float(text) <= SECONDS_LIMIT):
            raise UsageError(phrase("--{key} takes seconds, such as 5 or 0.5, and not {text!r}", key=key, text=text))
        return float(text)

    def rate(self, key: str) -> float | None:
        """How many per second. Raises `UsageError`."""
        text = self.text(key)
        if text is None:
            return None
        number = text.replace(".", "", 1)
        if not (number.isascii() and number.isdigit() and len(text) < 16 and 0.001 <= float(text) <= RATE_LIMIT):
            raise UsageError(
                phrase("--{key} takes a number for each second, such as 5 or 0.5, and not {text!r}", key=key, text=text)
            )
        return float(text)

    def count(self, key: str) -> int | None:
        """A number from 1. Raises `UsageError`."""
        text = self.text(key)
        if text is None:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text)):
            raise UsageError(phrase("--{key} takes a number from 1, and not {text!r}", key=key, text=text))
        return int(text)


def read(argv: Sequence[str]) -> Words:
    """Read the words after the program's name. Raises `UsageError`."""
    command = argv[0] if argv and argv[0] in COMMANDS and argv[0] != SHELL else SHELL
    rest = list(argv[1:] if command != SHELL else argv)
    words, values = _parse(command, rest)
    row = COMMANDS[command]
    if "help" in values or "version" in values or "list" in values:
        return Words(command, words, values)
    if command == SHELL and words and words[0] in COMMANDS and argv[0] != "--":
        raise UsageError(
            phrase("the sub-command {words} comes first, before options", words=words[0]),
            phrase("smtp-repl {words} …; for a host of that name: smtp-repl smtp://{words}", words=words[0]),
        )
    if len(words) > row.most:
        raise UsageError(phrase("there is one word too many: {words!r}", words=words[row.most]), usage(row))
    if len(words) < row.least:
        raise UsageError(phrase("{command} needs {needs}", command=command, needs=phrase(row.needs)), usage(row))
    return Words(command, words, values)


def usage(row: SubCommand) -> str:
    """How a sub-command is called."""
    name = "" if row.name == SHELL else f" {row.name}"
    return f"smtp-repl{name} {row.words}".rstrip()


def options_of(command: str) -> list[Option]:
    return [option for option in OPTIONS if command in option.commands]


def _parse(command: str, argv: list[str]) -> tuple[list[str], dict[str, list[str]]]:
    """Words and option values. Options and words may stand in any order; after `--` all are words."""
    known = {flag: option for option in options_of(command) for flag in option.flags}
    words: list[str] = []
    values: dict[str, list[str]] = {}
    at = 0
    while at < len(argv):
        word = argv[at]
        at += 1
        if word == "--":
            words += argv[at:]
            break
        if not word.startswith("-") or word == "-":
            words.append(word)
            continue
        for flag, value in _flags(word, known, command):
            option = known[flag]
            if option.value and value is None and not option.value.startswith("[="):
                # A value may begin with a hyphen: it is what stands next, whatever it looks like.
                if at == len(argv):
                    raise UsageError(phrase("{flag} needs a value: {flag} {value}", flag=flag, value=option.value))
                value = argv[at]
                at += 1
            elif not option.value and value is not None:
                raise UsageError(phrase("{flag} takes no value", flag=flag))
            if option.key in values and option.value and not option.many:
                raise UsageError(phrase("{flag} is given twice", flag=flag))
            values.setdefault(option.key, []).append(value or "")
    return words, values


def _flags(word: str, known: dict[str, Option], command: str) -> list[tuple[str, str | None]]:
    """The options in one word: `--name`, `--name=value`, `-k`, `-kv`, `-cVALUE`."""
    if word.startswith("--"):
        flag, equals, value = word.partition("=")
        if flag not in known:
            raise _unknown(flag, known, command)
        return [(flag, value if equals else None)]
    found: list[tuple[str, str | None]] = []
    for index, letter in enumerate(word[1:], 2):
        flag = f"-{letter}"
        if flag not in known:
            raise _unknown(flag if index > 2 or len(word) == 2 else word, known, command)
        if known[flag].value:
            return [*found, (flag, word[index:] or None)]
        found.append((flag, None))
    return found


def _unknown(flag: str, known: dict[str, Option], command: str) -> UsageError:
    name = "" if command == SHELL else f" {command}"
    problem = phrase("smtp-repl{name} has no option {flag}", name=name, flag=flag)
    if flag in ("--password", "--pass", "--auth-password", "-ap"):
        problem = phrase(
            "there is no option {flag}: on a command line everybody on this machine could read the password", flag=flag
        )
        return UsageError(problem, _SOURCES)
    elsewhere = [row for option in OPTIONS if flag in option.flags for row in option.commands]
    if elsewhere:
        places = ", ".join("smtp-repl HOST" if row == SHELL else f"smtp-repl {row}" for row in elsewhere)
        return UsageError(problem, phrase_of("{places} has it", "{places} have it", len(elsewhere), places=places))
    import difflib  # 3 ms that only those pay who mistyped

    names = {name.lstrip("-"): name for name in known}
    near = difflib.get_close_matches(flag.lstrip("-"), names, 1, 0.6)
    hint = phrase("smtp-repl{name} --help lists them", name=name)
    if near:
        hint = phrase("did you mean {name}?", name=names[near[0]])
    return UsageError(problem, hint)
