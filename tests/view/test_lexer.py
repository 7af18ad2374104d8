"""The lexers: what each piece of a conversation is, and that nothing is lost on the way."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pygments.lexers import get_lexer_by_name, guess_lexer
from pygments.token import Comment, Error, Generic, Keyword, Name, Number, Operator, String, Token, _TokenType

from smtp_repl.script.directives import DIRECTIVES
from smtp_repl.view.lexer import SmtpLexer
from smtp_repl.view.lines import Place, read_lines, tokens, transcript_line, typed_line, typed_tokens
from smtp_repl.wire.extensions import EXTENSIONS
from smtp_repl.wire.verbs import PARAMETERS, VERBS

C, S = Generic.Prompt.Client, Generic.Prompt.Server


def pieces(text: str) -> list[tuple[_TokenType, str]]:
    """The tokens of a text without blanks and punctuation."""
    skipped = (Token.Text.Whitespace, Token.Punctuation)
    return [(token, piece) for token, piece in tokens(text) if token not in skipped]


LINES = {
    "verb": ("C: NOOP", [(C, "C:"), (Keyword, "NOOP")]),
    "verb in lower case": ("C: noop", [(C, "C:"), (Keyword, "noop")]),
    "unknown verb": ("C: FOO bar", [(C, "C:"), (Name.Other, "FOO"), (Token.Text, "bar")]),
    "long s is no S": ("C: \u017fTARTTLS", [(C, "C:"), (Name.Other, "\u017fTARTTLS")]),
    "path and parameters": (
        "C: MAIL FROM:<a@example.org> SIZE=9 X=y",
        [
            (C, "C:"),
            (Keyword, "MAIL"),
            (Keyword.Pseudo, "FROM:"),
            (String.Address, "a@example.org"),
            (Name.Attribute, "SIZE"),
            (Operator, "="),
            (Number.Integer, "9"),
            (Name, "X"),
            (Operator, "="),
            (String, "y"),
        ],
    ),
    "bracket in quotes": (
        'C: RCPT TO:<"a>b"@example.com>',
        [(C, "C:"), (Keyword, "RCPT"), (Keyword.Pseudo, "TO:"), (String.Address, '"a>b"@example.com')],
    ),
    "step after AUTH": (
        "C: AUTH PLAIN AGE=",
        [(C, "C:"), (Keyword, "AUTH"), (Name.Class, "PLAIN"), (String.Other, "AGE=")],
    ),
    "done": ("S: 250 Ok", [(S, "S:"), (Generic.Inserted, "250"), (Generic.Output, "Ok")]),
    "go on": ("S: 354 Go", [(S, "S:"), (Generic.Subheading, "354"), (Generic.Output, "Go")]),
    "not now": (
        "S: 450 4.2.1 Later",
        [(S, "S:"), (Generic.Deleted, "450"), (Number.Float, "4.2.1"), (Generic.Output, " Later")],
    ),
    "no": ("S: 550-5.1.1", [(S, "S:"), (Generic.Error, "550"), (Number.Float, "5.1.1")]),
    "code with a wildcard": ("S: 25x", [(S, "S:"), (Generic.Inserted, "25x")]),
    "text that only looks like a code": ("S: 2500 Ok", [(S, "S:"), (Generic.Output, "2500 Ok")]),
    "EHLO keyword": (
        "S: 250-SIZE 99",
        [(S, "S:"), (Generic.Inserted, "250"), (Name.Builtin, "SIZE"), (Number.Integer, "99")],
    ),
    "mechanisms": (
        "S: 250 AUTH=LOGIN PLAIN",
        [
            (S, "S:"),
            (Generic.Inserted, "250"),
            (Name.Builtin, "AUTH"),
            (Operator, "="),
            (Name.Class, "LOGIN"),
            (Name.Class, "PLAIN"),
        ],
    ),
    "modifiers and connection": (
        "S[bob]!~ {x}",
        [
            (S, "S"),
            (Name.Label, "[bob]"),
            (Operator, "!~"),
            (String.Interpol, "{"),
            (Name.Variable, "x"),
            (String.Interpol, "}"),
        ],
    ),
    "hole with a pattern": (
        "S~ 250 {id:[0-9]{2}} {{",
        [
            (S, "S"),
            (Operator, "~"),
            (Generic.Inserted, "250"),
            (String.Interpol, "{"),
            (Name.Variable, "id"),
            (Operator, ":"),
            (String.Regex, "[0-9]{2}"),
            (String.Interpol, "}"),
            (Generic.Output, " "),
            (String.Escape, "{{"),
        ],
    ),
    "hole that does not end": ("C~ NOOP {x", [(C, "C"), (Operator, "~"), (Keyword, "NOOP"), (Error, "{x")]),
    "no holes without ~": ("S: 250 {x}", [(S, "S:"), (Generic.Inserted, "250"), (Generic.Output, "{x}")]),
    "exact bytes": (
        r'C"A\r\x4a" "B"*9',
        [
            (C, "C"),
            (String.Double, '"A'),
            (String.Escape, r"\r\x4a"),
            (String.Double, '"'),
            (String.Double, '"B"'),
            (Operator, "*"),
            (Number.Integer, "9"),
        ],
    ),
    "bad escape": (r'S="\q"', [(S, "S"), (Operator, "="), (String.Double, '"'), (Error, r"\q"), (String.Double, '"')]),
    "directive": ("@match code", [(Name.Decorator, "@match"), (Token.Text, " code")]),
    "directive of a connection": ("@eof[bob]", [(Name.Decorator, "@eof"), (Name.Label, "[bob]")]),
    "unknown directive": ("@matsch code", [(Error, "@matsch"), (Token.Text, " code")]),
    "comment": ("  # C: no", [(Comment.Single, "# C: no")]),
    "note": ("{The server closes the connection}", [(Comment.Special, "{The server closes the connection}")]),
    "dots as a note": ("... later", [(Comment.Special, "... later")]),
    "neither": ("Hello", [(Error, "Hello")]),
    "byte order mark": ("\ufeffC: NOOP", [(C, "C:"), (Keyword, "NOOP")]),
}


@pytest.mark.parametrize(("line", "expected"), LINES.values(), ids=LINES)
def test_line(line: str, expected: list[tuple[_TokenType, str]]) -> None:
    assert pieces(line) == expected


def test_four_classes_have_four_tokens() -> None:
    """A reader tells done, go on, not now and no apart without reading the code."""
    assert len({pieces(f"S: {code}")[1][0] for code in (250, 354, 450, 550)}) == 4


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb.isalpha()])
def test_knows_every_verb(verb: str) -> None:
    """The word list is the table of `wire`."""
    assert pieces(f"C: {verb}")[1] == (Keyword, verb)


def test_knows_every_parameter_keyword_and_directive() -> None:
    assert all(pieces(f"C: MAIL FROM:<> {one.name}")[3] == (Name.Attribute, one.name) for one in PARAMETERS)
    assert all(pieces(f"S: 250 {keyword}")[2] == (Name.Builtin, keyword) for keyword in EXTENSIONS)
    assert all(pieces(f"@{name}")[0] == (Name.Decorator, f"@{name}") for name in DIRECTIVES)


def test_message_between_354_and_the_dot() -> None:
    """After a 354 client lines are header, blank line, body; the dot ends them."""
    text = "C: DATA\nS: 354 Go\nC: Subject: x\nC:  folded\nC:\nC: ..\nC: QUIT: x\nC: .\nC: QUIT\n"
    found = [one for one in pieces(text) if one[0] not in (C, S)]
    assert found == [
        (Keyword, "DATA"),
        (Generic.Subheading, "354"),
        (Generic.Output, "Go"),
        (Name.Tag, "Subject"),
        (Token.Text, " x"),
        (Token.Text, " folded"),
        (String.Escape, "."),
        (Token.Text, "."),
        (Token.Text, "QUIT: x"),
        (Keyword, "."),
        (Keyword, "QUIT"),
    ]


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("C: DATA\nS: 550 No\n", Keyword),
        ("C: DATA\nS: 250 Ok\nS: 354 Go\n", Token.Text),
        ("S: 354 Go\n@data x.eml\n", Keyword),
        ('S: 354 Go\nC"x\\r\\n.\\r\\n"\n', Keyword),
        ("S: 334 \n", String.Other),
        ("S: 334 \nS: 535 No\n", Keyword),
        ("S: 334 \nC: AA==\n", Keyword),
    ],
)
def test_what_a_client_line_is(before: str, expected: _TokenType) -> None:
    """Refusals, the message's own dot and the answer to a 334 bring commands back."""
    assert tokens(before + "C: QUIT")[-1] == (expected, "QUIT")


def test_input_line() -> None:
    """What is typed has no tag: a command, a /command, or with two slashes a command that begins with one."""
    assert typed_tokens("EHLO x")[0] == (Keyword, "EHLO")
    assert typed_tokens("/help MAIL")[0] == (Name.Function, "/help")
    assert typed_tokens("//x")[0] == (String.Escape, "/")
    # A message has no tag either, and its Subject is no verb.
    assert typed_tokens("S: 250 Ok")[0] == (Name.Other, "S:")


def test_input_in_other_places() -> None:
    """After a 334 a line is a step; after a 354 it is a message, and a slash is plain text."""
    assert typed_tokens("AGE=", Place.STEP)[0] == (String.Other, "AGE=")
    assert typed_tokens("/pass", Place.STEP)[0] == (Name.Function, "/pass")
    assert typed_tokens("*", Place.STEP)[0] == (Keyword, "*")
    found = typed_tokens("To: x\n\n/etc\n.", Place.HEADER)
    kinds = [(token, piece) for token, piece in found if piece.strip()]
    assert kinds[0] == (Name.Tag, "To")
    assert kinds[-2:] == [(Token.Text, "/etc"), (Keyword, ".")]


def test_pygments_knows_it() -> None:
    """`pygmentize -l smtp` works: the entry point names the lexer."""
    assert isinstance(get_lexer_by_name("smtp"), SmtpLexer)
    assert isinstance(guess_lexer("S: 220 mail.example.org\nC: EHLO x\nS: 250 Ok\n"), SmtpLexer)


ALPHABET = st.text(st.sampled_from('CS[b]!?*~=:" {}()<>\\xrn0@#.-/250AUTHDMIL\r\n\t\u2028\ufeffé'), max_size=120)


@given(st.one_of(st.text(max_size=200), ALPHABET))
@example("C~ {a{b}c}")
@example('C"\\')
@example("S: 334\nC:")
def test_loses_nothing(text: str) -> None:
    """The tokens joined are the text, for any text, wherever it is read."""
    places = [(transcript_line, Place.COMMAND), *((typed_line, place) for place in Place)]
    for read, place in places:
        found = list(read_lines(text, read, place))
        assert "".join(piece for _, _, piece in found) == text
        at = 0
        for offset, _, piece in found:
            assert offset == at
            at += len(piece)


LONG = 20_000
LONG_LINES = {
    "quotes": 'C: MAIL FROM:<"' + '"a' * LONG,
    "brackets": "C: MAIL FROM:" + "<" * LONG,
    "braces": "C~ " + "{" * LONG,
    "holes": "S~ " + "{}" * LONG,
    "backslashes": 'C"' + "\\" * LONG,
    "stars": 'C"a"' + "*1" * LONG,
    "header": "C: DATA\nC: " + "a" * LONG,
    "blanks": "C: MAIL FROM: " + " " * LONG,
    "colons": "C: MAIL FROM" + " :" * LONG,
    "offer": "S: 250-AUTH " + "X " * LONG,
    "lines": "S: 250 Ok\n" * LONG,
}


@pytest.mark.parametrize("text", LONG_LINES.values(), ids=LONG_LINES)
def test_is_linear(text: str) -> None:
    """No text makes a pattern run away: a quadratic one would take minutes here, not parts of a second."""
    start = time.process_time()
    tokens(text)
    assert time.process_time() - start < 2
