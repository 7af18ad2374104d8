"""Two parts played against each other in memory: a driver without sockets and without time.

Time is told, not spent: when both parts wait, the clock jumps to the next moment at which something happens. A
wait that nothing can end is told at once as timed out, so that no script can hang its own test.
"""

from collections.abc import Callable, Generator

from smtp_repl.script.actions import (
    Action,
    Close,
    Happening,
    Open,
    Opened,
    PeerGone,
    Read,
    Received,
    Secured,
    Send,
    SendStream,
    Shutdown,
    StartTls,
    TimedOut,
    TlsFacts,
    Wait,
)
from smtp_repl.script.casting import PlayResult
from smtp_repl.wire.errors import PeerClosed, SmtpReplError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.records import Record

Part = Generator[Action, Happening, PlayResult]
Cut = Callable[[bytes], list[bytes]]
"""Cuts what is sent into the pieces in which it arrives."""


class Outcome(Record):
    """What came of one part: its result, or the error that ended it."""

    result: PlayResult | None
    error: SmtpReplError | None


_TLS = TlsFacts("TLS in memory", "none", verified=True, trust="memory")


class _Pipe:
    """One direction of one connection."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.ended = False
        self.wants_tls = False


class _Player:
    def __init__(self, part: Part, name: str) -> None:
        self.part = part
        self.name = name
        self.action: Action | None = None
        self.clock: dict[str, float] = {}
        self.opens: dict[str, int] = {}
        """How often it opened each connection: one of the same name is another one."""
        self.wakes: float | None = None
        self.outcome: Outcome | None = None

    def resume(self, happening: Happening = None, error: SmtpReplError | None = None) -> None:
        """Go on to the next action."""
        try:
            self.action = self.part.throw(error) if error is not None else self.part.send(happening)
        except StopIteration as stop:
            self.action, self.outcome = None, Outcome(stop.value, None)
        except SmtpReplError as failure:
            self.action, self.outcome = None, Outcome(None, failure)


def play_together(client: Part, server: Part, cut: Cut = lambda octets: [octets]) -> tuple[Outcome, Outcome]:
    """Play both parts to their ends; returns what came of the client's and of the server's."""
    return _Stage(client, server, cut).play()


class _Stage:
    def __init__(self, client: Part, server: Part, cut: Cut) -> None:
        self._players = (_Player(client, "client"), _Player(server, "server"))
        self._pipes: dict[tuple[str, int, str], _Pipe] = {}
        self._cut = cut
        self._now = 0.0

    def play(self) -> tuple[Outcome, Outcome]:
        for player in self._players:
            player.resume()
        while any(player.outcome is None for player in self._players):
            moved = [self._advance(player) for player in self._players]
            if not any(moved):
                self._pass_time()
        client, server = (player.outcome for player in self._players)
        if client is None or server is None:
            raise AssertionError
        return client, server

    def _pipe(self, player: _Player, connection: str, *, outgoing: bool) -> _Pipe:
        client_speaks = (player.name == "client") is outgoing
        key = (connection, player.opens.get(connection, 0), "C" if client_speaks else "S")
        return self._pipes.setdefault(key, _Pipe())

    def _advance(self, player: _Player) -> bool:
        """Let one player do what it can now; False when it has to wait."""
        match player.action:
            case None:
                return False
            case Open(connection):
                player.clock[connection] = self._now
                player.opens[connection] = player.opens.get(connection, 0) + 1
                player.resume(Opened("memory", "memory", 0, "memory", 0, is_loopback=True))
            case Send(connection, octets):
                self._send(player, connection, octets)
            case SendStream(connection, blocks):
                try:
                    octets = b"".join(blocks)
                except SmtpReplError as error:
                    player.resume(error=error)
                else:
                    self._send(player, connection, octets)
            case Shutdown(connection):
                self._pipe(player, connection, outgoing=True).ended = True
                player.resume()
            case Close(connection):
                self._pipe(player, connection, outgoing=True).ended = True
                player.resume()
            case Wait(seconds):
                return self._wait(player, seconds)
            case StartTls(connection):
                return self._handshake(player, connection)
            case Read():
                return self._read(player, player.action)
        return True

    def _send(self, player: _Player, connection: str, octets: bytes) -> None:
        other = self._players[player is self._players[0]]
        if other.outcome is not None:
            player.resume(error=PeerClosed(phrase("the {name} has gone", name=other.name)))
            return
        self._pipe(player, connection, outgoing=True).pieces += self._cut(octets)
        player.clock[connection] = self._now
        player.resume()

    def _wait(self, player: _Player, seconds: float) -> bool:
        if player.wakes is None:
            player.wakes = self._now + seconds
        if self._now < player.wakes:
            return False
        player.wakes = None
        player.resume()
        return True

    def _handshake(self, player: _Player, connection: str) -> bool:
        mine = self._pipe(player, connection, outgoing=True)
        theirs = self._pipe(player, connection, outgoing=False)
        mine.wants_tls = True
        if not theirs.wants_tls:
            return False
        player.resume(Secured(_TLS))
        return True

    def _read(self, player: _Player, read: Read) -> bool:
        if read.restart and player.wakes is None:
            player.clock[read.connection] = self._now
        began = player.clock.get(read.connection, self._now)
        pipe = self._pipe(player, read.connection, outgoing=False)
        other = self._players[player is self._players[0]]
        if pipe.pieces:
            player.wakes = None
            player.resume(Received(pipe.pieces.pop(0), self._now - began))
            return True
        if pipe.ended or other.outcome is not None:
            player.wakes = None
            player.resume(PeerGone(False, self._now - began))
            return True
        if player.wakes is None:
            player.wakes = began + read.seconds
        if self._now < player.wakes:
            return False
        player.wakes = None
        player.resume(TimedOut(self._now - began))
        return True

    def _pass_time(self) -> None:
        """Nobody can do anything now: go to the next moment at which somebody can."""
        moments = [player.wakes for player in self._players if player.wakes is not None]
        if not moments:
            # A handshake that only one side wants: the other one has gone on without it.
            for player in self._players:
                if player.outcome is None:
                    player.resume(error=PeerClosed("only one side wanted TLS"))
            return
        self._now = min(moments)
