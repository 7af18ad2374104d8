"""What a person can set: one table of settings, and the values that a session has.

To add a setting: a row, and an attribute of `Settings`. The loader of the settings file, the environment, `/set`,
`config --show`, `config --example` and docs/settings.md read the same rows. Pure: no file and no environment here.
"""

from collections.abc import Callable, Mapping

from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import either, phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record

REPLY_SECONDS = 30.0
END_OF_DATA_SECONDS = 300.0
CONNECT_SECONDS = 10.0
SECONDS_LIMIT = 86_400.0
HISTORY_LINES = 5_000
COUNT_LIMIT = 1_000_000

Value = str | bool | int | float | tuple[str, ...]


class Settings:
    """The values of one session; a person can change them while it goes on. Written out: a dataclass takes 2 ms."""

    __slots__ = (
        "allow_plaintext_auth",
        "complete",
        "connect_seconds",
        "ehlo",
        "ehlo_is_chosen",
        "end_of_data_seconds",
        "explain",
        "ghost",
        "hex",
        "history",
        "history_size",
        "keys",
        "live_data",
        "reply_seconds",
        "show_secrets",
        "startup",
        "style",
        "timing",
    )

    def __init__(
        self,
        *,
        ehlo: str = "",
        ehlo_is_chosen: bool = False,
        explain: bool = True,
        timing: bool = False,
        allow_plaintext_auth: bool = False,
        reply_seconds: float = REPLY_SECONDS,
    ) -> None:
        self.style = "dark"
        self.keys = "emacs"
        self.complete = "as-you-type"
        self.ghost = True
        self.explain = explain
        self.timing = timing
        self.hex = False
        self.show_secrets = False
        self.live_data = False
        """DATA as over telnet: each line goes when Enter is pressed, and no dot is doubled."""
        self.ehlo = ehlo
        """The name for EHLO; empty takes the address that we connect from (RFC 5321 §4.1.3)."""
        self.ehlo_is_chosen = ehlo_is_chosen
        """Whether that name was chosen for this very session, so that no profile has another."""
        self.reply_seconds = reply_seconds
        self.end_of_data_seconds = END_OF_DATA_SECONDS
        self.connect_seconds = CONNECT_SECONDS
        self.history = True
        self.history_size = HISTORY_LINES
        self.startup: tuple[str, ...] = ()
        self.allow_plaintext_auth = allow_plaintext_auth


class Kind(Record):
    """A kind of value. The readers raise `UsageError` whose message goes on from "NAME …"."""

    form: str
    """How it is written, for docs and errors."""
    from_text: Callable[[str], Value]
    """As `/set`, the environment and `--set` write it."""
    from_toml: Callable[[object], Value]
    """As the settings file writes it, read by a TOML parser."""
    words: tuple[str, ...] = ()
    """All that it can be, where that can be listed."""
    switch: bool = False
    """On or off: true or false in a file."""


class Setting(Record):
    """One row. `attributes` are those of `Settings` that take the value; `option` is the key in the table of options.

    What is not `kept` can stand neither in the file nor in the environment; what is not `live` cannot be changed by
    `/set`.
    """

    name: str
    kind: Kind
    meaning: str
    attributes: tuple[str, ...]
    option: str = ""
    kept: bool = True
    live: bool = True
    answering: bool = False
    """Whether it counts where a person plays the server, too."""

    @property
    def variable(self) -> str:
        """The environment variable that sets it; "" where none does."""
        return f"SMTP_REPL_{self.name.upper()}" if self.kept else ""


# ---------------------------------------------------------------- kinds of values


def _choice(*words: str) -> Kind:
    def read(value: object) -> Value:
        if isinstance(value, str) and value in words:
            return value
        raise _wrong(value, either(words), words)

    return Kind("|".join(words), lambda text: read(text.lower()), read, words)


def _flag(on: str, off: str, *, written: bool = False) -> Kind:
    """A choice of two that `Settings` has as a bool; `written` as words in the file too."""

    def from_text(text: str) -> Value:
        if text.lower() in (on, off):
            return text.lower() == on
        raise _wrong(text, f"{on} or {off}", (on, off))

    def from_toml(value: object) -> Value:
        if written and isinstance(value, str):
            return from_text(value)
        if not written and isinstance(value, bool):
            return value
        raise _wrong(value, phrase("{on} or {off}", on=on, off=off) if written else phrase("true or false"))

    return Kind(f"{on}|{off}", from_text, from_toml, (on, off), switch=not written)


def _seconds_from_text(text: str) -> Value:
    number = text.replace(".", "", 1)
    if number.isascii() and number.isdigit() and len(text) < 16 and 0 < float(text) <= SECONDS_LIMIT:
        return float(text)
    raise _wrong(text, phrase("seconds, such as 5 or 0.5"))


def _seconds_from_toml(value: object) -> Value:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= SECONDS_LIMIT:
        return float(value)
    raise _wrong(value, phrase("seconds, such as 5 or 0.5"))


def _count_from_text(text: str) -> Value:
    if text.isascii() and text.isdigit() and len(text) < 10 and 0 < int(text) <= COUNT_LIMIT:
        return int(text)
    raise _wrong(text, phrase("a number from 1 to {limit}", limit=COUNT_LIMIT))


def _count_from_toml(value: object) -> Value:
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= COUNT_LIMIT:
        return value
    raise _wrong(value, phrase("a number from 1 to {limit}", limit=COUNT_LIMIT))


def _name(value: object) -> Value:
    if isinstance(value, str) and (not value or (value.isprintable() and len(value.split()) == 1)):
        return value
    raise _wrong(value, phrase("a name without blanks"))


def _lines_from_toml(value: object) -> Value:
    if not isinstance(value, list):
        raise _wrong(value, phrase('a list of lines, such as ["EHLO client.example.org"]'))
    return tuple(check_line(line) for line in value)


def _lines_from_text(text: str) -> Value:
    return (check_line(text),) if text else ()


def check_line(line: object) -> str:
    """A line that the settings type for somebody. Raises `UsageError`: a password does not stand in settings."""
    if not isinstance(line, str) or not line or not line.isprintable():
        raise _wrong(line, phrase("one line of text"))
    words = line.split()
    verb = words[0].lower() if words else ""
    if (verb == "auth" and len(words) > 2) or (verb == "/b64" and len(words) > 1):
        raise UsageError(
            "would hold what may be a password, and settings hold none",
            "/auth asks for it, hidden",
            kind="secret-in-settings",
        )
    return line


def _wrong(value: object, wanted: str, words: tuple[str, ...] = ()) -> UsageError:
    from smtp_repl.view.errors import did_you_mean  # needed only after a mistake

    shown = f'"{printable(value)}"' if isinstance(value, str) else _TOML_NAMES.get(type(value), "that")
    hint = did_you_mean(value, words) if isinstance(value, str) else ""
    return UsageError(phrase("takes {wanted}, and not {shown}", wanted=wanted, shown=shown), hint)


_TOML_NAMES: Mapping[type, str] = {
    bool: phrase("true or false"),
    int: "such a number",
    float: "such a number",
    list: "a list",
    dict: "a table",
}

SWITCH = _flag("on", "off")
SECONDS = Kind("SECONDS", _seconds_from_text, _seconds_from_toml)
COUNT = Kind("NUMBER", _count_from_text, _count_from_toml)
NAME = Kind("NAME", _name, _name)
LINES = Kind("LINE", _lines_from_text, _lines_from_toml)

# ---------------------------------------------------------------- the table

SETTINGS: dict[str, Setting] = {
    row.name: row
    for row in (
        Setting(
            "style",
            _choice("dark", "light", "none"),
            "colours for a dark or a light terminal",
            ("style",),
            answering=True,
        ),
        Setting("keys", _choice("emacs", "vi"), "whose keys edit the line", ("keys",), answering=True),
        Setting(
            "complete",
            _choice("as-you-type", "tab", "off"),
            "when proposals are shown; with off, Tab is a character",
            ("complete",),
            answering=True,
        ),
        Setting("ghost", SWITCH, "dimmed text behind the cursor: how the line may go on", ("ghost",), answering=True),
        Setting(
            "explain", SWITCH, "remarks on what is notable; without them only on errors", ("explain",), answering=True
        ),
        Setting("timing", SWITCH, "show how long replies take", ("timing",)),
        Setting("hex", SWITCH, "show the octets of what is said", ("hex",), answering=True),
        Setting(
            "secrets",
            _flag("show", "hide", written=True),
            "steps of AUTH on this screen; never in files",
            ("show_secrets",),
            kept=False,
            answering=True,
        ),
        Setting("data", _flag("live", "compose", written=True), "how messages are typed", ("live_data",)),
        Setting("ehlo", NAME, "the name for EHLO; without one, the address we come from", ("ehlo",), "ehlo"),
        Setting(
            "timeout",
            SECONDS,
            "how long a reply may take; after a message 300 unless this is set",
            ("reply_seconds", "end_of_data_seconds"),
            "timeout",
        ),
        Setting("connect_timeout", SECONDS, "how long a connection may take", ("connect_seconds",), "connect-timeout"),
        Setting("history", SWITCH, "keep typed lines for the next session", ("history",)),
        Setting("history_size", COUNT, "how many lines are kept", ("history_size",), live=False),
        Setting("startup", LINES, "lines to type once the server has greeted", ("startup",), live=False),
    )
}
"""Every setting, in the order in which they are shown."""
ANSWERING: dict[str, Setting] = {row.name: row for row in SETTINGS.values() if row.answering}
"""Those for a person who plays the server."""


def value_of(settings: Settings, row: Setting) -> Value:
    """What a setting is now."""
    value: Value = getattr(settings, row.attributes[0])
    return value


def give(settings: Settings, row: Setting, value: Value) -> None:
    """Set a value that a reader of its kind gave."""
    for attribute in row.attributes:
        setattr(settings, attribute, value)


def written(row: Setting, value: Value) -> str:
    """A value as `/set` takes it; lines one behind the other."""
    if isinstance(value, bool):
        return row.kind.words[0 if value else 1]
    if isinstance(value, tuple):
        return "; ".join(printable(line) for line in value)
    return printable(value) if isinstance(value, str) else f"{value:g}"


def find(name: str, among: Mapping[str, Setting] = SETTINGS) -> Setting:
    """The row of a name as typed. Raises `UsageError`."""
    row = among.get(name.lower().replace("-", "_"))
    if row is None:
        from smtp_repl.view.errors import did_you_mean

        known = did_you_mean(name, among) or phrase("known: {words}", words=", ".join(among))
        raise UsageError(phrase('there is no setting "{name}"', name=printable(name)), known)
    return row


def read(row: Setting, text: str) -> Value:
    """Read a value as typed. Raises `UsageError` that names the setting."""
    try:
        return row.kind.from_text(text)
    except UsageError as error:
        raise UsageError(
            phrase("{key} {message}", key=row.name, message=error.message), error.hint, kind=error.kind
        ) from None
