"""Findings: one row each, filled in, and never a reason to fail."""

import string

import pytest

from smtp_repl.wire.events import FINDINGS, finding


def test_severities_are_three() -> None:
    assert {row.severity for row in FINDINGS.values()} == {"info", "warning", "error"}


@pytest.mark.parametrize("rule", FINDINGS)
def test_blanks_are_filled(rule: str) -> None:
    """Every blank of a row has a fact, and no brace is left for the reader."""
    row = FINDINGS[rule]
    text = row.message + row.hint + row.ref
    names = {name for _, name, _, _ in string.Formatter().parse(text) if name}
    filled = finding(rule, **dict.fromkeys(names, "X"))
    assert filled.rule == rule
    assert "{" not in filled.message + filled.hint + filled.ref


def test_a_hint_of_the_moment_wins() -> None:
    assert finding("malformed-line", hint="this looks like HTTP").hint == "this looks like HTTP"


def test_an_unknown_rule_is_a_bug() -> None:
    with pytest.raises(KeyError):
        finding("no-such-rule")
