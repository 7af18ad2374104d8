"""Checks README and docs against the program: links, options, generated blocks, commands and what they print.

    python docs/check.py            say what is wrong; status 1 if anything is
    python docs/check.py --write    refresh what is made by the program first

A generated block stands between two comments; a function of that name, in `reference` or in `screens`, makes its text:

    <!-- generated: phases -->
    …
    <!-- end -->

A fenced block of the language `console` is run: its lines `$ …` are commands, all else is what they printed. One of
the language `smtp` with a name behind it is a script that becomes a file of that name. All blocks of a page are made
in the order in which they stand, in one folder of their own.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent

_BLOCK = re.compile(r"(?P<begin><!-- generated: (?P<name>[a-z-]+) -->\n)(?P<text>.*?)(?P<end><!-- end -->)", re.S)
_MADE = re.compile(
    _BLOCK.pattern
    + r"|^```smtp (?P<file>[\w-]+\.smtp)\n(?P<script>.*?)^```$"
    + r"|(?P<open>^```console\n)(?P<shown>.*?)(?P<close>^```$)",
    re.M | re.S,
)
_FENCE = re.compile(r"^(?P<mark>```+|~~~+)[^\n]*\n(?P<code>.*?)^(?P=mark)[ \t]*$", re.M | re.S)
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.S)
_LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)|^\[[^\]]+\]:\s*(\S+)", re.M)
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.M)
_COMMAND = re.compile(r"(?:^|[\s/\"'(])smtp-repl((?:[ \t][^\n]*)?)$", re.M)


Generators = Mapping[str, Callable[[Path], str]]
"""What makes a generated block, given the page's folder."""


@cache
def generators() -> Generators:
    """Everything that the docs have made by the program."""
    # Started as a program, only docs/ is on the path.
    sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]
    from docs import (
        behaviour,
        grammar,
        reference,
        screens,
        screens_chinese,
        screens_class,
        screens_explain,
        screens_lessons,
        screens_session,
        screens_typing,
    )

    makers = {**reference.GENERATORS, **grammar.GENERATORS, **behaviour.GENERATORS}
    tables = {name: _without_folder(make) for name, make in makers.items()}
    shell = {**screens.SCREENS, **screens_typing.SCREENS, **screens_session.SCREENS, **screens_explain.SCREENS}
    return {**tables, **shell, **screens_class.SCREENS, **screens_lessons.SCREENS, **screens_chinese.SCREENS}


def _without_folder(make: Callable[[], str]) -> Callable[[Path], str]:
    return lambda folder: make()


def pages(root: Path) -> list[Path]:
    return [*sorted(root.glob("*.md")), *sorted((root / "docs").rglob("*.md")), *sorted(root.glob("scripts/*.md"))]


def made(text: str, generators: Generators) -> Iterator[tuple[re.Match[str], str | None]]:
    """The pieces of a page that the program makes, and how each should be: None for a block that nobody makes."""
    with TemporaryDirectory() as folder:
        for found in _MADE.finditer(text):
            if found["file"]:
                Path(folder, found["file"]).write_text(found["script"], encoding="utf-8")
            elif found["open"]:
                from docs import screens

                yield found, found["open"] + screens.console(found["shown"], Path(folder)) + found["close"]
            else:
                make = generators.get(found["name"])
                yield found, found["begin"] + make(Path(folder)) + found["end"] if make is not None else None


def generated(text: str, generators: Generators) -> str:
    """The page as it should be. A block that nobody makes stays as it is."""
    pieces: list[str] = []
    end = 0
    for found, fresh in made(text, generators):
        pieces += [text[end : found.start()], found[0] if fresh is None else fresh]
        end = found.end()
    return "".join(pieces) + text[end:]


def block_faults(text: str, generators: Generators) -> Iterator[tuple[int, str]]:
    for found, fresh in made(text, generators):
        line = text.count("\n", 0, found.start()) + 1
        what = f"the block {found['name']!r}" if found["name"] else "what the commands print"
        if fresh is None:
            yield line, f"nobody generates {found['name']!r}"
        elif fresh != found[0]:
            lines = zip_longest(fresh.split("\n"), found[0].split("\n"))
            number, differing = next((n, new) for n, (new, old) in enumerate(lines) if new != old)
            shown = "it is shorter" if differing is None else f"here it is {differing!r}"
            yield line + number, f"{what} is out of date ({shown}); run: python docs/check.py --write"
    if len(re.findall("<!-- generated:", text)) != len(_BLOCK.findall(text)):
        yield 1, "a generated block has no end, or a name that is not lower case"


def anchors(text: str) -> set[str]:
    """The names that headings get on code hosts: lower case, blanks to hyphens, punctuation gone."""
    names: set[str] = set()
    for heading in _HEADING.findall(_blanked(_FENCE, text)):
        name = re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", heading).lower()).replace(" ", "-")
        count = 0
        unique = name
        while unique in names:
            count += 1
            unique = f"{name}-{count}"
        names.add(unique)
    return names | set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", text))


def link_faults(page: Path, text: str, root: Path) -> Iterator[tuple[int, str]]:
    """Relative links whose file or heading is not there. What lies elsewhere is not asked for."""
    prose = _blanked(_CODE, _blanked(_FENCE, text))
    for found in _LINK.finditer(prose):
        target = found[1] or found[2]
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        line = text.count("\n", 0, found.start()) + 1
        path, _, anchor = target.partition("#")
        file = (root / path.lstrip("/") if path.startswith("/") else page.parent / path) if path else page
        if not file.exists():
            yield line, f"no such file: {target}"
        elif not file.resolve().is_relative_to(root.resolve()):
            yield line, f"outside of the repository: {target}"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text(encoding="utf-8")):
            yield line, f"no such heading: {target}"


def commands(text: str) -> Iterator[tuple[int, list[str]]]:
    """The words after `smtp-repl` in each command that a page shows."""
    for found in [*_FENCE.finditer(text), *_CODE.finditer(_blanked(_FENCE, text))]:
        code = found["code"] if "code" in found.groupdict() else found[2]
        start = text.index(code, found.start())
        for command in _COMMAND.finditer(code.replace("\\\n", "  ")):
            line = text.count("\n", 0, start + command.start(1)) + 1
            for part in re.split(r"\bsmtp-repl\b", command[1]):
                words = shlex.shlex(part, posix=True, punctuation_chars=True)
                words.whitespace_split = True
                words.commenters = "#"
                try:
                    yield line, _first_command(list(words))
                except ValueError:  # an apostrophe in what is prose after all
                    yield line, _first_command(part.split())


def _first_command(words: list[str]) -> list[str]:
    for index, word in enumerate(words):
        if set(word) <= set("();<>|&"):
            return words[:index]
    return words


def option_faults(text: str, help_of: Callable[[str], str]) -> Iterator[tuple[int, str]]:
    """Options in commands of ours that `--help` does not know."""
    for line, words in commands(text):
        verb = words[0] if words and re.fullmatch("[a-z][a-z0-9]*", words[0]) and help_of(words[0]) else ""
        known = set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", help_of(verb)))
        for word in words:
            option = word.partition("=")[0]
            if re.fullmatch(r"--[a-z][a-z0-9-]*", option) and option not in known:
                yield line, f"smtp-repl {verb + ' ' if verb else ''}has no option {option}"


@cache
def help_of(verb: str) -> str:
    """What `smtp-repl [VERB] --help` prints; nothing for a verb that there is not."""
    command = [sys.executable, "-m", "smtp_repl", *([verb] if verb else []), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    return done.stdout if done.returncode == 0 else ""


def page_faults(page: Path, root: Path) -> Iterator[str]:
    """Everything that is wrong on a page, as `page:line: what`."""
    text = page.read_text(encoding="utf-8")
    found = [*block_faults(text, generators()), *link_faults(page, text, root), *option_faults(text, help_of)]
    yield from (f"{page.relative_to(root)}:{line}: {what}" for line, what in sorted(found))


def _blanked(pattern: re.Pattern[str], text: str) -> str:
    """The text with what matches blanked out, so that places stay."""
    return pattern.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def main() -> int:
    # The docs are in English wherever they are checked; what shows another language says --lang.
    os.environ["SMTP_REPL_LANG"] = "en"
    if "--write" in sys.argv[1:]:
        for page in pages(ROOT):
            text = page.read_text(encoding="utf-8")
            fresh = generated(text, generators())
            if fresh != text:
                page.write_text(fresh, encoding="utf-8")
                print(f"wrote {page.relative_to(ROOT)}")
    found = [fault for page in pages(ROOT) for fault in page_faults(page, ROOT)]
    print("\n".join(found) or f"docs: {len(pages(ROOT))} pages hold", file=sys.stderr if found else sys.stdout)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
