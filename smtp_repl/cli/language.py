"""Which language the program speaks: `--lang`, SMTP_REPL_LANG, or the locale, in that order.

Catalogs are compiled gettext files in `locale/`. English needs none, and loads nothing.
"""

import os.path
from collections.abc import Iterator, Mapping, Sequence

from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import phrase, speak

VARIABLE = "SMTP_REPL_LANG"
ENGLISH = "en"
LANGUAGES: Mapping[str, str] = {ENGLISH: "English", "zh_CN": "简体中文"}
"""What can be spoken, by the name of its folder."""
FOLDER = os.path.join(os.path.dirname(os.path.dirname(__file__)), "locale")
_SIMPLIFIED = ("zh", "zh_cn", "zh_sg", "zh_my", "zh_hans")
_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")


def speak_for(argv: Sequence[str], environ: Mapping[str, str]) -> None:
    """Speak the language of this command line from now on. Raises `UsageError` for one that nobody here speaks."""
    name = _chosen(argv, environ)
    if name == ENGLISH:
        speak()
        return
    from gettext import GNUTranslations  # 4 ms that English does not pay

    path = os.path.join(FOLDER, name, "LC_MESSAGES", "smtp_repl.mo")
    with open(path, "rb") as file:
        catalog = GNUTranslations(file)
    speak(catalog.gettext, catalog.ngettext)


def _chosen(argv: Sequence[str], environ: Mapping[str, str]) -> str:
    for asked, where in ((_option(argv), "--lang"), (environ.get(VARIABLE, ""), VARIABLE)):
        if asked:
            name = _find(asked)
            if name is None:
                known = " and ".join(LANGUAGES)
                raise UsageError(
                    phrase("{where}: {asked!a} is not spoken here", where=where, asked=asked),
                    phrase("there are {languages}", languages=known),
                )
            return name
    return next((name for name in map(_find, _wanted(environ)) if name is not None), ENGLISH)


def _option(argv: Sequence[str]) -> str:
    """What `--lang` says; it is read before all other options, so that even their errors are in that language."""
    for at, word in enumerate(argv):
        if word == "--":
            break
        if word == "--lang" and at + 1 < len(argv):
            return argv[at + 1]
        if word.startswith("--lang="):
            return word.removeprefix("--lang=")
    return ""


def _wanted(environ: Mapping[str, str]) -> Iterator[str]:
    """The languages of the locale, as gettext has them: LANGUAGE is a list, and silent in the locale C."""
    locale = next((environ[name] for name in _LOCALE if environ.get(name)), "C")
    if locale.partition(".")[0] not in ("C", "POSIX"):
        yield from environ.get("LANGUAGE", "").split(":")
    yield locale


def _find(locale: str) -> str | None:
    """The language of a locale such as zh_CN.UTF-8 or zh-Hans; None for one that is not spoken."""
    name = locale.partition(".")[0].partition("@")[0].replace("-", "_").lower()
    if name.partition("_")[0] == ENGLISH or name in ("c", "posix"):
        return ENGLISH
    # Who reads the characters of Taiwan or Hong Kong is not served by those of the mainland.
    is_simplified = name in _SIMPLIFIED or name.startswith("zh_hans_")
    return "zh_CN" if is_simplified else None
