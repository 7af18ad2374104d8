"""Completion: what could be typed next, from where the session stands and what this server offers.

`candidates` is pure: text and state in, candidates out; prompt_toolkit is in `completer`. The rules are read from
the tables of `wire` (phases, verbs, parameters) and the words from `knowledge`. Nothing here changes what was
typed or forbids anything: what is not due is proposed too, last and with the reason.
"""

from collections.abc import Sequence

from smtp_repl.term.argument_completion import argument_proposals
from smtp_repl.term.command_arguments import command_proposals
from smtp_repl.term.due import verb_proposals
from smtp_repl.term.fuzzy import fits
from smtp_repl.term.message_completion import message_proposals
from smtp_repl.term.suggestions import Candidate, CommandRow, Proposal, Proposals, State
from smtp_repl.wire.language import phrase
from smtp_repl.wire.states import Phase
from smtp_repl.wire.verbs import VERBS


def candidates(text: str, state: State) -> list[Candidate]:
    """What could follow the text before the cursor (in a message all its lines), the likely ones first."""
    if state.connected and state.phase is Phase.DATA:
        return _matching(text, message_proposals(text, state))
    if text.startswith("/"):
        return [] if text.startswith("//") else _matching(text, _command(text, state))
    if not state.connected:
        # What is typed here goes nowhere, so nothing to type is proposed but the way out.
        return [] if text else _matching(text, _command(text, state))
    if state.phase is Phase.AUTH:
        return _matching(text, Proposals(0, [Proposal("*", phrase("cancel the login"))]))
    return _matching(text, _line(text, state))


def _line(text: str, state: State) -> Proposals:
    verb, blank, argument = text.partition(" ")
    if not blank:
        return Proposals(0, verb_proposals(state))
    syntax = VERBS.get(verb.upper()) if verb.isascii() else None
    if syntax is None:
        return Proposals(0)
    return argument_proposals(syntax, argument, len(verb) + 1, state)


# ------------------------------------------------------------ /commands


def _command(text: str, state: State) -> Proposals:
    word, blank, argument = text.partition(" ")
    if not blank:
        return Proposals(0, [_command_proposal(row) for row in state.commands])
    row = next((row for row in state.commands if row.name == word[1:].lower()), None)
    if row is None:
        return Proposals(0)
    return command_proposals(row, argument, len(word) + 1, state)


def _command_proposal(row: CommandRow) -> Proposal:
    needs_more = bool(row.arguments) and not row.arguments.startswith("[")
    return Proposal(f"/{row.name}" + (" " if needs_more else ""), row.help, fixed=True)


# ------------------------------------------------------------ what fits


def _matching(text: str, found: Proposals) -> list[Candidate]:
    """The proposals that go on from what was typed, in the case in which it was typed; then those that resemble it."""
    typed = text[found.start :]
    # Until a letter of it is typed, a word follows the verb; what follows a /command is on its own.
    in_lower_case = (typed or text.partition(" ")[0]).islower() and not (not typed and text.startswith("/"))
    begun, alike = typed.lower(), []
    fitting = []
    is_whole = False
    for proposal in _distinct(found.proposals):
        word = proposal.text
        if not word.lower().startswith(begun):
            alike.append(proposal)
            continue
        if not proposal.fixed and word != typed:
            rest = word[len(typed) :]
            word = typed + (rest.lower() if in_lower_case else rest)
        if word == typed:
            is_whole = True
            continue
        fitting.append(_candidate(word, found.start, proposal))
    if not is_whole:
        for proposal in sorted(alike, key=lambda one: bool(one.reason)):
            if fits(typed, proposal.text):
                word = proposal.text.lower() if in_lower_case and not proposal.fixed else proposal.text
                fitting.append(_candidate(word, found.start, proposal))
    return fitting


def _candidate(word: str, start: int, proposal: Proposal) -> Candidate:
    return Candidate(word, start, proposal.meaning, bool(proposal.reason), proposal.reason)


def _distinct(proposals: Sequence[Proposal]) -> list[Proposal]:
    found: dict[str, Proposal] = {}
    for proposal in proposals:
        found.setdefault(proposal.text, proposal)
    return list(found.values())
