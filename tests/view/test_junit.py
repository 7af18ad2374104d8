"""JUnit XML: well formed whatever was said, with the counts that CI systems read."""

from xml.etree import ElementTree

import pytest

from smtp_repl.view.junit import junit
from tests.view.reported import HOSTILE, everything, file, run, session


def parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)


def test_a_suite_for_each_file_and_a_case_for_each_session() -> None:
    root = parsed(junit(everything()))
    suites = root.findall("testsuite")
    assert root.tag == "testsuites"
    assert [suite.get("name") for suite in suites] == [
        f"tests/{name}.smtp" for name in ("good", "drift", "bad", "cut", "not", "often")
    ]
    assert [len(suite.findall("testcase")) for suite in suites] == [1, 1, 1, 1, 1, 3]
    names = [case.get("name") for case in suites[-1].findall("testcase")]
    assert names == [f"tests/often.smtp (session {number})" for number in (1, 2, 3)]


def test_counts_add_up() -> None:
    """The attributes of each level are what stands below it."""
    root = parsed(junit(everything()))
    for element in (root, *root.findall("testsuite")):
        cases = list(element.iter("testcase"))
        assert element.get("tests") == str(len(cases))
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert element.get(attribute) == str(len(list(element.iter(tag))))


def test_failures_have_their_details() -> None:
    """What was shown on the terminal, the kind, the line, and where the transcript is."""
    root = parsed(junit(run(file("a.smtp", session(status="fail")))))
    case = root.find("testsuite/testcase")
    assert case is not None
    failure = case.find("failure")
    assert failure is not None
    assert (case.get("line"), failure.get("type")) == ("5", "code")
    assert failure.get("message") == f"no good: {HOSTILE}"
    assert failure.text is not None
    assert failure.text.startswith(f"error: no good: {HOSTILE}\n --> a.smtp:5\n")
    assert failure.text.endswith("\nsaved: out/a.session-1.actual.smtp")


def test_properties() -> None:
    root = parsed(junit(everything()))
    suite = root.find("testsuite")
    assert suite is not None
    properties = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert properties["server"] == "mail.example.com:25"
    assert properties["title"] == "A good one"
    assert properties["tags"] == "auth slow"
    assert properties["EHLO lost"] == "STARTTLS"


@pytest.mark.parametrize("character", ["\0", "\x01", "\x08", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"], ids=ascii)
def test_what_xml_forbids_is_replaced(character: str) -> None:
    """Should such a character come through after all, the report is XML even so."""
    bad = session(status="fail")._replace(text=f"a{character}b", message=character)
    root = parsed(junit(run(file(f"x{character}.smtp", bad))))
    assert root.findtext("testsuite/testcase/failure", "").startswith("a\ufffdb")


def test_an_empty_run_is_a_report_too() -> None:
    assert parsed(junit(run())).get("tests") == "0"
