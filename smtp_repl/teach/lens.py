"""The AUTH lens: what stands inside the base64 of a challenge or a step, in words fit for a `# ` line.

Whether secrets may show is decided by whoever asks; without leave, a password and what could be computed back to one
are a mask in both forms. Pure; knows events and mechanisms, nothing of screens.
"""

from smtp_repl.teach.step_doubts import step_doubt
from smtp_repl.wire.events import AuthStep, ChallengeSaid
from smtp_repl.wire.extensions import Capabilities
from smtp_repl.wire.language import listed, phrase
from smtp_repl.wire.octets import decode_step, printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.sasl import describe_response
from smtp_repl.wire.secrets import MASK, Secret

_WHAT = {
    "PLAIN": (phrase("authorization identity, user and password, a NUL between each"),),
    "LOGIN": (phrase("the user name"), phrase("the password")),
    "CRAM-MD5": (phrase("the user name and a digest of challenge and password"),),
}


def challenge_remark(challenge: ChallengeSaid) -> str:
    """What the server asks for in a 334; empty when it only says "go on" or when it is no base64 (a finding)."""
    if not challenge.decoded:
        return ""
    return phrase('the server asks: "{decoded}"', decoded=printable(challenge.decoded))


class StepParts(Record):
    """What is in a step: its contents as they may show, what its mechanism means by them, and whether all may show."""

    contents: str
    meaning: str
    is_secret: bool


def step_parts(step: AuthStep, *, show: bool) -> StepParts:
    """Take a step apart; secrets are masked in the contents unless they may `show`."""
    meant = _WHAT.get(step.mechanism, ())
    meaning = meant[step.number] if step.number < len(meant) else ""
    return StepParts(_contents(step, show), meaning, MASK in _contents(step, False))


def step_remark(step: AuthStep, *, show: bool) -> str:
    """What was sent as a step of AUTH: its base64 and what is in it, secrets masked unless they may `show`."""
    if not step.is_base64:
        return ""
    contents, what, is_secret = step_parts(step, show=show)
    meaning = phrase(what)
    if contents == MASK:
        return phrase("{what}, in base64; masked", what=meaning or phrase("a step"))
    if is_secret and not show:
        told = phrase("{contents} in base64", contents=contents)
    else:
        encoded = printable(step.text.reveal()) or phrase("an empty line")
        told = phrase("{encoded} is base64 of {contents}", encoded=encoded, contents=contents)
    return phrase("{text} ({what})", text=told, what=meaning) if meaning else told


def doubt_remark(step: AuthStep) -> str:
    """What is odd about a step that is base64 and went out all the same; empty when nothing is."""
    doubt = step_doubt(step.mechanism, step.number, step.text.reveal()) if step.is_base64 else None
    if doubt is None:
        return ""
    return f"{doubt.message}; {doubt.hint}" if doubt.rule == "line-end" else doubt.message


class Tried(Record):
    """What was tried last to log in: the mechanism in upper case, and what was odd about the step."""

    mechanism: str = ""
    doubt: str = ""


def tried(mechanism: str, step: AuthStep | None, before: Tried) -> Tried:
    """To be kept until the reply comes, with what was odd `before` in this exchange."""
    if step is None:
        return Tried(mechanism)
    doubt = step_doubt(step.mechanism, step.number, step.text.reveal())
    return Tried(mechanism, doubt.message if doubt is not None else before.doubt if step.number else "")


_REFUSALS = {
    432: phrase("the server wants the password once in another form: log in once with PLAIN, under TLS"),
    454: phrase("a failure at the server, for now: the password may well be right"),
    530: phrase("the server wants an encrypted connection first"),
    534: phrase("this mechanism is too weak for this account, or the provider wants an app password"),
    535: phrase(
        "wrong user or wrong password: the code does not say which. Some servers want the whole address as user, some "
        "providers an app password"
    ),
    538: phrase("this mechanism wants an encrypted connection first"),
}
"""What a refusal of AUTH may mean (RFC 4954 §6)."""
_AFTER_TLS = frozenset((530, 538))


def refusal_remark(code: int | None, what: Tried, capabilities: Capabilities) -> str:
    """What a reply to AUTH, or to a step of it, may mean, and what may help; empty for one that says it all."""
    offered = printable(", ".join(capabilities.auth))
    name = printable(what.mechanism) or phrase("this mechanism")
    if code == 504:
        refused = phrase("the server does not take {mechanism} (504)", mechanism=name)
        return phrase("{text}; offered: {offered}", text=refused, offered=offered) if offered else refused
    meaning = _REFUSALS.get(code or 0, "")
    if not meaning:
        return ""
    if code == 535 and what.mechanism and offered and what.mechanism not in map(str.upper, capabilities.auth):
        return phrase("the server does not offer {mechanism}; offered: {offered}", mechanism=name, offered=offered)
    if code == 535 and what.doubt:
        return phrase("wrong user or password (535), and the step was odd: {doubt}", doubt=phrase(what.doubt))
    if code == 534 and offered:
        return phrase("{text}; offered: {offered}", text=phrase(meaning), offered=offered)
    if code in _AFTER_TLS and capabilities.offers("STARTTLS"):
        return phrase("{text}; /starttls", text=phrase(meaning))
    return meaning


def typed_remark(mechanism: str, number: int, text: bytes, *, show: bool) -> str:
    """What a step that is being typed holds; empty when it is no base64 yet."""
    if decode_step(text) is None or not text:
        return ""
    contents = _contents(AuthStep(mechanism, number, False, Secret(text)), show)
    return phrase("base64 of {contents}", contents=contents)


def client_step_remark(step: AuthStep, *, show: bool) -> str:
    """What a client sends as a step of AUTH, for whoever plays the server; the password is masked unless it may show.

    What the parts are is told even where it cannot be read: `the client's step: ••••`.
    """
    if not step.is_base64:
        shown = printable(step.text.reveal()) if show else MASK
        return phrase("the client's step is no base64: {step}", step=shown)
    parts = []
    if step.authzid:
        parts.append(phrase('acts for: "{name}"', name=printable(step.authzid)))
    if step.user is not None:
        parts.append(phrase('user name: "{name}"', name=printable(step.user)))
    if step.password is not None:
        shown = f'"{printable(step.password.reveal())}"' if show else MASK
        parts.append(phrase("password: {password}", password=shown))
    elif step.mechanism != "LOGIN" or step.user is None:
        described = _contents(step, show) if show else MASK
        answer = phrase("answer to the challenge: {step}", step=described)
        parts.append(answer if step.user is not None else phrase("step: {step}", step=described))
    return phrase("the client's {parts}", parts=listed(parts))


def _contents(step: AuthStep, show: bool) -> str:
    text = step.text.reveal()
    decoded = b"" if text == b"=" else decode_step(text) or b""
    if show:
        return printable(decoded) or "nothing"
    parts = describe_response(step.mechanism, step.number, text)
    if parts is None:
        return MASK
    if step.mechanism == "PLAIN":
        return f"{printable(parts.authzid or b'')}\\0{printable(parts.user or b'')}\\0{MASK}"
    if parts.secret is None:
        return printable(parts.user or b"")
    return f"{printable(parts.user)} {MASK}" if parts.user is not None else MASK
