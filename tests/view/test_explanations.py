"""An explanation as lines: what is said, in which order, and how it is folded."""

import pytest

from smtp_repl.teach.explanation import Explanation
from smtp_repl.teach.wording import in_one_line, what_to_do, where_written
from smtp_repl.view.explanations import FAINT, HEAD, explanation_rows, painted

REFUSED = Explanation(
    "550 5.7.1", "software", "a text of Postfix", "It does not relay.", "Log in.", False, "RFC 3463", True, ("550: no",)
)


@pytest.mark.parametrize(
    ("retry", "advice", "text"),
    [
        (True, "", "Retry as it is."),
        (True, "Wait.", "Retry as it is. Wait."),
        (False, "Log in.", "Change this: Log in."),
        (False, "", "Do not retry it unchanged."),
        (None, "Go on.", "Go on."),
        (None, "", ""),
    ],
)
def test_what_to_do(retry: bool | None, advice: str, text: str) -> None:
    assert what_to_do(REFUSED._replace(retry=retry, advice=advice)) == text


def test_where_it_is_written() -> None:
    """Which look-up answered, and the source; what nobody has confirmed says so."""
    assert where_written(REFUSED) == "Known from a text of Postfix; see RFC 3463"
    assert where_written(REFUSED._replace(confirmed=False)).endswith("(reported, not confirmed)")
    assert where_written(REFUSED._replace(kind="verb")) == "See RFC 3463"
    assert in_one_line(REFUSED) == "It does not relay. Change this: Log in."


def test_lines() -> None:
    """A sentence, what to do, where it is written, and then what the codes say."""
    rows = explanation_rows(REFUSED, 80)
    assert [row.text for row in rows] == [
        "550 5.7.1",
        "  It does not relay.",
        "  Change this: Log in.",
        "  Known from a text of Postfix; see RFC 3463",
        "  550: no",
    ]
    assert (rows[0].look, rows[3].look) == (HEAD, FAINT)


def test_narrow() -> None:
    rows = explanation_rows(REFUSED._replace(plain="用户不存在。" * 5), 20)
    assert all(len(row.text) <= 22 for row in rows)


def test_what_a_peer_wrote_reaches_no_terminal_as_it_is() -> None:
    rows = explanation_rows(REFUSED._replace(subject="\x1b[2J"), 80)
    assert "\x1b" not in "".join(painted(rows, colour=False))
