"""The driver in memory: time is told, not spent, and no script can hang its test."""

from smtp_repl.script.actions import Close, Open, Read, Send, SendStream, StartTls, Wait
from smtp_repl.script.casting import Counts, PlayResult
from smtp_repl.script.selfplay import Part, play_together
from smtp_repl.wire.errors import ConnectError, PeerClosed, ScriptError
from tests.script.stage import rehearse_both

PASS = PlayResult("pass", Counts())


def idle() -> Part:
    yield Open("", None)
    return PASS


def test_hours_pass_at_once() -> None:
    client, _, _, _ = rehearse_both("S: 220 x\n@wait 3600\nC: NOOP\n@within 3..4\nS: 250 ok\n")
    assert client.result is not None
    assert client.result.status == "pass"


def test_a_wait_that_nothing_can_end_is_over() -> None:
    def waiting(seconds: float) -> Part:
        yield Open("", None)
        heard.append(type((yield Read("", seconds, True))).__name__)
        return PASS

    heard: list[str] = []
    play_together(waiting(3600.0), waiting(7200.0))
    assert heard == ["TimedOut", "PeerGone"]


def test_a_handshake_that_one_side_wants() -> None:
    def wanting() -> Part:
        yield Open("", None)
        yield StartTls("")
        return PASS

    def waiting() -> Part:
        yield Open("", None)
        yield Wait(1.0)
        return PASS

    client, _ = play_together(wanting(), waiting())
    assert isinstance(client.error, PeerClosed)


def test_writing_to_nobody() -> None:
    def late() -> Part:
        yield Open("", None)
        yield Wait(1.0)
        yield Send("", b"x")
        return PASS

    client, _ = play_together(late(), idle())
    assert isinstance(client.error, PeerClosed)


def test_errors_end_a_part_and_not_the_other() -> None:
    def failing() -> Part:
        yield Open("", None)
        raise ConnectError("no")

    client, server = play_together(failing(), idle())
    assert isinstance(client.error, ConnectError)
    assert server.result == PASS


def test_a_stream_that_cannot_be_read() -> None:
    def streaming() -> Part:
        def blocks() -> object:
            yield b"x"
            raise ScriptError("gone")

        yield Open("", None)
        yield SendStream("", blocks())  # type: ignore[arg-type]
        return PASS

    client, _ = play_together(streaming(), idle())
    assert isinstance(client.error, ScriptError)


def test_what_was_sent_arrives_before_the_end() -> None:
    def saying() -> Part:
        yield Open("", None)
        yield Send("", b"last words")
        yield Close("")
        return PASS

    heard: list[str] = []

    def hearing() -> Part:
        yield Open("", None)
        while "PeerGone" not in heard:
            happening = yield Read("", 1.0, True)
            heard.append(type(happening).__name__)
        return PASS

    play_together(saying(), hearing(), lambda octets: [octets[:4], octets[4:]])
    assert heard == ["Received", "Received", "PeerGone"]


def test_a_connection_of_the_same_name_is_another_one() -> None:
    text = "S: 220 x\nC: NOOP\n@close\nS: 220 x\nC: NOOP\nS: 250 ok\n@close\nS: 220 x\n"
    client, server, _, _ = rehearse_both(text)
    assert (client.error, server.error) == (None, None)
    assert client.result is not None
    assert client.result.status == "pass"
