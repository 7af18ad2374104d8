r"""What stands inside a piece of base64 that somebody saw in a session, and what it looks like.

A challenge of the server, a step of AUTH, an encoded word of a header (RFC 2047). Passwords stay masked, and so does
what could be computed back to one. What decodes to no text at all is no base64 that somebody asks about: many words
happen to be base64. Pure.
"""

import binascii
import re
from collections.abc import Callable

from smtp_repl.teach.explanation import Explanation
from smtp_repl.wire.language import N_, _
from smtp_repl.wire.octets import decode_step, printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.secrets import MASK

SHORTEST = 8
"""Characters of base64 that are looked at when nothing says that they are base64."""
SHOWN = 200
"""Characters of what was decoded that are shown."""

# Compiled when there is something to decode: most questions are about something else.
_STEP = r"[A-Za-z0-9+/]+={0,2}"
_ENCODED_WORD = r"=\?([A-Za-z0-9._-]+)(?:\*[^?]*)?\?([BbQq])\?([^? ]*)\?="
_BETWEEN = r"(\?=)\s+(=\?)"
_XOAUTH2 = rb"user=([^\x01]*)\x01auth=Bearer "
_OAUTHBEARER = rb"n,(?:a=([^,]*))?,\x01"
_DIGEST_ANSWER = rb"(\S+) [0-9a-f]{32}"
_CHALLENGE = rb"<[^<>\s]+@[^<>\s]+>"
_PROMPT = rb"(?i)user ?name:?\0?|user:?|login:?|e-?mail.*:|pass ?word:?\0?"


class _Form(Record):
    """What a decoded step may look like: how one tells, what to say, and where it is written."""

    fits: Callable[[bytes], bool]
    means: str
    shown: Callable[[bytes], str]
    ref: str


def _is_plain(octets: bytes) -> bool:
    return octets.count(b"\0") == 2 and bool(octets.split(b"\0")[1])


def _plain(octets: bytes) -> str:
    authzid, user, _password = octets.split(b"\0")
    return f"{printable(authzid)}\\0{printable(user)}\\0{MASK}"


def _user_of(pattern: bytes) -> Callable[[bytes], str]:
    def shown(octets: bytes) -> str:
        found = re.match(pattern, octets)
        return f"{printable((found[1] if found else None) or b'')} {MASK}".strip()

    return shown


def _begins(pattern: bytes) -> Callable[[bytes], bool]:
    return lambda octets: re.match(pattern, octets) is not None


def _whole(pattern: bytes) -> Callable[[bytes], bool]:
    return lambda octets: re.fullmatch(pattern, octets) is not None


def _masked(octets: bytes) -> str:
    return MASK


_FORMS = (
    _Form(
        _whole(_PROMPT),
        N_("This is base64: a prompt of LOGIN, with which the server asks for the user name or the password."),
        printable,
        "draft-murchison-sasl-login-00",
    ),
    _Form(
        _is_plain,
        N_("This is base64: the step of PLAIN, which shows the password to whoever can read it."),
        _plain,
        "RFC 4616 §2",
    ),
    _Form(
        _whole(_CHALLENGE),
        N_("This is base64: a challenge of CRAM-MD5, from which and the password the client computes its answer."),
        printable,
        "RFC 2195 §2",
    ),
    _Form(
        _whole(_DIGEST_ANSWER),
        N_("This is base64: an answer of CRAM-MD5, the user name and a digest of challenge and password."),
        _user_of(_DIGEST_ANSWER),
        "RFC 2195 §2",
    ),
    _Form(
        _begins(_XOAUTH2),
        N_("This is base64: the step of XOAUTH2, a user name and an access token, which is as good as a password."),
        _user_of(_XOAUTH2),
        "developers.google.com/gmail/imap/xoauth2-protocol",
    ),
    _Form(
        _begins(_OAUTHBEARER),
        N_("This is base64: the step of OAUTHBEARER, with an access token, which is as good as a password."),
        _user_of(_OAUTHBEARER),
        "RFC 7628 §3.1",
    ),
    _Form(
        _begins(rb"[nyp][^,]*,[^,]*,n=([^,]*),r="),
        N_("This is base64: the first step of SCRAM, the user name and a number made for this exchange."),
        printable,
        "RFC 5802 §7",
    ),
    _Form(
        _begins(rb"r=[^,]+,s=[^,]+,i=[0-9]+"),
        N_("This is base64: the challenge of SCRAM, with the salt and how often to repeat the computation."),
        printable,
        "RFC 5802 §7",
    ),
    _Form(
        _begins(rb"c=[^,]+,r=[^,]+,p="),
        N_("This is base64: the proof of SCRAM, with which passwords could be tried at home."),
        _masked,
        "RFC 5802 §7",
    ),
    _Form(
        _begins(rb"NTLMSSP\0"),
        N_("This is base64: a message of NTLM, in Microsoft's binary form."),
        _masked,
        "[MS-NLMP] 2.2.1",
    ),
    _Form(
        _begins(rb'(?:realm|nonce|qop)="?[^"]*"?,'),
        N_("This is base64: a challenge of DIGEST-MD5, a mechanism that is no longer to be used."),
        printable,
        "RFC 6331 §1",
    ),
    _Form(
        _begins(rb'\{"(?:status|schemes|scope)"'),
        N_("This is base64: why an access token was refused; the client answers with an empty line."),
        printable,
        "RFC 7628 §3.2.2",
    ),
)
_ANY_TEXT = N_("This is base64 of a text.")


def explain_base64(word: str) -> Explanation | None:
    """What a word holds that is base64 of something legible, or an encoded word; None for any other word."""
    if "=?" in word and re.search(_ENCODED_WORD, word, re.ASCII):
        return _encoded_words(word)
    if len(word) < SHORTEST or len(word) % 4 or re.fullmatch(_STEP, word) is None:
        return None
    decoded = decode_step(word.encode("ascii"))
    form = next((form for form in _FORMS if decoded and form.fits(decoded)), None)
    if decoded is None or (form is None and not _is_legible(decoded)):
        return None
    means, ref = (form.means, form.ref) if form is not None else (_ANY_TEXT, "RFC 4648 §4")
    shown = _shortened(form.shown(decoded) if form is not None else printable(decoded))
    subject = _shortened(word, 40) if MASK not in shown else MASK
    return _explanation(subject, _("the base64 decoded"), _(means), ref, shown)


def _is_legible(octets: bytes) -> bool:
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return text.replace("\r\n", " ").isprintable()


def _encoded_words(text: str) -> Explanation:
    # Blanks between encoded words are no part of the text (RFC 2047 §6.2).
    together = re.sub(_BETWEEN, r"\1\2", text.strip())
    decoded = re.sub(_ENCODED_WORD, _decoded_word, together, flags=re.ASCII)
    means = _("This is text of a header beyond ASCII, encoded so that any server can carry it.")
    subject = _shortened(text.strip(), 40)
    return _explanation(subject, _("the encoded words decoded"), means, "RFC 2047 §2", _shortened(printable(decoded)))


def _decoded_word(found: re.Match[str]) -> str:
    charset, encoding, content = found[1], found[2].upper(), found[3].encode("ascii", "replace")
    try:
        octets = binascii.a2b_base64(content) if encoding == "B" else binascii.a2b_qp(content, header=True)
        return octets.decode(charset, "replace")
    except (binascii.Error, LookupError, ValueError):
        return found[0]


def _explanation(subject: str, source: str, means: str, ref: str, shown: str) -> Explanation:
    return Explanation(
        subject, "base64", source, means, "", None, ref, True, (_("It holds: {text}").format(text=shown),)
    )


def _shortened(text: str, limit: int = SHOWN) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
