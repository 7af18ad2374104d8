"""Columns of a terminal: what text takes, and where it is cut."""

import pytest

from smtp_repl.view.width import cells, cut, fold, rows, split


@pytest.mark.parametrize(
    ("text", "columns"),
    [("", 0), ("abc", 3), ("用户", 4), ("a用", 3), ("é", 1), ("e\u0301", 1), ("\uff1a", 2), ("\u2022", 1)],
)
def test_cells(text: str, columns: int) -> None:
    """East Asian wide characters take two columns, marks none."""
    assert cells(text) == columns


@pytest.mark.parametrize(
    ("text", "columns", "head", "rest"),
    [
        ("abc", 2, "ab", "c"),
        ("abc", 3, "abc", ""),
        ("abc", 0, "", "abc"),
        ("用户名", 3, "用", "户名"),
        ("用户名", 4, "用户", "名"),
        ("e\u0301a", 1, "e\u0301", "a"),
        ("用", 1, "", "用"),
    ],
)
def test_split(text: str, columns: int, head: str, rest: str) -> None:
    """No character is halved, and marks stay with their letter."""
    assert split(text, columns) == (head, rest)


def test_cut() -> None:
    """What does not fit ends in an ellipsis, and fits."""
    assert cut("abc", 3) == "abc"
    assert cut("abcd", 3) == "ab…"
    assert cut("用户名", 5) == "用户…"
    assert cut("用户名", 4) == "用…"


@pytest.mark.parametrize(
    ("text", "columns", "count"),
    [("", 10, 1), ("a" * 10, 10, 1), ("a" * 11, 10, 2), ("用" * 10, 20, 1), ("用" * 10, 19, 2), ("用" * 9, 3, 9)],
)
def test_rows(text: str, columns: int, count: int) -> None:
    """A wide character that has one column left goes to the next row."""
    assert rows(text, columns) == count


@pytest.mark.parametrize(
    ("text", "columns", "lines"),
    [
        ("", 10, [""]),
        ("one two", 10, ["one two"]),
        ("one two three", 7, ["one two", "three"]),
        ("one two three", 6, ["one", "two", "three"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("用户不存在。请检查地址", 12, ["用户不存在。", "请检查地址"]),
        ("用户不存在。请", 11, ["用户不存", "在。请"]),
        ("见 RFC 5321 的说明", 8, ["见 RFC", "5321 的", "说明"]),
        ("用", 1, ["用"]),
        ("没有这个用户\uff08邮箱\uff09", 14, ["没有这个用户", "\uff08邮箱\uff09"]),
    ],
)
def test_fold(text: str, columns: int, lines: list[str]) -> None:
    """Broken at blanks and between wide characters, never before a comma or a full stop."""
    assert fold(text, columns) == lines
