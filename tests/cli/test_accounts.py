"""`serve --accounts`: the table of a class, in the forms in which spreadsheets save it, and what is wrong with it."""

import os
from pathlib import Path

import pytest

from smtp_repl.cli.accounts import parse_accounts
from tests.cli.conftest import call

BOTH = {"alice": "pa,ss", "bob": " secret "}


@pytest.mark.parametrize(
    "text",
    [
        'alice,"pa,ss"\nbob, secret \n',
        'name,password\r\nalice,"pa,ss"\r\nbob, secret \r\n',
        'Student,Password\n\nalice,"pa,ss"\n,,\n bob , secret ,,\n',
        '用户名,密码\nalice,"pa,ss"\nbob, secret ',
        "name;password\nalice;pa,ss\nbob; secret \n",
    ],
    ids=["plain", "heading", "blank-lines", "chinese-heading", "semicolons"],
)
def test_forms(text: str) -> None:
    """A heading is left out, empty lines are none; the blanks of a password are its own."""
    assert parse_accounts(text) == (BOTH, [])


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("alice\n", [(1, "the password is missing")]),
        ("alice,\n", [(1, "the password is missing")]),
        (",secret\n", [(1, "the name is missing")]),
        ("a,b,c\n", [(1, "there are 3 columns, and not two")]),
        ("alice,x\nbob,y\nalice,z\n", [(3, 'the name "alice" stands in line 1 already')]),
        ("name,password\nname,x\nalice\n\nbob,\x07\n", [(3, "the password is missing"), (5, None)]),
        ('alice,"x\ny"\nbob\n', [(2, None), (3, "the password is missing")]),
        ("a" * 300 + ",x\n", [(1, "the name or the password is longer than 255 characters")]),
        ("alice," + "x" * 200_000, [(1, None)]),
        ("a,\0", [(1, None)]),
    ],
)
def test_faults(text: str, faults: list[tuple[int, str | None]]) -> None:
    """Each with its line; what is right beside them is not said to be wrong."""
    found = parse_accounts(text)[1]
    assert [one.line for one in found] == [line for line, _what in faults]
    for one, (_line, what) in zip(found, faults, strict=True):
        assert what is None or one.what == what


def test_the_first_fault_is_told_with_its_place_and_no_password(tmp_path: Path) -> None:
    path = tmp_path / "class.csv"
    path.write_text("alice,hunter2canary\nalice,hunter2canary\nbob\nc,hunter2canary,hunter2canary\n")
    done = call("serve", "--accounts", str(path))
    assert done.status == 2
    assert 'error: the name "alice" stands in line 1 already' in done.err
    assert f"--> {path}:2:1" in done.err
    assert "hint: 2 more lines are wrong: 3, 4" in done.err
    assert "canary" not in done.err + done.out


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (None, "cannot read"),
        (b"", "has no account"),
        (b"name,password\n", "has no account"),
        ("alice,密码".encode("gbk"), "is not UTF-8"),
    ],
)
def test_files_that_are_no_table(tmp_path: Path, octets: bytes | None, told: str) -> None:
    path = tmp_path / "class.csv"
    if octets is not None:
        path.write_bytes(octets)
    done = call("serve", "--accounts", str(path))
    assert done.status == 2
    assert told in done.err


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    path = tmp_path / "class.csv"
    path.write_bytes("\ufeffname,password\nalice,x\n".encode())
    assert "--key" in call("serve", "--accounts", str(path), "--key", "k").err


@pytest.mark.skipif(os.name != "posix", reason="other systems have other rights")
def test_a_file_that_others_can_read_is_remarked_on(tmp_path: Path) -> None:
    path = tmp_path / "class.csv"
    path.write_text("alice,x\n")
    for mode, is_told in ((0o644, True), (0o600, False)):
        path.chmod(mode)
        done = call("serve", "--accounts", str(path), "--listen", "192.0.2.1:25")
        assert ("chmod 600" in done.err) == is_told
