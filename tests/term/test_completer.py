"""The completer of the shell: the rules as prompt_toolkit takes them."""

from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from smtp_repl.term.completer import DIMMED, DIMMED_SELECTED, SmtpCompleter, files_beginning
from smtp_repl.term.suggestions import State
from smtp_repl.wire.extensions import Capabilities
from smtp_repl.wire.states import Phase


def test_completions() -> None:
    """Each candidate takes the place of what was typed; what stands behind the cursor stays."""
    state = State(True, Phase.GREETED, Capabilities.from_reply([b"x", b"SIZE 9"]))
    document = Document("MAIL FROM:<> S tail", len("MAIL FROM:<> S"))
    first, *others = SmtpCompleter(lambda: state).get_completions(document, CompleteEvent())
    assert (first.text, first.start_position, first.style) == ("SIZE=", -1, "")
    assert first.display_meta_text == "octets of the message, at most 9 here"
    assert {(other.style, other.selected_style) for other in others} == {(DIMMED, DIMMED_SELECTED)}
    assert {other.display_meta_text for other in others} == {"not offered by this server"}


def test_state_is_asked_each_time() -> None:
    """A reply that comes while one types changes what is proposed."""
    states = [State(True, Phase.MAIL), State(True, Phase.RCPT)]
    completer = SmtpCompleter(lambda: states.pop(0))
    found = [next(iter(completer.get_completions(Document("DA"), CompleteEvent()))).style for _ in range(2)]
    assert found == [DIMMED, ""]


def test_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders come first and with their slash; hidden files only when asked for."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b.smtp").touch()
    (tmp_path / ".hidden").touch()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "c.smtp").touch()
    assert list(files_beginning("")) == ["sub/", "b.smtp"]
    assert list(files_beginning(".h")) == [".hidden"]
    assert list(files_beginning("sub/")) == ["sub/c.smtp"]
    assert list(files_beginning(f"{tmp_path}/b")) == [f"{tmp_path}/b.smtp"]
    assert list(files_beginning("missing/")) == []
    assert list(files_beginning("a\0/")) == []
