"""What completion works on and what it gives: the state of a session as far as completion asks, and candidates.

Values only. The shell makes a `State` from what it knows each time that somebody types; rules read it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from smtp_repl.wire.conversation import Conversation, Envelope
from smtp_repl.wire.extensions import NO_CAPABILITIES, Capabilities
from smtp_repl.wire.language import phrase
from smtp_repl.wire.states import Phase


class Candidate(NamedTuple):
    """One way to go on: `text` takes the place of what stands from `start` to the cursor.

    `meaning` is one line. What is not due or not offered here is `dimmed`, and `reason` says why.
    """

    text: str
    start: int
    meaning: str = ""
    dimmed: bool = False
    reason: str = ""


class Proposal(NamedTuple):
    """A candidate before it is compared with what was typed; `fixed` text keeps its own case."""

    text: str
    meaning: str = ""
    reason: str = ""
    fixed: bool = False


class Proposals(NamedTuple):
    """Proposals for what stands from `start` on."""

    start: int
    proposals: Sequence[Proposal] = ()


class CommandRow(Protocol):
    """A row of the table of `/commands`, as far as completion reads it.

    `kind` of the argument is target, file, new-file, mail-file, script, mechanism, topic, setting, step, message,
    fault, words:a|b, or anything else for none.
    """

    @property
    def name(self) -> str: ...
    @property
    def arguments(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def help(self) -> str: ...


def _no_files(prefix: str) -> Sequence[str]:
    return ()


def _nothing_named() -> Sequence[tuple[str, str]]:
    return ()


def _nothing_measured() -> Sequence[tuple[int, str]]:
    return ()


class State(NamedTuple):
    """Where a session stands, for completion.

    `phase` is the phase ahead: what holds if all that is awaited goes well. `senders`, `recipients` and `targets`
    were used before, the latest first; `hosts` are profiles and what each is; `host_names` are ours, for EHLO.
    `asked` are addresses of VRFY and EXPN, `users` those that could log in; `refused` are mechanisms and why, `codes`
    were heard. `files` gives the names that begin so; `scripts`, `steps`, `messages` (of the inbox) and `faults` (of
    the practice server) give names and what each is, `message_sizes` octets and of what.
    """

    connected: bool = False
    phase: Phase = Phase.CLOSED
    capabilities: Capabilities = NO_CAPABILITIES
    envelope: Envelope = Envelope()
    awaiting: tuple[str, ...] = ()
    tls_active: bool = False
    path_is_private: bool = False
    authenticated: bool = False
    lmtp: bool = False
    host_names: Sequence[str] = ()
    senders: Sequence[str] = ()
    recipients: Sequence[str] = ()
    targets: Sequence[str] = ()
    hosts: Mapping[str, str] = {}
    commands: Sequence[CommandRow] = ()
    files: Callable[[str], Sequence[str]] = _no_files
    asked: Sequence[str] = ()
    users: Sequence[str] = ()
    refused: Mapping[str, str] = {}
    codes: Sequence[str] = ()
    scripts: Callable[[], Sequence[tuple[str, str]]] = _nothing_named
    steps: Callable[[], Sequence[tuple[str, str]]] = _nothing_named
    messages: Callable[[], Sequence[tuple[str, str]]] = _nothing_named
    faults: Callable[[], Sequence[tuple[str, str]]] = _nothing_named
    lessons: Callable[[], Sequence[tuple[str, str]]] = _nothing_named
    message_sizes: Callable[[], Sequence[tuple[int, str]]] = _nothing_measured

    @classmethod
    def of(cls, conversation: Conversation, *, connected: bool = True) -> "State":
        """What a conversation tells; the rest is for the shell to add (`_replace`)."""
        return cls(
            connected=connected,
            phase=conversation.ahead,
            capabilities=conversation.capabilities,
            envelope=conversation.envelope,
            awaiting=conversation.awaiting,
            tls_active=conversation.tls_active,
            path_is_private=conversation.path_is_private,
            authenticated=conversation.authenticated is not None,
        )

    @property
    def knows_capabilities(self) -> bool:
        """Whether the server has said what it offers; after HELO and after STARTTLS it has not."""
        return self.capabilities is not NO_CAPABILITIES

    def why_not_offered(self, keyword: str) -> str:
        """Why something that needs an EHLO keyword is not there, or ""."""
        if not keyword or self.capabilities.offers(keyword):
            return ""
        if self.knows_capabilities:
            return phrase("not offered by this server")
        return phrase("{verb} tells whether it is offered", verb="LHLO" if self.lmtp else "EHLO")
