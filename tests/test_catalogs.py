# ruff: noqa: RUF001 (Chinese has a colon of its own)
"""The catalogs of translations: whole, fresh, and each translation with the blanks and the words of the protocol."""

import pytest
from babel.messages.catalog import Message

from docs import catalogs
from docs.texts import untranslatable


@pytest.mark.parametrize("language", catalogs.LANGUAGES)
def test_everything_is_translated(language: str) -> None:
    """No text is missing, none is stale, and what was compiled was compiled from these files."""
    found = list(catalogs.problems(language))
    assert not found, "\n".join([*found[:20], f"{len(found)} in all; python docs/catalogs.py --write"])


def test_no_text_hides_its_facts() -> None:
    """An f-string where a text for people stands has no translation."""
    assert list(untranslatable()) == []


FAULTS = {
    "nothing is wrong": ("no file {path}", "没有文件 {path}", []),
    "nothing is there": ("no file", "", ["not translated"]),
    "a blank is lost": ("no file {path}", "没有文件", ["other {blanks}"]),
    "a blank has another name": ("no file {path}", "没有文件 {name}", ["other {blanks}"]),
    "a blank is translated": ("no file {path}", "没有文件 {路径}", ["other {blanks}"]),
    "a blank is asked for its digits": ("{seconds:g} s", "{seconds:g} 秒", []),
    "a verb is translated": ("EHLO first", "先问候", ["lost EHLO"]),
    "a code is lost": ("expect 503", "会被拒绝", ["lost 503"]),
    "an option is translated": ("--timeout waits longer", "--超时 更久", ["lost --timeout"]),
    "a command of the shell is lost": ("/help lists them", "列出它们", ["lost /help"]),
    "a side is translated": ("write C: here", "这里写 客：", ["lost C:"]),
    "the blank before it is lost": (" of alice", "alice 的", ["other white space around it"]),
    "the blank behind a colon is in the colon": ("password: ", "密码：", []),
    "a line is lost": ("one\ntwo", "一二", ["another number of lines"]),
    "braces that are no blanks": ("write {{ for a brace", "花括号写 {{", []),
}


@pytest.mark.parametrize(("source", "target", "faults"), FAULTS.values(), ids=FAULTS)
def test_faults(source: str, target: str, faults: list[str]) -> None:
    """What is the same in every language must be there; what belongs to English must not be asked for."""
    assert list(catalogs.faults(Message(source, target))) == faults


def test_a_number_of_things() -> None:
    """A language may have one form for one thing and many; the number itself must be in it."""
    pair = ("{count} line", "{count} lines")
    assert list(catalogs.faults(Message(pair, ("{count} 行",)))) == []
    assert list(catalogs.faults(Message(pair, ("{number} 行",)))) == ["other {blanks}"]
    assert list(catalogs.faults(Message(pair, ("",)))) == ["not translated"]
