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
from smtp_repl.script.transcript import Line, Transcriber
from smtp_repl.teach.judging import Judgement, judge
from smtp_repl.teach.lesson import WRONG, Lesson, Proof
from smtp_repl.wire.errors import ScriptError, SmtpReplError
from smtp_repl.wire.events import Closed, Event
from smtp_repl.wire.language import _, n_
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

    @property
    def text(self) -> str:
        """All of it."""
        self._comment_up_to(None)
        return "".join(f"{line}\n" for line in self.lines)

    def opened(self, connection: str, opened: Opened, target: Target | None) -> None:
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
                yield from _prove(lesson, number, proof, _Stage(server, profile), file)


class _Stage(Record):
    server: PracticeThread
    profile: Profile

    @property
    def target(self) -> Target:
        is_lmtp = self.profile.protocol == "lmtp"
        return Target(self.server.host, self.server.port, implicit_tls=self.profile.implicit_tls, lmtp=is_lmtp)

    def password(self, user: str) -> Secret:
        """Of an account that the server has."""
        accounts = {**PRACTICE_ACCOUNTS, **self.profile.accounts}
        return Secret(accounts.get(user, PRACTICE_PASSWORD).encode())


def _prove(lesson: Lesson, number: int, proof: Proof, stage: _Stage, file: str) -> Iterator[ScriptError]:
    try:
        transcript, failure = play_proof(lesson, number, proof, stage)
    except SmtpReplError as error:
        line = error.line or 1
        yield _fault(
            proof, file, line, _("this proof ({kind}) stops here: {why}").format(kind=proof.kind, why=error.message)
        )
        return
    if failure is not None:
        came = printable(failure.got.partition("\n")[0])
        problem = _("this proof ({kind}) does not hold: the server said {reply}").format(kind=proof.kind, reply=came)
        yield _fault(proof, file, failure.line, problem)
        return
    judgement = judge(lesson, parse(transcript.encode("utf-8", "surrogateescape")))
    missed = [outcome.goal.id for outcome in judgement.outcomes if outcome.scene == number and not outcome.is_met]
    if proof.kind == WRONG:
        yield from _not_caught(proof, judgement, file, is_right=not missed)
    elif missed:
        problem = n_(
            "this proof ({kind}) misses a goal: {goals}",
            "this proof ({kind}) misses {count} goals: {goals}",
            len(missed),
        )
        text = problem.format(kind=proof.kind, count=len(missed), goals=", ".join(missed))
        yield _fault(proof, file, 0, text)


def _not_caught(proof: Proof, judgement: Judgement, file: str, *, is_right: bool) -> Iterator[ScriptError]:
    if is_right:
        yield _fault(proof, file, 0, _("this wrong way reaches every goal"))
    noticed = ", ".join(sorted(judgement.caught)) or _("nothing")
    for name in proof.caught:
        if name not in judgement.caught:
            problem = _('"{id}" is not noticed in this wrong way').format(id=name)
            yield _fault(proof, file, 0, problem, _("noticed: {what}").format(what=noticed))


def _fault(proof: Proof, file: str, line: int, problem: str, hint: str = "") -> ScriptError:
    """A fault at a line of the proof's script; 0 is the proof itself."""
    lines = proof.script.split("\n")
    source = lines[line - 1] if 0 < line <= len(lines) else ""
    return ScriptError(
        problem, hint, kind="proof", file=file, line=proof.line + line, source=source, width=max(1, len(source))
    )


def play_proof(lesson: Lesson, number: int, proof: Proof, stage: _Stage) -> tuple[str, StepResult | None]:
    """Play a proof of a scene (numbered from 0); the transcript, and the first expectation that did not hold.

    Raises `SmtpReplError` for what befell the connection, with its line in the proof.
    """
    script = parse(proof.script.encode(), lesson.id)
    steps = compile_steps(script)
    transcript = ProofTranscript(script, steps)
    transcript.lines.append(f"# scene {number + 1}: {lesson.scenes[number].title}".rstrip(": "))
    casting = Casting(
        target=stage.target,
        credentials={need.name: Credentials(need.user, stage.password(need.user)) for need in secrets_needed(steps)},
        allow_plaintext_auth=True,
    )
    uses_tls = stage.profile.implicit_tls or "starttls" in proof.script.lower() or "@tls" in proof.script
    options = NetOptions(stage.target, tls=TlsOptions(ca_pem=stage.server.ca_pem() if uses_tls else b""))
    result = run_part(play(plan(steps, lesson.id), casting, transcript), options)
    return transcript.text, result.failure
