"""What the options say about connecting: whom to trust, how long to wait. Read the same way by all who connect."""

from typing import TYPE_CHECKING

from smtp_repl.cli.options import Words
from smtp_repl.net.runner import NetOptions
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.targets import Target

if TYPE_CHECKING:
    from smtp_repl.net.tls import TlsOptions


def net_options(words: Words, target: Target | None, *, practice_ca: bytes = b"") -> NetOptions:
    """For the runner. Raises `UsageError`."""
    options = NetOptions(target, tls=tls_options(words, practice_ca=practice_ca))
    seconds = words.seconds("connect-timeout")
    return options if seconds is None else options._replace(connect_timeout=seconds)


def tls_options(words: Words, *, practice_ca: bytes = b"") -> "TlsOptions | None":
    """Whom to trust; None is the default, for which nothing needs to be loaded. Raises `UsageError`."""
    if not practice_ca and not any(words.has(key) for key in ("ca", "pin", "tls-name", "insecure")):
        return None
    from smtp_repl.net.certificates import parse_pin
    from smtp_repl.net.tls import TlsOptions

    if words.has("insecure") and words.has("pin"):
        raise UsageError("-k takes any certificate and --pin exactly one: give one of them")
    pin = words.text("pin")
    return TlsOptions(
        verify=not words.has("insecure"),
        ca_file=words.text("ca") or "",
        ca_pem=practice_ca if not words.has("ca") else b"",
        pin_sha256=(parse_pin(pin),) if pin is not None else (),
        server_name=words.text("tls-name") or "",
    )
