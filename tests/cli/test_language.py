"""Which language is spoken: asked for, by a variable, or that of the locale; and English where nothing is known."""

from collections.abc import Iterator

import pytest

from smtp_repl.cli.language import LANGUAGES, speak_for
from smtp_repl.wire.language import _, speak
from tests.cli.conftest import call

TEXT = "a line ends with LF alone, not CRLF"
CHOICES = {
    "nothing is known": ([], {}, False),
    "the locale": ([], {"LANG": "zh_CN.UTF-8"}, True),
    "another encoding of it": ([], {"LANG": "zh_CN.GB18030"}, True),
    "Singapore": ([], {"LANG": "zh_SG.UTF-8"}, True),
    "by its script": ([], {"LC_MESSAGES": "zh-Hans-CN"}, True),
    "traditional characters": ([], {"LANG": "zh_TW.UTF-8"}, False),
    "a locale that nobody speaks": ([], {"LANG": "de_DE.UTF-8"}, False),
    "LC_ALL counts before LANG": ([], {"LC_ALL": "en_GB.UTF-8", "LANG": "zh_CN.UTF-8"}, False),
    "LANGUAGE is a list": ([], {"LANG": "de_DE.UTF-8", "LANGUAGE": "de:zh_CN:en"}, True),
    "LANGUAGE says nothing in C": ([], {"LANG": "C.UTF-8", "LANGUAGE": "zh_CN"}, False),
    "the variable": ([], {"SMTP_REPL_LANG": "zh_CN"}, True),
    "the variable counts before the locale": ([], {"SMTP_REPL_LANG": "en", "LANG": "zh_CN.UTF-8"}, False),
    "the option": (["--lang", "zh_CN"], {"SMTP_REPL_LANG": "en"}, True),
    "the option behind others": (["run", "x", "--lang=zh"], {}, True),
    "the option counts before all": (["--lang", "en"], {"LANG": "zh_CN.UTF-8"}, False),
    "no option behind --": (["--", "--lang", "zh_CN"], {}, False),
}


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    speak()


@pytest.mark.parametrize(("argv", "environ", "is_chinese"), CHOICES.values(), ids=CHOICES)
def test_choice(argv: list[str], environ: dict[str, str], is_chinese: bool) -> None:
    """The option counts before the variable, the variable before the locale."""
    speak_for(argv, environ)
    assert (_(TEXT) != TEXT) == is_chinese


def test_a_language_that_is_not_there() -> None:
    """Asked for by name, it is an error that names those that are there; a locale is only a wish."""
    done = call("--lang", "tlh", "--version")
    assert (done.status, done.out) == (2, "")
    assert done.err == "error: --lang: 'tlh' is not spoken here\nhint: there are en and zh_CN\n"
    assert set(LANGUAGES) == {"en", "zh_CN"}
