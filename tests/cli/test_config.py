"""Settings on the command line: which counts before which, and what `smtp-repl config` shows of it."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from smtp_repl.cli.config import example
from smtp_repl.config import load
from smtp_repl.net.practice import PracticeThread
from smtp_repl.term.hosts import HOST_KEYS
from smtp_repl.term.settings import SETTINGS, Settings, value_of
from tests.cli.conftest import Done, call, program


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(
        'style = "light"\nehlo = "file.example.org"\n'
        '[hosts.work]\nhost = "192.0.2.1"\nport = 587\ntls = "starttls"\nuser = "alice"\n'
        '[alias]\nhi = "EHLO client.example.org"\n'
    )
    return path


def row(done: Done, name: str) -> list[str]:
    return next(re.split("  +", line) for line in done.lines if line.split()[0] == name)


def test_defaults() -> None:
    """Without a file every setting stands at its default, and says so."""
    done = call("config")
    assert done.status == 0
    assert [re.split("  +", line)[::2] for line in done.lines] == [[name, "default"] for name in SETTINGS]
    assert call("config", "--show") == done


def test_where_each_comes_from(file: Path) -> None:
    """The command line counts before the environment, the environment before the file."""
    environ = {"SMTP_REPL_CONFIG": str(file)}
    assert row(call("config", environ=environ), "style") == ["style", "light", f"{file}:1"]
    environ["NO_COLOR"] = "1"
    assert row(call("config", environ=environ), "style") == ["style", "none", "NO_COLOR"]
    environ["SMTP_REPL_STYLE"] = "dark"
    assert row(call("config", environ=environ), "style") == ["style", "dark", "SMTP_REPL_STYLE"]
    assert row(call("config", "--set", "style=light", environ=environ), "style") == ["style", "light", "--set"]
    assert row(call("config", environ=environ), "ehlo") == ["ehlo", "file.example.org", f"{file}:2"]


def test_profiles_and_aliases_are_shown(file: Path) -> None:
    """They stand behind the settings; --hosts names the profiles, for a completion."""
    done = call("config", "--config", str(file))
    assert done.lines[-2:] == [
        "hosts.work  192.0.2.1:587, STARTTLS, user alice",
        "alias.hi  EHLO client.example.org",
    ]
    assert call("config", "--hosts", "--config", str(file)).out == "work\n"


def test_json(file: Path) -> None:
    """One object, with the values as a settings file has them."""
    shown = json.loads(call("config", "--json", "--config", str(file)).out)
    assert shown["path"] == str(file)
    assert shown["settings"]["style"] == {"value": "light", "source": f"{file}:1"}
    assert shown["settings"]["timing"] == {"value": False, "source": "default"}
    assert shown["settings"]["startup"] == {"value": [], "source": "default"}
    assert shown["hosts"]["work"]["tls"] == "starttls"
    assert shown["alias"] == {"hi": "EHLO client.example.org"}


def test_path(file: Path, tmp_path: Path) -> None:
    """Where the file is looked for, whether it is there and right or not."""
    assert call("config", "--path", environ={"SMTP_REPL_CONFIG": str(file)}).out == f"{file}\n"
    done = program("config", "--path", environ={"XDG_CONFIG_HOME": str(tmp_path)})
    assert done.out == f"{tmp_path}/smtp-repl/config.toml\n"
    file.write_text("=")
    assert call("config", "--path", "--config", str(file)).status == 0


def test_example_holds(tmp_path: Path) -> None:
    """The example is a settings file as it stands, and with everything in it switched on."""
    path = tmp_path / "example.toml"
    assert call("config", "--example").out == example()
    path.write_text(example())
    assert load(path, must_exist=True).values == {}
    switched_on = re.sub("(?m)^#(?! )", "", example())
    assert tomllib.loads(switched_on)["hosts"]["work"].keys() == HOST_KEYS.keys()
    path.write_text(switched_on)
    found = load(path, must_exist=True)
    assert found.values.keys() == {row.name for row in SETTINGS.values() if row.kept}
    defaults = Settings()
    for name, value in found.values.items():
        assert name == "startup" or value == value_of(defaults, SETTINGS[name])


@pytest.mark.parametrize(
    ("argv", "environ", "message"),
    [
        (["config", "--config", "none.toml"], {}, "error: cannot read the settings: none.toml: No such file"),
        (["config"], {"SMTP_REPL_CONFIG": "none.toml"}, "error: cannot read the settings: none.toml"),
        (["config"], {"SMTP_REPL_KEYS": "ed"}, "error: SMTP_REPL_KEYS: keys takes emacs or vi"),
        (["config", "--set", "keys"], {}, "error: --set takes NAME=VALUE, and not keys"),
        (["config", "--set", "kees=vi"], {}, 'error: there is no setting "kees"\nhint: did you mean keys?'),
        (["config", "--path", "--hosts"], {}, "error: --path and --hosts are two questions"),
        (["--local", "--set", "timeout=0", "-c", "QUIT"], {}, "error: timeout takes seconds"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_refusals(argv: list[str], environ: dict[str, str], message: str) -> None:
    """What is wrong is said before anything is connected."""
    done = call(*argv, environ=environ)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(message)


def test_a_bad_file_stops_a_session(tmp_path: Path) -> None:
    """Settings that somebody believes in and that do not count are worse than none."""
    path = tmp_path / "config.toml"
    path.write_text('stile = "light"\n')
    done = call("--local", "-c", "QUIT", "--config", str(path))
    assert (done.status, done.out) == (2, "")
    assert done.err == (
        f'error: there is no setting "stile"\n  --> {path}:1:1\n  |\n1 | stile = "light"\n  | ^^^^^\n'
        "hint: did you mean style?\n"
    )


def test_a_profile_is_a_host(address: str, tmp_path: Path) -> None:
    """`smtp-repl NAME` goes where the profile says, and `/connect NAME` too; aliases work in line mode."""
    host, _, port = address.rpartition(":")
    path = tmp_path / "config.toml"
    profile = f'[hosts.here]\nhost = "{host}"\nport = {port}\nehlo = "profile.example.org"\n'
    path.write_text(f'{profile}[alias]\nhi = "HELO a.example.org"\n')
    done = call("here", "-c", "/hi", "-c", "/set", "-c", "/connect here", "--config", str(path))
    assert (done.status, done.err) == (0, f"# here: {address}\n")
    assert "C: HELO a.example.org" in done.lines
    assert "# ehlo             (none: profile.example.org)" in done.lines
    assert done.lines.count(f"# connected to {address}") == 2
    assert f"# here: {address}" in done.lines


def test_trust_stays_with_its_profile(address: str, tmp_path: Path, practice: PracticeThread) -> None:
    """The authority of a profile is believed for its server, also when /connect goes there, and nowhere else."""
    host, _, port = address.rpartition(":")
    (tmp_path / "ca.pem").write_bytes(practice.ca_pem())
    path = tmp_path / "config.toml"
    path.write_text(
        f'[hosts.here]\nhost = "{host}"\nport = {port}\ntls = "starttls"\n'
        'ca = "ca.pem"\ntls_name = "practice.example.com"\n'
    )
    lines = ("-c", "/connect here", "-c", "NOOP")
    there = call("--local", *lines, "--config", str(path))
    assert there.status == 0, there.err
    assert "TLS 1.3" in there.out
    elsewhere = ("-c", f"/connect localhost:{port}", "-c", "/starttls", "-c", "NOOP")
    done = call("here", *elsewhere, "--config", str(path))
    assert (done.status, done.out.count("# TLS 1.3")) == (4, 1)
    assert "C: NOOP" not in done.lines


def test_run_reads_no_settings(tmp_path: Path, write: object) -> None:
    """A script does the same on every machine, whatever somebody has set there."""
    assert callable(write)
    script = write(["C: QUIT", "S: 221"])
    path = tmp_path / "config.toml"
    path.write_text("=")
    assert call("run", script, "--local", environ={"SMTP_REPL_CONFIG": str(path)}).status == 0
