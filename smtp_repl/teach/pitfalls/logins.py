"""What is wrong with a step of AUTH, and what a refused login may come of (RFC 4954 §4, §6, RFC 4616 §2).

Of what may be wrong with a step the first that fits is told. Steps are looked into here, and nothing of them is told.
"""

import re

from smtp_repl.teach.pitfalls.replies import TEXT_LIMIT
from smtp_repl.teach.pitfalls.situation import Situation
from smtp_repl.teach.step_doubts import step_doubt
from smtp_repl.wire.commands import VERBS, parse_command
from smtp_repl.wire.events import AuthStep, CommandSaid, ReplySaid
from smtp_repl.wire.octets import decode_step
from smtp_repl.wire.states import AUTH_STEP

_CONTROL = rb"[\x01-\x09\x0b\x0c\x0e-\x1f]|[\r\n](?=[^\r\n])"


def fault_of_step(step: AuthStep, situation: Situation) -> str:
    """The pitfall that a step is, "" when it is none."""
    text = step.text.reveal()
    if text in (b"", b"=", b"*"):
        return ""
    decoded = decode_step(text)
    if _misses_prompt(step, text, decoded, situation):
        return "b64-prompt"
    doubt = step_doubt(step.mechanism, step.number, text)
    if decoded is None or (doubt is not None and doubt.rule == "plain-word"):
        return "b64-raw"
    if step.mechanism == "PLAIN":
        nuls = decoded.count(b"\0")
        if nuls < 2 and re.search(_CONTROL, decoded):
            return "plain-octal"
        if nuls != 2:
            return "plain-nul"
    return "b64-newline" if decoded.endswith((b"\n", b"\r")) and step.mechanism in ("PLAIN", "LOGIN") else ""


def _misses_prompt(step: AuthStep, text: bytes, decoded: bytes | None, situation: Situation) -> bool:
    """A command or the question itself where an answer is due, or an answer to another question."""
    if step.initial:
        return False
    command = parse_command(text)
    if command.verb in VERBS and (not command.argument or b":" in command.argument):
        return True
    if decoded is None:
        return False
    repeats = len(decoded) > 3 and decoded == situation.challenge
    return repeats or (step.mechanism == "LOGIN" and decoded.count(b"\0") == 2)


def b64_prompt(said: CommandSaid, situation: Situation) -> bool:
    return _is(said, situation, "b64-prompt")


def b64_raw(said: CommandSaid, situation: Situation) -> bool:
    return _is(said, situation, "b64-raw")


def b64_newline(said: CommandSaid, situation: Situation) -> bool:
    return _is(said, situation, "b64-newline")


def plain_nul(said: CommandSaid, situation: Situation) -> bool:
    return _is(said, situation, "plain-nul")


def plain_octal(said: CommandSaid, situation: Situation) -> bool:
    return _is(said, situation, "plain-octal")


def _is(said: CommandSaid, situation: Situation, fault: str) -> bool:
    return said.step is not None and fault_of_step(said.step, situation) == fault


# ---------------------------------------------------------------- replies

_APP_WORDS = r"(?i)app(?:lication)?[- ](?:specific )?password|authori[sz]ation code|\u6388\u6743\u7801"
_PROVIDERS = frozenset(("gmail", "yahoo", "icloud", "qq", "netease163", "aliyun-qiye"))
_GLUED = rb"[^@\s]+\.(?:com|org|net|edu|gov|info|io|dev|cn|de|fr|uk|ru|jp|eu|at|ch|nl|it|es|example|invalid|test)"


def _is_refused(event: ReplySaid) -> bool:
    return event.answers in ("AUTH", AUTH_STEP) and event.reply.code in (534, 535)


def app_password(event: ReplySaid, situation: Situation) -> bool:
    if not _is_refused(event):
        return False
    text = b" ".join(event.reply.texts).decode("utf-8", "replace")[:TEXT_LIMIT]
    if re.search(_APP_WORDS, text) is not None:
        return True
    from smtp_repl.knowledge.texts import who_speaks

    host = situation.dialled.host if situation.dialled is not None else ""
    return event.reply.code == 535 and any(one in _PROVIDERS for one in who_speaks(host, situation.banner, text))


def perl_at(event: ReplySaid, situation: Situation) -> bool:
    """A user such as `alice.com`: what is left of alice@example.com when perl takes @example for a variable."""
    user = situation.user
    return event.reply.code == 535 and _is_refused(event) and bool(user and re.fullmatch(_GLUED, user))


def user_short(event: ReplySaid, situation: Situation) -> bool:
    user = situation.user
    if event.reply.code != 535 or not _is_refused(event) or not user or b"@" in user or not situation.is_distant:
        return False
    return not app_password(event, situation) and not perl_at(event, situation) and not _is_odd(situation)


def _is_odd(situation: Situation) -> bool:
    """Whether the step was wrong in itself, so that the user is not to blame."""
    return situation.step is not None and fault_of_step(situation.step, situation) != ""


def secret_in_log(event: ReplySaid, situation: Situation) -> bool:
    """A login that succeeded, with its password for all to read."""
    step = situation.step
    has_logged_in = event.answers in ("AUTH", AUTH_STEP) and event.reply.code == 235
    return has_logged_in and situation.shows_secrets and step is not None and step.password is not None
