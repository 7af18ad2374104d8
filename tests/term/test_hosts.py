"""Profiles in a session: what is known of a server counts for that server."""

from collections.abc import Iterator

import pytest

from smtp_repl.net.trust import TlsOptions
from smtp_repl.script.actions import Opened
from smtp_repl.term.authenticate import handle_auth
from smtp_repl.term.commands import read_command
from smtp_repl.term.desk import Desk
from smtp_repl.term.hosts import Host
from smtp_repl.term.requests import Ask, Connect, Request
from smtp_repl.term.settings import Settings
from smtp_repl.wire.targets import Target
from tests.term.sitting import TARGET, Sitting

WORK = Host(
    "work",
    TARGET,
    user="alice",
    ehlo="profile.example.org",
    tls=TlsOptions(server_name="mail.example.org"),
    password_command="pass show mail",  # a program
)


def at_work(**settings: str) -> Sitting:
    sitting = Sitting(b"235 ok\r\n", answers=["hunter22"], loopback=True, settings=Settings(**settings))  # type: ignore[arg-type]
    sitting.desk.hosts, sitting.desk.profile = {"work": WORK}, WORK
    return sitting.greeted("AUTH PLAIN", "STARTTLS")


def asked(sitting: Sitting) -> Iterator[Ask]:
    return (request for request in sitting.requests if isinstance(request, Ask))


def test_user_and_program_of_the_profile() -> None:
    """`/auth` logs in as the profile's user, and the profile's program is asked for the password."""
    sitting = at_work()
    sitting.run(handle_auth(sitting.desk, ""))
    assert list(asked(sitting)) == [Ask("password: ", hidden=True, program="pass show mail")]


def test_another_user_is_asked_for() -> None:
    """The password of one user is not tried for another."""
    sitting = at_work()
    sitting.run(handle_auth(sitting.desk, "bob"))
    assert list(asked(sitting)) == [Ask("password: ", hidden=True)]


def test_nothing_of_it_counts_elsewhere() -> None:
    """Gone to another server, the profile's name, trust, user and password stay behind."""
    desk = at_work().desk
    assert desk.ehlo_name == "profile.example.org"
    assert desk.tls_for(TARGET).server_name == "mail.example.org"
    other = Target("mail.example.net")
    desk.connected(Opened("mail.example.net", "192.0.2.2", 25, "192.0.2.9", 40000, is_loopback=False), other)
    assert desk.host is None
    assert desk.tls_for(other) == TlsOptions()
    assert desk.ehlo_name != "profile.example.org"


@pytest.mark.parametrize(
    ("chosen", "name"),
    [
        (Settings(ehlo="chosen.example.org", ehlo_is_chosen=True), "chosen.example.org"),
        (Settings(ehlo="file.example.org"), "profile.example.org"),
    ],
)
def test_who_names_us(chosen: Settings, name: str) -> None:
    """The command line and /set count before the profile, the profile before the file and the environment."""
    desk = Desk(chosen)
    desk.profile, desk.target = WORK, TARGET
    assert desk.ehlo_name == name


def test_connect_by_name() -> None:
    """`/connect work` goes where the profile says, and says where that is."""
    sitting = Sitting()
    sitting.desk.hosts = {"work": WORK._replace(starttls=True)}
    sitting.run(read_command("/connect work").start(sitting.desk))
    connects: list[Request] = [request for request in sitting.requests if isinstance(request, Connect)]
    assert connects == [Connect(TARGET)]
    assert sitting.shown[0] == "# work: mail.example.com:25, STARTTLS, user alice"
