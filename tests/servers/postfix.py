"""Postfix on a loopback port of its own: a real server that has nothing in common with the practice server.

It answers as the practice server does where a script could tell the difference: anyone at example.com, .org
and .net is taken, `nobody@` gets 550, `full@` 552, `later@` 450, other domains need AUTH and are thrown away.
All its files are in one temporary folder, nothing of the system's own Postfix is read or written, and nothing
leaves the machine (no DNS, every foreign destination is discarded).
"""

import contextlib
import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers.certificates import Certificates

START_LIMIT = 30.0
"""Seconds until it greets; it takes half a second on an idle machine."""
DELIVERY_LIMIT = 30.0

ACCOUNTS = {"alice": "wonderland", "tutor": "not-a-secret"}

_FOLDERS = (
    *("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "maildrop"),
    *("pid", "private", "public", "saved", "trace"),
)

_MAIN = """\
compatibility_level = 3.6
config_directory = {home}/etc
queue_directory = {home}/queue
data_directory = {home}/data
multi_instance_enable = no
mail_owner = postfix
setgid_group = postdrop
maillog_file = /dev/stdout
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example.com
mydomain = example.com
myorigin = example.com
mydestination =
mynetworks = 192.0.2.1/32
alias_maps =
alias_database =
virtual_mailbox_domains = example.com, example.org, example.net
virtual_mailbox_maps = regexp:{home}/etc/mailboxes
virtual_mailbox_base = {home}/mail
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_mailbox_limit = 0
mailbox_size_limit = 0
message_size_limit = 10240000
default_transport = discard:
relay_transport = discard:
relayhost =
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
smtputf8_enable = yes
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_delay_reject = no
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access regexp:{home}/etc/recipients
smtpd_tls_security_level = may
smtpd_tls_chain_files = {home}/etc/key.pem, {home}/etc/chain.pem
smtpd_tls_auth_only = no
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
smtpd_sasl_local_domain = example.com
cyrus_sasl_config_path = {home}/etc/sasl
"""

_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
127.0.0.1:{tls_port} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

_MAILBOXES = """\
/^alice@/ alice/
if !/^nobody@/
/@/ everyone/
endif
"""

_RECIPIENTS = """\
/^full@/ 552 5.2.2 Mailbox full
/^later@/ 450 4.2.0 Try again later
"""

_SASL = """\
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: {home}/etc/sasldb2
mech_list: PLAIN LOGIN CRAM-MD5
"""


class Postfix:
    """A running Postfix: STARTTLS and three mechanisms at `port`, TLS from the start at `tls_port`."""

    host = "127.0.0.1"
    user = "alice"
    password = ACCOUNTS["alice"]

    def __init__(self, home: Path, certificates: Certificates) -> None:
        self.home = home
        self.ca_pem = certificates.ca_pem
        self.port, self.tls_port = _free_ports(2)
        self._log: list[str] = []
        self._changed = threading.Condition()
        self._ended = False
        _lay_out(home, certificates, self.port, self.tls_port)
        self._process = subprocess.Popen(
            [_program("postfix"), "-c", str(home / "etc"), "start-fg"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name="postfix log")
        self._reader.start()

    @property
    def address(self) -> str:
        """HOST:PORT."""
        return f"{self.host}:{self.port}"

    @property
    def log(self) -> str:
        """What Postfix has logged so far."""
        with self._changed:
            return "\n".join(self._log)

    def mail(self, mailbox: str = "alice") -> list[bytes]:
        """The messages to alice (or to "everyone" else), oldest first; LF line ends, header fields added."""
        folder = self.home / "mail" / mailbox / "new"
        if not folder.is_dir():
            return []
        return [path.read_bytes() for path in sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)]

    def wait_for_mail(self, text: bytes, mailbox: str = "alice") -> bytes:
        """The message that holds some text, once it is delivered: a 250 only says that it is queued."""
        found: list[bytes] = []

        def delivered() -> bool:
            found[:] = [message for message in self.mail(mailbox) if text in message]
            return bool(found)

        self._wait(delivered, DELIVERY_LIMIT, f"no message with {text!r} came for {mailbox}")
        return found[0]

    def wait_until_up(self) -> None:
        """Until the master process says that it listens, and it does."""
        self._wait(lambda: any("daemon started" in line for line in self._log), START_LIMIT, "it did not start")
        with socket.create_connection((self.host, self.port), START_LIMIT) as connection:
            assert connection.recv(4) == b"220 ", self.log

    def stop(self) -> None:
        with contextlib.suppress(OSError, ValueError, subprocess.TimeoutExpired):
            os.kill(int((self.home / "queue/pid/master.pid").read_text()), signal.SIGTERM)
            self._process.wait(10)
        with contextlib.suppress(ProcessLookupError):  # what may be left of the session that was made for it
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                with self._changed:
                    self._log.append(line.decode(errors="replace").rstrip())
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _wait(self, holds: Callable[[], bool], limit: float, complaint: str) -> None:
        """Until something holds, looking whenever Postfix logs a line."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or holds(), limit)
            if not holds():
                raise AssertionError(f"Postfix: {complaint}\n" + "\n".join(self._log))


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(listener.getsockname()[1]) for listener in sockets]
    for listener in sockets:
        listener.close()
    return ports


def _lay_out(home: Path, certificates: Certificates, port: int, tls_port: int) -> None:
    """Write the folders and files; Postfix insists on the owners."""
    owner = pwd.getpwnam("postfix").pw_uid
    reader = pwd.getpwnam("nobody")
    values = {"home": home, "port": port, "tls_port": tls_port, "uid": reader.pw_uid, "gid": reader.pw_gid}
    home.chmod(0o755)  # smtpd, running as postfix, passes through
    for name in ("etc", "etc/sasl", "queue", "data", "mail", *(f"queue/{folder}" for folder in _FOLDERS)):
        (home / name).mkdir(mode=0o755)
    os.chown(home / "data", owner, -1)
    os.chown(home / "mail", reader.pw_uid, reader.pw_gid)
    for folder in _FOLDERS:
        if folder != "pid":
            os.chown(home / "queue" / folder, owner, -1)
            (home / "queue" / folder).chmod(0o700)
    for folder, mode in (("public", 0o2710), ("maildrop", 0o1730)):
        os.chown(home / "queue" / folder, owner, grp.getgrnam("postdrop").gr_gid)
        (home / "queue" / folder).chmod(mode)
    (home / "queue/quick-start").touch()  # spares the integrity check of a queue that was made just now
    shutil.copy(certificates.chain_pem, home / "etc/chain.pem")
    shutil.copy(certificates.key_pem, home / "etc/key.pem")
    texts = {"main.cf": _MAIN, "master.cf": _MASTER, "sasl/smtpd.conf": _SASL}
    for name, text in texts.items():
        (home / "etc" / name).write_text(text.format(**values))
    (home / "etc/mailboxes").write_text(_MAILBOXES)
    (home / "etc/recipients").write_text(_RECIPIENTS)
    database = home / "etc/sasldb2"
    for user, password in ACCOUNTS.items():
        command = [_program("saslpasswd2"), "-p", "-c", "-f", str(database), "-u", "example.com", user]
        subprocess.run(command, input=password.encode(), check=True, capture_output=True)
    os.chown(database, owner, -1)
    database.chmod(0o400)


def _program(name: str) -> str:
    """Its path; empty where it is not installed. Not everybody's PATH has the folder of root's programs."""
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin") or ""


def _missing() -> str:
    """Why there can be no Postfix here; empty when there can."""
    for program, package in (("postfix", "postfix"), ("saslpasswd2", "sasl2-bin")):
        if not _program(program):
            return f"{program} is not installed (Debian: apt-get install {package})"
    if os.geteuid() != 0:
        return "Postfix starts only as root"
    return ""


@pytest.fixture(scope="session")
def postfix(certificates: Certificates) -> Iterator[Postfix]:
    """Postfix, started once for all tests; skips where it is not installed or we are not root."""
    missing = _missing()
    if missing:
        pytest.skip(missing)
    # Not pytest's own folder: that is closed to the user postfix.
    with tempfile.TemporaryDirectory(prefix="smtp-repl-postfix-") as folder:
        server = Postfix(Path(folder), certificates)
        try:
            server.wait_until_up()
            yield server
        finally:
            server.stop()
