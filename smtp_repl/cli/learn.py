"""`smtp-repl learn`: lessons, with a server of their own and somebody who looks over your shoulder.

At a terminal in the shell; elsewhere, and for tests of lessons, line by line from standard input.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.lesson_files import packaged_lessons
from smtp_repl.cli.options import Words
from smtp_repl.script.transcript import Line
from smtp_repl.term.learning import Learning
from smtp_repl.term.progress import Progress, Standing, lessons_folder
from smtp_repl.term.requests import Ask
from smtp_repl.wire.errors import ExitStatus, UsageError
from smtp_repl.wire.language import _, phrase

if TYPE_CHECKING:
    from smtp_repl.term.settings import Settings


def main(words: Words, environment: Environment) -> int:
    """Learn, or do what a teacher asks for; returns the exit status."""
    if words.has("learn-check"):
        from smtp_repl.cli import lesson_check

        return lesson_check.main(words, environment)
    if words.has("grade"):
        from smtp_repl.cli import grade

        return grade.main(words, environment)
    for key in ("csv", "from-server"):
        if words.has(key):
            problem = phrase("--{key} is for --grade", key=key)
            raise UsageError(problem, "smtp-repl learn --grade LESSON FOLDER --csv FILE")
    progress = Progress(lessons_folder())
    if progress.trouble:
        environment.talk(f"# {_(progress.trouble)}")
    if words.has("list"):
        return _list(progress, environment)
    if len(words.words) > 1:
        raise UsageError("one lesson at a time", "smtp-repl learn LESSON")
    return _learn(words, environment, progress)


# ---------------------------------------------------------------- which there are


def _list(progress: Progress, environment: Environment) -> int:
    """Number, title, how far one is, and how far in the second pass."""
    from smtp_repl.view.width import cells

    lessons = packaged_lessons()
    width = max(cells(_(found.lesson.title)) for found in lessons)
    for found in lessons:
        title = _(found.lesson.title)
        first = _state(progress.of(found.lesson.id))
        second = _state(progress.of(found.lesson.id, blind=True))
        padding = " " * (width - cells(title))
        blind = _("without the syntax: {state}").format(state=second) if second else ""
        row = f"{found.number:2}  {found.lesson.id.ljust(20)}  {title}{padding}  {first.ljust(5)}  {blind}"
        environment.out(row.rstrip())
    return int(ExitStatus.OK)


def _state(standing: Standing | None) -> str:
    if standing is None:
        return ""
    return _("done") if standing.is_done else f"{standing.met}/{standing.goals}"


# ---------------------------------------------------------------- learning


def _learn(words: Words, environment: Environment, progress: Progress) -> int:
    from smtp_repl.cli.courses import course_after, course_to_go_on, find_course, titled_lessons
    from smtp_repl.cli.settings import read_settings

    blind = words.has("blind")
    course = find_course(words.words[0]) if words.words else course_to_go_on(progress, blind=blind)
    learning = Learning(
        course,
        progress,
        blind=blind,
        restart=words.has("restart"),
        find=find_course,
        following=course_after,
        lessons=titled_lessons,
    )
    known = read_settings(words, environment)
    try:
        if environment.is_interactive and not environment.is_dumb:
            from smtp_repl.term.shell import ShellOptions, main

            options = ShellOptions(
                local=True,
                profile=learning.profile,
                learning=learning,
                settings=known.settings,
                hosts=known.hosts,
                aliases=known.aliases,
            )
            return main(options)
        return _lines(learning, environment, known.settings)
    finally:
        learning.stop()


def _lines(learning: Learning, environment: Environment, settings: "Settings") -> int:
    """Line by line; status 1 when goals are open at the end."""
    from smtp_repl.cli.attending import answer_of
    from smtp_repl.cli.session import read_lines
    from smtp_repl.net.practice import PracticeOptions, PracticeThread
    from smtp_repl.net.runner import NetOptions, run_part
    from smtp_repl.term.desk import Desk
    from smtp_repl.term.linemode import LineMode, LineOptions
    from smtp_repl.term.practice import Practice

    if environment.stdin is None:
        raise UsageError("standard input is closed, so there is nothing to say", kind="stdin-closed")
    is_attended = environment.is_interactive
    learning.at_prompt = is_attended

    def show(lines: Iterable[Line]) -> None:
        for line in lines:
            environment.out(line.shown)

    def ask(question: Ask) -> str | None:
        if is_attended:
            return answer_of(question, environment)
        if question.hidden and desk.practice is not None:
            return desk.practice.account.password
        return question.default or None

    desk = Desk(settings)
    desk.learning = desk.observer = learning
    with PracticeThread(PracticeOptions(profile=learning.profile, idle_limit=None)) as server:
        desk.practice = Practice.of(server)
        # What goes wrong is for the lesson to judge, and no refusal ends it. A QUIT that nobody typed is none.
        options = LineOptions(server.target, quits=False, attended=True)
        net = NetOptions(server.target, settings.connect_seconds, tls_for=desk.tls_for)
        run_part(LineMode(desk, options, show=show, ask=ask).play(read_lines(environment)), net)
    return int(ExitStatus.OK if learning.tutor.judgement.is_complete else ExitStatus.FAILED)
