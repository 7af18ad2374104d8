"""Screens of what is seen while somebody types: faults of the line, and steps of AUTH in both forms."""

from collections.abc import Callable
from pathlib import Path

from docs.screens import Person, at_the_shell, normal, picture, shot
from tests.term.screen import Terminal


def _typed(person: Person, line: str, told: str) -> list[str]:
    """Type a line and look: the prompt and the toolbar below it. Then take the line back."""
    terminal = person.terminal
    terminal.type(line)
    terminal.wait_for(lambda terminal: told in _toolbar(terminal))
    seen = [terminal.line(), _toolbar(terminal)]
    terminal.key("c-c")
    terminal.wait_for_prompt()
    return seen


def _toolbar(terminal: Terminal) -> str:
    """The last row: what stands there beyond the message may or may not fit, and is left out."""
    return terminal.screen()[-1].partition("  practice")[0]


def checking(folder: Path) -> str:
    """Lines that are wrong, each with what the toolbar says of it."""
    with at_the_shell(folder) as person:
        person.enter("EHLO client.example.org", "S: 250 HELP")
        seen = _typed(person, "MALI", "did you mean")
        seen += _typed(person, "MAIL FROM: <alice@example.org>", "No blank")
        seen += _typed(person, "DATA", "not due here")
        seen += _typed(person, "Subject: Hello", "is a header")
        seen += _typed(person, "MAIL FROM:<jos\u00e9@example.org>", "SMTPUTF8")
        seen += _typed(person, "MAIL FROM\uff1a\uff1calice@example.org\uff1e", "full-width")
        seen += _typed(person, "AUTH NTLM", "504")
        return "```text\n" + normal("\n".join(seen)) + "\n```\n"


def auth_in_place(folder: Path) -> str:
    """LOGIN with F4: the word, what the toolbar says, and the word in base64."""
    with at_the_shell(folder) as person:
        terminal = person.terminal
        person.enter("EHLO client.example.org", "S: 250 HELP")
        person.enter("AUTH LOGIN", '"Username:"')
        terminal.type("tutor")
        terminal.wait_for(lambda terminal: "F4" in _toolbar(terminal) and "plain word" in _toolbar(terminal))
        before = [terminal.line(), _toolbar(terminal)]
        terminal.key("f4")
        terminal.wait_for(lambda terminal: "base64 of tutor" in _toolbar(terminal))
        after = [terminal.line(), _toolbar(terminal)]
        return "```text\n" + "\n".join([*before, *after]) + "\n```\n"


def auth_why(folder: Path) -> str:
    """`/auth` chooses and says why; the password is wrong."""
    with at_the_shell(folder) as person:
        person.enter("EHLO client.example.org", "S: 250 HELP")
        person.password("/auth PLAIN tutor", "not-the-password", "S: 535 ")
        return shot(person, "# /auth")


def auth_line_end(folder: Path) -> str:
    """The base64 that `echo tutor | base64` gives."""
    with at_the_shell(folder) as person:
        person.enter("EHLO client.example.org", "S: 250 HELP")
        person.enter("AUTH LOGIN", '"Username:"')
        person.enter("dHV0b3IK", '"Password:"')
        return shot(person, "C: AUTH LOGIN")


def shell_completion(folder: Path) -> str:
    """What can follow the sender, where one message was sent before."""
    with at_the_shell(folder) as person:
        person.enter("EHLO client.example.org", "S: 250 ")
        person.enter("MAIL FROM:<alice@example.org>", "S: 250 ")
        person.enter("RCPT TO:<bob@example.com>", "S: 250 ")
        person.message("Subject: hello\n\nHi Bob\n", "kept as message 1")
        return _menu(person, "MAIL FROM:<alice@example.org> ", "hold UTF-8")


def shell_refused(folder: Path) -> str:
    """A mechanism that was refused before."""
    with at_the_shell(folder) as person:
        person.enter("EHLO client.example.org", "S: 250 ")
        person.enter("AUTH PLAIN AHR1dG9yAHdyb25n", "S: 535 ")
        return _menu(person, "AUTH ", "refused before")


def shell_ghost(folder: Path) -> str:
    """How a line goes on: the same as last time, behind the cursor; and Ctrl-R."""
    with at_the_shell(folder) as person:
        terminal = person.terminal
        person.enter("EHLO client.example.org", "S: 250 ")
        person.enter("MAIL FROM:<alice@example.org>", "S: 250 ")
        person.enter("RSET", "S: 250 2.0.0")
        terminal.type("M")
        terminal.wait_for(lambda terminal: terminal.line() == "C: MAIL FROM:<alice@example.org>")
        at = terminal.cursor()[0]
        ghost = f"{terminal.line()[:at]}▏{terminal.line()[at:]}"
        terminal.key("c-c")
        terminal.wait_for_prompt()
        terminal.key("c-r")
        terminal.type("EH")
        terminal.wait_for("`EH': EHLO client.example.org")
        return "```text\n" + "\n".join([ghost, terminal.line()]) + "\n```\n"


def shell_header(folder: Path) -> str:
    """The names of header fields, and addresses of the envelope behind them."""
    with at_the_shell(folder) as person:
        terminal = person.terminal
        person.enter("EHLO client.example.org", "S: 250 ")
        person.enter("MAIL FROM:<alice@example.org>", "S: 250 ")
        person.enter("RCPT TO:<bob@example.com>", "S: 250 ")
        person.enter("DATA", "S: 354 ")
        names = _menu(person, "Re", "where answers")
        terminal.key("c-u")
        addresses = _menu(person, "To: ", "in the envelope")
        return names.removesuffix("```\n") + addresses.removeprefix("```text\n")


def shell_narrow(folder: Path) -> str:
    """A terminal of 40 columns: remarks are broken into remarks, the toolbar shows what there is room for."""
    with at_the_shell(folder, width=40) as person:
        person.enter("EHLO client.example.org", "S: 250 ")
        person.enter("RCPT TO:<bob@example.com>", "S: 503 ")
        person.terminal.wait_for("next: STARTTLS …")
        lines = person.terminal.history()
        return picture(lines[lines.index("C: RCPT TO:<bob@example.com>") :])


def _menu(person: Person, text: str, awaited: str) -> str:
    """The line with what is typed, and the menu below it."""
    person.terminal.type(text)
    end = len("C: ") + len(text)
    person.terminal.wait_for(lambda terminal: terminal.cursor()[0] == end and awaited in terminal.text())
    lines = person.terminal.screen()[:-1]
    begin = max(number for number, line in enumerate(lines) if line.startswith(f"C: {text.rstrip()}"))
    rows = [line.rstrip() for line in lines[begin:] if line]
    return "```text\n" + normal("\n".join(rows)) + "\n```\n"


SCREENS: dict[str, Callable[[Path], str]] = {
    "checking": checking,
    "auth-in-place": auth_in_place,
    "auth-why": auth_why,
    "auth-line-end": auth_line_end,
    "shell-completion": shell_completion,
    "shell-refused": shell_refused,
    "shell-ghost": shell_ghost,
    "shell-header": shell_header,
    "shell-narrow": shell_narrow,
}
