"""The driver of parts against real peers on loopback: what a part asks for is done, and what happened is told."""

import gc
import signal
import socket
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from time import monotonic
from typing import TypeVar

import pytest

from smtp_repl.net.connection import UNREAD_LIMIT
from smtp_repl.net.dial import Attempt
from smtp_repl.net.runner import NetOptions, Runner, run_part
from smtp_repl.net.session import Session
from smtp_repl.net.tls import TlsOptions
from smtp_repl.script.actions import (
    Action,
    Close,
    Happening,
    Open,
    Opened,
    Passage,
    PeerGone,
    Read,
    Received,
    Rote,
    Secured,
    Send,
    SendStream,
    Shutdown,
    StartTls,
    TimedOut,
    TlsFacts,
    Turn,
    Wait,
)
from smtp_repl.wire.errors import (
    ConnectError,
    ExpectationFailed,
    PeerClosed,
    ReplyTimeout,
    SmtpReplError,
    TlsError,
    UsageError,
)
from smtp_repl.wire.targets import Target
from tests.servers import raw
from tests.servers.certificates import Certificates

Start = Callable[..., raw.RawServer]
T = TypeVar("T")
Playing = Generator[Action | Rote, Happening, T]


def options(server: raw.RawServer) -> NetOptions:
    return NetOptions(Target(server.host, server.port))


def ask(action: Action, kind: type[T]) -> Playing[T]:
    """An action whose answer must be of this kind."""
    happened = yield action
    assert isinstance(happened, kind), happened
    return happened


def lines(count: int, seconds: float = 10.0) -> Playing[bytes]:
    """Read until that many lines have come."""
    octets = b""
    restart = True
    while octets.count(b"\n") < count:
        octets += (yield from ask(Read("", seconds, restart), Received)).octets
        restart = False
    return octets


def to_the_end() -> Playing[tuple[bytes, PeerGone]]:
    octets = b""
    while True:
        happened = yield Read("", 10, True)
        if isinstance(happened, PeerGone):
            return octets, happened
        assert isinstance(happened, Received), happened
        octets += happened.octets


def test_a_conversation(raw_server: Start) -> None:
    """Open, read, send, read, and the end; what the part returns is returned."""
    server = raw_server([raw.Send(b"220 hi\r\n"), raw.Expect(b"QUIT"), raw.Send(b"221 bye\r\n"), raw.Close()])
    told: list[Attempt] = []

    def part() -> Playing[tuple[Opened, bytes, Happening, bytes, PeerGone]]:
        opened = yield from ask(Open("", None), Opened)
        greeting = yield from lines(1)
        sent = yield Send("", b"QUIT\r\n")
        return (opened, greeting, sent, *(yield from to_the_end()))

    opened, greeting, sent, last, gone = run_part(part(), options(server), told.append)
    assert isinstance(opened, Opened)
    assert opened[:3] == ("127.0.0.1", "127.0.0.1", server.port)
    assert opened.is_loopback
    assert opened.local_port
    assert greeting == b"220 hi\r\n"
    assert sent is None
    assert last == b"221 bye\r\n"
    assert gone.reset is False
    assert [attempt.outcome for attempt in told] == ["", "connected"]


def heard(octets: bytes, to: int) -> Turn:
    """A turn at which these octets are known."""
    return Turn(b"", 5.0, {octets: Passage(octets, to, octets.count(b"\n"))})


GREET_AND_LEAVE = (
    heard(b"220 hi\r\n", 1),
    Turn(b"NOOP\r\n", 0.0, {}),
    Turn(b"QUIT\r\n", 0.0, {}),
    heard(b"250 ok\r\n221 bye\r\n", 4),
)


def by_rote(turns: Sequence[Turn]) -> Playing[tuple[Rote, Happening | SmtpReplError]]:
    """Play a rote and do nothing else; what became of it, and what or which error came instead of its end."""
    yield from ask(Open("", None), Opened)
    rote = Rote("", turns)
    try:
        return rote, (yield rote)
    except SmtpReplError as error:
        return rote, error


def test_by_rote(raw_server: Start) -> None:
    """Turns follow one another without a word to the part, which gets all that happened at the end, with its times."""
    server = raw_server(
        [
            raw.Send(b"220 hi\r\n"),
            raw.Expect(b"NOOP"),
            raw.Expect(b"QUIT"),
            raw.Send(b"250 ok\r\n221 bye\r\n"),
            raw.ExpectEnd(),
        ]
    )
    rote, end = run_part(by_rote(GREET_AND_LEAVE), options(server))
    assert (rote.at, end) == (4, None)
    assert [getattr(happened, "octets", None) for happened in rote.happenings()] == [
        *(b"220 hi\r\n", None, None, b"250 ok\r\n221 bye\r\n"),
    ]
    assert rote.moments == sorted(rote.moments)
    assert len(rote.moments) == 4
    assert len(rote.seconds) == 3


@pytest.mark.parametrize(
    ("does", "at", "last"),
    [
        ([raw.Send(b"554 no\r\n"), raw.ExpectEnd()], 0, Received),
        (
            [
                raw.Send(b"220 hi\r\n"),
                raw.Expect(b"NOOP"),
                raw.Expect(b"QUIT"),
                raw.Send(b"250 ok\r\n"),
                raw.ExpectEnd(),
            ],
            3,
            Received,
        ),
        ([raw.Send(b"220 hi\r\n"), raw.Expect(b"NOOP"), raw.Expect(b"QUIT"), raw.Close()], 3, PeerGone),
        ([raw.ExpectEnd()], 0, TimedOut),
    ],
    ids=["at once", "half of it", "closed", "silent"],
)
def test_a_rote_ends_at_what_is_not_known(raw_server: Start, does: list[raw.Move], at: int, last: type) -> None:
    """The part is told, and goes on from that turn by itself."""
    turns = [turn._replace(seconds=turn.seconds and 0.3) for turn in GREET_AND_LEAVE]
    rote, end = run_part(by_rote(turns), options(raw_server(does)))
    assert rote.at == at
    assert isinstance(end, last)
    assert len(rote.moments) == len(rote.happenings()) + 1


def test_a_turn_that_cannot_be_said_at_once(raw_server: Start) -> None:
    """It goes on when the peer has taken all of it."""
    size = 8 * 1024 * 1024
    server = raw_server(
        [
            raw.Send(b"220 hi\r\n"),
            raw.ExpectOctets(size),
            raw.Expect(b"QUIT"),
            raw.Send(b"221 bye\r\n"),
            raw.ExpectEnd(),
        ]
    )
    turns = [
        GREET_AND_LEAVE[0],
        Turn(b"x" * size, 0.0, {}),
        Turn(b"QUIT\r\n", 0.0, {}),
        heard(b"221 bye\r\n", 4),
    ]
    rote, end = run_part(by_rote(turns), options(server))
    assert (rote.at, end, len(rote.happenings())) == (4, None, 4)


def test_a_turn_that_cannot_be_said(raw_server: Start) -> None:
    """The error comes where the turn would have been told."""
    server = raw_server([raw.Send(b"220 hi\r\n"), raw.ExpectOctets(1), raw.Reset()])
    turns = [GREET_AND_LEAVE[0], Turn(b"x" * 8 * 1024 * 1024, 0.0, {})]
    rote, end = run_part(by_rote(turns), options(server))
    assert (rote.at, len(rote.happenings())) == (1, 1)
    assert isinstance(end, PeerClosed)


def test_octets_before_the_end(raw_server: Start) -> None:
    """What came before the peer closed is given out first, and the end again as often as one asks."""
    server = raw_server([raw.Send(b"421 bye\r\n"), raw.Close()])

    def part() -> Playing[tuple[Received, list[PeerGone]]]:
        yield Open("", None)
        yield Wait(0.05)
        said = yield from ask(Read("", 1, True), Received)
        first = yield from ask(Read("", 1, True), PeerGone)
        return said, [first, (yield from ask(Read("", 1, False), PeerGone))]

    said, gone = run_part(part(), options(server))
    assert said.octets == b"421 bye\r\n"
    assert [each.reset for each in gone] == [False, False]


def test_reset(raw_server: Start) -> None:
    """A connection that was cut is told from one that was closed."""
    server = raw_server([raw.Expect(), raw.Reset()])

    def part() -> Playing[PeerGone]:
        yield Open("", None)
        yield Send("", b"x\r\n")
        return (yield from ask(Read("", 10, True), PeerGone))

    assert run_part(part(), options(server)).reset


def test_half_close_both_ways(raw_server: Start) -> None:
    """We close our half and still hear; the peer closes its half and still hears us."""
    server = raw_server(
        [raw.ExpectEnd(), raw.Send(b"late\r\n"), raw.Close()], [raw.Shutdown(), raw.Expect(b"QUIT"), raw.Close()]
    )

    def part() -> Playing[tuple[bytes, bytes]]:
        yield Open("", None)
        yield Shutdown("")
        late, _ = yield from to_the_end()
        with pytest.raises(PeerClosed) as raised:
            yield Send("", b"x")
        assert raised.value.kind == "shut"
        yield Open("", None)
        nothing, _ = yield from to_the_end()
        yield Send("", b"QUIT\r\n")
        return late, nothing

    late, nothing = run_part(part(), options(server))
    assert late == b"late\r\n"
    assert nothing == b""
    server.join()
    assert server.received == [b"QUIT\r\n"]


def test_one_clock_for_a_reply_that_drips(raw_server: Start) -> None:
    """However often octets come, the deadline is counted from when the clock was set."""
    stop = threading.Event()
    server = raw_server([*[raw.Send(b"2"), raw.Await(stop)]])

    def part() -> Playing[tuple[Received, list[TimedOut]]]:
        yield Open("", None)
        first = yield from ask(Read("", 10, True), Received)
        late = yield from ask(Read("", 0.1, False), TimedOut)
        at_once = yield from ask(Read("", 0.1, False), TimedOut)
        return first, [late, at_once, (yield from ask(Read("", 0.1, True), TimedOut))]

    began = monotonic()
    first, late = run_part(part(), options(server))
    stop.set()
    assert first.octets == b"2"
    assert all(0.1 <= each.seconds < 5 for each in late)
    assert 0.2 <= monotonic() - began < 5


def test_seconds_are_those_of_the_wire(raw_server: Start) -> None:
    """A reply's clock starts when its write is flushed, and stops when it arrives, not when somebody looks."""
    server = raw_server([raw.Expect(b"NOOP"), raw.Send(b"250 ok\r\n"), raw.ExpectEnd()])

    def part() -> Playing[Received]:
        yield Open("", None)
        yield Wait(0.2)
        yield Send("", b"NOOP\r\n")
        yield Wait(0.2)
        return (yield from ask(Read("", 0.05, True), Received))

    assert run_part(part(), options(server)).seconds < 0.15


def test_a_pause_is_no_time_of_the_server(raw_server: Start) -> None:
    """`@wait` after a write does not eat up the time that the reply has."""
    said = threading.Event()
    server = raw_server([raw.Expect(b"NOOP"), raw.Await(said), raw.Send(b"250 ok\r\n"), raw.ExpectEnd()])

    def part() -> Playing[tuple[Received, TimedOut]]:
        yield Open("", None)
        yield Send("", b"NOOP\r\n")
        yield Wait(0.2)
        said.set()
        got = yield from ask(Read("", 5, True), Received)
        return got, (yield from ask(Read("", 0.1, True), TimedOut))

    got, late = run_part(part(), options(server))
    assert got.seconds >= 0.2
    assert late.seconds < 5


def test_writes_while_it_reads(raw_server: Start) -> None:
    """Both talk at once and a lot: nobody waits for the other for ever, and nothing is lost."""
    size = 8 * 1024 * 1024
    server = raw_server([raw.Send(b"s" * UNREAD_LIMIT), raw.ExpectOctets(size), raw.Send(b"end\n"), raw.Close()])

    def part() -> Playing[tuple[bytes, PeerGone]]:
        yield Open("", None)
        yield SendStream("", iter([b"c" * (size // 64)] * 64))
        return (yield from to_the_end())

    octets, gone = run_part(part(), options(server))
    assert octets == b"s" * UNREAD_LIMIT + b"end\n"
    assert not gone.reset


def test_what_is_not_read_is_bounded(raw_server: Start) -> None:
    """A peer that talks on while nobody reads has to wait; memory stays flat."""
    size = 40 * 1024 * 1024
    server = raw_server([raw.Send(b"x" * size), raw.Close()])

    def part() -> Playing[tuple[int, int]]:
        yield Open("", None)
        yield Wait(0.2)
        largest = total = 0
        while True:
            got = yield Read("", 10, True)
            if not isinstance(got, Received):
                return largest, total
            largest, total = max(largest, len(got.octets)), total + len(got.octets)

    largest, total = run_part(part(), options(server))
    assert total == size
    assert largest <= UNREAD_LIMIT + 16384


def test_a_stream_is_taken_as_it_can_be_sent(raw_server: Start) -> None:
    """The next block is asked for when the last one is gone: a peer that reads nothing stops the reading of a file."""
    hold = threading.Event()
    server = raw_server([raw.Await(hold), raw.Close()])
    taken = 0

    def blocks() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(1000):
            taken += 1
            yield b"x" * 262_144

    def part() -> Playing[None]:
        yield Open("", None)
        try:
            yield SendStream("", blocks())
        finally:
            hold.set()

    with pytest.raises(ReplyTimeout) as raised:
        run_part(part(), options(server)._replace(write_timeout=0.2))
    assert raised.value.kind == "write-timeout"
    assert "read nothing for 0.2 s" in raised.value.message
    assert taken < 200


def test_what_was_said_before_a_cut_can_be_read(raw_server: Start) -> None:
    """The server refuses and cuts while we send: the part is told, and can still hear the refusal."""
    server = raw_server([raw.Send(b"552 too big\r\n"), raw.ExpectOctets(100_000), raw.Reset()])

    def part() -> Playing[tuple[bytes, PeerGone]]:
        yield Open("", None)
        with pytest.raises(PeerClosed) as raised:
            yield SendStream("", iter([b"x" * 100_000] * 1000))
        assert raised.value.kind == "reset"
        return (yield from to_the_end())

    octets, gone = run_part(part(), options(server))
    assert octets == b"552 too big\r\n"
    assert gone.reset


def test_several_connections(raw_server: Start) -> None:
    """Each by its name; closing one leaves the other; opening again drops what was there."""
    server = raw_server(
        [raw.Send(b"1"), raw.ExpectEnd()],
        [raw.Send(b"2"), raw.Expect(b"x"), raw.Close()],
        [raw.Send(b"3"), raw.Close()],
    )

    def part() -> Playing[bytes]:
        yield Open("", None)
        said = (yield from ask(Read("", 10, True), Received)).octets
        yield Close("")
        yield Open("bob", None)
        said += (yield from ask(Read("bob", 10, True), Received)).octets
        yield Send("bob", b"x\r\n")
        yield Open("", None)
        said += (yield from ask(Read("", 10, True), Received)).octets
        yield from ask(Read("bob", 10, True), PeerGone)
        yield Close("nobody")
        return said

    assert run_part(part(), options(server)) == b"123"


def test_no_connection() -> None:
    """What goes to a connection that is not there is told to the part; reading from it is its end."""

    def part() -> Playing[Happening]:
        for action in (Send("", b"x"), SendStream("", iter([b"x"])), StartTls(""), Shutdown("")):
            with pytest.raises(PeerClosed) as raised:
                yield action
            assert raised.value.kind == "not-connected"
        return (yield Read("", 10, True))

    assert run_part(part(), NetOptions()) == PeerGone()


def test_errors_reach_the_part() -> None:
    """No server given, or none there: thrown in where the part asked; what it does not catch ends it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        target = Target("127.0.0.1", listener.getsockname()[1])

    def part() -> Playing[None]:
        with pytest.raises(UsageError):
            yield Open("", None)
        yield Open("", target)

    with pytest.raises(ConnectError) as raised:
        run_part(part(), NetOptions())
    assert raised.value.kind == "refused"


def test_many_parts_at_once(raw_server: Start) -> None:
    """One loop plays them all; the failure of one is its own."""
    together = 20
    servers = [raw_server([raw.Send(b"220\r\n"), raw.Expect(), raw.Send(b"250\r\n")]) for _ in range(together)]

    def part(number: int) -> Playing[bytes]:
        yield Open("", Target("127.0.0.1", servers[number].port))
        yield from lines(1)
        yield Wait(0.1)
        yield Send("", b"%d\r\n" % number)
        answer = yield from lines(1)
        if number == 7:
            raise ExpectationFailed("seven")
        return answer

    runner = Runner(NetOptions())
    played = [runner.add(part(number)) for number in range(together)]
    began = monotonic()
    runner.run()
    assert monotonic() - began < 1.5
    assert all(each.done for each in played)
    assert [each.result for each in played if each.error is None] == [b"250\r\n"] * (together - 1)
    with pytest.raises(ExpectationFailed):
        _ = played[7].result


def test_a_bug_ends_everything_and_leaves_nothing_open(raw_server: Start) -> None:
    """What is no error of the user's is raised as it is, and all sockets are closed (the peers see it)."""
    server = raw_server([raw.ExpectEnd()], [raw.ExpectEnd()])
    ended: list[str] = []

    def waiting() -> Playing[None]:
        yield Open("", None)
        try:
            yield Read("", 10, True)
        finally:
            ended.append("waiting")

    def buggy() -> Playing[None]:
        yield Open("", None)
        yield Wait(0.05)
        raise ZeroDivisionError

    runner = Runner(options(server))
    runner.add(waiting())
    runner.add(buggy())
    with pytest.raises(ZeroDivisionError):
        runner.run()
    assert ended == ["waiting"]
    server.join()


@pytest.mark.skipif(sys.platform == "win32", reason="needs setitimer")
def test_interrupted(raw_server: Start) -> None:
    """Ctrl-C ends the waiting at once and closes the sockets."""
    server = raw_server([raw.ExpectEnd()])

    def part() -> Playing[None]:
        yield Open("", None)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        yield Read("", 10, True)

    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            run_part(part(), options(server))
    finally:
        signal.signal(signal.SIGALRM, before)
    server.join()


def test_starttls(raw_server: Start, certificates: Certificates) -> None:
    """The handshake when the part says so; then everything goes through it, session tickets unnoticed."""
    server = raw_server(
        [
            *(raw.Expect(b"STARTTLS"), raw.Send(b"220 go\r\n"), raw.StartTls()),
            *(raw.Expect(b"EHLO"), raw.Send(b"250 ok\r\n"), raw.Close()),
        ]
    )

    def part() -> Playing[tuple[TlsFacts, bytes, PeerGone]]:
        yield Open("", None)
        yield Send("", b"STARTTLS\r\n")
        yield from lines(1)
        secured = yield from ask(StartTls(""), Secured)
        yield Send("", b"EHLO x\r\n")
        return (secured.tls, *(yield from to_the_end()))

    trusting = options(server)._replace(tls=TlsOptions(ca_file=str(certificates.ca_pem)))
    facts, octets, gone = run_part(part(), trusting)
    assert facts.verified
    assert facts.trust == "ca"
    assert octets == b"250 ok\r\n"
    assert not gone.reset


def test_tls_from_the_start(raw_server: Start, certificates: Certificates) -> None:
    """`Opened` tells of TLS; a large message goes out in slices; our close is a proper one."""
    size = 3_000_000
    server = raw_server([raw.StartTls(), raw.Send(b"220 hi\r\n"), raw.ExpectOctets(size), raw.ExpectEnd()])
    target = Target(server.host, server.port, implicit_tls=True)

    def part() -> Playing[Opened]:
        opened = yield from ask(Open("", None), Opened)
        yield from lines(1)
        yield Send("", b"x" * size)
        with pytest.raises(TlsError, match="active already"):
            yield StartTls("")
        yield Close("")
        return opened

    opened = run_part(part(), NetOptions(target, tls=TlsOptions(ca_pem=certificates.ca_pem.read_bytes())))
    assert opened.tls is not None
    assert opened.tls.trust == "practice"


def test_a_name_of_the_target(raw_server: Start, certificates: Certificates) -> None:
    """`@connect … sni=` is checked in place of the host; the command line's name goes before it."""
    server = raw_server([raw.StartTls(), raw.Close()], [raw.StartTls()])
    target = Target(server.host, server.port, implicit_tls=True, server_name="mail.example.com")
    tls = TlsOptions(ca_file=str(certificates.ca_pem))

    def part() -> Playing[None]:
        yield Open("", None)

    run_part(part(), NetOptions(target, tls=tls))
    with pytest.raises(TlsError) as raised:
        run_part(part(), NetOptions(target, tls=tls._replace(server_name="mail.example.org")))
    assert raised.value.kind == "cert-hostname"
    with pytest.raises(OSError, match="alert"):  # the server heard why
        server.join()


@pytest.mark.parametrize(
    ("moves", "kind", "says"),
    [
        ([raw.Send(b"220 go\r\n"), raw.ExpectOctets(1), raw.Send(b"250 late\r\n")], "data-before-handshake", "late"),
        ([raw.Send(b"220 go\r\n"), raw.Close()], "handshake", "closed the connection during the TLS handshake"),
        ([raw.Send(b"220 go\r\n"), raw.ExpectOctets(1), raw.Reset()], "handshake", "closed the connection"),
    ],
    ids=["after the ClientHello", "closed", "cut"],
)
def test_no_handshake(raw_server: Start, moves: list[raw.Move], kind: str, says: str) -> None:
    """Octets that are no TLS, an end instead of TLS: it is told, and the connection is closed."""
    server = raw_server([raw.Expect(b"STARTTLS"), *moves])

    def part() -> Playing[None]:
        yield Open("", None)
        yield Send("", b"STARTTLS\r\n")
        yield from lines(1)
        with pytest.raises(TlsError) as raised:
            yield StartTls("")
        with pytest.raises(PeerClosed):
            yield Send("", b"secret\r\n")
        assert (yield Read("", 10, True)) == PeerGone()
        raise raised.value

    with pytest.raises(TlsError) as raised:
        run_part(part(), options(server)._replace(tls=TlsOptions(verify=False)))
    assert raised.value.kind == kind
    assert says in raised.value.message


def test_octets_that_arrive_between_the_220_and_the_handshake(raw_server: Start) -> None:
    """The driver looks once more before it says ClientHello: what has come by then was injected."""
    there = threading.Event()
    server = raw_server([raw.Send(b"220 go\r\n"), raw.Await(there), raw.Send(b"250 evil\r\n"), raw.ExpectEnd()])

    def part() -> Playing[None]:
        yield Open("", None)
        yield from lines(1)
        there.set()
        yield Wait(0.1)
        yield StartTls("")

    with pytest.raises(TlsError, match="250 evil") as raised:
        run_part(part(), options(server))
    assert raised.value.kind == "data-before-handshake"


def test_a_handshake_that_is_never_answered(raw_server: Start) -> None:
    """It has as much time as connecting has."""
    server = raw_server([raw.ExpectOctets(1), raw.Await(done := threading.Event())])
    target = Target(server.host, server.port, implicit_tls=True)

    def part() -> Playing[None]:
        yield Open("", target)

    with pytest.raises(TlsError, match=r"within 0\.2 s"):
        run_part(part(), NetOptions(connect_timeout=0.2))
    done.set()


def test_plaintext_where_tls_was_due(raw_server: Start) -> None:
    """Implicit TLS against a server that greets in the clear: what it said is shown, and what to do."""
    server = raw_server([raw.Send(b"220 hello\r\n")])

    def part() -> Playing[None]:
        yield Open("", Target(server.host, server.port, implicit_tls=True))

    with pytest.raises(TlsError, match="220 hello") as raised:
        run_part(part(), NetOptions())
    assert raised.value.kind == "plaintext"
    assert "STARTTLS" in raised.value.hint


def test_tls_sessions_are_resumed_within_a_run(raw_server: Start, certificates: Certificates) -> None:
    """The second connection to a server does not pay for a whole handshake; its facts are there all the same."""
    session: list[raw.Move] = [raw.StartTls(), raw.Send(b"220 hi\r\n"), raw.ExpectEnd()]
    server = raw_server(session, session)
    context = certificates.server_context()
    target = Target(server.host, server.port, implicit_tls=True)

    def part() -> Playing[list[TlsFacts | None]]:
        seen = []
        for _ in range(2):
            seen.append((yield from ask(Open("", target), Opened)).tls)
            yield from lines(1)
            yield Close("")
        return seen

    with pytest.MonkeyPatch.context() as patch:  # both sessions from one context, as a server has it
        patch.setattr(Certificates, "server_context", lambda _: context)
        first, second = run_part(part(), NetOptions(tls=TlsOptions(ca_file=str(certificates.ca_pem))))
        server.join()
    assert first == second
    assert context.session_stats()["hits"] == 1


def test_who_is_over_is_forgotten() -> None:
    """A session leaves nothing behind: ten thousand one after another take no more memory than a few."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            for _ in range(400):
                with server.accept()[0] as sock:
                    sock.sendall(b"220 hi\r\n")

        greeter = threading.Thread(target=greet)
        greeter.start()
        runner = Runner(NetOptions(Target("127.0.0.1", server.getsockname()[1])))
        kept = []

        def part(left: int) -> Playing[None]:
            yield from ask(Open("", None), Opened)
            yield from lines(1)
            kept.append(sum(isinstance(one, Session) for one in gc.get_objects()) if left % 50 == 0 else 0)
            if left:
                runner.add(part(left - 1))

        runner.add(part(399))
        runner.run()
        greeter.join()
    assert max(kept) < 250
