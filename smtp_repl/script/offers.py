"""What a script says of an EHLO reply: `@caps` and `@require`, and the keywords that it had and now are lost.

Order-free, keywords in any case. RFC 5321 §4.1.1.1; the old form `AUTH=LOGIN` counts as AUTH.
"""

from collections.abc import Iterable, Sequence

from smtp_repl.script.arguments import Caps, Term
from smtp_repl.script.differences import Difference
from smtp_repl.script.model import Directive
from smtp_repl.wire.extensions import Capabilities
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.replies import Reply


def check_caps(directive: Directive, capabilities: Capabilities | None) -> list[Difference]:
    """What of a `@caps` does not hold for the latest EHLO reply (None: there was none)."""
    value = directive.value
    if not isinstance(value, Caps):
        return []
    differences = []
    for term in unmet_terms(value.required, capabilities):
        got = (
            phrase("no EHLO reply yet")
            if capabilities is None
            else _offered(term, capabilities) or phrase("not offered")
        )
        differences.append(_difference(directive, str(term), got))
    if capabilities is None:
        return differences
    return differences + [
        _difference(directive, f"!{term}", _offered(term, capabilities))
        for term in value.forbidden
        if _offers_any(term, capabilities)
    ]


def unmet_terms(terms: Iterable[Term], capabilities: Capabilities | None) -> tuple[Term, ...]:
    """The terms of `@caps` or `@require` that the server does not offer."""
    return tuple(term for term in terms if capabilities is None or not _offers(term, capabilities))


def lost_keywords(expected: Sequence[bytes], reply: Reply) -> tuple[str, ...]:
    """The keywords that the EHLO reply of the script (its texts, without codes) has and this one lacks."""
    if reply.klass != 2 or len(expected) < 2:
        return ()
    offered = Capabilities.from_reply(reply.texts)
    return tuple(keyword for keyword in Capabilities.from_reply(expected).keywords if not offered.offers(keyword))


def _offers(term: Term, capabilities: Capabilities) -> bool:
    return capabilities.offers(term.keyword) and set(term.parameters) <= _parameters(term.keyword, capabilities)


def _offers_any(term: Term, capabilities: Capabilities) -> bool:
    if not capabilities.offers(term.keyword):
        return False
    return not term.parameters or bool(set(term.parameters) & _parameters(term.keyword, capabilities))


def _parameters(keyword: str, capabilities: Capabilities) -> set[str]:
    if keyword == "AUTH":
        return set(capabilities.auth)
    return {parameter.upper() for parameter in capabilities.keywords.get(keyword, ())}


def _offered(term: Term, capabilities: Capabilities) -> str:
    if not capabilities.offers(term.keyword):
        return ""
    parameters = capabilities.auth if term.keyword == "AUTH" else capabilities.keywords.get(term.keyword, ())
    return printable(" ".join((term.keyword, *parameters)))


def _difference(directive: Directive, want: str, got: str) -> Difference:
    at = max(directive.args.upper().find(want), 0)
    return Difference(directive.line, directive.column + at, len(want), want, got, "caps")
