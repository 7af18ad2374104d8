"""`smtp-repl config`: the settings as they are and where each comes from, where their file is, an example."""

from collections.abc import Iterator

from smtp_repl.cli.environment import Environment
from smtp_repl.cli.options import Words
from smtp_repl.cli.settings import Known, read_settings, settings_path
from smtp_repl.term.hosts import HOST_KEYS, describe
from smtp_repl.term.settings import SETTINGS, Setting, Settings, Value, value_of, written
from smtp_repl.wire.errors import ExitStatus, UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable

_ACTIONS = ("config-show", "config-path", "config-example", "config-hosts")


def main(words: Words, environment: Environment) -> int:
    """Show one of these; returns the exit status."""
    given = [key for key in _ACTIONS if words.has(key)]
    if len(given) > 1:
        names = [key.replace("config-", "--") for key in given]
        raise UsageError(phrase("{one} and {other} are two questions: ask one of them", one=names[0], other=names[1]))
    if given == ["config-path"]:
        environment.out(printable(settings_path(words, environment)[0]))
    elif given == ["config-example"]:
        environment.out(example().removesuffix("\n"))
    else:
        known = read_settings(words, environment)
        if given == ["config-hosts"]:
            for name in known.hosts:
                environment.out(name)
        elif words.has("config-json"):
            environment.out(_as_json(known))
        else:
            for line in _rows(known):
                environment.out(line)
    return int(ExitStatus.OK)


def _rows(known: Known) -> Iterator[str]:
    shown = {row.name: written(row, value_of(known.settings, row)) or "(none)" for row in SETTINGS.values()}
    names, values = max(map(len, shown)), max(map(len, shown.values()))
    for name, value in shown.items():
        yield f"{name.ljust(names)}  {value.ljust(values)}  {known.sources[name]}"
    for name, host in known.hosts.items():
        yield f"hosts.{printable(name)}  {describe(host)}"
    for name, line in known.aliases.items():
        yield f"alias.{name}  {printable(line)}"


def _as_json(known: Known) -> str:
    import json  # only for who asks for it

    settings = {
        row.name: {"value": _plain(row, value_of(known.settings, row)), "source": known.sources[row.name]}
        for row in SETTINGS.values()
    }
    hosts = {
        name: {
            "target": str(host.target),
            "tls": "implicit" if host.target.implicit_tls else "starttls" if host.starttls else "none",
            "user": host.user or None,
            "auth": host.logs_in,
            "ehlo": host.ehlo or None,
        }
        for name, host in known.hosts.items()
    }
    path = known.file.path if known.file is not None else None
    shown = {"path": path, "settings": settings, "hosts": hosts, "alias": dict(known.aliases)}
    return json.dumps(shown, ensure_ascii=False)


def _plain(row: Setting, value: Value) -> Value | list[str]:
    """A value as a settings file has it."""
    if isinstance(value, tuple):
        return list(value)
    return value if row.kind.switch or not isinstance(value, bool) else written(row, value)


# ---------------------------------------------------------------- an example


def example() -> str:
    """A settings file with every setting at its default, explained and commented out."""
    defaults = Settings()
    lines = [
        "# The settings of smtp-repl. What is commented out stands at its default.",
        "# The command line and the environment count before this file. No password has a place in it.",
        "",
    ]
    for row in SETTINGS.values():
        if row.kept:
            lines.append(f"# {row.meaning}: {row.kind.form}")
            lines.append(f"#{row.name} = {_toml(row, value_of(defaults, row))}")
    lines += ["", "# A server with a name: smtp-repl work, or /connect work.", "#[hosts.work]"]
    for key in HOST_KEYS.values():
        lines.append(f"#{key.name} = {key.example}  # {key.meaning}")
    lines += [
        "",
        "# Commands of your own, one line each; what you type behind one is added to its line.",
        "#[alias]",
        '#hi = "EHLO client.example.org"',
        '#work = "/connect work"',
    ]
    return "".join(f"{line}\n" for line in lines)


def _toml(row: Setting, value: Value) -> str:
    plain = _plain(row, value)
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, list):
        return '["EHLO client.example.org", "/timing on"]'
    return f'"{plain}"' if isinstance(plain, str) else f"{plain:g}"
