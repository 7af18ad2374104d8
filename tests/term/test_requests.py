"""What handlers ask for reaches the person in the person's language."""

from collections.abc import Iterator

import pytest

from smtp_repl.term.requests import Ask, confirm
from smtp_repl.term.settings import SETTINGS, read
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import _, phrase, speak


@pytest.fixture
def spanish() -> Iterator[None]:
    catalog = {
        "drop {name}?": "¿soltar {name}?",
        "{question}: ": "{question} ",
        "seconds, such as 5 or 0.5": "segundos",
    }
    speak(lambda message: catalog.get(message, message))
    yield
    speak()


def test_a_question(spanish: None) -> None:
    """The question that a "yes" is asked for is a text, and so is what stands around it."""
    asked = next(confirm(phrase("drop {name}?", name="it")))
    assert isinstance(asked, Ask)
    assert asked.prompt == "drop it?: "
    assert _(asked.prompt) == "¿soltar it? "


def test_what_a_setting_takes(spanish: None) -> None:
    """What is said of a value can be translated although the name of the setting stands before it."""
    with pytest.raises(UsageError) as raised:
        read(SETTINGS["connect_timeout"], "soon")
    assert _(raised.value.message) == 'connect_timeout takes segundos, and not "soon"'
