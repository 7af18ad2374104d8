"""`--print-completion bash|zsh|fish`: completion for the command line, written from the tables in `options`.

    bash:  smtp-repl --print-completion bash > ~/.local/share/bash-completion/completions/smtp-repl
    zsh:   smtp-repl --print-completion zsh > DIR-OF-$fpath/_smtp-repl
    fish:  smtp-repl --print-completion fish > ~/.config/fish/completions/smtp-repl.fish

What changes after the script was written is asked for when it is needed: profiles (`config --hosts`) and the scripts
that came with the program (`run --list`).
"""

from collections.abc import Callable, Iterable

from smtp_repl.cli.options import COMMANDS, SHELL, Option, SubCommand, options_of
from smtp_repl.script.arguments import LEVELS
from smtp_repl.term.settings import SETTINGS
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.sasl import MECHANISMS

SHELLS = ("bash", "zsh", "fish")


class What(Record):
    """What a word can be: some of a list, of files, of folders, of profiles, of scripts that came with the program."""

    words: tuple[str, ...] = ()
    files: bool = False
    folders: bool = False
    hosts: bool = False
    scripts: bool = False


_ANYTHING = What()
_VALUES: dict[str, What] = {
    "FILE": What(files=True),
    "[WHO=]FILE": What(files=True),
    "FOLDER": What(folders=True),
    "LEVEL": What(tuple(LEVELS)),
    "SHELL": What(SHELLS),
    "[=all]": What(("all",)),
}
"""What stands behind an option, by how its value is shown; what is not here is the person's own."""


def _value(option: Option) -> What:
    if option.value in ("PROFILE", "FAULT"):
        from smtp_repl.net.practice.profiles import FAULTS, PROFILES

        return What(tuple(FAULTS) if option.value == "FAULT" else (*PROFILES, *FAULTS))
    if option.key == "set":
        chosen = ((row, word) for row in SETTINGS.values() for word in row.kind.words or ("",))
        return What(tuple(f"{row.name}={word}" for row, word in chosen))
    return _VALUES.get(option.value, _ANYTHING)


def _argument(row: SubCommand) -> What:
    """What the words of a sub-command are."""
    if row.name == SHELL:
        return What(tuple(name for name in COMMANDS if name != SHELL), hosts=True)
    if "MECHANISM" in row.words:
        return What(tuple(MECHANISMS))
    if "LESSON" in row.words:
        from smtp_repl.cli.lesson_files import lesson_name, packaged_paths

        return What(tuple(map(lesson_name, packaged_paths())), files=True)
    return What(files="FILE" in row.words or "FOLDER" in row.words, scripts="@NAME" in row.words)


def _takes_value(option: Option) -> bool:
    """Whether the next word is the option's; a value that may be left out stands behind "="."""
    return bool(option.value) and not option.value.startswith("[=")


def completion(shell: str) -> str:
    """The script for a shell. Raises `UsageError`."""
    write = _WRITERS.get(shell)
    if write is None:
        raise UsageError(
            phrase("there is no completion for {shell}", shell=printable(shell)),
            phrase("for {shells}", shells=", ".join(SHELLS)),
        )
    return write()


# ---------------------------------------------------------------- bash


def _bash() -> str:
    names = "|".join(name for name in COMMANDS if name != SHELL)
    lines = [
        "# Completion of smtp-repl for bash; written by: smtp-repl --print-completion bash",
        "_smtp_repl() {",
        "  local line=() word glue= current before command=shell flags= words= files= hosts= scripts=",
        "  # Readline breaks words at = and :, and puts in what stands behind the last break.",
        '  for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do',
        "    case $word in",
        "      =|:) line[${#line[@]}-1]+=$word glue=yes ;;",
        '      *) if [ "$glue" ]; then line[${#line[@]}-1]+=$word; else line+=("$word"); fi; glue= ;;',
        "    esac",
        "  done",
        "  current=${line[${#line[@]}-1]} before=${line[${#line[@]}-2]}",
        f"  case ${{#line[@]}}:${{line[1]}} in 2:*) ;; *:{names.replace('|', '|*:')}) command=${{line[1]}} ;; esac",
        "  case $current in --*=*) before=${current%%=*}= current=${current#*=} ;; esac",
        "  COMPREPLY=()",
        "  case $command:$before in",
    ]
    replies: dict[str, list[str]] = {}
    for command in COMMANDS:
        for option in options_of(command):
            ends = ("", "=") if _takes_value(option) else ("=",) if option.value else ()
            patterns = [f"{command}:{flag}{end}" for flag in option.flags for end in ends]
            replies.setdefault(_bash_reply(_value(option)), []).extend(patterns)
    lines += [f"    {'|'.join(patterns)}) {reply} ;;" for reply, patterns in replies.items()]
    lines += ["    *) case $command in"]
    for command, row in COMMANDS.items():
        flags = " ".join(flag for option in options_of(command) for flag in option.flags)
        what = _argument(row)
        lines.append(f"      {command}) flags='{flags}' words='{' '.join(what.words)}'" + _bash_sources(what) + " ;;")
    lines += [
        "      esac",
        '      [ "$command" != shell ] || [ ${#line[@]} = 2 ] || words=',
        '      [ -z "$hosts" ] || words="$words $(smtp-repl config --hosts 2>/dev/null)"',
        "      case $scripts:$current in yes:@*)",
        "        words=$(smtp-repl run --list 2>/dev/null | cut -d' ' -f1) files= ;;",
        "      esac",
        "      case $current in -*) words=$flags files= ;; esac",
        '      COMPREPLY=($(compgen -W "$words" -- "$current"))',
        f'      [ -z "$files" ] || {{ {_bash_reply(What(files=True))}; }} ;;',
        "  esac",
        '  word=${current%"${current##*[=:]}"}',
        '  COMPREPLY=("${COMPREPLY[@]#"$word"}")',
        "}",
        "complete -F _smtp_repl smtp-repl",
    ]
    return _text(lines)


def _bash_reply(what: What) -> str:
    if what.files or what.folders:
        which = "-f" if what.files else "-d"
        return f'compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen {which} -- "$current"))'
    return f'COMPREPLY=($(compgen -W "{" ".join(what.words)}" -- "$current"))' if what.words else ":"


def _bash_sources(what: What) -> str:
    given = {"files": what.files, "hosts": what.hosts, "scripts": what.scripts}
    return "".join(f" {name}=yes" for name, is_there in given.items() if is_there)


# ---------------------------------------------------------------- zsh


def _zsh() -> str:
    lines = [
        "#compdef smtp-repl",
        "# Completion of smtp-repl for zsh; written by: smtp-repl --print-completion zsh",
        "_smtp_repl_hosts() {",
        '  compadd -- ${(f)"$(smtp-repl config --hosts 2>/dev/null)"}',
        "}",
        "_smtp_repl_scripts() {",
        '  compadd -- ${${(f)"$(smtp-repl run --list 2>/dev/null)"}%% *}',
        "}",
        "_smtp-repl() {",
        "  local command=shell",
        "  local -a commands=(",
    ]
    lines += [f"    {_quoted(f'{name}:{row.summary}')}" for name, row in COMMANDS.items() if name != SHELL]
    lines += [
        "  )",
        "  if (( CURRENT > 2 )) && (( ${commands[(I)${words[2]}:*]} )); then",
        "    command=$words[2]; shift words; (( CURRENT-- ))",
        "  fi",
        "  case $command in",
    ]
    for command, row in COMMANDS.items():
        lines.append(f"    {command}) _arguments -S -s \\")
        lines += [f"      {spec} \\" for option in options_of(command) for spec in _zsh_options(option)]
        words = _zsh_words(row)
        lines.append(f"      {_quoted(f'*: :{words}')} ;;" if words else "      ;;")
    lines += [
        "  esac",
        "}",
        'if [ "$funcstack[1]" = "_smtp-repl" ]; then _smtp-repl "$@"; else compdef _smtp-repl smtp-repl; fi',
    ]
    return _text(lines)


def _zsh_options(option: Option) -> Iterable[str]:
    meaning = option.help.replace("[", "(").replace("]", ")").replace(":", " -")
    action = f":{option.value.replace(':', ' ').strip('[]=')}:{_zsh_action(_value(option))}" if option.value else ""
    repeated = "*" if option.many else ""
    for flag in option.flags:
        joined = "" if not option.value else "=" if flag.startswith("--") and _takes_value(option) else ""
        if option.value.startswith("[="):
            joined, action = "=-", f":{action}"
        yield _quoted(f"{repeated}{flag}{joined}[{meaning}]{action}")


def _zsh_action(what: What) -> str:
    if what.words:
        return f"({' '.join(what.words)})"
    return "_files" if what.files else "_files -/" if what.folders else " "


def _zsh_words(row: SubCommand) -> str:
    what = _argument(row)
    if row.name == SHELL:
        return '{ _describe "sub-command" commands; _smtp_repl_hosts }'
    if what.words:
        return f"({' '.join(what.words)})"
    if what.scripts:
        return "{ _files; _smtp_repl_scripts }"
    return "_files" if what.files else ""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


# ---------------------------------------------------------------- fish


def _fish() -> str:
    names = " ".join(name for name in COMMANDS if name != SHELL)
    lines = [
        "# Completion of smtp-repl for fish; written by: smtp-repl --print-completion fish",
        "function __smtp_repl_in",
        "  set -l words (commandline -opc)",
        f"  set -l command {SHELL}",
        f"  test (count $words) -gt 1; and contains -- $words[2] {names}; and set command $words[2]",
        '  test "$command" = "$argv[1]"',
        "end",
        "complete -c smtp-repl -f",
        "complete -c smtp-repl -n __fish_is_first_arg -a '(smtp-repl config --hosts 2>/dev/null)' -d profile",
    ]
    for command, row in COMMANDS.items():
        condition = f'"__smtp_repl_in {command}"'
        if command != SHELL:
            lines.append(f"complete -c smtp-repl -n __fish_is_first_arg -a {command} -d {_fish_quoted(row.summary)}")
            what = _argument(row)
            if what.words:
                lines.append(f"complete -c smtp-repl -n {condition} -a {_fish_quoted(' '.join(what.words))}")
            if what.files:
                lines.append(f"complete -c smtp-repl -n {condition} -F")
            if what.scripts:
                listed = "(smtp-repl run --list 2>/dev/null | string split -f1 ' ')"
                lines.append(f"complete -c smtp-repl -n {condition} -a {_fish_quoted(listed)}")
        lines += [f"complete -c smtp-repl -n {condition} {_fish_option(option)}" for option in options_of(command)]
    return _text(lines)


def _fish_option(option: Option) -> str:
    parts = [f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags]
    if _takes_value(option):
        what = _value(option)
        parts.append("-r -F" if what.files or what.folders else "-x")
        if what.words:
            parts.append(f"-a {_fish_quoted(' '.join(what.words))}")
    return " ".join([*parts, "-d", _fish_quoted(option.help)])


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


_WRITERS: dict[str, Callable[[], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
