"""`smtp-repl serve`: the practice server in the foreground, until Ctrl-C; for one person, or for a class."""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from smtp_repl.cli.behaviour import list_faults, list_profiles, practice_profile
from smtp_repl.cli.environment import Environment
from smtp_repl.cli.listening import check_certificate, read_address, write_authority
from smtp_repl.cli.options import Words
from smtp_repl.net.practice import PracticeOptions, PracticeThread
from smtp_repl.net.practice.options import PRACTICE_ACCOUNTS
from smtp_repl.wire.errors import ExitStatus
from smtp_repl.wire.language import _, n_
from smtp_repl.wire.octets import printable

_A_LONG_TIME = 3600.0

CLASS_SESSIONS = 300
"""Sixty students with up to five connections each: a shell, a forgotten one, a script that is run …"""
CLASS_IDLE = 1800.0
"""Seconds in which a student may read what the lesson says."""
CLASS_MESSAGE = 1024 * 1024
CLASS_INBOX = 2000, 256 * 1024 * 1024
"""Messages that are kept, and octets of all of them."""
PUBLIC_PER_ADDRESS = 20
"""Sessions from one address, where the server is open to others and is not for a class behind one address."""


def main(words: Words, environment: Environment) -> int:
    """Serve. The address goes to standard output at once, one line for each event to standard error."""
    if words.has("list-profiles") or words.has("list-faults"):
        for line in list_profiles() if words.has("list-profiles") else list_faults():
            environment.out(line)
        return int(ExitStatus.OK)
    options = _options(words, environment)
    with PracticeThread(options, environment.talk) as server:
        if words.has("ca-file"):
            write_authority(words.text("ca-file") or "", server.ca_pem())
        shown = f"[{server.host}]" if ":" in server.host else server.host
        environment.out(f"listening on {shown}:{server.port}")
        _describe(words, options, environment)
        try:
            while True:
                time.sleep(_A_LONG_TIME)
        except KeyboardInterrupt:
            environment.talk("# " + _("stopped"))
    return int(ExitStatus.OK)


def _options(words: Words, environment: Environment) -> PracticeOptions:
    """What the command line asks for. Raises `UsageError`."""
    check_certificate(words)
    host, port = read_address(words.text("listen") or "")
    profile = practice_profile(words)
    if words.has("take-plaintext-auth"):
        profile = replace(profile, auth_in_clear="anywhere")
    options = PracticeOptions(
        host=host,
        port=port,
        profile=profile,
        accounts=_accounts(words, environment),
        public=words.has("listen-public"),
        transcripts=Path(words.text("transcripts") or ".") if words.has("transcripts") else None,
        cert=words.text("cert") or "",
        key=words.text("key") or "",
    )
    if not (words.has("accounts") or words.has("transcripts")):
        return replace(options, max_per_address=PUBLIC_PER_ADDRESS) if options.public else options
    from smtp_repl.net.open_files import allow_connections

    # Each session is a connection and the file of its transcript.
    allow_connections(2 * CLASS_SESSIONS)
    count, size = CLASS_INBOX
    return replace(
        options,
        profile=replace(profile, max_size=min(profile.max_size, CLASS_MESSAGE)),
        max_sessions=CLASS_SESSIONS,
        idle_limit=CLASS_IDLE,
        inbox_count=count,
        inbox_size=size,
    )


def _accounts(words: Words, environment: Environment) -> Mapping[str, str]:
    path = words.text("accounts")
    if path is None:
        return PRACTICE_ACCOUNTS
    from smtp_repl.cli.accounts import read_accounts

    return read_accounts(path, environment)


def _describe(words: Words, options: PracticeOptions, environment: Environment) -> None:
    """What a teacher wants to see at the start."""
    said = []
    if options.profile.faults or options.profile.name != "strict":
        said.append(_("profile: {name}").format(name=", ".join((options.profile.name, *options.profile.faults))))
    if words.has("accounts"):
        count = len(options.accounts)
        text = n_("{count} account from {path}", "{count} accounts from {path}", count)
        said.append(text.format(count=count, path=printable(words.text("accounts") or "")))
    if options.transcripts is not None:
        said.append(_("a transcript of each session: {folder}").format(folder=printable(str(options.transcripts))))
    for line in said:
        environment.talk(f"# {line}")
