"""Values of the parameters of MAIL and RCPT: which to propose, what each means, and which keyword it needs.

One table, `VALUES`; a row is a word, or a function of the state and of the address that the command names. What is
proposed is well formed (`wire.verbs.value_fits`).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from smtp_repl.term.suggestions import Proposal, State
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import xtext_encode
from smtp_repl.wire.verbs import Parameter


class Value(NamedTuple):
    """One value; `keyword` is what a server must offer for it, "" for the parameter's own. `reason` dims it."""

    text: str
    meaning: str
    keyword: str = ""
    reason: str = ""
    fixed: bool = False
    """Keeps its case: an address."""


def _sizes(state: State, address: bytes) -> Iterable[Value]:
    limit = state.capabilities.size
    for octets, what in state.message_sizes():
        reason = (
            phrase("{what} has more octets than this server takes ({limit})", what=what, limit=limit)
            if limit and octets > limit
            else ""
        )
        yield Value(str(octets), phrase("octets of {what}", what=what), reason=reason)


def _body(state: State, address: bytes) -> Iterable[Value]:
    yield Value("8BITMIME", phrase("lines of text, octets above 127 too"))
    yield Value("7BIT", phrase("lines of ASCII and nothing else"))
    yield Value("BINARYMIME", phrase("any octets at all; BDAT must carry them"), "BINARYMIME")


def _auth(state: State, address: bytes) -> Iterable[Value]:
    yield Value("<>", phrase("who submitted the message is not known, or not trusted"))
    yield from _as_xtext(address, phrase("the sender is who submitted the message"))


def _submitter(state: State, address: bytes) -> Iterable[Value]:
    yield from _as_xtext(address, phrase("the sender is responsible for it"))


def _as_xtext(address: bytes, meaning: str) -> Iterable[Value]:
    if address:
        yield Value(xtext_encode(address).decode("ascii"), meaning, fixed=True)


def _ret(state: State, address: bytes) -> Iterable[Value]:
    yield Value("HDRS", phrase("a failure report returns the header only"))
    yield Value("FULL", phrase("a failure report returns the whole message"))


_REPORTS = {
    "FAILURE": phrase("report when it cannot be delivered"),
    "DELAY": phrase("report when it takes long"),
    "SUCCESS": phrase("report when it was delivered"),
}


def _notify(state: State, address: bytes) -> Iterable[Value]:
    yield Value("FAILURE", _REPORTS["FAILURE"])
    yield Value("FAILURE,DELAY", phrase("report when it fails or takes long"))
    yield Value("SUCCESS,FAILURE", phrase("report how it ended, either way"))
    yield Value("SUCCESS,FAILURE,DELAY", phrase("report everything"))
    yield Value("NEVER", phrase("no report, whatever happens"))


def _orcpt(state: State, address: bytes) -> Iterable[Value]:
    if address and address.isascii():
        yield Value(
            "rfc822;" + xtext_encode(address).decode("ascii"), phrase("this recipient, as reports name it"), fixed=True
        )


def _by(state: State, address: bytes) -> Iterable[Value]:
    yield Value("120;R", phrase("within two minutes, or return it"))
    yield Value("3600;N", phrase("within an hour, or tell the sender and go on"))


def _holdfor(state: State, address: bytes) -> Iterable[Value]:
    yield Value("3600", phrase("not before an hour from now"))
    yield Value("86400", phrase("not before a day from now"))


def _priority(state: State, address: bytes) -> Iterable[Value]:
    yield Value("4", phrase("sooner than others"))
    yield Value("0", phrase("like any other"))
    yield Value("-4", phrase("later than others"))


VALUES: dict[str, Callable[[State, bytes], Iterable[Value]]] = {
    "SIZE": _sizes,
    "BODY": _body,
    "AUTH": _auth,
    "RET": _ret,
    "NOTIFY": _notify,
    "ORCPT": _orcpt,
    "BY": _by,
    "HOLDFOR": _holdfor,
    "MT-PRIORITY": _priority,
    "SUBMITTER": _submitter,
}
"""What to propose behind `NAME=`, the common ones first, for the address of the command."""
_CLOSED = frozenset({"BODY", "RET", "NOTIFY"})
"""Parameters that have no other values than those of the table."""


def value_proposals(parameter: Parameter, typed: str, address: bytes, state: State) -> Sequence[Proposal]:
    """What may stand behind `NAME=`; `typed` is what stands there already."""
    rule = VALUES.get(parameter.name)
    if rule is None:
        return ()
    values = list(rule(state, address))
    before, comma, _ = typed.upper().rpartition(",")
    if parameter.name == "NOTIFY" and comma and before != "NEVER":
        # RFC 3461 §4.1: NEVER stands alone, the others in any order.
        given = before.split(",")
        values = [Value(f"{before},{one}", _REPORTS[one]) for one in _REPORTS if one not in given]
    return [
        Proposal(
            one.text,
            one.meaning,
            why_not(parameter, state) or (state.why_not_offered(one.keyword) if one.keyword else "") or one.reason,
            fixed=one.fixed,
        )
        for one in values
    ]


def parameter_proposals(parameter: Parameter, meaning: str, address: bytes, state: State) -> list[Proposal]:
    """The parameter with each of its values, and alone where there are others too, or it is not there."""
    reason = why_not(parameter, state)
    alone = Proposal(parameter.name + ("=" if parameter.value else ""), meaning, reason)
    if reason:
        return [alone]
    values = value_proposals(parameter, "", address, state)
    proposals = [one._replace(text=f"{parameter.name}={one.text}") for one in values]
    return proposals if parameter.name in _CLOSED else [*proposals, alone]


def why_not(parameter: Parameter, state: State) -> str:
    """Why a parameter is not there, or ""."""
    if parameter.name == "REQUIRETLS" and not state.tls_active and state.knows_capabilities:
        return phrase("only over TLS: STARTTLS first")  # RFC 8689 §2
    return state.why_not_offered(parameter.keyword)
