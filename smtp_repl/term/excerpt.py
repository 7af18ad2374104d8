"""A part of a session as a script of its own: its beginning, to be played again, or its end, to be kept.

Pure: transcript lines and the ledger in, transcript lines out. What a replay must not wait for (what nobody had asked
for, what was cut) is left out of a beginning; identities that an end needs and the beginning declared go with it.
"""

from collections.abc import Sequence

from smtp_repl.script.transcript import CLIENT, DIRECTIVE, FILE_ONLY, SERVER, Line
from smtp_repl.term.ledger import Ledger

_PLAYED = (CLIENT, SERVER, DIRECTIVE)


def script_until(transcript: Sequence[Line], ledger: Ledger, step: int) -> bytes:
    """What was said from the greeting, which is left out, to the end of a step; to be compared as `run` would."""
    end = ledger.steps[step + 1].begin if step < ledger.last else len(transcript)
    left_out = {number for begin, stop in ledger.asides for number in range(begin, stop)}
    lines = [
        line
        for number, line in enumerate(transcript[:end])
        if line.kind in _PLAYED and not (number in left_out and line.kind == SERVER)
    ]
    while lines and lines[-1].kind == DIRECTIVE:
        lines.pop()  # it stands in for the message of the next step
    return "".join(f"{text}\n" for text in ["@match status", *(line.text for line in lines)]).encode(
        "utf-8", "surrogateescape"
    )


def unkept_message(transcript: Sequence[Line], ledger: Ledger, step: int) -> int | None:
    """The first step up to this one that says a message of which neither the lines nor the file are known."""
    for number in range(1, step + 1):
        begin = ledger.steps[number].begin
        end = ledger.steps[number + 1].begin if number < ledger.last else len(transcript)
        is_message = not ledger.steps[number].is_command and "message" in "".join(ledger.steps[number].said)
        said = any(line.kind == CLIENT for line in transcript[begin:end])
        if is_message and not said and not transcript[begin - 1].text.startswith("@data "):
            return number
    return None


def lines_from(transcript: Sequence[Line], ledger: Ledger, step: int) -> list[Line]:
    """What was said from a step on, under the head of the recording; all of it from step 0 on."""
    if step == 0:
        return list(transcript)
    begin = ledger.steps[step].begin
    head = 0
    while head < begin and transcript[head].kind == FILE_ONLY:
        head += 1
    rest = list(transcript[begin:])
    if rest and rest[0].text == "@wait 0":
        del rest[0]  # there is no write before it any more
    needed = "".join(line.text for line in rest if line.kind == CLIENT and line.text.startswith("C~ "))
    who = [line for line in transcript[head:begin] if line.kind == DIRECTIVE and _is_needed(line.text, needed)]
    return [*transcript[:head], *who, *rest]


def _is_needed(directive: str, text: str) -> bool:
    """Whether a directive declares an identity of which a hole in the text speaks: `@auth[auth2] user=bob`."""
    word = directive.partition(" ")[0]
    if not word.startswith("@auth"):
        return False
    name = word[len("@auth[") : -1] if word.endswith("]") else "auth"
    return f"{{{name}." in text
