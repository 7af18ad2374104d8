"""The shell: a person at a terminal plays `C:`, a live server or the practice server plays `S:`.

This is where the parts are put together: the practice server if it is wanted, the connection, the terminal, the
signals that end a session. The first connection is on its way while prompt_toolkit is still being loaded.
"""

import asyncio
import contextlib
import errno
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from smtp_repl.net.session import NetOptions
from smtp_repl.net.trust import TlsOptions
from smtp_repl.script.transcript import Line, remark
from smtp_repl.term.connections import walk
from smtp_repl.term.desk import Account, Desk, Material, Practice
from smtp_repl.term.driver import Driver
from smtp_repl.term.greetings import farewell, welcome
from smtp_repl.term.requests import Ask, Handling
from smtp_repl.term.settings import Settings
from smtp_repl.term.signals import HANGUP, ending_signals
from smtp_repl.wire.errors import ConnectError, ExitStatus, UsageError
from smtp_repl.wire.octets import printable
from smtp_repl.wire.targets import Target

if TYPE_CHECKING:  # these load prompt_toolkit, or are needed by few
    from smtp_repl.term.history import TypedHistory
    from smtp_repl.term.hosts import Host
    from smtp_repl.term.stage import Stage
    from smtp_repl.term.typist import Typist


@dataclass(frozen=True, slots=True)
class ShellOptions:
    """What the command line says about a session by hand."""

    target: Target | None = None
    local: bool = False
    """Start the practice server and go there."""
    told: Sequence[str] = ()
    """What is said first."""
    host: "Host | None" = None
    """The profile that the target is of."""
    greets: bool = False
    """Say EHLO at the start."""
    starttls: bool = False
    auth_user: str | None = None
    """Log in at the start; "" asks for the name."""
    tls: TlsOptions = field(default_factory=TlsOptions)
    record: Path | None = None
    settings: Settings = field(default_factory=Settings)
    hosts: "Mapping[str, Host]" = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    play: str = ""
    """A script to play at the start, before the person goes on; as `/run` names it."""
    to_line: int = 0
    """Stop the script behind this line."""
    read_script: Callable[[str], Material] | None = None
    """Reads what `/run` names."""
    list_scripts: Callable[[], Sequence[tuple[str, str]]] = lambda: ()
    """Names the scripts that `@` can name, and says what each is."""
    history: Path | None = None
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
    async with _practice(options, desk) as target:
        return await _Session(options, desk, target).run()


@contextlib.asynccontextmanager
async def _practice(options: ShellOptions, desk: Desk) -> AsyncIterator[Target | None]:
    """The practice server while it is wanted; gives where the session goes first."""
    if not options.local:
        yield options.target
        return
    from smtp_repl.net.practice import PracticeOptions, PracticeServer

    practice = PracticeOptions(idle_limit=None)
    async with PracticeServer(practice) as server:
        target = Target(server.host, server.port)
        user, password = next(iter(practice.accounts.items()))
        desk.practice = Practice(target, server.inbox, Account(user, password), server.ca_pem)
        yield target


class _Session:
    """One run of the shell: driver, typist and stage, and how it ends."""

    def __init__(self, options: ShellOptions, desk: Desk, target: Target | None) -> None:
        self._options = options
        self._desk = desk
        self._target = target
        self._status = 0
        self._early: list[Line] = []
        """What there is to show before there is a stage."""
        self._stage: Stage | None = None
        self._typist: Typist | None = None
        self._history: TypedHistory | None = None
        self._ready = asyncio.Event()
        self._driver = Driver(
            desk,
            NetOptions(target, options.settings.connect_seconds, tls=options.tls),
            show=self._show,
            ask=self._ask,
            changed=self._changed,
        )

    async def run(self) -> int:
        desk, driver = self._desk, self._driver
        if self._options.record is not None:
            self._early += desk.scribe.record(self._options.record)
        self._early += [*map(remark, self._options.told), *welcome(desk)]
        if self._target is not None:
            driver.start(self._walk(self._target))
            await asyncio.sleep(0)  # the connection is on its way
        try:
            stage = self._set_the_stage()
            stage.show(self._take_early())
            with ending_signals(self._end):
                await stage.run(self._started)
        except EOFError:
            self._status = HANGUP
        except OSError as error:
            if error.errno != errno.EIO:  # what writing to a terminal gives that is gone
                raise
            self._status = HANGUP
        finally:
            self._ready.clear()
            await driver.close()
            self._early += desk.dropped()
            desk.scribe.stop()
        if driver.bug is not None:
            raise driver.bug
        if self._status != HANGUP:
            stage.show([*self._early, *([] if self._status else farewell(desk))])
        return self._status or (ExitStatus.OUTPUT if desk.scribe.fault is not None else 0)

    def _set_the_stage(self) -> "Stage":
        from smtp_repl.term.history import TypedHistory, history_path
        from smtp_repl.term.stage import Stage
        from smtp_repl.term.typist import Typist

        own = self._options.history
        settings = self._desk.settings
        history = self._history = TypedHistory(
            lambda: own or history_path(), keeps=lambda: settings.history, limit=settings.history_size
        )
        typist = self._typist = Typist(self._desk, self._driver, history)
        stage = Stage(typist, history, completer=typist.completer, settings=settings)
        self._stage = typist.stage = stage
        stage.marks, stage.suggest = typist.marks, typist.suggestion
        self._driver.put = stage.insert
        return stage

    def _walk(self, target: Target) -> Handling:
        options = self._options
        yield from walk(self._desk, target, ehlo=options.greets, starttls=options.starttls, auth_user=options.auth_user)
        if options.play and self._desk.is_connected:
            from smtp_repl.term.playing import play_script

            yield from play_script(self._desk, options.play, options.to_line)
        elif options.settings.startup:
            from smtp_repl.term.startup import start_up

            yield from start_up(self._desk, options.settings.startup)

    # ------------------------------------------------------------ what the driver asks

    def _started(self) -> None:
        self._ready.set()
        if self._history is not None:
            self._history.open()
            if self._history.fault:
                self._early.append(remark(self._history.fault))
        self._show(self._take_early(), False)
        self._changed()

    def _take_early(self) -> list[Line]:
        early, self._early = self._early, []
        return early

    def _show(self, lines: list[Line], in_message: bool) -> None:
        if self._stage is None or not self._ready.is_set():
            self._early += lines
        else:
            self._stage.show(lines, in_message=in_message)

    async def _ask(self, ask: Ask) -> str | None:
        await self._ready.wait()
        if ask.program:
            from smtp_repl.term.password_program import password_from

            self._driver.tell(f"password: asked of {ask.program}")
            return await password_from(ask.program)
        return await self._typist.ask(ask) if self._typist is not None else None

    def _changed(self) -> None:
        if self._stage is None or self._typist is None or not self._ready.is_set():
            return
        driver = self._driver
        if driver.bug is not None or (driver.is_leaving and not driver.is_busy):
            self._stage.leave()
        elif isinstance(driver.failure, ConnectError) and not self._desk.transcript:
            # There was never a connection: nothing to talk about, and a status that a caller can act on.
            self._status = driver.failure.exit_status
            self._stage.leave()
        else:
            self._typist.go_on()

    # ------------------------------------------------------------ how it ends

    def _end(self, status: int) -> None:
        self._status = status
        if self._stage is not None:
            self._stage.leave()


def _read_file(name: str) -> Material:
    try:
        return Material(name, Path(name).expanduser().read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {printable(name)}: {error.strerror}", kind="no-file") from None
