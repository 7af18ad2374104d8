"""What may follow a `/command`: one function for each kind of argument in the table of commands."""

from collections.abc import Callable

from smtp_repl.term.argument_completion import mechanism_proposals, usable
from smtp_repl.term.settings import SETTINGS
from smtp_repl.term.suggestions import CommandRow, Proposal, Proposals, State
from smtp_repl.term.topics import topic_proposals


def command_proposals(row: CommandRow, argument: str, start: int, state: State) -> Proposals:
    """What may stand in the argument of a `/command`, which begins at `start`."""
    words = row.kind.removeprefix("words:")
    if words != row.kind:
        return _first_word(argument, start, [Proposal(word, fixed=True) for word in words.split("|")])
    rule = _RULES.get(row.kind)
    return rule(argument, start, state) if rule is not None else Proposals(start)


def _first_word(argument: str, start: int, proposals: list[Proposal]) -> Proposals:
    return Proposals(start, [] if " " in argument else proposals)


def _files(argument: str, start: int, state: State) -> Proposals:
    # The name of a file may hold blanks: all of the argument is one.
    return Proposals(start, [Proposal(name, fixed=True) for name in usable(state.files(argument))])


def _typical_first(ending: str) -> Callable[[str, int, State], Proposals]:
    """Files, folders and those with the usual ending first."""

    def files(argument: str, start: int, state: State) -> Proposals:
        names = usable(state.files(argument))
        names.sort(key=lambda name: not name.endswith(("/", ending)))
        return Proposals(start, [Proposal(name, fixed=True) for name in names])

    return files


def _scripts(argument: str, start: int, state: State) -> Proposals:
    packaged = [Proposal(f"@{name}", what, fixed=True) for name, what in state.scripts()]
    if argument.startswith("@"):
        return Proposals(start, packaged)
    names = usable(state.files(argument))
    own = [Proposal(name, fixed=True) for name in names if name.endswith(".smtp")]
    others = [Proposal(name, fixed=True) for name in names if not name.endswith(".smtp")]
    return Proposals(start, [*own, *packaged, *others])


def _targets(argument: str, start: int, state: State) -> Proposals:
    named = [Proposal(name, meaning, fixed=True) for name, meaning in state.hosts.items()]
    used = [Proposal(target, "used before", fixed=True) for target in usable(state.targets)]
    return _first_word(argument, start, [*named, *used])


def _mechanisms(argument: str, start: int, state: State) -> Proposals:
    mechanism, blank, user = argument.partition(" ")
    if not blank:
        return Proposals(start, mechanism_proposals(state, spoken_only=True))
    users = [Proposal(name, "could log in here", fixed=True) for name in usable(state.users)]
    return Proposals(start + len(mechanism) + 1, [] if " " in user else users)


def _topics(argument: str, start: int, state: State) -> Proposals:
    if " " in argument:
        return Proposals(start)
    commands = [Proposal(f"/{row.name}", row.help, fixed=True) for row in state.commands]
    return Proposals(start, commands if argument.startswith("/") else topic_proposals(argument, state))


def _settings(argument: str, start: int, state: State) -> Proposals:
    name, blank, _ = argument.partition(" ")
    if not blank:
        live = [one for one in SETTINGS.values() if one.live]
        return Proposals(start, [Proposal(f"{one.name} ", one.meaning, fixed=True) for one in live])
    setting = SETTINGS.get(name.lower())
    words = setting.kind.words if setting is not None else ()
    return Proposals(start + len(name) + 1, [Proposal(word, fixed=True) for word in words])


def _steps(argument: str, start: int, state: State) -> Proposals:
    steps = [Proposal(number, what, fixed=True) for number, what in state.steps()]
    return _first_word(argument, start, steps[::-1])


def _messages(argument: str, start: int, state: State) -> Proposals:
    return _first_word(argument, start, [Proposal(number, what, fixed=True) for number, what in state.messages()])


def _lessons(argument: str, start: int, state: State) -> Proposals:
    return _first_word(argument, start, [Proposal(name, what, fixed=True) for name, what in state.lessons()])


def _faults(argument: str, start: int, state: State) -> Proposals:
    names = argument.split(" ")
    if len(names) == 1:
        return Proposals(start, [Proposal("on ", fixed=True), Proposal("off", fixed=True)])
    given = set(names[1:-1])
    begins = start + len(argument) - len(names[-1])
    return Proposals(begins, [Proposal(name, what, fixed=True) for name, what in state.faults() if name not in given])


_RULES: dict[str, Callable[[str, int, State], Proposals]] = {
    "file": _files,
    "new-file": _files,
    "mail-file": _typical_first(".eml"),
    "script": _scripts,
    "target": _targets,
    "mechanism": _mechanisms,
    "topic": _topics,
    "setting": _settings,
    "step": _steps,
    "message": _messages,
    "fault": _faults,
    "lesson": _lessons,
}
