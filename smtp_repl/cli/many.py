"""`smtp-repl run` with more than one session: several scripts, at once, again and again, with reports.

Everything that a session ends with passes `_Run._ended`: there it is counted, shown, saved and kept for the reports.
What is kept is bounded, however long a run is.
"""

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from datetime import UTC, datetime
from time import monotonic

from smtp_repl import __version__
from smtp_repl.cli.connecting import net_options
from smtp_repl.cli.crowd import Crowd, Pace
from smtp_repl.cli.environment import Environment
from smtp_repl.cli.keeping import Drawer, file_names
from smtp_repl.cli.load import check_load, read_pace
from smtp_repl.cli.options import Words
from smtp_repl.cli.preparing import Prepared, Server, Unplayable, cast
from smtp_repl.cli.progress import Progress
from smtp_repl.cli.report import Ended, failure_text, summary_of
from smtp_repl.cli.report_files import ReportFiles
from smtp_repl.cli.servers import find_server
from smtp_repl.cli.tally import Tally, detailed, load_table, repeated_summary
from smtp_repl.cli.turns import Turns
from smtp_repl.cli.watching import View, Watch
from smtp_repl.net.open_files import allow_connections
from smtp_repl.net.runner import Runner
from smtp_repl.script.actions import Action, Happening, Rote, Wait
from smtp_repl.script.casting import Casting
from smtp_repl.script.player import play
from smtp_repl.script.quick import Lane, lane, play_quick
from smtp_repl.view.events_json import EventWriter
from smtp_repl.view.latencies import Latencies, Sink
from smtp_repl.view.results import RunResult, StepShown
from smtp_repl.wire.errors import OutputError, ScriptError, SmtpReplError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.secrets import Secret

TOLD = 3
"""Failures of a script that is repeated which are shown in full."""
KEPT = 1000
"""Sessions of a script that reports know one by one: so many that went well, and so many that failed."""
TRANSCRIPTS = 20
"""Transcripts of a script that a report shows: of the first session, and of those that failed."""
TICK = 0.1
"""Seconds between two pictures of the progress line."""


def run_many(
    scripts: Sequence[Prepared | Unplayable],
    words: Words,
    environment: Environment,
    passwords: Mapping[str, Secret],
) -> list[int]:
    """Play the scripts; returns the exit statuses of their sessions, each at least once."""
    pace = read_pace(words, scripts)
    connections = check_load(words, scripts, pace)
    with ReportFiles(words, environment) as reports, find_server(words, scripts, passwords, connections) as server:
        allow_connections(connections, at_both_ends=server.is_practice)
        run = _Run(words, environment, server, pace, reports)
        for one, label in zip(scripts, file_names([one.name for one in scripts]), strict=True):
            run.add(one, label, passwords)
        return run.play()


class _Abandoned(Exception):
    """Nothing more can be told: everything ends."""

    def __init__(self, error: OutputError) -> None:
        super().__init__()
        self.error = error


class _Script:
    """One script of the run: what is needed to play it, and what came of it."""

    def __init__(self, number: int, name: str, label: str, one: Prepared | None) -> None:
        self.number = number
        self.name = name
        self.label = label
        self.one = one
        self.casting = Casting()
        self.lane: Lane | None = None
        self.sink: Sink | None = None
        self.tally = Tally(name, one)
        self.told = 0
        self.transcripts = 0


class _Run:
    def __init__(
        self, words: Words, environment: Environment, server: Server, pace: Pace, reports: ReportFiles
    ) -> None:
        self._words = words
        self._environment = environment
        self._server = server
        self._pace = pace
        self._reports = reports
        self._repeats = pace.repeat != 1
        self._quiet = words.has("quiet")
        narrates = words.has("verbose") and not words.has("json")
        self._drawer = Drawer(words.text("save") or "") if words.has("save") else None
        self._events: EventWriter | None = None
        if words.has("json"):
            self._events = EventWriter(lambda line: self._turns.out(line.removesuffix("\n")), monotonic)
        watched = not (self._quiet or words.has("json") or (narrates and environment.stdout_is_terminal))
        self._progress = Progress(environment, enabled=watched)
        self._turns = Turns(environment, reports, self._progress, waits=not self._repeats)
        self._latencies = Latencies()
        self._view = View(
            words,
            self._latencies,
            self._events,
            transcribes=self._drawer is not None or reports.shows_transcripts,
            narrates=narrates,
            repeats=self._repeats,
            buffers=self._repeats and pace.at_once > 1,
        )
        self._scripts: list[_Script] = []
        self._playable: list[_Script] = []
        self._failed = 0
        self._sessions = 0
        self._start = monotonic()
        self._began = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"

    # ------------------------------------------------------------ before

    def add(self, one: Prepared | Unplayable, label: str, passwords: Mapping[str, Secret]) -> None:
        """Have a script played."""
        script = _Script(len(self._scripts), one.name, label, one if isinstance(one, Prepared) else None)
        self._scripts.append(script)
        try:
            if isinstance(one, Unplayable):
                script.tally.refused = one.errors
                return
            script.casting = cast(one, self._server, self._words, self._environment, passwords)
        except SmtpReplError as error:
            if isinstance(error, ScriptError):
                error.file = error.file or one.name
            script.tally.refused = (error,)
            return
        if self._repeats and not self._words.has("verbose"):
            script.lane = lane(one.plan, script.casting)
            script.sink = self._latencies.sink(script.lane.answers) if script.lane is not None else None
        if not self._pace.fail_fast or len(self._playable) == len(self._scripts) - 1:
            self._playable.append(script)

    # ------------------------------------------------------------ the play

    def play(self) -> list[int]:
        """Play all; returns the exit statuses."""
        runner = Runner(net_options(self._words, self._server.target, practice_ca=self._server.practice_ca))
        crowd = Crowd(runner, len(self._playable), self._pace, self._session)
        try:
            if self._progress.enabled:
                runner.add(self._show_progress(crowd))
            self._settle_refused()
            crowd.run()
        except _Abandoned as abandoned:
            raise abandoned.error from None
        except KeyboardInterrupt:
            self._finish(crowd, "interrupted")
            raise
        finally:
            self._progress.clear()
            runner.close()
        self._finish(crowd)
        return [status for script in self._scripts for status in script.tally.exit_statuses]

    def _session(self, index: int, number: int) -> Generator[Action | Rote, Happening, bool]:
        """Play a script for the nth time; returns whether it went well."""
        script = self._playable[index]
        if script.one is None:
            raise AssertionError
        try:
            watch = Watch(
                self._view,
                script.one,
                script.casting,
                number,
                lambda text, talk: self._turns.write(script.number, text, talk=talk),
            )
            try:
                ended = watch.over((yield from self._perform(script, script.one, number, watch)))
                self._ended(script, number, ended, watch)
            finally:
                watch.close()
        except OutputError as error:
            raise _Abandoned(error) from None
        return ended.status not in ("fail", "error")

    def _perform(
        self, script: _Script, one: Prepared, number: int, watch: Watch
    ) -> Generator[Action | Rote, Happening, Ended]:
        start = monotonic()
        script.tally.began(start)
        tells_all = self._reports.shows_transcripts and number == 1
        try:
            if script.lane is not None and not tells_all:
                result = yield from play_quick(script.lane, watch.begin, script.sink, monotonic)
            else:
                observer = watch.begin()
                result = yield from play(one.plan, watch.casting, observer)
        except OutputError:
            raise
        except SmtpReplError as error:
            error.file = error.file or (script.name if isinstance(error, ScriptError) else "")
            return Ended(monotonic() - start, errors=(error,))
        return Ended(monotonic() - start, result)

    def _settle_refused(self) -> None:
        """Scripts that cannot be played have one session, which never was."""
        for script in self._scripts:
            if script.tally.refused:
                self._ended(script, 1, Ended(0.0, errors=script.tally.refused), None)

    def _ended(self, script: _Script, number: int, ended: Ended, watch: Watch | None) -> None:
        """A session is over: count it, tell of it, keep it."""
        tally = script.tally
        tally.count(ended)
        tally.over(monotonic())
        self._sessions += 1
        failed = ended.status in ("fail", "error")
        keeps = self._reports.wanted and (tally.failed if failed else tally.total - tally.failed) <= KEPT
        tells = failed and (not self._repeats or script.told < TOLD)
        text = saved = ""
        if failed:
            self._failed += 1
            if keeps or tells or self._drawer is not None:
                text = failure_text(ended, script.one.plan.steps if script.one is not None else (), script.name)
            if watch is not None and self._drawer is not None:
                saved = self._drawer.save(script.label, number, watch.keeper, _first_line(text))
        if tells:
            script.told += 1
            told = f"# session {number} of {printable(script.name)}\n{text}" if self._repeats else text
            told += f"\nsaved: {printable(saved)}" if saved else ""
            self._turns.write(script.number, told, talk=True)
        if watch is not None:
            watch.flush(ended, keeps=failed or not self._repeats or self._words.has("verbose"))
        elif self._events is not None:
            self._events.for_file(script.name).played(ended.result, ended.errors, ended.seconds)
        if keeps:
            transcript = ""
            steps: tuple[StepShown, ...] = ()
            shows = number == 1 or (failed and script.transcripts < TRANSCRIPTS)
            if watch is not None and self._reports.shows_transcripts and shows:
                script.transcripts += 1
                transcript, steps = watch.keeper.transcript, tuple(watch.keeper.steps)
            tally.kept.append(detailed(number, ended, text, saved, transcript, steps))
        if not self._repeats:
            self._close(script, ended)

    # ------------------------------------------------------------ the end

    def _close(self, script: _Script, ended: Ended | None) -> None:
        """All sessions of a script are over: its line. `ended` is its only session, where there was but one."""
        tally = script.tally
        if ended is not None:
            if self._events is None and (not self._quiet or ended.worth_telling):
                self._turns.write(script.number, summary_of(ended, script.name))
        elif self._events is not None:
            self._events.for_file(script.name, 0).all_sessions(tally.result())
        else:
            rest = tally.failed - script.told
            if rest > 0:
                self._turns.talk(phrase("# {rest} more of {name} failed", rest=rest, name=printable(script.name)))
            if not self._quiet or tally.worth_telling:
                self._turns.out(repeated_summary(tally.result()))
        self._turns.over(script.number)

    def _finish(self, crowd: Crowd, cut: str = "") -> None:
        """The end of the run: what is said about all of it, and the reports."""
        seconds = monotonic() - self._start
        self._progress.clear()
        self._turns.flush()
        if self._repeats:
            for script in self._scripts:
                if script.tally.total:
                    self._close(script, None)
        if crowd.stopped or len(self._playable) < sum(not script.tally.refused for script in self._scripts):
            cut = cut or "--fail-fast"
            self._turns.talk("# stopped at the first failure (--fail-fast)")
        errors = sum((script.tally.kinds for script in self._scripts), Counter[str]())
        target = "" if self._server.target is None else str(self._server.target)
        result = RunResult(
            version=__version__,
            began=self._began,
            seconds=seconds,
            target=phrase("the practice server") if self._server.is_practice else printable(target),
            files=[script.tally.result() for script in self._scripts if script.tally.total],
            latencies=self._latencies,
            errors=dict(errors.most_common()),
            repeated=self._repeats,
            late=crowd.late,
            cut=cut,
        )
        if self._events is not None:
            if self._repeats:
                self._events.summary(result)
        elif (self._repeats or self._words.has("jobs")) and not self._quiet:
            self._turns.out(load_table(result, rate=self._pace.rate is not None))
        self._reports.write(result)

    def _show_progress(self, crowd: Crowd) -> Generator[Action, Happening, None]:
        yield Wait(2 * TICK)  # what is over by then needs no progress
        while not crowd.over:
            planned = "" if crowd.planned is None else f" of {crowd.planned}"
            failed = f"  {self._failed} failed" if self._failed else ""
            seconds = monotonic() - self._start
            self._progress.paint(
                f"{self._sessions}{planned} sessions  {crowd.live} at once{failed}"
                f"  {self._sessions / seconds:.0f}/s  {seconds:.0f} s"
            )
            yield Wait(TICK)


def _first_line(text: str) -> str:
    return text.partition("\n")[0].removeprefix("error: ")
