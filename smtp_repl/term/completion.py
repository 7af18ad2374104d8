"""Completion: what could be typed next, from where the session stands and what this server offers.

`candidates` is pure: text and state in, candidates out; prompt_toolkit is in `completer`. The rules are read from
the tables of `wire` (phases, verbs, parameters) and the words from `knowledge`. Nothing here changes what was
typed or forbids anything: what is not due is proposed too, last and with the reason.
"""

from collections.abc import Sequence

from smtp_repl.term.argument_completion import argument_proposals, mechanism_proposals, topic_proposals, usable
from smtp_repl.term.due import verb_proposals
from smtp_repl.term.settings import SETTINGS
from smtp_repl.term.suggestions import Candidate, CommandRow, Proposal, Proposals, State
from smtp_repl.wire.states import Phase
from smtp_repl.wire.verbs import VERBS

HEADERS = (
    ("From", "the author: a name and an <address>"),
    ("To", "the recipients, as readers see them"),
    ("Subject", "one line on what it is about"),
    ("Date", "when it was written: Tue, 15 Jan 2008 16:02:43 -0500"),
    ("Message-ID", "a name for this message that no other has: <id@domain>"),
    ("Cc", "recipients of a copy"),
    ("Reply-To", "where answers go, if not to From"),
    ("Sender", "who sent it, if not the author"),
    ("In-Reply-To", "the Message-ID of the message that this one answers"),
    ("References", "the Message-IDs of the thread"),
    ("MIME-Version", "1.0: the Content fields below hold"),
    ("Content-Type", "what the body is: text/plain; charset=utf-8"),
    ("Content-Transfer-Encoding", "how the body is coded: 7bit, 8bit, quoted-printable, base64"),
    ("List-Unsubscribe", "how to leave the list"),
    ("Auto-Submitted", "auto-generated: no person wrote this, so do not answer"),
)
"""Fields of a message header (RFC 5322 §3.6, RFC 2045, RFC 3834), the common ones first."""
_ADDRESS_FIELDS = frozenset({"from", "to", "cc", "reply-to", "sender"})


def candidates(text: str, state: State) -> list[Candidate]:
    """What could follow the text before the cursor (in a message all its lines), the likely ones first."""
    if state.connected and state.phase is Phase.DATA:
        return _matching(text, _message(text, state))
    if text.startswith("/"):
        return [] if text.startswith("//") else _matching(text, _command(text, state))
    if not state.connected:
        # What is typed here goes nowhere, so nothing to type is proposed but the way out.
        return [] if text else _matching(text, _command(text, state))
    if state.phase is Phase.AUTH:
        return _matching(text, Proposals(0, [Proposal("*", "cancel the login")]))
    return _matching(text, _line(text, state))


def _line(text: str, state: State) -> Proposals:
    verb, blank, argument = text.partition(" ")
    if not blank:
        return Proposals(0, verb_proposals(state))
    syntax = VERBS.get(verb.upper()) if verb.isascii() else None
    if syntax is None:
        return Proposals(0)
    return argument_proposals(syntax, argument, len(verb) + 1, state)


# ------------------------------------------------------------ messages


def _message(text: str, state: State) -> Proposals:
    *before, line = text.split("\n")
    start = len(text) - len(line)
    if "" in before or line.startswith((" ", "\t", ".")):
        return Proposals(start)
    name, colon, value = line.partition(":")
    if not colon:
        present = {one.partition(":")[0].lower() for one in before}
        fields = [Proposal(f"{field}: ", meaning, fixed=True) for field, meaning in HEADERS]
        return Proposals(start, [one for one in fields if one.text.lower()[:-2] not in present])
    if name.lower() not in _ADDRESS_FIELDS:
        return Proposals(start)
    sender, recipients = state.envelope.sender or b"", state.envelope.recipients
    ours = [sender] if name.lower() in ("from", "sender", "reply-to") else list(recipients)
    addresses = usable(octets.decode("utf-8", "replace") for octets in ours)
    last = value.rpartition(",")[2].lstrip(" ")
    return Proposals(len(text) - len(last), [Proposal(one, "in the envelope", fixed=True) for one in addresses])


# ------------------------------------------------------------ /commands


def _command(text: str, state: State) -> Proposals:
    word, blank, argument = text.partition(" ")
    if not blank:
        return Proposals(0, [_command_proposal(row) for row in state.commands])
    row = next((row for row in state.commands if row.name == word[1:].lower()), None)
    if row is None:
        return Proposals(0)
    # Arguments of files may hold blanks; of the others only the first word is completed.
    start = len(word) + 1
    if row.kind == "setting" and " " in argument:
        name = argument.partition(" ")[0]
        return Proposals(start + len(name) + 1, _values(name))
    if row.kind not in ("file", "new-file") and " " in argument:
        return Proposals(start)
    return Proposals(start, _command_arguments(row.kind, argument, state))


def _command_proposal(row: CommandRow) -> Proposal:
    needs_more = bool(row.arguments) and not row.arguments.startswith("[")
    return Proposal(f"/{row.name}" + (" " if needs_more else ""), row.help, fixed=True)


def _command_arguments(kind: str, argument: str, state: State) -> list[Proposal]:
    if kind.startswith("words:"):
        return [Proposal(word, fixed=True) for word in kind.removeprefix("words:").split("|")]
    match kind:
        case "file" | "new-file":
            return [Proposal(name, fixed=True) for name in usable(state.files(argument))]
        case "target":
            named = [Proposal(name, meaning, fixed=True) for name, meaning in state.hosts.items()]
            return [*named, *(Proposal(target, "used before", fixed=True) for target in usable(state.targets))]
        case "mechanism":
            return mechanism_proposals(state, spoken_only=True)
        case "topic":
            return topic_proposals(state)
        case "setting":
            return [Proposal(f"{one.name} ", one.meaning, fixed=True) for one in SETTINGS.values() if one.live]
        case _:
            return []


def _values(name: str) -> list[Proposal]:
    setting = SETTINGS.get(name.lower())
    return [Proposal(word, fixed=True) for word in setting.kind.words] if setting is not None else []


# ------------------------------------------------------------ what fits


def _matching(text: str, found: Proposals) -> list[Candidate]:
    """The proposals that go on from what was typed, in the case in which it was typed."""
    typed = text[found.start :]
    # Until a letter of it is typed, a word follows the verb; what follows a /command is on its own.
    in_lower_case = (typed or text.partition(" ")[0]).islower() and not (not typed and text.startswith("/"))
    fitting = []
    for proposal in _distinct(found.proposals):
        word = proposal.text
        if not word.lower().startswith(typed.lower()) or word == typed:
            continue
        if not proposal.fixed:
            rest = word[len(typed) :]
            word = typed + (rest.lower() if in_lower_case else rest)
            if word == typed:
                continue
        fitting.append(Candidate(word, found.start, proposal.meaning, bool(proposal.reason), proposal.reason))
    return fitting


def _distinct(proposals: Sequence[Proposal]) -> list[Proposal]:
    return list({proposal.text: proposal for proposal in reversed(proposals)}.values())[::-1]
