"""Questions to the person, put at the prompt; what was being typed comes back when one is answered."""

import asyncio
from collections.abc import Callable

from smtp_repl.term.actor import Prompt
from smtp_repl.term.full_width import as_ascii
from smtp_repl.term.requests import Ask
from smtp_repl.term.stage import Stage
from smtp_repl.wire.language import _, phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.secrets import MASK


class Question:
    """A question that stands at the prompt; `stash` is what was typed when it came."""

    def __init__(self, ask: Ask, stash: str) -> None:
        self.ask = ask
        self.stash = stash
        self.answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

    @property
    def prompt(self) -> Prompt:
        return Prompt(f"# {printable(_(self.ask.prompt))}", "question", self.ask.hidden)


class Asker:
    """What an actor who can be asked has in common with others; `tell` shows a remark."""

    stage: Stage
    """Set before anything else is called."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._question: Question | None = None
        self._tell = tell

    async def ask(self, ask: Ask) -> str | None:
        """Put a question to the person, at the prompt."""
        question = self._question = Question(ask, self.stage.take())
        self.stage.text = ask.default
        self.stage.refresh()
        try:
            answer = await question.answer
        finally:
            self._question = None
            self.stage.text = question.stash
            if ask.hidden:
                self.stage.put_aside("")  # Ctrl-U may have put the password there
        shown = _("(no answer)") if answer is None else MASK if ask.hidden else answer
        self._tell(f"{_(ask.prompt)}{shown}")
        return answer

    def narrowed(self) -> None:
        """Full-width characters that an input method left in the line become ASCII."""
        if self._question is not None:
            return
        plain = as_ascii(self.stage.text)
        if plain == self.stage.text:
            self._tell(phrase("nothing in this line is full-width"))
        else:
            self.stage.text = plain

    def encoded(self) -> None:
        """What stands in the line becomes base64, where that may be wanted."""

    def _answer(self, text: str | None) -> None:
        if self._question is not None and not self._question.answer.done():
            self._question.answer.set_result(text)
