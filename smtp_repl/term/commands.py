"""The `/commands`: one table that the dispatcher, the completer, `/help` and the reference docs read.

To add a command: a handler (see `requests`) and a row. What stands in the first word after `/` is the name; the
argument is everything after one blank, as it was typed. Loads no prompt_toolkit and no asyncio: line mode reads the
same table.
"""

from collections.abc import Callable

from smtp_repl.term.answering.commands import (
    handle_answer_status,
    handle_challenge,
    handle_encode_challenge,
    handle_goodbye,
    handle_reply,
    handle_tls_state,
)
from smtp_repl.term.attachments import handle_attach
from smtp_repl.term.authenticate import handle_ascii, handle_auth, handle_b64, handle_encode, handle_pass
from smtp_repl.term.comparing import handle_diff
from smtp_repl.term.compose import handle_edit
from smtp_repl.term.connections import handle_close, handle_connect, handle_quit, handle_starttls, handle_tls
from smtp_repl.term.desk import Desk
from smtp_repl.term.earlier import handle_history
from smtp_repl.term.explaining import handle_explain
from smtp_repl.term.facts import topic_lines
from smtp_repl.term.faults import handle_faults
from smtp_repl.term.inbox import handle_inbox
from smtp_repl.term.lesson_commands import (
    handle_answer,
    handle_goal,
    handle_hint,
    handle_lesson,
    handle_next,
    handle_reset,
    handle_skip,
)
from smtp_repl.term.pipelining import handle_pipeline
from smtp_repl.term.records import handle_record, handle_save
from smtp_repl.term.requests import Handling, Tell, say
from smtp_repl.term.rewind import handle_rewind, handle_steps, handle_undo
from smtp_repl.term.sending import handle_send
from smtp_repl.term.settings import ANSWERING
from smtp_repl.term.status import handle_status
from smtp_repl.term.switches import handle_data, handle_hex, handle_set, handle_timing
from smtp_repl.term.template import handle_template
from smtp_repl.wire.conversation import Side
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import _, phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record


class ShellCommand(Record):
    """One row. `kind` tells a completer what the argument is: target, file, new-file, mail-file, script, mechanism,
    topic, message, fault, lesson, step, setting, words:a|b, or "" for text. `key` is the key that does the same. A
    `secret` argument stands in no history, and on the screen only where secrets may. A command that `waits` is for the
    server: typed ahead, it waits for the reply.
    """

    name: str
    arguments: str
    kind: str
    help: str
    key: str
    handler: Callable[[Desk, str], Handling]
    waits: bool = False
    secret: bool = False
    sides: tuple[Side, ...] = (Side.CLIENT,)
    """Whose command it is; a name may mean one thing for one side and another for the other."""
    in_lessons: bool = False
    """Of any use in a lesson only (`smtp-repl learn`); elsewhere it is not proposed."""

    @property
    def usage(self) -> str:
        return f"/{self.name} {self.arguments}".rstrip()


def handle_help(desk: Desk, argument: str) -> Handling:
    """`/help`: the commands; `/help WORD`: what a verb, keyword, parameter, mechanism or code means."""
    word = argument.strip()
    rows = _rows(desk.side)
    row = rows.get(word.removeprefix("/").lower()) if word else None
    if row is not None and (word.startswith("/") or row.name not in ("data", "auth", "starttls", "help", "quit")):
        key = f" (key: {row.key})" if row.key else ""
        yield Tell(f"{row.usage}: {row.help}{key}")
    elif word:
        for line in topic_lines(word):
            yield Tell(line)
    else:
        rows = {name: row for name, row in rows.items() if desk.learning is not None or not row.in_lessons}
        yield Tell("what you type is sent as it stands, with CRLF; a line that begins with / is a command:")
        width = max(len(row.usage) for row in rows.values())
        for row in rows.values():
            key = f"  [{row.key}]" if row.key else ""
            usage = row.usage.ljust(width)
            yield Tell(phrase("  {usage}  {help}{key}", usage=usage, help=phrase(row.help), key=key))
        for name, line in desk.aliases.items():
            usage = f"/{name}".ljust(width)
            yield Tell(phrase("  {usage}  stands for {line}", usage=usage, line=printable(line)))
        yield Tell("//x sends /x; /help WORD explains a verb, a keyword or a code")


def handle_raw(desk: Desk, argument: str) -> Handling:
    r"""`/raw "EHLO x\r\n"`: exactly these octets, no line end added; `"…"*N` repeats."""
    from smtp_repl.script.model import Invalid, Wire  # the language of scripts: not before it is needed
    from smtp_repl.script.text import parse

    if not desk.is_connected:
        raise UsageError("not connected; nothing sent")
    items = argument if argument.startswith('"') else f'"{argument}"'
    node = parse(f"C{items}\n".encode("utf-8", "surrogateescape")).nodes[0]
    if not isinstance(node, Wire):
        problem = node.problem if isinstance(node, Invalid) else phrase("these are no octets")
        raise UsageError(problem, '/raw "…" knows \\r \\n \\t \\0 \\\\ \\" \\xHH, and "…"*N')
    if node.size > RAW_LIMIT:
        raise UsageError(
            phrase("that would be {size} octets", size=node.size),
            phrase("at most {limit}", limit=RAW_LIMIT),
            kind="limit",
        )
    yield from say(node.octets({}))


def handle_run(desk: Desk, argument: str) -> Handling:
    """`/run FILE`, or `/run @name` for a script that came with the program."""
    from smtp_repl.term.playing import play_script  # the player: not before it is needed

    name = argument.strip()
    if not name:
        raise UsageError("/run needs a script", "/run FILE.smtp, or /run @first-mail")
    yield from play_script(desk, name)


RAW_LIMIT = 16 * 1024 * 1024


_BOTH = (Side.CLIENT, Side.SERVER)
_SERVER = (Side.SERVER,)

ROWS: tuple[ShellCommand, ...] = (
    ShellCommand("help", "[WORD]", "topic", "the commands, or what a word or code means", "", handle_help),
    ShellCommand(
        "help", "[WORD]", "topic", "the commands, or what a word or code means", "F1", handle_help, sides=_SERVER
    ),
    ShellCommand("explain", "[WORD…]", "topic", "what the last reply means, or a word", "F1", handle_explain),
    ShellCommand("status", "", "", "where the session stands", "F2", handle_status),
    ShellCommand("status", "", "", "where the session stands", "F2", handle_answer_status, sides=_SERVER),
    ShellCommand("connect", "[HOST[:PORT]]", "target", "another server, or the last one again", "", handle_connect),
    ShellCommand("starttls", "", "", "EHLO where due, STARTTLS, EHLO again", "", handle_starttls, True),
    ShellCommand("tls", "[trust]", "words:trust", "certificate and cipher; trust the one refused", "", handle_tls),
    ShellCommand("tls", "", "", "whether the connection is encrypted", "", handle_tls_state, sides=_SERVER),
    ShellCommand("reply", "[N]", "", "what could be said now; say the Nth of it", "Tab", handle_reply, sides=_SERVER),
    ShellCommand("auth", "[MECHANISM] [USER]", "mechanism", "log in, line by line", "", handle_auth, True),
    ShellCommand("pass", "", "", "ask for the password, hidden, and answer the 334", "", handle_pass, True),
    ShellCommand("b64", "TEXT", "", "answer the 334 with TEXT in base64", "", handle_b64, True, True),
    ShellCommand("encode", "TEXT", "", "put TEXT in base64 at the prompt", "F4", handle_encode, True, True),
    ShellCommand("b64", "TEXT", "", "answer AUTH with 334 and TEXT in base64", "", handle_challenge, sides=_SERVER),
    ShellCommand(
        "encode",
        "TEXT",
        "",
        "put 334 and TEXT in base64 at the prompt",
        "F4",
        handle_encode_challenge,
        sides=_SERVER,
    ),
    ShellCommand("ascii", "TEXT", "", "put TEXT at the prompt, full-width as ASCII", "F3", handle_ascii, sides=_BOTH),
    ShellCommand("data", "live|compose", "words:live|compose", "how messages are typed", "", handle_data),
    ShellCommand(
        "pipeline",
        "[send|drop]",
        "words:send|drop",
        "keep lines back, and say them in one write",
        "Alt-Enter",
        handle_pipeline,
        True,
    ),
    ShellCommand("raw", '"TEXT\\r\\n"', "", "send exactly these octets", "", handle_raw, sides=_BOTH),
    ShellCommand("template", "[SUBJECT]", "", "fill in what a correct message needs", "", handle_template, True),
    ShellCommand("attach", "[FILE|off]", "file", "send a file with the message", "", handle_attach, True),
    ShellCommand("edit", "", "", "open what is typed in your editor", "Ctrl-X Ctrl-E", handle_edit, sides=_BOTH),
    ShellCommand(
        "send", "FILE.eml [--bdat]", "mail-file", "send a message from a file, of any size", "", handle_send, True
    ),
    ShellCommand("record", "FILE|off", "new-file", "record this session as a script", "", handle_record, sides=_BOTH),
    ShellCommand("save", "FILE [--from N]", "new-file", "write down what was said so far", "", handle_save),
    ShellCommand("save", "FILE", "new-file", "write down what was said so far", "", handle_save, sides=_SERVER),
    ShellCommand("run", "FILE|@NAME", "script", "play a script here, then go on by hand", "", handle_run, True),
    ShellCommand("diff", "FILE|@NAME", "script", "how this session differs from a recorded one", "", handle_diff),
    ShellCommand("history", "[TEXT]", "", "earlier lines, those of this host first", "Ctrl-R", handle_history),
    ShellCommand("steps", "", "", "what was said in this session, numbered", "", handle_steps),
    ShellCommand("rewind", "N", "step", "connect again, play up to step N, then go on by hand", "", handle_rewind),
    ShellCommand("undo", "", "", "take back the last command, by connecting again", "", handle_undo),
    ShellCommand("inbox", "[N [--raw]]", "message", "what the practice server kept, or one message", "", handle_inbox),
    ShellCommand("faults", "[on|off NAME]", "fault", "what the practice server does wrong", "", handle_faults),
    ShellCommand("goal", "", "", "what is to be reached in this lesson", "", handle_goal, in_lessons=True),
    ShellCommand("hint", "", "", "the idea, then the form, then the answer", "", handle_hint, in_lessons=True),
    ShellCommand("answer", "TEXT", "", "answer a question of the lesson", "", handle_answer, in_lessons=True),
    ShellCommand("skip", "", "", "leave the present goal aside", "", handle_skip, in_lessons=True),
    ShellCommand("reset", "", "", "begin the scene anew, on a new connection", "", handle_reset, in_lessons=True),
    ShellCommand("next", "", "", "the next scene, question or lesson", "", handle_next, in_lessons=True),
    ShellCommand(
        "lesson", "[NAME]", "lesson", "what this lesson is about; another one", "", handle_lesson, in_lessons=True
    ),
    ShellCommand("timing", "on|off", "words:on|off", "show how long replies take", "", handle_timing),
    ShellCommand("hex", "on|off", "words:on|off", "show the octets of what is said", "", handle_hex, sides=_BOTH),
    ShellCommand("set", "[NAME VALUE]", "setting", "what can be set, and setting it", "", handle_set),
    ShellCommand(
        "set",
        "[NAME VALUE]",
        f"words:{'|'.join(ANSWERING)}",
        "what can be set, and setting it",
        "",
        handle_set,
        sides=_SERVER,
    ),
    ShellCommand("close", "", "", "hang up without QUIT", "", handle_close),
    ShellCommand("close", "", "", "hang up without a word", "", handle_close, sides=_SERVER),
    ShellCommand("quit", "", "", "QUIT and leave", "Ctrl-D", handle_quit),
    ShellCommand("quit", "", "", "421 to a client that is there, and leave", "Ctrl-D", handle_goodbye, sides=_SERVER),
)
"""Every command of either side, in the order in which `/help` shows them."""


def _by_name(side: Side) -> dict[str, ShellCommand]:
    """The commands of whoever plays this side, by name."""
    return {row.name: row for row in ROWS if side in row.sides}


COMMANDS = _by_name(Side.CLIENT)
ANSWER_COMMANDS = _by_name(Side.SERVER)


def _rows(side: Side) -> dict[str, ShellCommand]:
    return COMMANDS if side is Side.CLIENT else ANSWER_COMMANDS


class Typed(Record):
    """A `/command` as typed: its row and its argument."""

    row: ShellCommand
    argument: str

    def shown(self, *, show_secrets: bool) -> str:
        """How the command is painted on the screen."""
        if not self.argument:
            return f"/{self.row.name}"
        argument = printable(self.argument) if show_secrets or not self.row.secret else "••••"
        return f"/{self.row.name} {argument}"

    def start(self, desk: Desk) -> Handling:
        return self.row.handler(desk, self.argument)


def read_command(line: str, side: Side = Side.CLIENT) -> Typed:
    """Read a line that `is_command`. Raises `UsageError`: an unknown command is never sent."""
    name, _, argument = line[1:].partition(" ")
    rows = _rows(side)
    row = rows.get(name.lower())
    if row is None:
        raise UsageError(phrase('there is no command "/{name}"; nothing sent', name=printable(name)), _hint(name, rows))
    return Typed(row, argument)


_MEANT = {"exit": "quit", "bye": "quit", "disconnect": "close", "open": "connect", "login": "auth", "?": "help"}
_MEANT |= {"password": "pass", "base64": "b64", "mail": "inbox", "info": "status", "write": "save", "log": "record"}


def _hint(name: str, rows: dict[str, ShellCommand]) -> str:
    import difflib  # needed only after a mistake

    near = _MEANT.get(name.lower(), "")
    if near not in rows:
        near = next(iter(difflib.get_close_matches(name.lower(), rows, 1, 0.5)), "")
    typed = printable("/" + name)
    if near:
        return _("did you mean /{near}? /{typed} is sent as {typed}").format(near=near, typed=typed)
    return _("/help lists them; /{typed} is sent as {typed}").format(typed=typed)
