"""What one can ask help about: codes that were just heard, what this server offers, and all other words and codes."""

import re

from smtp_repl.knowledge import entries
from smtp_repl.term.suggestions import Proposal, State
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.sasl import MECHANISMS
from smtp_repl.wire.verbs import PARAMETERS, VERBS

_ENHANCED_CLASS = re.compile(r"[245]\.", re.ASCII)


def verb_topics() -> list[Proposal]:
    """The verbs that a server may have help about."""
    found = [(verb, entries.verb(verb)) for verb, syntax in VERBS.items() if syntax.status == "standard"]
    return [Proposal(verb, entry.plain if entry is not None else "") for verb, entry in found]


def topic_proposals(typed: str, state: State) -> list[Proposal]:
    """What `/help` knows: what was heard and is offered first, then verbs, keywords, parameters, mechanisms, codes."""
    heard = [Proposal(code, _code(code) or phrase("heard from this server")) for code in state.codes]
    if typed[:1].isdigit():
        return [*heard, *_codes(typed)]
    offered = [name for name in state.capabilities.keywords if printable(name) == name]
    proposals = []
    for name in offered:
        entry = entries.keyword(name) if name not in VERBS else entries.verb(name)
        entry = entry or entries.keyword(name)
        proposals.append(
            Proposal(name, entry.plain if entry is not None else phrase("offered by this server; not known here"))
        )
    proposals += verb_topics()
    for kind, names in (
        ("keyword", entries.entries_of("keyword")),
        ("parameter", [parameter.name for parameter in PARAMETERS]),
        ("mechanism", MECHANISMS),
    ):
        known = entries.entries_of(kind)
        proposals += [Proposal(name, known[name].plain) for name in names if name in known]
    return [*heard, *proposals]


def _code(code: str) -> str:
    entry = entries.enhanced(code) if "." in code else entries.code(int(code))
    return entry.plain if entry is not None else ""


def _codes(typed: str) -> list[Proposal]:
    """Registered codes; an enhanced one may begin with any of its classes (RFC 3463 §2)."""
    if _ENHANCED_CLASS.match(typed):
        known = entries.entries_of("enhanced")
        return [Proposal(typed[0] + word[1:], entry.plain) for word, entry in known.items() if word.startswith("X.")]
    return [Proposal(word, entry.plain) for word, entry in entries.entries_of("code").items()]
