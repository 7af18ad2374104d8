"""What may follow a verb: addresses, parameters, mechanisms, host names.

One function for each kind of argument in `wire.verbs`. Each is given the argument as typed so far and where it
begins, and says what could stand from where. Nothing is proposed where a secret is due.
"""

import re
from collections.abc import Callable, Iterable, Sequence

from smtp_repl.knowledge import entries
from smtp_repl.term.parameter_values import parameter_proposals, value_proposals
from smtp_repl.term.suggestions import Proposal, Proposals, State
from smtp_repl.term.topics import verb_topics
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.paths import parse_path
from smtp_repl.wire.sasl import MECHANISMS
from smtp_repl.wire.verbs import Parameter, VerbSyntax, parameters_of

NULL_SENDER = phrase("the empty sender: bounces go nowhere")


def argument_proposals(syntax: VerbSyntax, argument: str, start: int, state: State) -> Proposals:
    """What may stand in the argument of a command, which begins at `start`."""
    rule = _RULES.get(syntax.argument)
    return rule(syntax, argument, start, state) if rule is not None else Proposals(start)


def _domain(syntax: VerbSyntax, argument: str, start: int, state: State) -> Proposals:
    if " " in argument:
        return Proposals(start)
    return Proposals(start, [Proposal(name, phrase("this computer"), fixed=True) for name in usable(state.host_names)])


def usable(texts: Iterable[str]) -> list[str]:
    """Each text once, and none that would put something invisible into the line."""
    return [text for text in dict.fromkeys(texts) if text and printable(text) == text]


def _path(syntax: VerbSyntax, argument: str, start: int, state: State) -> Proposals:
    keyword = "TO:" if syntax.verb == "RCPT" else "FROM:"
    after = argument[len(keyword) :]
    if not argument.upper().startswith(keyword) or not after:
        return Proposals(start, [Proposal(keyword + "<", phrase("the address follows"))])
    octets = argument.encode("utf-8", "replace")
    path = parse_path(octets, keyword[:-1].encode())
    if not path.bracketed:
        return Proposals(start)
    if octets[path.end - 1 : path.end] != b">" or path.end - path.start < 2:
        begin = argument.index("<") + 1
        return Proposals(start + begin, _addresses(syntax.verb, state))
    end = len(octets[: path.end].decode())
    return _parameters(syntax.verb, argument[end:], start + end, path.address or b"", state)


def _addresses(verb: str, state: State) -> list[Proposal]:
    if verb == "RCPT":
        taken = {address.decode("utf-8", "replace") for address in state.envelope.recipients}
        addresses = usable([*state.recipients, *state.senders])
        return [
            Proposal(
                f"{address}>",
                phrase("used before"),
                phrase("a recipient already") if address in taken else "",
                fixed=True,
            )
            for address in addresses
        ]
    addresses = usable([*state.senders, *state.recipients])
    return [
        *(Proposal(f"{address}>", phrase("used before"), fixed=True) for address in addresses),
        Proposal(">", NULL_SENDER),
    ]


def _parameters(verb: str, after: str, start: int, address: bytes, state: State) -> Proposals:
    """What may follow the path; `after` begins right behind it."""
    known = parameters_of(verb)
    *before, word = after.split(" ") if after else ["", ""]
    blank = "" if after else " "
    start += len(after) - len(word)
    name, equals, value = word.partition("=")
    if equals:
        parameter = known.get(name.upper())
        values = value_proposals(parameter, value, address, state) if parameter is not None else ()
        return Proposals(start + len(name) + 1, _offered_first(values))
    present = {word.partition("=")[0].upper() for word in before}
    proposals = [
        proposal._replace(text=blank + proposal.text)
        for parameter in known.values()
        if parameter.name not in present and (word or _is_common(parameter, state))
        for proposal in parameter_proposals(parameter, _what(parameter, state), address, state)
    ]
    return Proposals(start, _offered_first(proposals))


def _is_common(parameter: Parameter, state: State) -> bool:
    """Whether to propose it before a letter of it is typed: offered, or from an RFC."""
    return parameter.ref.startswith("RFC") or state.capabilities.offers(parameter.keyword)


def _what(parameter: Parameter, state: State) -> str:
    if parameter.name == "SIZE" and state.capabilities.size:
        return phrase("octets of the message, at most {size} here", size=state.capabilities.size)
    entry = entries.parameter(parameter.name)
    return entry.plain if entry is not None else ""


def _offered_first(proposals: Sequence[Proposal]) -> list[Proposal]:
    return sorted(proposals, key=lambda proposal: bool(proposal.reason))


def mechanism_proposals(state: State, *, spoken_only: bool = False) -> list[Proposal]:
    """SASL mechanisms: offered ones that we speak, strongest first, other offered ones, then those not offered."""
    spoken = sorted(MECHANISMS.values(), key=lambda mechanism: -mechanism.strength)
    names = dict.fromkeys([*(mechanism.name for mechanism in spoken), *state.capabilities.auth])
    proposals = []
    for name in names:
        if spoken_only and name not in MECHANISMS:
            continue
        offered = name in state.capabilities.auth
        reason = state.refused.get(name, "")
        if not offered:
            reason = state.why_not_offered("AUTH") or phrase("not offered by this server")
        proposals.append(Proposal(name, _mechanism_meaning(name, state), reason))
    return _offered_first(proposals)


def _mechanism_meaning(name: str, state: State) -> str:
    mechanism = MECHANISMS.get(name)
    if mechanism is not None and mechanism.reveals_password and not state.path_is_private:
        return phrase("shows your password to everyone on the way: STARTTLS first")
    entry = entries.mechanism(name)
    return entry.plain if entry is not None else ""


def _auth(syntax: VerbSyntax, argument: str, start: int, state: State) -> Proposals:
    # What follows the mechanism is a secret.
    return Proposals(start, [] if " " in argument else mechanism_proposals(state))


def _chunk(syntax: VerbSyntax, argument: str, start: int, state: State) -> Proposals:
    found = re.match(r"[0-9]+ +", argument)
    if found is None:
        sizes = [
            Proposal(f"{octets} LAST", phrase("octets of {what}, as one chunk", what=what))
            for octets, what in state.message_sizes()
        ]
        return Proposals(start, sizes)
    return Proposals(start + found.end(), [Proposal("LAST", phrase("this is the end of the message"))])


def _text(syntax: VerbSyntax, argument: str, start: int, state: State) -> Proposals:
    if syntax.verb not in ("VRFY", "EXPN"):
        return Proposals(start)
    addresses = usable([*state.asked, *state.recipients, *state.senders])
    return Proposals(start, [Proposal(address, phrase("used before"), fixed=True) for address in addresses])


def _optional(syntax: VerbSyntax, argument: str, start: int, state: State) -> Proposals:
    return Proposals(start, verb_topics() if syntax.verb == "HELP" else [])


def _attributes(syntax: VerbSyntax, argument: str, start: int, state: State) -> Proposals:
    *before, word = argument.split(" ")
    present = {word.partition("=")[0].upper() for word in before}
    names = state.capabilities.keywords.get(syntax.keyword, ())
    proposals = [
        Proposal(f"{name}=", phrase("offered by this server")) for name in usable(names) if name.upper() not in present
    ]
    return Proposals(start + len(argument) - len(word), proposals)


_RULES: dict[str, Callable[[VerbSyntax, str, int, State], Proposals]] = {
    "domain": _domain,
    "path": _path,
    "auth": _auth,
    "chunk": _chunk,
    "text": _text,
    "optional": _optional,
    "attributes": _attributes,
}
