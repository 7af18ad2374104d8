"""What stands behind a directive's word: one value type per kind of argument, and how each is read.

Readers take the arguments as text (trimmed) and return a value or raise `ScriptError` with `column` counted from
1 within that text. They know neither lines nor connections; which word uses which reader is in `directives`.
Nothing here is resolved, opened or looked up.
"""

import re

from smtp_repl.script.holes import NAME
from smtp_repl.wire.errors import ScriptError, UsageError
from smtp_repl.wire.hints import NoReturn
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import unquote
from smtp_repl.wire.records import Record
from smtp_repl.wire.targets import Target, parse_target

SECONDS_LIMIT = 3600.0
"""The longest time that a script may name: an hour."""


class Nothing(Record):
    """`@early`, `@strict`, `@eof`, `@close`, `@shutdown`: the word says it all."""


class Text(Record):
    """`@title`, `@about`, `@source`, `@recorded`: prose."""

    text: str


class Tags(Record):
    words: tuple[str, ...]


class Connect(Record):
    target: Target


class Tls(Record):
    """`@tls`: `mode` is "auto" (handshake after STARTTLS and 220), "manual", or "start" (now)."""

    mode: str


class Auth(Record):
    """`@auth`: `name` is the identity that holes use (`{name.plain}`), `mechanism` "" when it does not matter."""

    name: str
    user: str
    mechanism: str


class Match(Record):
    """`@match`: one of the words of `LEVELS`."""

    level: str


class Term(Record):
    """One `KEYWORD` or `KEYWORD=PARAMETER,PARAMETER` of `@caps` and `@require`, in upper case."""

    keyword: str
    parameters: tuple[str, ...]

    def __str__(self) -> str:
        return self.keyword + ("=" + ",".join(self.parameters) if self.parameters else "")


class Caps(Record):
    required: tuple[Term, ...]
    forbidden: tuple[Term, ...]


class Require(Record):
    terms: tuple[Term, ...]


class Timeout(Record):
    seconds: float


class Within(Record):
    """`@within`: the next reply comes not before `least` and not after `most` seconds."""

    least: float
    most: float


class Wait(Record):
    seconds: float


class File(Record):
    """`@data`, `@send`, `@include`: a path inside the script's own folder, `/` between its parts."""

    path: str


class Set(Record):
    name: str
    value: bytes


Value = Nothing | Text | Tags | Connect | Tls | Auth | Match | Caps | Require | Timeout | Within | Wait | File | Set

LEVELS = ("class", "code", "status", "prefix", "text", "exact")
"""How closely replies are compared, from loose to strict."""

# Patterns are compiled (and kept, by `re`) when a script first needs them: a run starts faster without.
_NUMBER = r"[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9}"
_KEYWORD = r"[A-Za-z0-9][A-Za-z0-9-]*"
_OPTION = r'([a-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]\S*))(?=\s|$)'
_MECHANISM = r"[A-Za-z0-9_-]{1,20}"


def _bad(args: str, word: str, problem: str, hint: str = "", kind: str = "bad-argument") -> NoReturn:
    at = args.find(word) if word else -1
    width = len(word) if at >= 0 else len(args)
    raise ScriptError(problem, hint, kind=kind, column=max(at, 0) + 1, width=max(width, 1), source=args)


def read_nothing(args: str) -> Nothing:
    if args:
        _bad(
            args, args, phrase("this directive takes no arguments"), phrase('a remark goes on a line of its own: "# …"')
        )
    return Nothing()


def read_text(args: str) -> Text:
    if not args:
        _bad(args, "", phrase("the text is missing"))
    return Text(args)


def read_tags(args: str) -> Tags:
    if not args:
        _bad(args, "", phrase("the tag is missing"), phrase("@tag auth tls"))
    return Tags(tuple(args.replace(",", " ").split()))


def read_connect(args: str) -> Connect:
    words = args.split()
    if not words:
        _bad(args, "", phrase("the host is missing"), phrase("@connect mail.example.com:25"))
    try:
        target = parse_target(words[0])
    except UsageError as error:
        _bad(args, words[0], error.message, error.hint)
    for word in words[1:]:
        name, _, value = word.partition("=")
        if word == "tls":
            target = target._replace(implicit_tls=True)
        elif name == "bind" and value:
            target = target._replace(bind=value)
        elif name == "sni" and value:
            target = target._replace(server_name=value)
        else:
            _bad(args, word, phrase("@connect knows no {word!r}", word=word), phrase("tls, bind=ADDRESS, sni=NAME"))
    return Connect(target)


def read_tls(args: str) -> Tls:
    if args not in ("auto", "manual", "start"):
        _bad(args, args, phrase("@tls knows no {args!r}", args=args), phrase("auto, manual or start"))
    return Tls(args)


def read_auth(args: str) -> Auth:
    found: dict[str, str] = {}
    rest = args
    while rest:
        option = re.match(_OPTION, rest)
        if option is None or option[1] not in ("user", "mech") or option[1] in found:
            word = rest.split()[0]
            if word.startswith(("pass", "password", "pw")):
                hint = phrase("bind it where you run the script: --password-env VAR, --password-file FILE")
                _bad(args, word, phrase("a password is never in a script"), hint, "password-in-script")
            _bad(
                args,
                word,
                phrase("@auth knows no {word!r}", word=word),
                phrase('@auth user=alice mech=PLAIN; user="…" with blanks'),
            )
        try:
            found[option[1]] = option[3] or unquote(option[2] or "").decode("utf-8")
        except ValueError as error:
            _bad(args, option[0], phrase("this user cannot be read: {why}", why=error))
        rest = rest[option.end() :].lstrip()
    user, mechanism = found.get("user", ""), found.get("mech", "").upper()
    if not user:
        _bad(args, "", phrase("the user is missing"), phrase("@auth user=alice"))
    if mechanism and not re.fullmatch(_MECHANISM, mechanism):
        _bad(
            args, "mech", phrase("{mechanism!r} is no mechanism name", mechanism=mechanism), "PLAIN, LOGIN, CRAM-MD5 …"
        )
    return Auth("auth", user, mechanism)


def read_match(args: str) -> Match:
    if args.lower() not in LEVELS:
        _bad(
            args,
            args,
            phrase("@match knows no {args!r}", args=args) if args else phrase("the level is missing"),
            ", ".join(LEVELS),
        )
    return Match(args.lower())


def read_caps(args: str) -> Caps:
    words = args.split()
    if not words:
        _bad(args, "", phrase("the keywords are missing"), "@caps STARTTLS AUTH=PLAIN,LOGIN !XCLIENT")
    required = tuple(_read_term(args, word) for word in words if not word.startswith("!"))
    return Caps(required, tuple(_read_term(args, word[1:]) for word in words if word.startswith("!")))


def read_require(args: str) -> Require:
    if not args:
        _bad(args, "", phrase("the keyword is missing"), "@require STARTTLS")
    return Require(tuple(_read_term(args, word) for word in args.split()))


def _read_term(args: str, word: str) -> Term:
    keyword, equals, values = word.partition("=")
    parameters = tuple(values.upper().split(",")) if equals else ()
    if not re.fullmatch(_KEYWORD, keyword) or not all(parameters):
        _bad(args, word, phrase("{word!r} is no EHLO keyword", word=word), "STARTTLS, AUTH=PLAIN,LOGIN")
    return Term(keyword.upper(), parameters)


def _read_seconds(args: str, word: str) -> float:
    if not re.fullmatch(_NUMBER, word):
        _bad(
            args,
            word,
            phrase("{word!r} is no number of seconds", word=word),
            phrase("digits, as in 5 or 0.5; no unit"),
            "bad-number",
        )
    seconds = float(word)
    if seconds > SECONDS_LIMIT:
        _bad(
            args,
            word,
            phrase("{word} seconds are more than an hour", word=word),
            phrase("at most {limit:.0f}", limit=SECONDS_LIMIT),
            "bad-number",
        )
    return seconds


def read_timeout(args: str) -> Timeout:
    return Timeout(_read_seconds(args, args))


def read_wait(args: str) -> Wait:
    return Wait(_read_seconds(args, args))


def read_within(args: str) -> Within:
    least, dots, most = args.partition("..")
    if not dots:
        return Within(0.0, _read_seconds(args, args))
    within = Within(_read_seconds(args, least.strip()), _read_seconds(args, most.strip()))
    if within.least > within.most:
        _bad(
            args,
            args,
            phrase("the first number is the smaller one"),
            f"@within {most.strip()}..{least.strip()}",
            "bad-number",
        )
    return within


def read_file(args: str) -> File:
    if not args:
        _bad(args, "", phrase("the file is missing"))
    parts = args.split("/")
    outside = args.startswith("/") or ".." in parts or "\\" in args or re.match(r"[A-Za-z]:", args)
    if outside or any(ord(character) < 32 for character in args):
        hint = phrase("a script reads only inside its own folder, / between names: mails/hello.eml")
        _bad(args, args, phrase("this path leads outside the script's folder"), hint, "path-outside")
    return File("/".join(part for part in parts if part not in ("", ".")))


def read_set(args: str) -> Set:
    name, equals, value = args.partition("=")
    name = name.strip()
    if not equals or not re.fullmatch(NAME, name) or name == "b64":
        _bad(args, name, phrase("{name!r} is no name for a variable", name=name), phrase("@set name=value"))
    return Set(name, value.encode("utf-8"))
