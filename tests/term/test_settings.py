"""The table of settings: what each takes, what it refuses, and that all its readers agree."""

import pytest

from smtp_repl.term.settings import SETTINGS, Settings, find, give, read, value_of, written
from smtp_repl.wire.errors import UsageError
from tests.term.sitting import Sitting


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("style", "light", "light"),
        ("keys", "VI", "vi"),
        ("complete", "as-you-type", "as-you-type"),
        ("explain", "off", False),
        ("secrets", "show", True),
        ("data", "live", True),
        ("timeout", "0.5", 0.5),
        ("connect_timeout", "3", 3.0),
        ("history_size", "10", 10),
        ("ehlo", "client.example.org", "client.example.org"),
        ("startup", "EHLO x", ("EHLO x",)),
    ],
)
def test_reads_text(name: str, text: str, value: object) -> None:
    """What `/set` and the environment write becomes a value, and is written back the same way."""
    row = find(name)
    assert read(row, text) == value
    assert written(row, read(row, text)) == text.lower() or name in ("startup", "ehlo")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("style", "blue", 'style takes dark, light or none, and not "blue"'),
        ("style", "\x1b[31m", 'style takes dark, light or none, and not "\\x1b[31m"'),
        ("timing", "yes", 'timing takes on or off, and not "yes"'),
        ("timeout", "0", "timeout takes seconds"),
        ("timeout", "1e3", "timeout takes seconds"),
        ("timeout", "\u0663", "timeout takes seconds"),
        ("history_size", "-1", "history_size takes a number"),
        ("ehlo", "two words", "ehlo takes a name without blanks"),
        ("ehlo", "a\nb", "ehlo takes a name without blanks"),
        ("startup", "AUTH PLAIN AGEAYg==", "startup would hold what may be a password"),
        ("startup", "/b64 hunter2", "startup would hold what may be a password"),
    ],
)
def test_refuses_text(name: str, text: str, message: str) -> None:
    """The refusal names the setting and says what it takes; nothing raw of the text is in it."""
    with pytest.raises(UsageError) as caught:
        read(find(name), text)
    assert caught.value.message.startswith(message)
    assert caught.value.message.isprintable()


def test_did_you_mean() -> None:
    """A slip in a name or in a word gets the nearest that there is."""
    with pytest.raises(UsageError) as caught:
        find("stile")
    assert caught.value.hint == "did you mean style?"
    with pytest.raises(UsageError) as caught:
        read(SETTINGS["style"], "drak")
    assert caught.value.hint == "did you mean dark?"


def test_every_row_has_its_attributes() -> None:
    """A row's default can be read, written and read again."""
    settings = Settings()
    for row in SETTINGS.values():
        value = value_of(settings, row)
        text = written(row, value)
        if text:
            assert read(row, text) == value, row.name
        give(settings, row, value)
    assert settings.end_of_data_seconds == settings.reply_seconds  # --timeout has always set both
    assert [value_of(settings, row) for row in SETTINGS.values()] == [
        value_of(Settings(), row) for row in SETTINGS.values()
    ]


def told(sitting: Sitting, line: str) -> list[str]:
    from smtp_repl.term.commands import read_command

    before = len(sitting.shown)
    sitting.run(read_command(line).start(sitting.desk))
    return sitting.shown[before:]


def test_set_lists_every_setting() -> None:
    """`/set` shows all of the table."""
    shown = told(Sitting().open(), "/set")
    assert [line.split()[1] for line in shown[:-1]] == list(SETTINGS)


@pytest.mark.parametrize("row", [row for row in SETTINGS.values() if row.live], ids=lambda row: row.name)
def test_set_changes_every_setting(row: object) -> None:
    """`/set NAME VALUE` changes what the session goes by; `/set NAME` tells what it is."""
    from smtp_repl.term.settings import Setting

    assert isinstance(row, Setting)
    sitting = Sitting().open()
    word = row.kind.words[-1] if row.kind.words else {"ehlo": "mx.example.org"}.get(row.name, "7")
    told(sitting, f"/set {row.name} {word}")
    assert written(row, value_of(sitting.desk.settings, row)) == word
    about = told(sitting, f"/set {row.name}")
    assert about[0].split() == ["#", row.name, word]
    assert row.meaning in about[1]
    assert row.kind.form in about[1]


def test_what_counts_at_the_start_is_not_set_later() -> None:
    """A setting that would do nothing any more is refused, with where it belongs."""
    with pytest.raises(UsageError) as caught:
        told(Sitting().open(), "/set startup NOOP")
    assert "--set startup=" in caught.value.hint


def test_explain_off_leaves_errors() -> None:
    """Without explanations there are no remarks on what is merely odd."""
    talkative, quiet = Sitting().open(), Sitting(settings=Settings(explain=False)).open()
    for sitting in (talkative, quiet):
        sitting.say(b"RCPT TO: <a@example.org>\r\n")
    assert len(talkative.shown) > len(quiet.shown)
    assert quiet.shown[-1] == "C: RCPT TO: <a@example.org>"
