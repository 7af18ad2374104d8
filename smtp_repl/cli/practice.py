"""The practice server of a run (`--local`), made for the scripts that are to be played against it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from smtp_repl.cli.behaviour import practice_profile
from smtp_repl.cli.options import Words
from smtp_repl.cli.preparing import PRACTICE_PASSWORD, Prepared, Server, Unplayable
from smtp_repl.net.practice import PracticeOptions, PracticeThread
from smtp_repl.net.practice.options import PRACTICE_ACCOUNTS
from smtp_repl.wire.secrets import Secret

PRACTICE_SESSIONS = 50
"""As many as it takes at once unless more are asked for."""


@contextmanager
def practice_server(
    words: Words, scripts: Sequence[Prepared | Unplayable], passwords: Mapping[str, Secret], connections: int
) -> Iterator[Server]:
    """A practice server that takes so many connections at once; it lives as long as this does."""
    plays = [one for one in scripts if isinstance(one, Prepared)]
    # Who a script says it is, may log in: so a recording of another server can be played here.
    accounts = dict(PRACTICE_ACCOUNTS)
    users = (need for one in plays for need in one.needs if need.user and not need.refused)
    for need in (need for need in users if need.user not in accounts):
        given = passwords.get(need.name)
        accounts[need.user] = given.reveal().decode("utf-8", "replace") if given is not None else PRACTICE_PASSWORD
    # Connections that are over for us may not be for the server: hence some more.
    most = max(PRACTICE_SESSIONS, 2 * connections)
    options = PracticeOptions(accounts=accounts, idle_limit=None, max_sessions=most, profile=practice_profile(words))
    with PracticeThread(options) as server:
        # A certificate takes 100 ms: only for scripts that may use it.
        uses_tls = any(word in one.source.octets.lower() for one in plays for word in (b"starttls", b"@tls", b"@incl"))
        ca = server.ca_pem() if uses_tls or words.has("var") else b""
        yield Server(server.target, ca, is_practice=True)
