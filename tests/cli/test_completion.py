"""Completion of the command line, asked of the shells themselves."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from smtp_repl.cli.completion import SHELLS, completion
from smtp_repl.cli.options import COMMANDS, OPTIONS, SHELL
from tests.cli.conftest import ROOT, call
from tests.term.screen import Terminal

CASES = [
    ("ru", ["run"]),
    ("--startt", ["--starttls"]),
    ("run --mat", ["--match"]),
    ("run --match c", ["class", "code"]),
    ("run --match=pre", ["prefix"]),
    ("run x --update=", ["all"]),
    ("run @auth-l", ["@auth-login"]),
    ("run som", ["some.smtp"]),
    ("run --junit som", ["some.smtp"]),
    ("--set style=l", ["light"]),
    ("--print-completion ", ["bash", "fish", "zsh"]),
    ("wor", ["work"]),
    ("mail.example.com --print", ["--print-completion"]),
    ("config --exa", ["--example"]),
    ("auth CRAM", ["CRAM-MD5"]),
    ("learn hel", ["hello"]),
]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """smtp-repl on the PATH, a profile, and a file to complete."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "smtp-repl"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m smtp_repl "$@"\n')
    program.chmod(0o755)
    (tmp_path / "some.smtp").touch()
    config = tmp_path / "config.toml"
    config.write_text('[hosts.work]\nhost = "mail.example.com"\n')
    return {
        **os.environ,
        "PATH": f"{folder}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "SMTP_REPL_CONFIG": str(config),
        "HOME": str(tmp_path),
    }


def installed(shell: str) -> str:
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is not installed")
    return path


def ask(argv: list[str], environ: dict[str, str], cwd: Path) -> str:
    done = subprocess.run(argv, cwd=cwd, env=environ, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


BASH = r"""
. "$1"; shift
for typed; do
  COMP_WORDS=() COMPREPLY=()
  # As readline does it: words end at blanks, and at = too.
  for word in $(sed 's/=/ = /g' <<<"smtp-repl $typed"); do COMP_WORDS+=("$word"); done
  case $typed in *[' =']) COMP_WORDS+=("") ;; esac
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  _smtp_repl
  printf '%s\n' "${COMPREPLY[*]}"
done
"""


def test_bash(environ: dict[str, str], tmp_path: Path) -> None:
    """bash proposes what the tables hold: words, options, their values, profiles, scripts and files."""
    script = tmp_path / "completion"
    script.write_text(completion("bash"))
    asked = ask([installed("bash"), "-c", BASH, "bash", str(script), *(typed for typed, _ in CASES)], environ, tmp_path)
    assert [sorted(line.split()) for line in asked.splitlines()] == [found for _, found in CASES]


@pytest.mark.parametrize(("typed", "found"), [case for case in CASES if case[1] != ["all"]])
def test_fish(environ: dict[str, str], tmp_path: Path, typed: str, found: list[str]) -> None:
    """The same for fish, but for values that may be left out, which it knows nothing of."""
    script = tmp_path / "completion.fish"
    script.write_text(completion("fish"))
    source = 'source $argv[1]; complete -C "smtp-repl $argv[2]"'
    asked = ask([installed("fish"), "--no-config", "-c", source, str(script), typed], environ, tmp_path)
    words = [line.partition("\t")[0].rpartition("=")[2] for line in asked.splitlines()]
    assert sorted(words) == found


@pytest.mark.parametrize(("typed", "found"), [(typed, found[0]) for typed, found in CASES if len(found) == 1])
def test_zsh(environ: dict[str, str], tmp_path: Path, typed: str, found: str) -> None:
    """The same for zsh, in a terminal: Tab puts in what there is only one of."""
    script = tmp_path / "_smtp-repl"
    script.write_text(completion("zsh"))
    shell = Terminal([installed("zsh"), "-f"], {**environ, "PS1": "% "}, cwd=str(tmp_path))
    with shell as terminal:
        terminal.type(f"autoload -U compinit; compinit -D -u; source {script}; PS1='%% '; clear\n")
        terminal.wait_for(lambda terminal: terminal.screen() == ["%"])
        terminal.type(f"smtp-repl {typed}")
        terminal.wait_for(lambda terminal: terminal.line() == f"% smtp-repl {typed}".rstrip())
        terminal.key("tab")
        begun = typed.rpartition(" ")[2].rpartition("=")[2]
        whole = f"% smtp-repl {typed.removesuffix(begun)}{found}"
        # Behind an option that takes a value, zsh puts the equals sign too.
        terminal.wait_for(lambda terminal: terminal.line() in (whole, f"{whole}="))


@pytest.mark.parametrize("shell", SHELLS)
def test_every_option_is_there(shell: str) -> None:
    """A new option or sub-command is completed at once."""
    text = completion(shell)
    for option in OPTIONS:
        for flag in option.flags:
            assert flag in text or f"-l {flag[2:]} " in text or f"-s {flag[1:]} " in text
    assert all(name in text for name in COMMANDS if name != SHELL)


def test_printed() -> None:
    """The command line prints it; a shell that is not known is an error."""
    assert call("--print-completion", "bash").out == completion("bash")
    done = call("--print-completion", "tcsh")
    assert (done.status, done.err) == (2, "error: there is no completion for tcsh\nhint: for bash, zsh, fish\n")
