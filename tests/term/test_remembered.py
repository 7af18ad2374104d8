"""Lines typed before: how they stand in the file, and which go on from what is typed."""

import time

import pytest

from smtp_repl.term.commands import read_command
from smtp_repl.term.remembered import Entry, ghost, nearest_first, read_entry, write_entry
from smtp_repl.wire.errors import UsageError
from tests.term.sitting import Sitting


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("mail.example.com\tgreeted\tMAIL FROM:<>", Entry("MAIL FROM:<>", "mail.example.com", "greeted")),
        ("-\tclosed\t/help", Entry("/help", "", "closed")),
        ("EHLO x", Entry("EHLO x")),
        ("NOOP\ta\tb", Entry("NOOP\ta\tb")),
        ("x\tgreeted\t", Entry("x\tgreeted\t")),
    ],
    ids=["whole", "no host", "old file", "tabs in an old line", "no line"],
)
def test_lines_of_the_file(text: str, entry: Entry) -> None:
    """What an earlier version wrote, a line alone, is read too; all are written as they were read."""
    assert read_entry(text) == entry
    assert write_entry(entry) == text


def test_a_host_cannot_break_the_file() -> None:
    """A path of a socket may hold anything."""
    assert write_entry(Entry("EHLO x", "/run/a\tb\nc", "greeted")).count("\t") == 2
    assert "\n" not in write_entry(Entry("EHLO x", "/run/a\tb\nc", "greeted"))


ENTRIES = (
    Entry("RSET", "b.example.com", "mail"),
    Entry("RCPT TO:<new@example.com>", "b.example.com", "mail"),
    Entry("RCPT TO:<carol@example.com>", "a.example.com", "mail"),
    Entry("RCPT TO:<alice@example.com>", "a.example.com", "mail"),
    Entry("RCPT TO:<Bob@example.com>", "d.example.com", "mail"),
    Entry("/send b.eml", "b.example.com", "rcpt"),
    Entry("/send letter.eml", "a.example.com", "rcpt"),
    Entry("RSET now", "a.example.com", "greeted"),
    Entry("RCPT TO:<old@example.com>"),
    Entry("/connect b.example.com", "", "closed"),
)
GHOSTS = {
    "the latest of this host and phase": ("RC", "a.example.com", "mail", "PT TO:<carol@example.com>"),
    "another host has its own": ("RC", "b.example.com", "mail", "PT TO:<new@example.com>"),
    "nothing of another host": ("RC", "c.example.com", "mail", ""),
    "nothing of another phase": ("RSET", "a.example.com", "mail", ""),
    "letters in any case": ("rcpt to:<A", "a.example.com", "mail", "lice@example.com>"),
    "an address keeps its case": ("rc", "d.example.com", "mail", "pt to:<Bob@example.com>"),
    "small letters go on in small letters": ("rc", "b.example.com", "mail", "pt to:<new@example.com>"),
    "nothing without a letter": ("", "a.example.com", "mail", ""),
    "nothing behind a whole line": ("RCPT TO:<carol@example.com>", "a.example.com", "mail", ""),
    "nothing for a paste": ("RSET\nRC", "a.example.com", "mail", ""),
    "a command in any phase": ("/s", "a.example.com", "greeted", "end letter.eml"),
    "a command from elsewhere": ("/co", "a.example.com", "greeted", "nnect b.example.com"),
    "a doubled slash is for the server": ("//s", "a.example.com", "greeted", ""),
}


@pytest.mark.parametrize(("text", "host", "phase", "rest"), GHOSTS.values(), ids=GHOSTS)
def test_ghost(text: str, host: str, phase: str, rest: str) -> None:
    """What was typed last in this phase on this host; a /command needs neither."""
    assert ghost(text, ENTRIES, host, phase) == rest


def test_nearest_first() -> None:
    """This host's lines come before all others; twice the same in a row is once."""
    entries = [Entry("b", "x"), Entry("a", "y"), Entry("a", "y", "mail"), Entry("c", "x"), Entry("d")]
    assert list(nearest_first(entries, "y")) == ["a", "b", "c", "d"]
    assert list(nearest_first(entries, "x")) == ["b", "c", "a", "d"]


def test_a_full_history_is_no_burden() -> None:
    """Nothing that fits, in 5,000 lines: a small part of what drawing a key takes."""
    entries = [Entry(f"RCPT TO:<user{number}@example.com>", "a.example.com", "mail") for number in range(5_000)]
    times = []
    for _ in range(5):
        began = time.perf_counter()
        assert not ghost("RCPT TO:<zoe", entries, "a.example.com", "mail")
        times.append(time.perf_counter() - began)
    assert min(times) < 0.005


def test_command() -> None:
    """`/history TEXT` is Ctrl-R for whoever has no such key: the nearest line stands last."""
    sitting = Sitting()
    sitting.desk.list_typed = lambda: nearest_first(ENTRIES, "a.example.com")
    sitting.run(read_command("/history rcpt").start(sitting.desk))
    assert sitting.shown[-3:] == [
        "#   RCPT TO:<new@example.com>",
        "#   RCPT TO:<alice@example.com>",
        "#   RCPT TO:<carol@example.com>",
    ]
    with pytest.raises(UsageError, match="nothing typed before"):
        sitting.run(read_command("/history nothing like it").start(sitting.desk))
