"""The keys of the shell. Each that does what a `/command` does stands beside it in the table of commands."""

from prompt_toolkit.completion import CompleteEvent, Completion, get_common_complete_suffix
from prompt_toolkit.document import Document
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import Condition, has_focus
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

from smtp_repl.term.actor import Actor, Board


def key_bindings(stage: Board, actor: Actor) -> KeyBindings:
    """What each key does, where it is not prompt_toolkit's own (Emacs) meaning."""
    bindings = KeyBindings()
    typing = has_focus(DEFAULT_BUFFER)
    is_message = Condition(lambda: actor.prompt().kind == "message")
    is_question = Condition(lambda: actor.prompt().kind == "question")
    is_empty = Condition(lambda: not stage.text)

    @bindings.add("enter", filter=typing)
    def enter(event: KeyPressEvent) -> None:
        menu = event.current_buffer.complete_state
        if menu is not None and menu.current_completion is not None:
            # A choice in the menu is a word chosen, not a line sent.
            event.current_buffer.complete_state = None
        else:
            actor.entered()

    completes = Condition(lambda: stage.has_completion)

    @bindings.add("tab", filter=typing & ~is_question & ~completes)
    def character(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\t")

    @bindings.add("tab", filter=typing & ~is_question & completes)
    def complete(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        menu = buffer.complete_state
        if menu is not None and (len(menu.completions) > 1 or menu.current_completion is not None):
            buffer.complete_next()
            return
        ghost = actor.prompt().ghost
        if ghost and not buffer.text:
            buffer.document = Document(ghost)
            return
        if ghost and buffer.text == ghost:
            # Tab again goes on to what else there is.
            buffer.document = Document()
            found = list(buffer.completer.get_completions(buffer.document, CompleteEvent(completion_requested=True)))
            buffer._set_completions(found)
            buffer.go_to_completion(min(1, len(found) - 1) if found else None)
            return
        # At once, and not by prompt_toolkit's task: that one is dropped while another is at work for the last key.
        before = buffer.text
        found = list(buffer.completer.get_completions(buffer.document, CompleteEvent(completion_requested=True)))
        # What only resembles the typed letters stands in the menu, and is no reason not to go on from them.
        begun = [one for one in found if _goes_on(buffer.document.text_before_cursor, one)]
        if len(begun or found) == 1:
            buffer.apply_completion((begun or found)[0])
        else:
            buffer.insert_text(get_common_complete_suffix(buffer.document, begun))
        if len(begun or found) > 1 or buffer.text != before:
            buffer.start_completion()

    @bindings.add("escape", "enter", filter=typing)
    def pipeline(event: KeyPressEvent) -> None:
        actor.pipelined()

    @bindings.add(Keys.BracketedPaste, filter=typing)
    def paste(event: KeyPressEvent) -> None:
        actor.pasted(event.data.replace("\r\n", "\n").replace("\r", "\n"))

    @bindings.add(Keys.CPRResponse, save_before=lambda event: False)
    def cursor_reported(event: KeyPressEvent) -> None:
        row, _, _ = event.data.removeprefix("\x1b[").removesuffix("R").partition(";")
        stage.cursor_reported(int(row))

    @bindings.add("c-c", filter=typing)
    @bindings.add("<sigint>")
    def interrupt(event: KeyPressEvent) -> None:
        actor.interrupted()

    @bindings.add("c-d", filter=typing & is_empty)
    def end(event: KeyPressEvent) -> None:
        actor.ended()

    @bindings.add("c-]", filter=typing, eager=True)
    def aside(event: KeyPressEvent) -> None:
        actor.stepped_aside()

    @bindings.add("c-x", "c-e", filter=typing & ~is_question)
    def edit(event: KeyPressEvent) -> None:
        stage.edit()

    @bindings.add("f1", filter=typing & ~is_question)
    def explain(event: KeyPressEvent) -> None:
        document = event.current_buffer.document
        actor.puzzled(document.current_line, document.cursor_position_col)

    @bindings.add("f2", filter=typing & ~is_question)
    def status(event: KeyPressEvent) -> None:
        actor.asked("/status")

    @bindings.add("f3", filter=typing & ~is_question & ~is_message)
    def narrow(event: KeyPressEvent) -> None:
        actor.narrowed()

    @bindings.add("f4", filter=typing & ~is_question & ~is_message)
    def encode(event: KeyPressEvent) -> None:
        actor.encoded()

    # In a message and in an answer, a line of the history would replace what is being written.
    @bindings.add("up", filter=typing & is_message)
    @bindings.add("c-p", filter=typing & is_message)
    def up(event: KeyPressEvent) -> None:
        event.current_buffer.cursor_up(count=event.arg)

    @bindings.add("down", filter=typing & is_message)
    @bindings.add("c-n", filter=typing & is_message)
    def down(event: KeyPressEvent) -> None:
        event.current_buffer.cursor_down(count=event.arg)

    @bindings.add("up", filter=typing & is_question)
    @bindings.add("down", filter=typing & is_question)
    @bindings.add("c-p", filter=typing & is_question)
    @bindings.add("c-n", filter=typing & is_question)
    @bindings.add("c-r", filter=typing & (is_question | is_message))
    @bindings.add("c-s", filter=typing & (is_question | is_message))
    @bindings.add("escape", "<", filter=typing & (is_question | is_message))
    @bindings.add("escape", ">", filter=typing & (is_question | is_message))
    def nothing(event: KeyPressEvent) -> None:
        pass

    return bindings


def _goes_on(text: str, completion: Completion) -> bool:
    """Whether a completion begins with what it takes the place of."""
    return completion.text.lower().startswith(text[len(text) + completion.start_position :].lower())
