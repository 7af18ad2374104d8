"""`smtp-repl auth`: an AUTH exchange worked out without a server, each line in both of its forms.

What the server would say is made up, but for the challenge that is given. Secrets are masked as in a recording,
unless they are asked for.
"""

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.options import Words
from smtp_repl.cli.passwords import DEFAULT, ask_password, read_passwords
from smtp_repl.script.transcript import Transcriber, remark, wire_line
from smtp_repl.teach.lens import challenge_remark, step_parts, step_remark
from smtp_repl.view.errors import did_you_mean
from smtp_repl.wire.conversation import Conversation
from smtp_repl.wire.errors import ExitStatus, SecretMissing, UsageError
from smtp_repl.wire.events import AuthStep, ChallengeSaid, CommandSaid, Event
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.sasl import MECHANISMS, Credentials, Mechanism, start
from smtp_repl.wire.secrets import MASK

_TAKE_AUTHZID = frozenset({"PLAIN"})
_PROMPTS = {"LOGIN": (b"VXNlcm5hbWU6", b"UGFzc3dvcmQ6")}
"""The usual challenges where the mechanism does not read them."""
_SHOWN = phrase("secrets are shown below (--show-secrets): keep this out of logs, tickets and mails")


def main(words: Words, environment: Environment) -> int:
    """Print the exchange. Raises `UsageError` and `SecretMissing`."""
    mechanism = _mechanism(words.words[0])
    user = words.text("auth-user")
    if not user:
        raise UsageError(
            "auth needs the name of the user", phrase("smtp-repl auth {name} --user NAME", name=mechanism.name)
        )
    authzid = words.text("authzid") or ""
    if authzid and mechanism.name not in _TAKE_AUTHZID:
        raise UsageError(phrase("{name} has no authorization identity", name=mechanism.name), "PLAIN has")
    challenges = _challenges(mechanism, words.text("challenge"))
    password = read_passwords(words, environment).get(DEFAULT) or ask_password(
        phrase("password of {user}: ", user=printable(user)), environment
    )
    if password is None:
        raise SecretMissing(
            "this needs a password, and nothing says where it comes from",
            "--password-env VARIABLE, or --password-file FILE",
        )
    turns = exchange(mechanism, Credentials(user, password, authzid), challenges)
    show = words.has("show-secrets")
    if words.has("auth-json"):
        _print_json(turns, show, environment)
    else:
        _print(turns, show, environment)
    return int(ExitStatus.OK)


def _mechanism(word: str) -> Mechanism:
    mechanism = MECHANISMS.get(word.upper())
    if mechanism is None:
        known = phrase("spoken here: {mechanisms}", mechanisms=", ".join(MECHANISMS))
        raise UsageError(
            phrase('"{word}" is no mechanism', word=printable(word)), did_you_mean(word, MECHANISMS) or known
        )
    return mechanism


def _challenges(mechanism: Mechanism, given: str | None) -> tuple[bytes, ...]:
    """What the server asks, base64 as on the wire."""
    if not mechanism.reads_challenges:
        if given is not None:
            raise UsageError(
                phrase("{name} does not read what the server asks", name=mechanism.name), "leave --challenge out"
            )
        return _PROMPTS.get(mechanism.name, ())
    if given is None:
        hint = phrase(
            "smtp-repl auth {name} --user NAME --challenge BASE64, the text of the server's 334", name=mechanism.name
        )
        raise UsageError(phrase("{name} answers a challenge, and there is none", name=mechanism.name), hint)
    return (given.strip().removeprefix("334 ").encode("utf-8", "surrogateescape"),)


class Turn(Record):
    """What one side says: its line without the line end, what of it is a step or a challenge, and the events of it."""

    side: str
    line: bytes
    step: AuthStep | None
    challenge: ChallengeSaid | None
    events: list[Event]


def exchange(mechanism: Mechanism, credentials: Credentials, challenges: tuple[bytes, ...]) -> list[Turn]:
    """The turns of an exchange that succeeds, the client's first. Raises `UsageError` when a challenge is no base64."""
    conversation = Conversation(path_is_private=True, lint=False)
    conversation.receive(b"220 x\r\n")
    conversation.send(b"EHLO x\r\n")
    conversation.receive(b"250 AUTH %s\r\n" % mechanism.name.encode())
    steps = start(mechanism, credentials, initial=mechanism.initial == "optional")
    line = b"AUTH " + mechanism.name.encode()
    if steps.first is not None:
        line += b" " + steps.first.reveal()
    turns = [_client(conversation, line)]
    for challenge in challenges:
        answer = steps.answer(challenge)
        if answer is None:
            raise UsageError("the challenge is not base64", "give the text of the 334 as it is", kind=steps.fault)
        turns += [_server(conversation, b"334 " + challenge), _client(conversation, answer.reveal())]
    return [*turns, _server(conversation, b"235 2.7.0 Authentication succeeded")]


def _client(conversation: Conversation, line: bytes) -> Turn:
    events = conversation.send(line + b"\r\n")
    step = next((event.step for event in events if isinstance(event, CommandSaid)), None)
    return Turn("C", line, step, None, events)


def _server(conversation: Conversation, line: bytes) -> Turn:
    events = conversation.receive(line + b"\r\n")
    challenge = next((event for event in events if isinstance(event, ChallengeSaid)), None)
    return Turn("S", line, None, challenge, events)


def _print(turns: list[Turn], show: bool, environment: Environment) -> None:
    """The exchange as a transcript."""
    transcriber = Transcriber()
    if show:
        environment.out(remark(_SHOWN).shown)
    for turn in turns:
        if show:
            lines = [wire_line(turn.side, turn.line + b"\r\n")]
        else:
            said = transcriber.wrote if turn.side == "C" else transcriber.heard
            lines = [line.shown for line in said(turn.events)]
        if turn.step is not None:
            lines.append(remark(step_remark(turn.step, show=show)).shown)
        if turn.challenge is not None and (text := challenge_remark(turn.challenge)):
            lines.append(remark(text).shown)
        for text in lines:
            environment.out(text)


def _print_json(turns: list[Turn], show: bool, environment: Environment) -> None:
    """One object for each line: `side`, `text`, `decoded`, `meaning`, `secret`."""
    import json

    for turn in turns:
        text, decoded, meaning, is_secret = printable(turn.line), None, "", False
        if turn.step is not None:
            decoded, meaning, is_secret = step_parts(turn.step, show=show)
            if is_secret and not show:
                text = printable(turn.line.removesuffix(turn.step.text.reveal())) + MASK
        elif turn.challenge is not None and turn.challenge.decoded is not None:
            decoded = printable(turn.challenge.decoded)
        row = {"side": turn.side, "text": text, "decoded": decoded, "meaning": meaning, "secret": is_secret}
        environment.out(json.dumps(row, ensure_ascii=False))
