"""What `run` shows of a play: a line for each file, the conversation when asked, and what a failure looks like.

ok     first-mail.smtp  8 steps  0.021 s
FAIL   refused.smtp  4 steps  0.019 s  line 9  EHLO lost: STARTTLS
"""

from collections.abc import Sequence

from smtp_repl.cli.environment import Environment
from smtp_repl.script.casting import PlayResult, StepResult
from smtp_repl.script.model import line_text
from smtp_repl.script.steps import Step
from smtp_repl.wire.errors import ExitStatus, ScriptError, SmtpReplError
from smtp_repl.wire.language import _, n_, phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.replies import Reply

_WORDS = {"pass": "ok", "drift": "drift", "fail": "FAIL", "skip": "skip", "error": "error"}
_EXIT_STATUSES = {"fail": ExitStatus.FAILED, "skip": ExitStatus.SKIPPED}
TITLES = {
    "code": phrase("the reply has another code"),
    "enhanced": phrase("the reply has another enhanced code"),
    "text": phrase("the reply says something else"),
    "missing line": phrase("the reply lacks this line"),
    "extra line": phrase("the reply has one line more"),
    "forbidden": phrase("the reply has what it must not have"),
    "caps": phrase("the server does not offer what it should"),
    "cut short": phrase("the reply was cut short"),
    "time": phrase("the reply came at another time"),
    "close": phrase("the server did not close the connection"),
    "unread reply": phrase("a reply came that the script does not expect"),
}


class Ended(Record):
    """How a play ended: with a result, or with errors (several only where a script does not parse)."""

    seconds: float
    result: PlayResult | None = None
    errors: tuple[SmtpReplError, ...] = ()

    @property
    def status(self) -> str:
        """pass, drift, fail, skip or error."""
        return self.result.status if self.result is not None else "error"

    @property
    def exit_status(self) -> int:
        if self.result is None:
            return int(self.errors[0].exit_status)
        return int(_EXIT_STATUSES.get(self.result.status, ExitStatus.OK))

    @property
    def worth_telling(self) -> bool:
        """Whether a quiet run tells of it too."""
        return self.status in ("fail", "skip", "error") or (self.result is not None and bool(self.result.lost))


def summary_of(ended: Ended, name: str) -> str:
    """The line of one file that was played once."""
    if ended.result is not None:
        return summary(name, ended.result, ended.seconds)
    first = ended.errors[0]
    place = _("line {line}").format(line=first.line) if first.line else ""
    what = printable(_(first.message).partition("\n")[0])
    if len(ended.errors) > 1:
        what = _("{what} (and {count} more)").format(what=what, count=len(ended.errors) - 1)
    parts = [place, what]
    return summary_line("error", name, [part for part in parts if part])


def summary(name: str, result: PlayResult, seconds: float) -> str:
    """The line of one file."""
    counts = result.counts
    parts = [steps_of(sum(counts)), f"{seconds:.3f} s"]
    if counts.drift:
        parts.append(_("{count} drift").format(count=counts.drift))
    if result.failure is not None and result.failure.line:
        parts.append(_("line {line}").format(line=result.failure.line))
    if result.reason:
        parts.append(printable(_(result.reason)))
    if result.stopped_at:
        parts.append(_("stopped before line {line}").format(line=result.stopped_at))
    if result.lost:
        parts.append(_("EHLO lost: {keywords}").format(keywords=printable(" ".join(result.lost))))
    return summary_line(result.status, name, parts)


def summary_line(status: str, name: str, parts: Sequence[str] = ()) -> str:
    return "  ".join([_WORDS[status].ljust(5), printable(name), *parts])


def steps_of(count: int) -> str:
    """So many steps."""
    return n_("{count} step", "{count} steps", count).format(count=count)


def sessions_of(count: int) -> str:
    """So many sessions."""
    return n_("{count} session", "{count} sessions", count).format(count=count)


def failure_text(ended: Ended, steps: Sequence[Step], name: str) -> str:
    """What went wrong, in full; "" when nothing did."""
    if ended.result is not None:
        return failure(ended.result.failure, steps, name) if ended.result.failure is not None else ""
    from smtp_repl.view.errors import show_error

    return "".join(show_error(error) for error in ended.errors).removesuffix("\n")


def show_errors(errors: Sequence[SmtpReplError], environment: Environment) -> int:
    """Say why a script cannot be played; returns the exit status."""
    ended = Ended(0.0, errors=tuple(errors))
    environment.talk(failure_text(ended, (), ""))
    return ended.exit_status


def failure(result: StepResult, steps: Sequence[Step], name: str) -> str:
    """A failed expectation in full: what, where, what came instead, and what that means."""
    from smtp_repl.view.errors import show_error  # needed only when something failed

    shown = ""
    for difference in result.differences or (None,):
        if difference is None:
            error = ScriptError("this did not hold", file=result.file or name, line=result.line, source=result.source)
        else:
            title = TITLES.get(difference.what, phrase("the reply differs"))
            got = phrase(difference.got)
            what = phrase("{what}: {got}", what=title, got=got)
            if difference.want:
                what = phrase("{what}: expected {want}, got {got}", what=title, want=phrase(difference.want), got=got)
            error = ScriptError(
                what,
                file=result.file or name,
                line=difference.line,
                column=difference.column,
                width=difference.width,
                source=source_line(difference.line, result, steps),
            )
        shown += show_error(error)
    if result.reply is not None:
        shown += "".join(f"{_('{word}: ').format(word=_('got'))}{printable(line)}\n" for line in result.reply.lines)
        meaning = _meaning(result.reply)
        shown += f"{_('{word}: ').format(word=_('hint'))}{meaning}\n" if meaning else ""
    return shown.removesuffix("\n")


def source_line(line: int, result: StepResult, steps: Sequence[Step]) -> str:
    if 0 <= result.step < len(steps):
        for node in steps[result.step].nodes:
            if node.line == line:
                return line_text(node.source)
    return result.source if line == result.line else ""


def _meaning(reply: Reply) -> str:
    """What the code says to somebody who does not know it."""
    if reply.code is None or reply.klass not in (4, 5):
        return ""
    from smtp_repl.knowledge import entries

    enhanced = entries.enhanced(str(reply.enhanced)) if reply.enhanced is not None else None
    found = (entries.code(reply.code), enhanced)
    return "; ".join(f"{entry.word}: {_(entry.plain)}" for entry in found if entry is not None)
