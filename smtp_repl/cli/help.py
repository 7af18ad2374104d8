"""What `--help` prints, made from the tables in `options`."""

import shutil

from smtp_repl.cli.options import COMMANDS, SHELL, SubCommand, options_of, usage
from smtp_repl.view.width import fold
from smtp_repl.wire.language import N_, _

_INTRODUCTION = N_("Speak SMTP by hand: see everything that is said, record it as a script, and play it again.")

EXAMPLES = {
    SHELL: (
        ("smtp-repl --local", "learn, with a practice server that delivers nothing"),
        ("smtp-repl mail.example.com:587 --starttls", "a session, encrypted"),
        ("smtp-repl mail.example.com --record first.smtp", "and keep it"),
        ("smtp-repl mail.example.com -c 'EHLO me.example.org'", "one command, then QUIT"),
        ("smtp-repl run first.smtp --server mail.example.com", "play it again"),
    ),
    "run": (
        ("smtp-repl run first.smtp --local", "against the practice server"),
        ("smtp-repl run tests --server mail.example.com:587 --junit report.xml", "against yours, in CI"),
        ("smtp-repl run first.smtp --server 127.0.0.1:2525 -j 100 --repeat 10000", "how much it bears"),
        ("smtp-repl run @auth-plain --local -v", "a conversation that came with the program"),
        ("smtp-repl run login.smtp --server mail.example.com --password-env SMTP_PASSWORD", ""),
    ),
    "mock": (
        ("smtp-repl mock first.smtp", "one session; tells where it listens"),
        ("smtp-repl mock first.smtp --listen 127.0.0.1:2525 --loop -v", "for every client, and show it"),
        ("smtp-repl mock @starttls-then-auth --ca-file ca.pem", "with an authority for clients to trust"),
    ),
    "fmt": (("smtp-repl fmt --check tests/*.smtp", "in CI"), ("smtp-repl fmt -w tests/*.smtp", "at home")),
    "explain": (
        ("smtp-repl explain '550 5.7.26 This mail has been blocked' --host smtp.gmail.com", "a reply"),
        ("smtp-repl explain SIZE", "a word"),
        ("smtp-repl explain 'certificate verify failed: certificate has expired'", "an error of TLS"),
        ("smtp-repl explain first.smtp --html first.html", "a conversation, and a page to hand out"),
    ),
    "b64": (
        (r"smtp-repl b64 '\0tutor\0not-a-secret'", "what PLAIN sends"),
        ("smtp-repl b64 -d VXNlcm5hbWU6", "what a 334 asks"),
        ("printf '%s' \"$PASSWORD\" | smtp-repl b64 -", "for no eyes but yours"),
    ),
    "auth": (
        ("smtp-repl auth PLAIN --user tutor --password-env SMTP_PASSWORD", ""),
        ("smtp-repl auth CRAM-MD5 --user tutor --challenge PDE4OTYuNjk3MTcwOTUyQGV4YW1wbGUuY29tPg==", ""),
    ),
    "serve": (("smtp-repl serve --listen 127.0.0.1:2525", ""),),
}

_STATUSES = N_("""\
exit status: 0 done · 1 an expectation failed, or the server refused · 2 wrong usage or script · 3 no connection
  4 TLS failed, or a password would have gone out in cleartext · 5 no reply in time · 6 the peer closed
  7 could not write · 77 all skipped · 130 interrupted · 143 terminated""")


def help_text(command: str) -> str:
    """The help of a sub-command; that of `SHELL` is the overall one."""
    width = max(60, min(100, shutil.get_terminal_size().columns))
    row = COMMANDS[command]
    parts = [_usage(row)]
    parts.append(_(_INTRODUCTION) if command == SHELL else _sentence(_(row.summary)))
    if row.detail:
        parts.append(_(row.detail))
    if command == SHELL:
        parts.append(
            _rows(_("sub-commands"), [(r.name, _(r.summary)) for r in COMMANDS.values() if r.name != SHELL], width)
        )
    parts += _options(command, width)
    if command in EXAMPLES:
        parts.append(_rows(_("examples"), [(line, _(says)) for line, says in EXAMPLES[command]], 200))
    if command in (SHELL, "run", "mock"):
        parts.append(_(_STATUSES))
    if command == SHELL:
        parts.append(_("smtp-repl SUB-COMMAND --help tells more."))
    return "\n\n".join(parts)


def _usage(row: SubCommand) -> str:
    if row.name != SHELL:
        return _("usage: {words} [options]").format(words=usage(row))
    return _(
        "usage: smtp-repl HOST[:PORT] [options]\n       smtp-repl --local [options]\n       smtp-repl SUB-COMMAND …"
    )


def _sentence(summary: str) -> str:
    return _("{summary}.").format(summary=f"{summary[0].upper()}{summary[1:]}")


def _options(command: str, width: int) -> list[str]:
    groups: dict[str, list[tuple[str, str]]] = {}
    for option in options_of(command):
        blank = "" if option.value.startswith("[=") else " "
        flags = ", ".join(option.flags) + (f"{blank}{option.value}" if option.value else "")
        help_line = _(option.help)
        if option.many:
            help_line = _("{help} (may be repeated)").format(help=help_line)
        groups.setdefault(option.group, []).append((flags, help_line))
    other = groups.pop("other", [])
    if other:
        groups["other"] = other
    return [_rows(_(name), rows, width) for name, rows in groups.items()]


def _rows(heading: str, rows: list[tuple[str, str]], width: int) -> str:
    column = 4 + min(34, max(len(left) for left, _ in rows))
    lines = [_("{heading}:").format(heading=heading)]
    for left, right in rows:
        first = f"  {left}".ljust(column)
        if not right:
            lines.append(first.rstrip())
            continue
        if len(left) + 4 > column:
            lines.append(f"  {left}")
            first = " " * column
        row, *more = fold(right, width - column)
        lines += [first + row, *(" " * column + row for row in more)]
    return "\n".join(lines)
