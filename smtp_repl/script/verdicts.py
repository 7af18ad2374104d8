"""The verdicts of a play: every expectation judged, counted, told, and the end of the play when one failed."""

from smtp_repl.script.casting import Counts, Observer, StepResult
from smtp_repl.script.channel import Heard
from smtp_repl.script.matching import Difference
from smtp_repl.script.model import line_text
from smtp_repl.script.steps import Do, Hear, Say


class Failed(Exception):
    """An expectation failed: the play is over."""

    def __init__(self, result: StepResult) -> None:
        super().__init__()
        self.result = result


class Verdicts:
    """Takes verdicts one by one."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._tells = observer.wants_steps
        self._counts = {"ok": 0, "drift": 0, "fail": 0, "skip": 0}
        self.failure: StepResult | None = None
        """The first one: whoever plays the server goes on after it."""

    @property
    def counts(self) -> Counts:
        """How many of each there were."""
        return Counts(**self._counts)

    def give(
        self,
        status: str,
        connection: str,
        *,
        step: Hear | Do | Say | None = None,
        number: int = -1,
        differences: tuple[Difference, ...] = (),
        heard: Heard | None = None,
    ) -> None:
        """Give one verdict (ok, drift, fail, skip). Raises `Failed` for a fail."""
        self._counts[status] += 1
        if status != "fail" and not self._tells:
            return
        reply = heard.said.reply if heard is not None else None
        result = StepResult(
            file=step.file if step is not None else "",
            line=step.line if step is not None else 0,
            status=status,
            connection=connection,
            differences=differences,
            reply=reply,
            answers=heard.said.answers if heard is not None else None,
            seconds=heard.seconds if heard is not None else 0.0,
            want="\n".join(line_text(node.source).strip() for node in step.nodes) if step is not None else "",
            got=b"\n".join(reply.lines).decode("utf-8", "replace") if reply is not None else "",
            source=line_text(step.nodes[0].source) if step is not None else "",
            step=number,
        )
        self._observer.stepped(result)
        if status == "fail":
            self.failure = self.failure or result
            raise Failed(result)
