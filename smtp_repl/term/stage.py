"""The stage: the terminal with its one prompt, which stays from the first line to the last. prompt_toolkit is here.

One application runs for the whole session; a line that is entered leaves the prompt, and what is shown is printed
above it. So whatever the server says while somebody types appears at once, and the half-typed line stays as it is.
The stage knows nothing of SMTP: an `Actor` tells it what the prompt is now and is told which keys were pressed.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from prompt_toolkit import PromptSession
from prompt_toolkit.application import Application, run_in_terminal
from prompt_toolkit.clipboard import ClipboardData
from prompt_toolkit.completion import Completer, ConditionalCompleter
from prompt_toolkit.cursor_shapes import CursorShape, DynamicCursorShapeConfig, ModalCursorShapeConfig
from prompt_toolkit.document import Document
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples, fragment_list_to_text
from prompt_toolkit.history import History
from prompt_toolkit.layout import CompletionsMenu, Dimension, FloatContainer, Window
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.renderer import print_formatted_text
from prompt_toolkit.styles import DynamicStyle

from smtp_repl.script.transcript import Line, remark
from smtp_repl.term.actor import Actor
from smtp_repl.term.keys import key_bindings
from smtp_repl.term.marking import Mark, Marker
from smtp_repl.term.paint import fit, paint, stage_style
from smtp_repl.term.proposer import Proposer, Quiet
from smtp_repl.term.settings import Settings
from smtp_repl.term.signals import stopping_signal
from smtp_repl.term.stuffing import StuffedDots
from smtp_repl.term.typed_lexer import TypedLexer
from smtp_repl.view.width import rows
from smtp_repl.wire.errors import UsageError

_CLIENT, _TALK = "class:pygments.generic.prompt.client", "class:pygments.comment.single"
_SERVER = "class:pygments.generic.prompt.server"
_PROMPTS = {"question": _TALK, "idle": _TALK, "aside": _TALK, "reply": _SERVER}
_MODAL = ModalCursorShapeConfig()
MENU_ROWS = 6
"""Rows below the prompt that are kept for the completion menu."""


class Stage:
    """The prompt, and what is printed above it."""

    def __init__(
        self, actor: Actor, history: History, *, completer: Callable[[], Completer], settings: Settings
    ) -> None:
        self._actor = actor
        self._settings = settings
        self._style = DynamicStyle(lambda: stage_style(settings.style))
        self._erased = False
        self._moved = 0
        """Rows printed since the terminal was asked where its cursor is."""
        self._away = False
        """Somebody else has the terminal: an editor."""
        self._measured = -1, Dimension()
        """The last picture that was drawn, and how high the prompt is there."""
        self._held: StyleAndTextTuples = []
        self.marks: Callable[[str], Sequence[Mark]] = lambda text: ()
        """Says what of the typed text is to be marked."""
        self.suggest: Callable[[str], str] = lambda text: ""
        """Says what of earlier lines would go on from a text."""
        completes = Condition(lambda: actor.prompt().kind != "question")
        proposes = ConditionalCompleter(Quiet(completer), completes)
        self._session: PromptSession[None] = PromptSession(
            self._message,
            multiline=Condition(lambda: actor.prompt().kind in ("message", "reply")),
            is_password=Condition(lambda: actor.prompt().hidden),
            lexer=TypedLexer(actor),
            input_processors=[
                Marker(lambda text: self.marks(text)),
                StuffedDots(lambda: actor.prompt().kind == "message"),
            ],
            completer=proposes,
            complete_while_typing=False,
            bottom_toolbar=self._toolbar,
            prompt_continuation=self._continuation,
            placeholder=self._ghost,
            history=history,
            style=self._style,
            include_default_pygments_style=False,
            cursor=DynamicCursorShapeConfig(self._cursor_shape),
            key_bindings=key_bindings(self, actor),
            erase_when_done=True,
            enable_suspend=True,
        )
        self._app = self._session.app
        self._buffer = self._session.default_buffer
        Proposer(
            self._app, self._buffer, proposes, suggest=lambda text: self.suggest(text), completes=self._opens_menus
        )
        self._fit_layout()
        self._settle()

    async def run(self, started: Callable[[], None], first: Callable[[], Iterable[Line]]) -> None:
        """Hold the terminal until `leave`. `started` is called when the prompt stands, below the lines of `first`."""

        def show_first(app: Application[None]) -> None:
            # Not sooner: as long as the terminal is not ours, it echoes what is typed among these lines.
            app.before_render -= show_first
            self._erased = True  # nothing has been drawn
            self.show(first())
            self._erased = False

        self._app.before_render += show_first

        def soon() -> None:
            asyncio.get_running_loop().call_soon(started)

        # Under -X dev a slow callback (a long message, a slow machine) would be reported into the screen.
        with stopping_signal(self._suspend):
            await self._app.run_async(pre_run=soon, slow_callback_duration=60)

    def leave(self) -> None:
        """Take the prompt away; `run` returns."""
        if self._app.is_running and self._app.future is not None and not self._app.future.done():
            self._app.exit()

    # ------------------------------------------------------------ what is typed

    @property
    def text(self) -> str:
        """What stands at the prompt."""
        return self._buffer.text

    @text.setter
    def text(self, text: str) -> None:
        self._buffer.cancel_completion()
        self._buffer.set_document(Document(text), bypass_readonly=True)

    def place(self, text: str, cursor: int) -> None:
        """Put a text at the prompt and the cursor in it; below 0 is the end. Undo goes back to what was there."""
        self._buffer.cancel_completion()
        self._buffer.save_to_undo_stack()
        self._buffer.set_document(Document(text, len(text) if cursor < 0 else cursor), bypass_readonly=True)

    def take(self) -> str:
        """What stands at the prompt, and an empty prompt afterwards."""
        text = self._buffer.text
        self._buffer.reset()
        return text

    def insert(self, text: str) -> None:
        """Type some text where the cursor is."""
        self._buffer.insert_text(text)

    def look_back_anew(self) -> None:
        """Earlier lines have another order now, but for whoever is among them already."""
        if self._buffer.working_index == len(self._buffer._working_lines) - 1:
            self._buffer.reset(self._buffer.document)

    @property
    def is_at_end(self) -> bool:
        """Whether the cursor stands behind all that is typed."""
        return self._buffer.document.is_cursor_at_the_end

    def put_aside(self, text: str) -> None:
        """Put some text where Ctrl-Y brings it back from."""
        self._app.clipboard.set_data(ClipboardData(text))

    def edit(self) -> None:
        """Open what is typed in an editor."""
        self._away = True

        async def edit() -> None:
            from smtp_repl.term.editor import edited  # with what runs programs: not before the first prompt

            problem: list[Line] = []
            try:
                self.text = await edited(self.text)
            except UsageError as error:
                problem = [
                    remark(text) for text in (f"error: {error.message}", f"hint: {error.hint}") if text[-2:] != ": "
                ]
            finally:
                self._away = False
                self._print_held()
            self.show(problem)

        self._app.create_background_task(edit())

    def _suspend(self, stop: Callable[[], None]) -> None:
        """Give the terminal back, stop, and take it again."""
        self._away = True

        async def suspend() -> None:
            try:
                await run_in_terminal(stop)
            finally:
                self._away = False
                self._print_held()

        self._app.create_background_task(suspend())

    # ------------------------------------------------------------ what is shown

    @property
    def columns(self) -> int:
        """How many the terminal has now."""
        return self._app.output.get_size().columns

    def show(self, lines: Iterable[Line], *, in_message: bool = False) -> None:
        """Print lines above the prompt, now. What is typed stays as it is."""
        lines = fit(lines, self.columns)
        self._held += paint(lines, in_message=in_message)
        if not self._away:
            self._print_held()

    def refresh(self) -> None:
        """The prompt, the toolbar or a setting has changed."""
        self._settle()
        self._app.invalidate()

    def _settle(self) -> None:
        """Do as the settings say."""
        is_vi = self._settings.keys == "vi"
        self._session.editing_mode = EditingMode.VI if is_vi else EditingMode.EMACS
        # Escape alone is a key of vi's, and not to be waited behind; a terminal sends Alt-Enter in one go.
        self._app.timeoutlen, self._app.ttimeoutlen = (0.05, 0.05) if is_vi else (1.0, 0.5)
        self._session.color_depth = ColorDepth.DEPTH_1_BIT if self._settings.style == "none" else None

    def _cursor_shape(self) -> ModalCursorShapeConfig | CursorShape:
        return _MODAL if self._settings.keys == "vi" else CursorShape._NEVER_CHANGE

    @property
    def has_completion(self) -> bool:
        """Whether Tab proposes something, or is a character like any other."""
        return self._settings.complete != "off"

    def _opens_menus(self) -> bool:
        return self._settings.complete == "as-you-type" and self._actor.prompt().kind != "question"

    def _fit_layout(self) -> None:
        """Say how high things are, and leave out what is never shown: all of it would be asked anew at each key."""
        layout = self._app.layout
        layout.current_window.height = self._height
        for container in layout.walk():
            if isinstance(container, FloatContainer):
                container.floats = [one for one in container.floats if isinstance(one.content, CompletionsMenu)]
            elif isinstance(container, Window) and container.style == "class:bottom-toolbar":
                container.height = 1

    def _height(self) -> Dimension:
        """Of the prompt; asked several times for each picture."""
        if self._app.is_done:
            return Dimension()
        picture, height = self._measured
        if picture != self._app.render_counter:
            height = self._measure()
            self._measured = self._app.render_counter, height
        return height

    def _measure(self) -> Dimension:
        """How high the prompt is, with room for a menu where there may be one any moment.

        prompt_toolkit would lay the text out to learn that; so where it can be told at a glance, it is.
        """
        room = MENU_ROWS if self._opens_menus() or self._buffer.complete_state is not None else 0
        size, lines = self._app.output.get_size(), self._buffer.document.line_count
        height = None
        if lines >= size.rows:
            height = size.rows
        elif room and lines == 1:
            prompt, suggestion = self._actor.prompt(), self._buffer.suggestion
            shown = len(prompt.text) + len(prompt.ghost) + len(self._buffer.text)
            shown += len(suggestion.text) if suggestion is not None else 0
            # No character is shown as more than four: <9b>.
            height = room if 4 * shown <= room * size.columns else None
        return Dimension(min=room or None, preferred=height)

    def _print_held(self) -> None:
        held, self._held = self._held, []
        if not held:
            return
        app = self._app
        if not app.is_running or app.future is None or app.future.done():
            self._print(held)
            return
        # All within one turn of the loop, and nothing between erasing and printing: no delay, no torn line.
        # `run_in_terminal` would wait for the terminal to say where its cursor is, and change its mode twice.
        renderer = app.renderer
        room = renderer._min_available_height
        rows = _rows(held, app.output.get_size().columns)
        self._moved = self._moved + rows if renderer.waiting_for_cpr else 0
        if not self._erased:
            renderer.erase()
            self._erased = True
            asyncio.get_running_loop().call_soon(self._draw_again)
        self._print(held)
        if room:
            # The terminal need not be asked again how much room there is; the toolbar would flicker meanwhile.
            renderer._min_available_height = max(1, room - rows)

    def _print(self, fragments: StyleAndTextTuples) -> None:
        print_formatted_text(self._app.output, fragments, self._app._merged_style, color_depth=self._app.color_depth)

    def _draw_again(self) -> None:
        self._erased = False
        renderer = self._app.renderer
        if not renderer.height_is_known and not renderer.waiting_for_cpr:
            renderer.request_absolute_cursor_position()
        self._app._redraw()

    def cursor_reported(self, row: int) -> None:
        """The terminal says where the prompt was when it was asked; what was printed since has moved it down."""
        rows = self._app.output.get_size().rows
        row, self._moved = min(row + self._moved, rows), 0
        self._app.renderer.report_absolute_cursor_row(row)

    def _message(self) -> StyleAndTextTuples:
        prompt = self._actor.prompt()
        style = _TALK if prompt.text.startswith("# ") else _PROMPTS.get(prompt.kind, _CLIENT)
        return [(style, prompt.text)]

    def _ghost(self) -> StyleAndTextTuples:
        first, *more = self._actor.prompt().ghost.split("\n") if self._settings.ghost else [""]
        return [("class:ghost", f"{first} …" if more else first)]

    def _continuation(self, width: int, line_number: int, wrap_count: int) -> StyleAndTextTuples:
        # A line that is too long for the terminal is one line all the same.
        prompt = self._actor.prompt()
        return [] if wrap_count else [(_PROMPTS.get(prompt.kind, _CLIENT), prompt.text)]

    def _toolbar(self) -> StyleAndTextTuples:
        return list(self._actor.toolbar(self.columns))


def _rows(fragments: StyleAndTextTuples, columns: int) -> int:
    """How many rows of the terminal some printed lines take."""
    return sum(rows(line, columns) for line in fragment_list_to_text(fragments).split("\n")[:-1])
