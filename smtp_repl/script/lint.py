"""What is odd about a script that can be read: remarks, not errors; it may be odd on purpose.

One pass over the steps, as a conversation (`lint_course`) and line by line (`lint_lines`); the rules are the table in
`lint_rules`. Sends nothing and never raises for what it finds. Reads steps, so includes must have been allowed.
"""

from collections.abc import Iterable, Iterator

from smtp_repl.script.arguments import Set
from smtp_repl.script.lint_course import Course
from smtp_repl.script.lint_rules import lint_remark
from smtp_repl.script.model import Directive, Remark, Script, Wire
from smtp_repl.script.steps import Do, Load, Step, compile_steps
from smtp_repl.wire.records import Record
from smtp_repl.wire.secrets import MASK

_SECRET_NAMES = ("pass", "passwd", "password", "pw", "secret", "token", "credentials")


class Findings(Record):
    """`answers` are the steps that a server of this script needs: see `Course.answers`."""

    remarks: tuple[Remark, ...]
    answers: tuple[Step, ...]


def lint(script: Script, load: Load | None = None) -> tuple[Remark, ...]:
    """The remarks on a script, by line; none on the lines of included files. Raises as `compile_steps` does."""
    return examine(script, compile_steps(script, load)).remarks


def examine(script: Script, steps: tuple[Step, ...]) -> Findings:
    """The remarks on a script that was worked out, by line."""
    course = Course(steps, script.name)
    course.follow()
    own = [step for step in steps if step.file == script.name]
    remarks = [*script.warnings, *course.remarks, *_unused(own, steps), *_passwords(own)]
    shown = {**course.shown, **{found.line: found.shown for found in remarks if found.shown}}
    ordered = sorted(dict.fromkeys(remarks), key=lambda found: (found.line, found.column))
    return Findings(
        tuple(found._replace(shown=shown.get(found.line, found.shown)) for found in ordered), tuple(course.answers)
    )


def _unused(own: Iterable[Step], steps: Iterable[Step]) -> Iterator[Remark]:
    """Variables that no line uses."""
    nodes = [node for step in steps for node in step.nodes if isinstance(node, Wire)]
    used = {name for node in nodes if node.template is not None for name in node.template.names}
    for directive in _sets(own):
        if isinstance(directive.value, Set) and directive.value.name not in used:
            name = directive.value.name
            yield lint_remark("unused-set", directive.line, directive.column, len(name), name=name)


def _passwords(own: Iterable[Step]) -> Iterator[Remark]:
    """Variables that are called as passwords are."""
    for directive in _sets(own):
        words = directive.args.partition("=")[0].strip().lower().replace("_", "-").split("-")
        if any(word in _SECRET_NAMES for word in words):
            name, equals, _ = directive.args.partition("=")
            shown = f"@set {name}{equals}{MASK}"
            yield lint_remark("secret-in-clear", directive.line, directive.column)._replace(shown=shown)


def _sets(steps: Iterable[Step]) -> Iterator[Directive]:
    for step in steps:
        if isinstance(step, Do) and step.directive.name == "set":
            yield step.directive
