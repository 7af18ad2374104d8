"""Every data file of the knowledge is what its readers take it for: one table of rows, and each file held to it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import smtp_repl.knowledge
from smtp_repl.knowledge.rows import groups_of, rows_of
from smtp_repl.script.patterns import read_pattern
from smtp_repl.wire.extensions import EXTENSIONS
from smtp_repl.wire.sasl import MECHANISMS
from smtp_repl.wire.states import END_OF_DATA, GREETING
from smtp_repl.wire.verbs import PARAMETERS, VERBS

FOLDER = Path(smtp_repl.knowledge.__file__).parent

CODE = "[2-5][0-9]{2}"
ENHANCED = "[245]\\.[0-7]\\.[0-9]{1,3}"
WORD = "[A-Z0-9][A-Z0-9_-]*"


class Kind(NamedTuple):
    """What the rows of a file hold: the form of their words, what each must have and what it may have."""

    word: str
    needs: str
    may: str = ""
    groups: bool = False


SCHEMA = {
    "verbs": Kind(rf"{WORD}|[.*]", "plain detail syntax ref verified", "example replies"),
    "extensions": Kind(WORD, "plain detail syntax ref verified", "example replies"),
    "parameters": Kind(WORD, "plain detail syntax ref verified", "example replies"),
    "sasl": Kind(WORD, "plain detail syntax ref verified", "example replies"),
    "reply_codes": Kind(CODE, "plain means ref verified", "advice retry replies"),
    "enhanced_codes": Kind(
        rf"X\.[0-7]\.[0-9]{{1,2}}|{ENHANCED}", "plain means registered classes ref verified", "advice retry replies"
    ),
    "digits": Kind("[2-5]yz|x[0-5]z|[245].y.z|x.[0-7].z", "plain means ref verified", "advice"),
    "answers": Kind(f"{CODE}|{ENHANCED}", "means ref verified", "advice retry", groups=True),
    "providers": Kind("[a-z0-9-]+", "name kind ref verified", "hosts banner mark"),
    "texts": Kind(
        "[0-9.]+ .+|[a-z ]+", "code means advice ref verified", "enhanced text retry unmistakable", groups=True
    ),
    "wordings": Kind(r"X\.[0-7]\.[0-9]{1,2}(?: [a-z]+)?", "code text ref verified", "answers"),
    "pitfalls": Kind("[A-Za-z0-9_-]+", "title why fix severity phase ref verified"),
    "glossary": Kind("[A-Za-z0-9 /-]+", "definition zh ref verified", "detail"),
    "limits": Kind("[a-z0-9A-Z -]+", "kind number unit plain ref verified"),
    "certificates": Kind("[a-z0-9-]+", "title text means advice retry ref verified"),
}

VERIFIED = {"rfc", "registry", "documentation", "observed", "memory"}
VALUES = {
    "verified": VERIFIED,
    "retry": {"later", "change", "never"},
    "unmistakable": {"yes"},
    "severity": {"info", "warning", "error"},
    "kind": {"provider", "software", "port", "size", "timeout"},
    "phase": set("order syntax data message transport tool tls auth reading policy network protocol".split()),
    "unit": {"", "octets", "recipients", "seconds"},
}
SENTENCES = ("means", "advice", "why", "fix", "definition")

REFERENCE = re.compile(
    r"RFC [1-9][0-9]{2,3}(?:,? (?:§[0-9A-Z]+(?:\.[0-9]+)*|appendix [A-Z]))?(?:, §[0-9A-Z]+(?:\.[0-9]+)*)*"
    r"|IANA [A-Z][A-Za-z ]+"
    r"|draft-[a-z0-9-]+(?: \(expired\))?"
    r"|CVE-[0-9]{4}-[0-9]{4,5}"
    r"|\[MS-[A-Z]+\] [0-9.]+"
    r"|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,5}(?:/[\w./-]*)?"  # a page, or the host of one
    r"|[A-Za-z-]+ (?:[0-9]+(?:\.[0-9]+)*|source|[A-Z]+_README)"  # a program of which it was observed or read
    r"|sendmail operations guide|Exim|Exchange|Microsoft"  # of what is not confirmed
)


def rows(name: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a file with the words under which they stand."""
    if SCHEMA[name].groups:
        for group, members in groups_of(name).items():
            yield from ((f"{group}: {word}", row) for word, row in members.items())
    else:
        yield from rows_of(name).items()


ALL = [pytest.param(name, word, row, id=f"{name} {word}") for name in SCHEMA for word, row in rows(name)]


def test_every_file_has_a_schema() -> None:
    """A file that nothing holds to anything is a file that can break unseen."""
    assert {path.stem for path in FOLDER.glob("*.json")} == set(SCHEMA)


@pytest.mark.parametrize(("name", "word", "row"), ALL)
def test_row(name: str, word: str, row: dict[str, str]) -> None:
    """What a row must have, what it may have, and what its values may be; all of it text without loose ends."""
    kind = SCHEMA[name]
    assert re.fullmatch(kind.word, word.split(": ", 1)[1] if kind.groups else word)
    assert set(kind.needs.split()) <= set(row) <= {*kind.needs.split(), *kind.may.split()}
    for field, value in row.items():
        assert isinstance(value, str)
        assert value == value.strip()
        assert value or field == "unit"
        assert field not in VALUES or value in VALUES[field]
    for field in SENTENCES:
        if field in row:
            assert row[field][0].isupper() or row[field].startswith(("aiosmtpd ", '"', "250", "530"))
            assert row[field].endswith((".", "=", "?")), f"{field} is no sentence"


@pytest.mark.parametrize(("name", "word", "row"), ALL)
def test_reference(name: str, word: str, row: dict[str, str]) -> None:
    """Where it is written can be looked up: an RFC and its section, a registry, a page, a program and its version."""
    for part in row["ref"].split("; "):
        assert REFERENCE.fullmatch(part), part
    if row["verified"] == "rfc":
        assert "RFC" in row["ref"]
    if row["verified"] == "observed":
        assert re.search(r"[0-9]", row["ref"]), "observed of which version?"


PATTERNS = [
    pytest.param(pattern, id=f"{name} {word} {field}")
    for name in ("providers", "texts", "wordings")
    for word, row in rows(name)
    for field in ("text", "banner", "mark")
    if (pattern := row.get(field))
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_pattern_is_of_bounded_cost(pattern: str) -> None:
    """Hostile servers are matched against these too: no groups, at most quadratic time, as in the holes of a script."""
    assert read_pattern(pattern).unbounded <= 2
    assert not re.search(pattern, ""), "it would match whatever is said"


@pytest.mark.parametrize("name", ["reply_codes", "texts", "wordings"])
def test_codes_exist(name: str) -> None:
    """Codes are those of SMTP, and enhanced ones are of the class of their codes."""
    for word, row in rows(name):
        codes = row.get("code", word).split()
        assert codes
        assert all(re.fullmatch(CODE, code) for code in codes)
        for enhanced in row.get("enhanced", "").split():
            assert re.fullmatch(ENHANCED, enhanced)
            assert enhanced[0] in {code[0] for code in codes}


def test_answers_are_to_what_can_be_said() -> None:
    """The table of answers names verbs, the greeting and the end of a message; its codes are known."""
    assert set(groups_of("answers")) <= {*VERBS, GREETING, END_OF_DATA}
    known = set(rows_of("reply_codes"))
    for verb, answers in groups_of("answers").items():
        assert {code for code in answers if "." not in code} <= known, verb
        for code in answers:
            assert "." not in code or f"X{code[1:]}" in rows_of("enhanced_codes")


# RFC 5321 §4.3.2 as amended (RFC 3207, 4954, 3030, 1985, 7504): what may be answered to what.
PER_COMMAND = {
    GREETING: "220 421 521 554",
    "EHLO": "250 421 500 501 502 504 550",
    "MAIL": "250 421 451 452 455 500 501 503 550 552 553 555",
    "RCPT": "250 251 421 450 451 452 455 500 501 503 550 551 552 553 555 556",
    "DATA": "354 421 500 501 503 554",
    END_OF_DATA: "250 421 450 451 452 550 552 554",
    "RSET": "250 421 500 501",
    "VRFY": "250 251 252 500 501 502 504 550 551 553",
    "EXPN": "250 252 500 501 502 504 550",
    "HELP": "211 214 500 502 504",
    "NOOP": "250 421 500 501",
    "QUIT": "221 500 501",
    "STARTTLS": "220 454 501",
    "AUTH": "235 334 432 454 500 501 503 504 534 535 538",
    "BDAT": "250 503",
    "ETRN": "250 251 252 253 458 459 500 501",
}


@pytest.mark.parametrize(("verb", "codes"), PER_COMMAND.items(), ids=PER_COMMAND)
def test_per_command_table(verb: str, codes: str) -> None:
    """What the RFCs list as answers to a command is explained as the answer to this command."""
    assert set(codes.split()) <= set(groups_of("answers")[verb])


def test_texts_are_of_known_speakers() -> None:
    """Whoever says something can be named; and whoever is named and can be told says something."""
    assert set(groups_of("texts")) == set(rows_of("providers"))


def test_no_two_speakers_share_a_host() -> None:
    """A dialled name tells one provider."""
    hosts = [host for row in rows_of("providers").values() for host in row.get("hosts", "").split()]
    assert len(hosts) == len(set(hosts))


def test_wire_and_prose_know_the_same() -> None:
    """Every verb, keyword, parameter and mechanism that the code knows has an entry, and the reverse."""
    assert set(rows_of("verbs")) == set(VERBS)
    assert set(rows_of("extensions")) == set(EXTENSIONS)
    assert {row.name for row in PARAMETERS} <= set(rows_of("parameters"))
    assert set(MECHANISMS) <= set(rows_of("sasl"))


def test_only_what_is_asked_for_is_read() -> None:
    """A file is read once, when first asked for, and is kept."""
    assert rows_of("glossary") is rows_of("glossary")
    assert json.loads((FOLDER / "glossary.json").read_text("utf-8")) == rows_of("glossary")
