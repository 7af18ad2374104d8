"""Checks README and docs against the program: links, options, generated blocks.

    python docs/check.py            say what is wrong; status 1 if anything is
    python docs/check.py --write    refresh the generated blocks first

A generated block stands between two comments, and the function of that name in `GENERATORS` makes its text:

    <!-- generated: phases -->
    …
    <!-- end -->
"""

import importlib.util
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_BLOCK = re.compile(r"(?P<begin><!-- generated: (?P<name>[a-z-]+) -->\n)(?P<text>.*?)(?P<end><!-- end -->)", re.S)
_FENCE = re.compile(r"^(?P<mark>```+|~~~+)[^\n]*\n(?P<code>.*?)^(?P=mark)[ \t]*$", re.M | re.S)
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.S)
_LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)|^\[[^\]]+\]:\s*(\S+)", re.M)
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.M)
_COMMAND = re.compile(r"(?:^|[\s/\"'(])smtp-repl((?:[ \t][^\n]*)?)$", re.M)


def phases() -> str:
    """The phases of a session, drawn from the transition table."""
    from smtp_repl.wire import states

    return f"```mermaid\n{states.diagram().strip()}\n```\n"


GENERATORS: dict[str, Callable[[], str]] = {
    "phases": phases,
}


def pages(root: Path) -> list[Path]:
    return [*sorted(root.glob("*.md")), *sorted((root / "docs").rglob("*.md")), *sorted(root.glob("scripts/*.md"))]


def generated(text: str, generators: dict[str, Callable[[], str]]) -> str:
    """The page as it should be. Raises KeyError for a block that nobody makes."""
    return _BLOCK.sub(lambda found: found["begin"] + generators[found["name"]]() + found["end"], text)


def block_faults(text: str, generators: dict[str, Callable[[], str]]) -> Iterator[tuple[int, str]]:
    for found in _BLOCK.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        if found["name"] not in generators:
            yield line, f"nobody generates {found['name']!r}"
        elif generators[found["name"]]() != found["text"]:
            yield line, f"the block {found['name']!r} is out of date; run: python docs/check.py --write"
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


def faults(root: Path) -> Iterator[str]:
    """Everything that is wrong, as `page:line: what`."""
    built = importlib.util.find_spec("smtp_repl.cli") is not None
    for page in pages(root):
        text = page.read_text(encoding="utf-8")
        found = [*block_faults(text, GENERATORS), *link_faults(page, text, root)]
        if built:
            found += option_faults(text, help_of)
        yield from (f"{page.relative_to(root)}:{line}: {what}" for line, what in sorted(found))


def _blanked(pattern: re.Pattern[str], text: str) -> str:
    """The text with what matches blanked out, so that places stay."""
    return pattern.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def main() -> int:
    if "--write" in sys.argv[1:]:
        for page in pages(ROOT):
            text = page.read_text(encoding="utf-8")
            fresh = generated(text, GENERATORS)
            if fresh != text:
                page.write_text(fresh, encoding="utf-8")
                print(f"wrote {page.relative_to(ROOT)}")
    found = list(faults(ROOT))
    print("\n".join(found) or f"docs: {len(pages(ROOT))} pages hold", file=sys.stderr if found else sys.stdout)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
