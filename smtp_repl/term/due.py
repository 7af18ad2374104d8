"""Which verbs are due: in which order to propose them, and why the others are not.

Reads the transition table of `wire.states`, never a list of its own. RFC 5321 §4.1.4 says what the order is.
"""

from collections.abc import Iterator

from smtp_repl.knowledge import entries
from smtp_repl.term.suggestions import Proposal, State
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.states import RULES, Phase, is_legal, legal_verbs
from smtp_repl.wire.verbs import VERBS, VerbSyntax

_GREETINGS = ("EHLO", "HELO", "LHLO")
_ORDER = (Phase.CONNECTED, Phase.GREETED, Phase.MAIL, Phase.RCPT)
_LEADS_TO: dict[Phase, str] = {}
for _rule in RULES.values():
    for _code, _phase in _rule.outcomes[:1]:
        _LEADS_TO.setdefault(_phase, _rule.said)

_NOTHING_GOES = {
    Phase.OPENED: phrase("the greeting has not come yet"),
    Phase.UNWELCOME: phrase("the server refused this session; only QUIT is left"),
    Phase.TLS: phrase("the TLS handshake is due"),
    Phase.CLOSED: phrase("the session is over"),
}


def verb_proposals(state: State) -> list[Proposal]:
    """Every verb that makes sense here: those that are due in the order of a session, then the others with why."""
    due = [verb for verb in legal_verbs(state.phase) if _is_worth_naming(VERBS[verb], state)]
    if state.phase is not Phase.CONNECTED:
        # A second EHLO is legal anywhere, and hardly ever what comes next.
        due.sort(key=_GREETINGS.__contains__)
    names = dict.fromkeys([*due, *(syntax.verb for syntax in VERBS.values() if _is_worth_naming(syntax, state))])
    proposals = [Proposal(beginning(VERBS[name]), _meaning(name), why_not_due(name, state)) for name in names]
    return sorted([*proposals, *_unknown(state)], key=lambda proposal: bool(proposal.reason))


def _is_worth_naming(syntax: VerbSyntax, state: State) -> bool:
    if syntax.status == "standard":
        return True
    return syntax.status != "pseudo" and state.capabilities.offers(syntax.keyword)


def _unknown(state: State) -> Iterator[Proposal]:
    """Keywords of this server that no table knows: they may be verbs."""
    for keyword in state.capabilities.keywords:
        if entries.keyword(keyword) is None and keyword not in VERBS:
            yield Proposal(printable(keyword), "", phrase("offered by this server; not known here"))


def beginning(syntax: VerbSyntax) -> str:
    """How a command with this verb begins, up to where a person has something to say."""
    if syntax.argument == "path":
        return syntax.verb + (" TO:<" if syntax.verb == "RCPT" else " FROM:<")
    return syntax.verb + (" " if syntax.argument not in ("none", "optional") else "")


def _meaning(verb: str) -> str:
    entry = entries.verb(verb)
    return entry.plain if entry is not None else ""


def why_not_due(verb: str, state: State) -> str:
    """Why a verb is not due or not there, or "" when it may be said."""
    if verb in _GREETINGS and (verb == "LHLO") is not state.lmtp:
        return phrase("LMTP is greeted with LHLO") if state.lmtp else phrase("LHLO is for LMTP")
    if verb == "STARTTLS" and state.tls_active:
        return phrase("the connection is encrypted already")
    if verb == "AUTH" and state.authenticated:
        return phrase("logged in already")
    not_offered = state.why_not_offered(VERBS[verb].keyword)
    if not_offered and state.knows_capabilities:
        return not_offered
    return _why_out_of_order(verb, state) or not_offered


def _why_out_of_order(verb: str, state: State) -> str:
    phase = state.phase
    if is_legal(verb, phase) and phase not in _NOTHING_GOES:
        return ""
    if phase in _NOTHING_GOES:
        return "" if verb in RULES and phase in RULES[verb].legal else _NOTHING_GOES[phase]
    here = _ORDER.index(phase) if phase in _ORDER else len(_ORDER)
    for following in _ORDER[here + 1 :]:
        if following in RULES[verb].legal:
            before = _LEADS_TO[following]
            return phrase("due after {verb}", verb="LHLO" if state.lmtp and before == "EHLO" else before)
    return phrase("not while a message is open; RSET drops it")
