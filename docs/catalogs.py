"""The catalogs of translations: extracted from the program, merged into what translators wrote, compiled.

    python docs/catalogs.py            say what is stale, missing or wrong; status 1 if anything is
    python docs/catalogs.py --write    merge new texts into the .po files first, and compile the .mo

Translators write `smtp_repl/locale/LANGUAGE/PART.po`, one part for each floor; all of them become one compiled file,
which the program reads. Where the texts come from stands in `texts`. Needs Babel, which only developers have.
"""

import io
import re
import string
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]  # started as a program, only docs/ is on it

from docs.texts import PACKAGE, PARTS, Key, texts, untranslatable  # noqa: E402 # see above

LOCALE = PACKAGE / "locale"
LANGUAGES = ("zh_CN",)

Texts = dict[Key, str]
"""Each with the place where it stands."""


def extract() -> dict[str, Texts]:
    """Every text of the program, by the part that it belongs to: of a text that stands in two, the first."""
    found: dict[str, Texts] = {part: {} for part in PARTS}
    for text in texts():
        if not any(text.key in known for known in found.values()):
            found[text.part][text.key] = text.place
    return found


# ---------------------------------------------------------------- the files of the translators


def read(language: str, part: str) -> Catalog:
    path = LOCALE / language / f"{part}.po"
    if not path.exists():
        return _empty(language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _empty(language: str) -> Catalog:
    # Nobody's name and no date: such a file says the same whoever writes it whenever.
    return Catalog(language, project="smtp-repl", fuzzy=False, header_comment=f"# smtp-repl in {language}.")


def merge(language: str, part: str, found: Texts) -> Catalog:
    """What was translated of these texts, with the rest left empty."""
    before, after = read(language, part), _empty(language)
    for key, place in found.items():
        old = before.get(key[0] if isinstance(key, tuple) else key)
        kept = old.string if old is not None and isinstance(old.id, tuple) == isinstance(key, tuple) else None
        after.add(key, kept or ("" if isinstance(key, str) else ("",)), [(place, 1)], flags=())
    return after


def written(catalog: Catalog) -> bytes:
    stream = io.BytesIO()
    write_po(stream, catalog, width=0, omit_header=False, sort_output=False, include_lineno=False)
    head, blank, body = stream.getvalue().partition(b"\n\n")
    kept = (b'"Language:', b'"Plural-Forms', b'"Content-', b'"MIME-', b"msgid", b"msgstr", b"#")
    return b"\n".join(line for line in head.split(b"\n") if line.startswith(kept)) + blank + body


def compiled(catalogs: Iterable[Catalog], language: str) -> bytes:
    """All parts as one compiled catalog."""
    whole = _empty(language)
    for catalog in catalogs:
        for message in catalog:
            if message.id and _is_translated(message):
                whole.add(message.id, message.string)
    stream = io.BytesIO()
    write_mo(stream, whole)
    return _without_dates(stream.getvalue())


def _without_dates(octets: bytes) -> bytes:
    """The header says when it was made; as blanks, because what stands behind must not move."""
    return re.sub(rb"(?<=-Date: )[^\n]*", lambda found: b" " * len(found[0]), octets)


# ---------------------------------------------------------------- what can be wrong


def problems(language: str) -> Iterator[str]:
    """What is wrong in the catalogs of a language, one line each."""
    found = extract()
    catalogs = []
    for part in PARTS:
        catalog = read(language, part)
        catalogs.append(catalog)
        path = f"locale/{language}/{part}.po"
        known = {message.id if isinstance(message.id, str) else tuple(message.id): message for message in catalog}
        known.pop("", None)
        for key in found[part].keys() - known.keys():
            yield f"{path}: not there: {_first(key)!r}"
        for key in known.keys() - found[part].keys():
            yield f"{path}: stale: {_first(key)!r}"
        for message in known.values():
            yield from (f"{path}: {fault}: {_first(message.id)!r}" for fault in faults(message))
    made = LOCALE / language / "LC_MESSAGES" / "smtp_repl.mo"
    if not made.exists() or made.read_bytes() != compiled(catalogs, language):
        yield f"{made.relative_to(PACKAGE)}: not compiled from these files"


def _first(key: object) -> str:
    return key if isinstance(key, str) else str(key[0]) if isinstance(key, tuple | list) else str(key)


def _is_translated(message: Message) -> bool:
    strings = (message.string,) if isinstance(message.string, str) else tuple(message.string)
    return bool(strings) and all(strings)


_PROTOCOL = re.compile(
    r"(?<![\w-])--?[a-z][a-z-]*|(?<!\w)/[a-z][a-z0-9-]*|\b(?!NOT\b)[A-Z][A-Z0-9]{2,}(?:-[A-Z0-9]+)*\b|\b[2-5][0-9]{2}\b|\b[CS]:"
)
"""Words of the protocol and of the command line, which are the same in every language."""


def faults(message: Message) -> Iterator[str]:
    """What is wrong in one translation."""
    if not _is_translated(message):
        yield "not translated"
        return
    source = _first(message.id)
    strings = (message.string,) if isinstance(message.string, str) else tuple(message.string)
    for text in strings:
        if _blanks(text) - _all_blanks(message) or (isinstance(message.id, str) and _blanks(text) != _blanks(source)):
            yield "other {blanks}"
        if lost := {word for word in _PROTOCOL.findall(source) if word not in text}:
            yield f"lost {', '.join(sorted(lost))}"
        # A full-width colon has its white space in itself.
        end = source.rstrip(" ") if source.endswith(": ") and text.endswith("\N{FULLWIDTH COLON}") else source
        if source[:1].isspace() != text[:1].isspace() or end[-1:].isspace() != text[-1:].isspace():
            yield "other white space around it"
        if source.count("\n") != text.count("\n"):
            yield "another number of lines"


def _all_blanks(message: Message) -> set[str]:
    ids = (message.id,) if isinstance(message.id, str) else tuple(message.id)
    return {blank for text in ids for blank in _blanks(text)}


def _blanks(text: str) -> set[str]:
    try:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError:  # braces that are no blanks, as in the text of a grammar
        return set()


def write(language: str) -> None:
    """Merge new texts into the files, and compile them."""
    found = extract()
    catalogs = []
    for part in PARTS:
        catalog = merge(language, part, found[part])
        (LOCALE / language / f"{part}.po").write_bytes(written(catalog))
        catalogs.append(catalog)
    made = LOCALE / language / "LC_MESSAGES" / "smtp_repl.mo"
    made.parent.mkdir(parents=True, exist_ok=True)
    made.write_bytes(compiled(catalogs, language))


def main(argv: list[str]) -> int:
    if "--write" in argv:
        for language in LANGUAGES:
            write(language)
    found = [*untranslatable(), *(problem for language in LANGUAGES for problem in problems(language))]
    print("\n".join(found) or "catalogs: everything is translated")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
