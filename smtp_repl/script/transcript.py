"""What was said, as script lines: the one place where events become `S:`/`C:` text.

Screen, recording and line mode show these lines; because they are a script, what was shown can be played again.
The form of a line is a function of its octets alone (DESIGN: plain, or the `"…"` form), so a server can forge
neither a `C:` line nor a directive. The exception are the steps of AUTH: they are secret from birth and become holes
such as `{auth.plain}`, or `{secret.1}` where no hole of an identity would give the same octets again.

Lines come without line end. Those of kind `FILE_ONLY` are for files and not for a screen.
"""

import re
from collections.abc import Callable, Iterable, Sequence

from smtp_repl.script.actions import Opened, TlsFacts
from smtp_repl.wire.authentication import is_auth
from smtp_repl.wire.events import (
    AuthStep,
    BodySaid,
    CapabilitiesKnown,
    ChunkSaid,
    Closed,
    CommandSaid,
    Event,
    Finding,
    ReplySaid,
)
from smtp_repl.wire.extensions import Capabilities
from smtp_repl.wire.language import Phrase, _, advice, phrase
from smtp_repl.wire.octets import decode_step, encode_step, is_plain, lines_with_ends, printable, quote
from smtp_repl.wire.records import Record
from smtp_repl.wire.sasl import MECHANISMS
from smtp_repl.wire.secrets import MASK, Secret
from smtp_repl.wire.states import AUTH_STEP
from smtp_repl.wire.targets import Target

PIECE = 128 * 1024
"""Octets of one line of a transcript; a longer one is written in pieces, which are one write when played again."""

CLIENT, SERVER, DIRECTIVE, REMARK, FILE_ONLY = "C", "S", "@", "#", "file"


class Line(Record):
    """One line of a transcript: `kind` is CLIENT, SERVER, DIRECTIVE, REMARK or FILE_ONLY; `text` is safe to print."""

    kind: str
    text: str

    @property
    def shown(self) -> str:
        """The same for a person to read. Files keep `text`: remarks in English, whoever writes them."""
        return _(self.text)


class _Said(Phrase):
    """A remark as it stands in a transcript; what it says may have to be made printable anew in each language."""

    says: str

    def translated(self) -> str:
        return f"# {printable(_(self.says))}"


class _Identity:
    """Who authenticated, under which name the holes call them, and with which password, once that was seen."""

    __slots__ = ("name", "password", "user")

    def __init__(self, name: str, user: bytes) -> None:
        self.name = name
        self.user = user
        self.password: Secret | None = None

    def fits(self, user: bytes, password: Secret | None) -> bool:
        """Whether this identity gives the same octets again."""
        return self.user == user and (password is None or self.password in (None, password))


class Transcriber:
    """Turns the events of one connection into lines, in the order in which they happened.

    `stamp` gives the time of day as text; with it each write and each reply is preceded by its time.
    """

    def __init__(self, connection: str = "", *, stamp: Callable[[], str] | None = None) -> None:
        self._name = connection
        self._connection = f"[{connection}]" if connection else ""
        self._stamp = stamp
        self._last = ""
        self._body = b""
        self._mechanism = ""
        self._identities: list[_Identity] = []
        self._current: _Identity | None = None
        self._secrets = 0

    def remark(self, text: str) -> Line:
        """Something that the program has to say."""
        return remark(text)

    def opened(self, opened: Opened, target: Target | None = None) -> list[Line]:
        """Both ends of a new connection."""
        where = printable(opened.address)
        if opened.port:
            where = f"[{where}]:{opened.port}" if ":" in where else f"{where}:{opened.port}"
        name = printable(opened.host)
        named = phrase("connected to {where} ({name})", where=where, name=name)
        lines = [remark(named if name and name != opened.address else phrase("connected to {where}", where=where))]
        if opened.local_port:
            lines.append(Line(FILE_ONLY, f"# from {printable(opened.local_address)}:{opened.local_port}"))
        return lines + (self.secured(opened.tls) if opened.tls is not None else [])

    def secured(self, facts: TlsFacts) -> list[Line]:
        """A TLS connection in one line."""
        return [remark(describe_tls(facts))]

    def closed(self, event: Closed | None, *, by_us: bool = False) -> list[Line]:
        """The end of a connection."""
        lines = self._flush_body()
        if by_us:
            return [*lines, remark("we closed the connection")]
        awaiting = event.awaiting if event is not None and not event.expected else ()
        verbs = ", ".join(filter(None, awaiting))  # text that was said as commands has no verb
        if not verbs:
            return [*lines, remark("the server closed the connection")]
        return [*lines, remark(phrase("the server closed the connection while {verbs} awaited a reply", verbs=verbs))]

    def wrote(self, events: Sequence[Event]) -> list[Line]:
        """What the client said in one write."""
        directives: list[Line] = []
        said: list[Line] = []
        begins_with_command = False
        for event in events:
            match event:
                case CommandSaid():
                    begins_with_command = begins_with_command or not said
                    said += self._flush_body()
                    said += self._command(event, directives)
                case BodySaid(raw=raw, ended=ended) | ChunkSaid(raw=raw, ended=ended):
                    said += self._body_lines(raw, ended)
                case _:
                    pass
        lines = self._time() if said else []
        if said and begins_with_command and self._last == CLIENT and not directives:
            lines.append(Line(DIRECTIVE, "@wait 0"))
        if said:
            self._last = CLIENT
        return [*lines, *directives, *said]

    def heard(self, events: Iterable[Event]) -> list[Line]:
        """What the server said."""
        lines: list[Line] = []
        for event in events:
            match event:
                case ReplySaid():
                    lines += self._flush_body()
                    lines += self._time()
                    lines += self._reply(event)
                    self._last = SERVER
                case CapabilitiesKnown(capabilities) if capabilities.keywords:
                    lines.append(Line(FILE_ONLY, f"# {caps_directive(capabilities)}"))
                case _:
                    pass
        return lines

    # ------------------------------------------------------------ lines

    def _time(self) -> list[Line]:
        return [Line(REMARK, f"# {self._stamp()}")] if self._stamp is not None else []

    def _lines(self, side: str, octets: bytes) -> list[Line]:
        pieces = [octets[at : at + PIECE] for at in range(0, len(octets), PIECE)]
        return [Line(side, wire_line(side + self._connection, piece)) for piece in pieces]

    def _body_lines(self, raw: bytes, ended: bool) -> list[Line]:
        lines: list[Line] = []
        for line in lines_with_ends(self._body + raw):
            self._body = line
            if line.endswith(b"\n") or len(line) >= PIECE:
                lines += self._flush_body()
        return lines + self._flush_body() if ended else lines

    def _flush_body(self) -> list[Line]:
        """The line of a message or chunk that is being put together, whether it has come to its end or not."""
        octets, self._body = self._body, b""
        return self._lines(CLIENT, octets)

    def _reply(self, event: ReplySaid) -> list[Line]:
        reply = event.reply
        lines = [] if event.answers is not None or reply.partial else [remark("unsolicited")]
        if reply.code == 334 and event.answers in ("AUTH", AUTH_STEP) and self._is_fresh_challenge():
            lines.append(Line(SERVER, f"S{self._connection}~ 334 {{}}"))
        else:
            for octets in lines_with_ends(reply.raw):
                if event.secret and MASK.encode() in octets:
                    lines.append(Line(SERVER, f"S{self._connection}~ {masked_template(octets)}"))
                else:
                    lines += self._lines(SERVER, octets)
        if reply.partial:
            lines.append(remark("the reply was cut here"))
        return lines

    def _is_fresh_challenge(self) -> bool:
        """Whether the challenge is another one each time, so that its text is no expectation."""
        mechanism = MECHANISMS.get(self._mechanism)
        return mechanism is None or mechanism.reads_challenges

    # ------------------------------------------------------------ AUTH

    def _command(self, event: CommandSaid, directives: list[Line]) -> list[Line]:
        if is_auth(event.command.line):
            words = event.command.line.split()
            self._mechanism = words[1].decode("ascii", "replace").upper() if len(words) > 1 else ""
            self._current = None
        if event.step is None:
            return self._lines(CLIENT, event.raw or b"\r\n")
        hole = self._hole(event.step, directives)
        # A TAB may stand before a secret; printable() would make two characters of it.
        prefix = "\t".join(escape_braces(printable(part)) for part in event.command.line.split(b"\t"))
        return [Line(CLIENT, f"C{self._connection}~ {prefix}{hole}")]

    def _hole(self, step: AuthStep, directives: list[Line]) -> str:
        attribute, octets = _expression(step)
        identity = None
        if attribute and step.user is not None and not step.authzid:
            identity = self._identify(step.user, step.password, directives)
        elif attribute == "pass" and self._current is not None:
            # Another password than the one that this user had before is another identity, as for PLAIN.
            identity = self._identify(self._current.user, step.password, directives)
        if identity is None or octets is None or encode_step(octets) != step.text.reveal():
            self._secrets += 1
            return f"{{secret.{self._secrets}}}"
        if step.password is not None:
            identity.password = step.password
        self._current = identity
        return f"{{{identity.name}.{attribute}}}"

    def _identify(self, user: bytes, password: Secret | None, directives: list[Line]) -> _Identity | None:
        for identity in self._identities:
            if identity.fits(user, password):
                return identity
        value = _user_value(user)
        if not value:
            return None
        name = self._name or "auth"
        if self._identities:
            name += str(len(self._identities) + 1)
        identity = _Identity(name, user)
        self._identities.append(identity)
        label = f"[{name}]" if name != "auth" else ""
        directives.append(Line(DIRECTIVE, f"@auth{label} user={value}"))
        return identity


_BARE_USER = re.compile(r"[^\s\"]\S*")


def _user_value(user: bytes) -> str:
    """A user as `@auth user=` writes it; empty for one that it cannot write."""
    try:
        text = user.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    if any(octet in user for octet in b"\r\n\0"):
        return ""  # nor could it be sent again
    return text if is_plain(user) and _BARE_USER.fullmatch(text) else f'"{quote(user)}"' if text else ""


def masked_template(octets: bytes) -> str:
    """An `S~` text for a line in which secrets are masked: holes for these, and for what cannot be written."""
    text = octets.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "replace")
    text = "".join(character if is_plain(character.encode() + b".") else "\ufffd" for character in text)
    parts = re.split(f"(?:{MASK}|\ufffd)+", text)
    return "{}".join(escape_braces(part) for part in parts)


def _expression(step: AuthStep) -> tuple[str, bytes | None]:
    """The attribute of an identity that stands for this step, and the octets that the attribute would encode."""
    if step.mechanism == "PLAIN" and step.user is not None and step.password is not None:
        return "plain", b"\0".join((step.authzid, step.user, step.password.reveal()))
    if step.mechanism == "LOGIN" and step.user is not None:
        return "user", step.user
    if step.mechanism == "LOGIN" and step.password is not None:
        return "pass", step.password.reveal()
    if step.user is not None and not step.initial:
        return "reply", decode_step(step.text.reveal())
    return "", None


def wire_line(tag: str, octets: bytes) -> str:
    """The script line for octets that one side said, line end included: plain where that loses nothing."""
    if octets.endswith(b"\r\n") and is_plain(octets[:-2]):
        text = octets[:-2].decode()
        return f"{tag}: {text}" if text else f"{tag}:"
    return f'{tag}"{quote(octets)}"'


def escape_braces(text: str) -> str:
    """Text for a `~` line, where braces make holes."""
    return text.replace("{", "{{").replace("}", "}}")


def remark(text: str) -> Line:
    """A `# ` line; whatever the text holds, it stays one line and no directive."""
    line = _Said(f"# {printable(text)}")
    line.says = text
    return Line(REMARK, line)


def finding_remark(finding: Finding) -> Line:
    """A finding as a remark: what, what to do, where it is written."""
    return remark(advice(finding.message, finding.hint, finding.ref))


_TERM = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")


def caps_directive(capabilities: Capabilities) -> str:
    """The `@caps` directive that holds for what was offered."""
    words = []
    for keyword, parameters in capabilities.keywords.items():
        if not _TERM.fullmatch(keyword):
            continue  # no directive could say it
        plain = [parameter for parameter in parameters if is_plain(parameter.encode()) and "," not in parameter]
        words.append(f"{keyword}={','.join(plain)}" if plain else keyword)
    return f"@caps {' '.join(words)}"


def describe_tls(facts: TlsFacts) -> str:
    """Version, cipher and what the certificate is worth, in one line."""
    name = facts.names[0] if facts.names else facts.subject
    if facts.trust == "pin":
        verdict = phrase("certificate pinned")
    elif facts.verified:
        known = phrase("certificate verified ({name})", name=name)
        verdict = known if name else phrase("certificate verified")
    else:
        unknown = phrase("certificate NOT verified ({name})", name=name)
        verdict = unknown if name else phrase("certificate NOT verified")
    return phrase("{version} {cipher}, {verdict}", version=facts.version, cipher=facts.cipher, verdict=verdict)


def header_lines(version: str, recorded: str, target: Target | None) -> list[Line]:
    """What a recording begins with; `recorded` is a UTC time of the form 2026-01-31T12:00:00Z."""
    lines = [
        Line(
            FILE_ONLY, f"# recorded by smtp-repl {version}; play it again: smtp-repl run THIS-FILE --server HOST:PORT"
        ),
        Line(FILE_ONLY, f"@recorded {recorded}"),
    ]
    if target is not None:
        scheme = "lmtp:" if target.lmtp and not target.path else ""
        tls = " tls" if target.implicit_tls else ""
        lines.append(Line(FILE_ONLY, f"@connect {scheme}{target}{tls}"))
    lines.append(Line(FILE_ONLY, "@match status"))
    return lines
