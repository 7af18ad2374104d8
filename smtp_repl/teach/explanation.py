"""What explanations are made of: the circumstances of what is explained, and the explanation itself."""

from smtp_repl.wire.records import Record


class Circumstances(Record):
    """What is known around a reply; all of it may be empty.

    `host` is the name that was dialled, `banner` the text of the greeting, `said` what the reply answers: a verb, or
    "." after a message, "greeting", "AUTH step" and whatever else the engine calls it.
    """

    host: str = ""
    banner: str = ""
    said: str = ""


class Explanation(Record):
    """What something means to a person, in the language of the person.

    `kind` is provider, software, enhanced, code, digit, verb, keyword, parameter, mechanism, certificate, base64,
    pitfall or term. `source` says which look-up answered. `plain` is one sentence, `advice` one or none. `retry` is
    True where the same may be tried again as it is, False where something must be changed, None where nothing failed.
    What is not `confirmed` was reported, and nobody has read it in a source. `more` is for whoever wants to know.
    """

    subject: str
    kind: str
    source: str
    plain: str
    advice: str
    retry: bool | None
    ref: str
    confirmed: bool
    more: tuple[str, ...] = ()


NOWHERE = Circumstances()
