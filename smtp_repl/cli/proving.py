"""The proofs of a lesson, played against the lesson's own server: what they come to, and whether that is as it says.

A solution and every other right way must reach all goals of their scene; a wrong way must not, and what it names must
be noticed. A proof is played by the real player over a socket, and what was said is judged as a hand-in would be: as a
transcript, with the proof's own comments (`# /answer …`) where they stand.
"""

from collections import deque
from collections.abc import Iterator, Sequence

from smtp_repl.cli.courses import profile_of_scene
from smtp_repl.cli.preparing import PRACTICE_PASSWORD
from smtp_repl.net.practice import PracticeOptions, PracticeThread
from smtp_repl.net.practice.options import PRACTICE_ACCOUNTS
from smtp_repl.net.practice.switches import Profile
from smtp_repl.net.runner import NetOptions, run_part
from smtp_repl.net.trust import TlsOptions
from smtp_repl.script.actions import Opened, TlsFacts
from smtp_repl.script.casting import Casting, Observer, StepResult
from smtp_repl.script.model import Comment, Script
from smtp_repl.script.player import plan, play
from smtp_repl.script.scope import secrets_needed
from smtp_repl.script.steps import Say, Step, compile_steps
from smtp_repl.script.text import parse
from smtp_repl.script.transcript import Line, Transcriber, remark
from smtp_repl.teach.judging import Judgement, judge
from smtp_repl.teach.lesson import WRONG, Lesson, Proof
from smtp_repl.wire.errors import (
    ConnectError,
    PeerClosed,
    ReplyTimeout,
    ScriptError,
    SmtpReplError,
    TlsError,
    WireLimit,
)
from smtp_repl.wire.events import Closed, Event
from smtp_repl.wire.language import phrase, phrase_of
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.sasl import Credentials
from smtp_repl.wire.secrets import Secret
from smtp_repl.wire.targets import Target


class ProofTranscript(Observer):
    """What is said in the play of a proof, as a transcript; the proof's comments stand where they stood."""

    def __init__(self, script: Script, steps: Sequence[Step]) -> None:
        self.lines: list[str] = []
        self._comments = deque(node for node in script.nodes if isinstance(node, Comment))
        self._says = (step for step in steps if isinstance(step, Say))
        self._transcribers: dict[str, Transcriber] = {}
        self._open: set[str] = set()

    @property
    def text(self) -> str:
        """All of it."""
        self._comment_up_to(None)
        return "".join(f"{line}\n" for line in self.lines)

    def stopped(self, error: SmtpReplError) -> None:
        """Something befell a connection, and the play is over: a person would see an error and hang up."""
        self.lines.append(remark(phrase("error: {message}", message=error.message)).text)
        for connection in sorted(self._open):
            self.closed(connection, None, by_us=True)

    def opened(self, connection: str, opened: Opened, target: Target | None) -> None:
        self._open.add(connection)
        self._transcribers[connection] = Transcriber(connection)
        self._add(self._transcribers[connection].opened(opened, target))

    def wrote(self, connection: str, events: Sequence[Event]) -> None:
        say = next(self._says, None)
        if say is not None:
            self._comment_up_to(say.line)
        self._add(self._transcribers[connection].wrote(events))

    def heard(self, connection: str, events: Sequence[Event]) -> None:
        self._add(self._transcribers[connection].heard(events))

    def secured(self, connection: str, facts: TlsFacts) -> None:
        self._add(self._transcribers[connection].secured(facts))

    def closed(self, connection: str, event: Closed | None, *, by_us: bool) -> None:
        self._open.discard(connection)
        self._add(self._transcribers[connection].closed(event, by_us=by_us))

    def _add(self, lines: Sequence[Line]) -> None:
        self.lines += [line.text for line in lines]

    def _comment_up_to(self, line: int | None) -> None:
        while self._comments and (line is None or self._comments[0].line < line):
            self.lines.append(f"# {self._comments.popleft().text}")


def prove(lesson: Lesson, file: str) -> Iterator[ScriptError]:
    """Everything in which the servers and proofs of a lesson do not hold, each fault with its place in the file."""
    for number, scene in enumerate(lesson.scenes):
        try:
            profile = profile_of_scene(scene, file)
        except ScriptError as error:
            yield error
            continue
        for proof in scene.proofs:
            # A server of its own: no proof finds what another one left behind.
            with PracticeThread(PracticeOptions(profile=profile, idle_limit=None)) as server:
                yield from _prove(lesson, number, proof, Stage(server, profile), file)


class Stage(Record):
    """Where a proof is played: a server, and how it behaves."""

    server: PracticeThread
    profile: Profile

    def password(self, user: str) -> Secret:
        """Of an account that the server has."""
        accounts = {**PRACTICE_ACCOUNTS, **self.profile.accounts}
        return Secret(accounts.get(user, PRACTICE_PASSWORD).encode())


def _prove(lesson: Lesson, number: int, proof: Proof, stage: Stage, file: str) -> Iterator[ScriptError]:
    try:
        transcript, stopped = play_proof(lesson, number, proof, stage)
    except SmtpReplError as error:
        yield _stop(proof, file, error)
        return
    if isinstance(stopped, StepResult):
        came = printable(stopped.got.partition("\n")[0])
        problem = phrase("this proof ({kind}) does not hold: the server said {reply}", kind=proof.kind, reply=came)
        yield _fault(proof, file, stopped.line, problem)
        return
    judgement = judge(lesson, parse(transcript.encode("utf-8", "surrogateescape")))
    missed = [outcome.goal.id for outcome in judgement.outcomes if outcome.scene == number and not outcome.is_met]
    faults = _wrong(proof, judgement, file, missed) if proof.kind == WRONG else _right(proof, file, missed)
    if faults and stopped is not None:
        yield _stop(proof, file, stopped)
    yield from faults


def _stop(proof: Proof, file: str, error: SmtpReplError) -> ScriptError:
    problem = phrase("this proof ({kind}) stops here: {why}", kind=proof.kind, why=error.message)
    return _fault(proof, file, error.line or 1, problem)


def _right(proof: Proof, file: str, missed: list[str]) -> list[ScriptError]:
    """What a solution, or another right way, lacks."""
    if not missed:
        return []
    problem = phrase_of(
        "this proof ({kind}) misses a goal: {goals}",
        "this proof ({kind}) misses {count} goals: {goals}",
        len(missed),
        kind=proof.kind,
        goals=", ".join(missed),
    )
    return [_fault(proof, file, 0, problem)]


def _wrong(proof: Proof, judgement: Judgement, file: str, missed: list[str]) -> list[ScriptError]:
    """What a wrong way lacks."""
    faults = [] if missed else [_fault(proof, file, 0, phrase("this wrong way reaches every goal"))]
    noticed = ", ".join(sorted(judgement.caught)) or phrase("nothing")
    for name in proof.caught:
        if name not in judgement.caught:
            problem = phrase('"{id}" is not noticed in this wrong way', id=name)
            faults.append(_fault(proof, file, 0, problem, phrase("noticed: {what}", what=noticed)))
    return faults


def _fault(proof: Proof, file: str, line: int, problem: str, hint: str = "") -> ScriptError:
    """A fault at a line of the proof's script; 0 is the proof itself."""
    lines = proof.script.split("\n")
    source = lines[line - 1] if 0 < line <= len(lines) else ""
    return ScriptError(
        problem, hint, kind="proof", file=file, line=proof.line + line, source=source, width=max(1, len(source))
    )


_BEFELL = (ConnectError, TlsError, ReplyTimeout, PeerClosed, WireLimit)
"""What a server may do to a connection: a play that ends so is judged by what was said until then."""


def play_proof(
    lesson: Lesson, number: int, proof: Proof, stage: Stage
) -> tuple[str, StepResult | SmtpReplError | None]:
    """Play a proof of a scene (numbered from 0); the transcript, and what stopped the play before its end.

    Raises `SmtpReplError` for what cannot be played, with its line in the proof.
    """
    script = parse(proof.script.encode(), lesson.id)
    steps = compile_steps(script)
    transcript = ProofTranscript(script, steps)
    transcript.lines.append(f"# scene {number + 1}: {lesson.scenes[number].title}".rstrip(": "))
    casting = Casting(
        target=stage.server.target,
        credentials={need.name: Credentials(need.user, stage.password(need.user)) for need in secrets_needed(steps)},
        allow_plaintext_auth=True,
    )
    uses_tls = stage.profile.implicit_tls or "starttls" in proof.script.lower() or "@tls" in proof.script
    options = NetOptions(stage.server.target, tls=TlsOptions(ca_pem=stage.server.ca_pem() if uses_tls else b""))
    try:
        result = run_part(play(plan(steps, lesson.id), casting, transcript), options)
    except _BEFELL as error:
        transcript.stopped(error)
        return transcript.text, error
    return transcript.text, result.failure
