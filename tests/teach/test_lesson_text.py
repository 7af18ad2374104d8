"""Lessons as text: what is read, and what is said of every kind of mistake in a file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_repl.teach.checks import AllOf, AnswerCheck, AnyOf, EndCheck, ExchangeCheck, InOrder, WriteCheck
from smtp_repl.teach.lesson import Lesson, texts_of
from smtp_repl.teach.lesson_text import examine_lesson, read_lesson
from smtp_repl.view.errors import show_error
from smtp_repl.wire.errors import ScriptError
from smtp_repl.wire.states import Phase

WHOLE = r"""
id = "one"
title = "One"
about = '''
A paragraph
of two lines.

Another one.
'''
requires = ["hello"]
pitfalls = ["no-brackets"]

[[scenes]]
title = "Act one"
server = "strict"

[[scenes.goals]]
id = "quit"
task = "Leave."
form = "QUIT"
check = { client = '^QUIT$', reply = '221' }
hints = ["a", "b", "c"]
why = "Because."

[[scenes.mistakes]]
id = "exit"
check = { client = '^EXIT' }
until = "quit"
text = "Say QUIT."

[[scenes.proofs]]
kind = "solution"
script = '''
S: 220
C: QUIT
S: 221
'''

[[scenes.proofs]]
kind = "wrong"
caught = ["exit"]
script = '''
C: EXIT
'''

[[recall]]
question = "Q?"
answer = "A."
"""


def test_reads_a_whole_lesson() -> None:
    """Every kind of table has its place in the value."""
    lesson = read_lesson(WHOLE)
    assert (lesson.id, lesson.title, lesson.requires, lesson.pitfalls) == ("one", "One", ("hello",), ("no-brackets",))
    assert lesson.about == ("A paragraph of two lines.", "Another one.")
    scene = lesson.scenes[0]
    assert (scene.server, scene.title) == ("strict", "Act one")
    goal = scene.goals[0]
    assert (goal.task, goal.form, goal.hints, goal.why) == ("Leave.", "QUIT", ("a", "b", "c"), "Because.")
    assert (goal.line, scene.line) == (17, 13)
    assert scene.mistakes[0].until == "quit"
    assert [proof.kind for proof in scene.proofs] == ["solution", "wrong"]
    assert scene.proofs[0].line == 33
    assert lesson.recall[0].answer == "A."


def test_names_every_text_for_the_catalogs() -> None:
    """No text that a person sees is left out, and none of the patterns and scripts is among them."""
    texts = set(texts_of(read_lesson(WHOLE)))
    assert texts == {
        *("One", "A paragraph of two lines.", "Another one.", "Act one", "Leave.", "QUIT", "a", "b", "c", "Because."),
        *("Say QUIT.", "Q?", "A."),
    }


def _checked(check: str) -> object:
    return read_lesson(WHOLE.replace("check = { client = '^QUIT$', reply = '221' }", check)).goals[0].check


def test_reads_every_kind_of_check() -> None:
    """A table is one check, by what it holds; an array is an order."""
    check = _checked("check = { reply = '250', before = 'greeted', phase = 'mail', tls = true, offers = ['SIZE'] }")
    assert isinstance(check, ExchangeCheck)
    assert (check.before, check.phase, check.tls, check.offers) == (Phase.GREETED, Phase.MAIL, True, ("SIZE",))
    assert isinstance(_checked("check = [{ client = 'a' }, { answer = 'b' }]"), InOrder)
    assert isinstance(_checked("check = { any = [{ client = 'a' }, { reply = 'b' }] }"), AnyOf)
    assert isinstance(_checked("check = { all = [{ client = 'a' }, [{ reply = 'b' }, { reply = 'c' }]] }"), AllOf)
    assert isinstance(_checked("check = { answer = 'b', times = 2 }"), AnswerCheck)
    write = _checked("check = { write = { commands = 4, octets = '(?<!\\r)\\n', replies = ['250', '354'] } }")
    assert isinstance(write, WriteCheck)
    assert (write.commands, len(write.replies)) == (4, 2)
    assert isinstance(_checked("check = { closed = { by = 'server', during = 'EHLO', silent = true } }"), EndCheck)
    message = _checked("check = { message = { sender = '', fields = { To = 'bob' }, parts = 2 } }")
    assert isinstance(message, ExchangeCheck)
    assert message.message is not None
    assert (message.message.parts, list(message.message.fields)) == (2, ["To"])


@pytest.mark.parametrize(
    ("old", "new", "line", "problem", "hint"),
    [
        ("id = \"quit\"", "id = \"quit", 18, "this is no TOML", "a backslash is a backslash"),
        ("title = \"One\"\n", "", 1, '"title" is missing here', ""),
        ("title = \"One\"", "title = 1", 3, '"title" takes a text', ""),
        ("title = \"One\"", "title = ' '", 3, '"title" is empty', ""),
        ("id = \"one\"", "id = \"One!\"", 2, "an id is made of small letters", ""),
        ("about = ", "abuot = ", 4, '"abuot" means nothing here', "did you mean about?"),
        ("requires = [\"hello\"]", "requires = \"hello\"", 10, '"requires" takes texts', ""),
        ("server = \"strict\"", "server = 5", 15, "a server is the name of a profile", ""),
        ("server = \"strict\"\n", "", 13, '"server" is missing here', ""),
        ("[\"a\", \"b\", \"c\"]", "[\"a\", \"b\"]", 22, "a goal has three hints, and here are 2", "first the idea"),
        ("client = '^QUIT$'", "client = '^(QUIT$'", 21, "this is no regular expression", ""),
        ("client = '^QUIT$'", "cleint = '^QUIT$'", 21, '"cleint" means nothing here', "did you mean client?"),
        ("{ client = '^QUIT$', reply = '221' }", "{ }", 21, "there is nothing in it to be checked", ""),
        ("{ client = '^QUIT$', reply = '221' }", "[]", 21, "there is nothing in it to be checked", ""),
        ("{ client = '^QUIT$', reply = '221' }", "'QUIT'", 21, "a check is a table", ""),
        ("reply = '221' }", "phase = 'male' }", 21, '"male" is none of opened', "did you mean mail?"),
        ("reply = '221' }", "tls = 'yes' }", 21, '"tls" takes true or false', ""),
        ("reply = '221' }", "times = 0 }", 21, '"times" takes a number', ""),
        ("reply = '221' }", "message = 'x' }", 21, '"message" takes a table', ""),
        ("reply = '221' }", "message = { fields = { To = '(' } } }", 21, "this is no regular expression", ""),
        ("id = \"exit\"", "id = \"quit\"", 25, '"quit" is the id of two', "each needs its own"),
        ('["no-brackets"]', '["no-bracket"]', 11, 'there is no pitfall "no-bracket"', "did you mean no-brackets?"),
        ("until = \"quit\"", "until = \"leave\"", 25, 'there is no goal "leave"', ""),
        ("why = \"Because.\"", "why = \"Because.\"\nafter = [\"x\"]", 17, 'there is no goal "x" to come after', ""),
        ("kind = \"solution\"", "kind = \"other\"", 13, "this scene has no solution", "shows that it can be done"),
        ("kind = \"wrong\"", "kind = \"wrnog\"", 40, '"wrnog" is none of solution, other, wrong', "wrong?"),
        ("caught = [\"exit\"]\n", "", 40, "a wrong way names what it is caught by", "caught = "),
        ("C: EXIT", "C:EXIT", 43, "", ""),
        ("[[recall]]", "[recall]", 46, '"recall" takes tables', ""),
    ],
)  # fmt: skip
def test_says_what_is_wrong_and_where(old: str, new: str, line: int, problem: str, hint: str) -> None:
    """Every kind of mistake in a lesson is told with its line, what is wrong and, where there is one, what to do."""
    assert old in WHOLE
    lesson, faults = examine_lesson(WHOLE.replace(old, new, 1), "mine.toml")
    assert lesson is None
    fault = next((fault for fault in faults if problem in fault.message), None)
    assert fault is not None, [fault.message for fault in faults]
    assert hint in fault.hint
    shown = show_error(fault)
    assert shown.startswith("error: ")
    assert f"--> mine.toml:{line}" in shown


def test_finds_all_faults_at_once() -> None:
    """One run tells a teacher everything, in the order of the lines."""
    text = WHOLE.replace('title = "One"', "title = 1").replace('"b", "c"]', "]").replace('"exit"\n', '"EXIT"\n')
    _lesson, faults = examine_lesson(text, "mine.toml")
    lines = [fault.line for fault in faults]
    assert len(faults) >= 3
    assert lines == sorted(lines)


def test_a_lesson_without_scenes_is_none() -> None:
    with pytest.raises(ScriptError, match=r"there is no \[\[scenes\]\] here"):
        read_lesson('id = "a"\ntitle = "A"\nabout = "B"\n')


def test_the_places_of_faults_hold_behind_texts_of_many_lines() -> None:
    """What looks like a header or a key inside a text is none."""
    text = WHOLE.replace("A paragraph", "[[scenes]]\nid = 'x'\n" * 3 + "A paragraph").replace('id = "exit"', "id = 1")
    _lesson, faults = examine_lesson(text)
    assert [fault.line for fault in faults if '"id" takes a text' in fault.message] == [32]


@pytest.mark.parametrize("text", ["a = " + "[" * 100_000, "a = " + "9" * 5000, "a = 1979-99-9", "a = '\x00'", "\ufeff"])
def test_what_no_toml_reader_takes_is_a_fault(text: str) -> None:
    lesson, faults = examine_lesson(text)
    assert (lesson, len(faults)) == (None, 1)


LINES = WHOLE.split("\n")
VALUES = [
    "1",
    "true",
    "'('",
    "[]",
    "{}",
    "[1]",
    "[[]]",
    "{ any = [] }",
    "{ all = 1 }",
    "{ message = [] }",
    "1979-05-27",
]


@given(st.lists(st.tuples(st.integers(0, len(LINES) - 1), st.sampled_from(["", *VALUES])), min_size=1, max_size=4))
def test_whatever_a_file_holds_is_a_lesson_or_faults(changes: list[tuple[int, str]]) -> None:
    """Nothing in a file is a reason to stop: lines that are missing, values of every other type."""
    lines = list(LINES)
    for number, value in changes:
        key = lines[number].partition("=")[0]
        lines[number] = f"{key}= {value}" if value else ""
    lesson, faults = examine_lesson("\n".join(lines))
    assert (lesson is None) is bool(faults)
    assert all(0 < fault.line <= len(lines) + 1 for fault in faults)


def test_is_a_lesson() -> None:
    assert isinstance(read_lesson(WHOLE), Lesson)
