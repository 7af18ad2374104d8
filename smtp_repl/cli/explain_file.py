"""`smtp-repl explain FILE`: a whole conversation, what there is to know about each line, and what came of it."""

import os.path

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.explanations import columns, explained, in_colour, show
from smtp_repl.cli.options import Words
from smtp_repl.cli.sources import Source, read_source
from smtp_repl.script.model import Script, Wire
from smtp_repl.script.text import parse
from smtp_repl.teach.annotating import Annotated, annotate
from smtp_repl.teach.explanation import Circumstances
from smtp_repl.wire.errors import ExitStatus, OutputError, UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable

ASKED = 4000
"""Characters of what may be a question rather than a conversation."""


def explain_file(words: Words, circumstances: Circumstances, environment: Environment) -> int:
    """Explain a file. Raises `UsageError`."""
    source = read_source(words.words[0], environment)
    script = parse(source.octets, source.name)
    if not any(isinstance(node, Wire) for node in script.nodes):
        return _explain_text(source, script, words, circumstances, environment)
    annotated = annotate(script, circumstances)
    if words.has("explain-html"):
        _write_page(annotated, script, words, environment)
    if words.text("explain-html") == "-":
        return int(ExitStatus.OK)
    if words.has("explain-json"):
        _write_json(annotated, environment)
    else:
        _write_text(annotated, words, environment)
    return int(ExitStatus.OK)


def _explain_text(
    source: Source, script: Script, words: Words, circumstances: Circumstances, environment: Environment
) -> int:
    """What is no conversation may be a reply, or an error, that somebody copied."""
    text = source.octets.decode("utf-8", "replace").strip()
    if text and len(text) < ASKED and not words.has("explain-html"):
        try:
            found = explained(text, circumstances)
        except UsageError:
            found = ()
        if found:
            show(found, words, environment)
            return int(ExitStatus.OK)
    raise UsageError(
        phrase("{file} holds no conversation", file=printable(source.name)),
        "what the client says begins with C: and what the server says with S:",
        kind="no-conversation",
    )


def _write_text(annotated: Annotated, words: Words, environment: Environment) -> None:
    from smtp_repl.view.annotated import annotated_text

    for line in annotated_text(annotated, columns(environment), colour=in_colour(environment)):
        environment.out(line)


def _write_json(annotated: Annotated, environment: Environment) -> None:
    import json

    from smtp_repl.view.annotated import annotated_fields

    for line in annotated.lines:
        for fields in annotated_fields(line):
            environment.out(json.dumps(fields, ensure_ascii=False))
    environment.out(json.dumps({"event": "summary", "sentences": list(annotated.summary)}, ensure_ascii=False))


def _write_page(annotated: Annotated, script: Script, words: Words, environment: Environment) -> None:
    from smtp_repl.view.annotated_page import annotated_page

    page = annotated_page(annotated, script.title or printable(os.path.basename(script.name)))
    path = words.text("explain-html") or ""
    if path == "-":
        environment.out(page.removesuffix("\n"))
        return
    try:
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(page)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or phrase("no file name")
        raise OutputError(phrase("cannot write {path}: {why}", path=printable(path), why=why)) from None
