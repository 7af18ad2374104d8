"""The directives: one table, read by the parser, the player, completion, help, the linter and the docs.

To add a directive, add one row here (and, if its argument is of a new kind, a value in `arguments`). Written
from the client's side; whoever plays S swaps them. Nothing is done here. No RFC: our notation.
"""

from collections.abc import Callable

from smtp_repl.script.arguments import (
    Auth,
    Value,
    read_auth,
    read_caps,
    read_connect,
    read_file,
    read_match,
    read_nothing,
    read_require,
    read_set,
    read_tags,
    read_text,
    read_timeout,
    read_tls,
    read_wait,
    read_within,
)
from smtp_repl.wire.errors import ScriptError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.records import Record


class DirectiveSyntax(Record):
    """One row. `form` is what stands behind the word; `scope` says for how long the directive holds."""

    name: str
    form: str
    meaning: str
    read: Callable[[str], Value]
    scope: str
    """"script", "onwards" (from here on), "next" (the next reply), "last" (the reply before), or "here" (now)."""
    splits_write: bool = True
    takes_connection: bool = True


def _rows(*rows: DirectiveSyntax) -> dict[str, DirectiveSyntax]:
    return {row.name: row for row in rows}


DIRECTIVES = _rows(
    DirectiveSyntax(
        "connect",
        "host:port [tls] [bind=ip] [sni=h]",
        "where to connect, when the command line does not say; unix:path, lmtp:host:port too",
        read_connect,
        "here",
    ),
    DirectiveSyntax(
        "tls", "auto|manual|start", "handshake after STARTTLS and 220, or by hand, or now", read_tls, "onwards"
    ),
    DirectiveSyntax(
        "auth",
        "user=alice [mech=PLAIN]",
        "who signs in; the password is bound by the user",
        read_auth,
        "onwards",
    ),
    DirectiveSyntax(
        "match",
        "class|code|status|prefix|text|exact",
        "how closely replies are compared from here on",
        read_match,
        "onwards",
    ),
    DirectiveSyntax("strict", "", "drift fails from here on", read_nothing, "onwards"),
    DirectiveSyntax(
        "caps",
        "STARTTLS AUTH=PLAIN,LOGIN !XCLIENT",
        "the last EHLO reply offers these (! does not offer), in any order",
        read_caps,
        "last",
    ),
    DirectiveSyntax("require", "KEYWORD", "not offered: the script is skipped, and says so", read_require, "here"),
    DirectiveSyntax("timeout", "seconds", "how long each reply may take from here on", read_timeout, "onwards"),
    DirectiveSyntax("within", "seconds or 2..10", "how long the next reply takes", read_within, "next"),
    DirectiveSyntax("wait", "seconds", "flush what was sent, then pause; 0 splits a write", read_wait, "here"),
    DirectiveSyntax("data", "file.eml", "send a message: CRLF, dot-stuffed, with the final dot", read_file, "here"),
    DirectiveSyntax("send", "file", "send the octets of a file as they are", read_file, "here"),
    DirectiveSyntax("set", "name=value", "a value for {name}", read_set, "onwards"),
    DirectiveSyntax("include", "file", "the lines of another script, here", read_file, "here"),
    DirectiveSyntax("early", "", "do not wait for the greeting", read_nothing, "here"),
    DirectiveSyntax("eof", "", "the peer must close now", read_nothing, "here"),
    DirectiveSyntax("close", "", "drop the connection", read_nothing, "here"),
    DirectiveSyntax("shutdown", "", "half-close: nothing more will be sent", read_nothing, "here"),
    DirectiveSyntax("title", "text", "what the script is called", read_text, "script", splits_write=False),
    DirectiveSyntax("about", "text", "what the script shows", read_text, "script", splits_write=False),
    DirectiveSyntax("source", "text", "where it comes from", read_text, "script", splits_write=False),
    DirectiveSyntax("tag", "word …", "words to find it by", read_tags, "script", splits_write=False),
    DirectiveSyntax("recorded", "text", "when and with what it was recorded", read_text, "script", splits_write=False),
)


def read_directive(name: str, connection: str, args: str) -> Value:
    """The value of `@name[connection] args`, with `args` trimmed.

    Raises `ScriptError`: "unknown-directive" (`column` 0: it is the word that is wrong) or what the reader of its
    arguments says, `column` counted from 1 within `args`.
    """
    syntax = DIRECTIVES.get(name)
    if syntax is None:
        near = near_directive(name)
        hint = (
            phrase("did you mean @{near}?", near=near)
            if near
            else "known: " + " ".join(f"@{word}" for word in DIRECTIVES)
        )
        raise ScriptError(phrase("there is no directive @{name}", name=name), hint, kind="unknown-directive", column=0)
    value = syntax.read(args)
    if isinstance(value, Auth) and connection:
        return value._replace(name=connection)
    return value


def near_directive(word: str) -> str | None:
    """The directive that somebody who wrote `word` may have meant."""
    # Only bad scripts pay for it: difflib takes longer to import than a script to read.
    from difflib import get_close_matches

    return next(iter(get_close_matches(word[:40].lower(), DIRECTIVES, 1, 0.6)), None)
