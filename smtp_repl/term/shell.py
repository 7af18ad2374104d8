"""The shell: a person at a terminal plays `C:`, a live server or the practice server plays `S:`.

This is where the parts are put together: the practice server if it is wanted, the connection, the terminal. The
first connection is on its way while prompt_toolkit is still being loaded.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from smtp_repl.net.session import NetOptions
from smtp_repl.net.trust import TlsOptions
from smtp_repl.script.transcript import Line, remark
from smtp_repl.term.at_terminal import AtTerminal
from smtp_repl.term.connections import walk
from smtp_repl.term.desk import Desk, Material
from smtp_repl.term.driver import Driver
from smtp_repl.term.greetings import farewell, welcome
from smtp_repl.term.practice import Practice
from smtp_repl.term.requests import Ask, Handling
from smtp_repl.term.settings import Settings
from smtp_repl.wire.errors import ConnectError, UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.targets import Target

if TYPE_CHECKING:  # these load prompt_toolkit, or are needed by few
    from pathlib import Path

    from smtp_repl.net.practice.switches import Profile
    from smtp_repl.term.history import TypedHistory
    from smtp_repl.term.hosts import Host
    from smtp_repl.term.learning import Learning
    from smtp_repl.term.stage import Stage
    from smtp_repl.term.typist import Typist


class ShellOptions(Record):
    """What the command line says about a session by hand."""

    target: Target | None = None
    local: bool = False
    """Start the practice server and go there."""
    profile: "Profile | None" = None
    """How the practice server behaves; None is as ever."""
    told: Sequence[str] = ()
    """What is said first."""
    host: "Host | None" = None
    """The profile that the target is of."""
    greets: bool = False
    """Say EHLO at the start."""
    starttls: bool = False
    auth_user: str | None = None
    """Log in at the start; "" asks for the name."""
    tls: TlsOptions = TlsOptions()
    record: "Path | None" = None
    settings: Settings | None = None
    """None are the settings as they come."""
    hosts: Mapping[str, "Host"] = {}
    aliases: Mapping[str, str] = {}
    play: str = ""
    """A script to play at the start, before the person goes on; as `/run` names it."""
    to_line: int = 0
    """Stop the script behind this line."""
    read_script: Callable[[str], Material] | None = None
    """Reads what `/run` names."""
    learning: "Learning | None" = None
    """A lesson, to be begun at the start; it needs `local`."""
    list_scripts: Callable[[], Sequence[tuple[str, str]]] = lambda: ()
    """Names the scripts that `@` can name, and says what each is."""
    history: "Path | None" = None
    """Another file for the history; None is the user's own."""


def main(options: ShellOptions) -> int:
    """Run a session until the person leaves; returns the exit status.

    Raises `ConnectError` when the first connection does not come about, `UsageError` and `OutputError`.
    """
    return asyncio.run(run_shell(options))


async def run_shell(options: ShellOptions) -> int:
    """`main` inside a running loop."""
    # Loading prompt_toolkit takes longer than -X dev lets a callback take without a word on the screen.
    asyncio.get_running_loop().slow_callback_duration = 60
    desk = Desk(options.settings)
    desk.tls_options = options.tls
    desk.hosts, desk.aliases, desk.profile = options.hosts, options.aliases, options.host
    desk.read_script = options.read_script or _read_file
    desk.list_scripts = options.list_scripts
    desk.learning = desk.observer = options.learning
    async with _practice(options, desk) as target:
        return await _Session(options, desk, target).run()


@contextlib.asynccontextmanager
async def _practice(options: ShellOptions, desk: Desk) -> AsyncIterator[Target | None]:
    """The practice server while it is wanted; gives where the session goes first."""
    if not options.local:
        yield options.target
        return
    from smtp_repl.net.practice import DEFAULT, PracticeOptions, PracticeServer

    practice = PracticeOptions(idle_limit=None, profile=options.profile or DEFAULT)
    async with PracticeServer(practice) as server:
        desk.practice = Practice.of(server)
        yield server.target


class _Session(AtTerminal):
    """One run of the shell: driver, typist and stage."""

    def __init__(self, options: ShellOptions, desk: Desk, target: Target | None) -> None:
        super().__init__(desk)
        self._options = options
        self._target = target
        self._typist: Typist | None = None
        self._history: TypedHistory | None = None
        net = NetOptions(target, desk.settings.connect_seconds, tls=options.tls)
        self.worker = self._driver = Driver(desk, net, show=self.show, ask=self.ask, changed=self.changed)

    async def run(self) -> int:
        desk = self._desk
        if self._options.record is not None:
            self.early += desk.scribe.record(self._options.record)
        self.early += [*map(remark, self._options.told), *welcome(desk)]
        if self._target is not None:
            self._driver.start(self._walk(self._target))
            await asyncio.sleep(0)  # the connection is on its way
        return await super().run()

    def _walk(self, target: Target) -> Handling:
        options = self._options
        if options.learning is not None:
            from smtp_repl.term.lesson_commands import begin

            yield from begin(self._desk, options.learning)
            return
        yield from walk(self._desk, target, ehlo=options.greets, starttls=options.starttls, auth_user=options.auth_user)
        if options.play and self._desk.is_connected:
            from smtp_repl.term.playing import play_script

            yield from play_script(self._desk, options.play, options.to_line)
        elif self._desk.settings.startup:
            from smtp_repl.term.startup import start_up

            yield from start_up(self._desk, self._desk.settings.startup)

    def set_the_stage(self) -> "tuple[Stage, Typist]":
        from smtp_repl.term.history import TypedHistory, history_path
        from smtp_repl.term.stage import Stage
        from smtp_repl.term.typist import Typist

        own = self._options.history
        settings = self._desk.settings
        history = self._history = TypedHistory(
            lambda: own or history_path(), keeps=lambda: settings.history, limit=settings.history_size
        )
        typist = self._typist = Typist(self._desk, self._driver, history)
        stage = typist.stage = Stage(typist, history, completer=typist.completer, settings=settings)
        stage.marks, stage.suggest = typist.marks, typist.suggestion
        self._driver.put = stage.insert
        self._desk.columns = lambda: stage.columns
        return stage, typist

    def loaded(self) -> None:
        if self._history is not None and self._typist is not None:
            self._history.open()
            if self._history.fault:
                self.early.append(remark(self._history.fault))
            self._typist.go_on()

    async def ask(self, ask: Ask) -> str | None:
        if not ask.program:
            return await super().ask(ask)
        await self._ready.wait()
        from smtp_repl.term.password_program import password_from

        self._driver.tell(phrase("password: asked of {program}", program=ask.program))
        return await password_from(ask.program)

    def go_on(self, stage: "Stage") -> None:
        failure = self._driver.failure
        if isinstance(failure, ConnectError) and not self._desk.transcript:
            # There was never a connection: nothing to talk about, and a status that a caller can act on.
            self.status = failure.exit_status
            stage.leave()
        elif self._typist is not None:
            self._typist.go_on()

    async def hang_up(self) -> None:
        await self._driver.close()
        self.early += self._desk.dropped()

    def last_words(self) -> list[Line]:
        return farewell(self._desk)


def _read_file(name: str) -> Material:
    from pathlib import Path

    try:
        return Material(name, Path(name).expanduser().read_bytes())
    except OSError as error:
        raise UsageError(
            phrase("cannot read {name}: {why}", name=printable(name), why=error.strerror),
            kind="no-file",
        ) from None
