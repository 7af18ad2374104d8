"""What the options say about connecting: whom to trust, how long to wait. Read the same way by all who connect."""

from smtp_repl.cli.options import Words
from smtp_repl.net.runner import NetOptions
from smtp_repl.net.trust import TlsOptions
from smtp_repl.wire.errors import UsageError
from smtp_repl.wire.targets import Target


def net_options(words: Words, target: Target | None, *, practice_ca: bytes = b"") -> NetOptions:
    """For the runner. Raises `UsageError`."""
    options = NetOptions(target, tls=tls_options(words, practice_ca=practice_ca))
    seconds = words.seconds("connect-timeout")
    return options if seconds is None else options._replace(connect_timeout=seconds)


def tls_options(words: Words, *, practice_ca: bytes = b"") -> TlsOptions:
    """Whom to trust. Raises `UsageError`."""
    if words.has("insecure") and words.has("pin"):
        raise UsageError("-k takes any certificate and --pin exactly one: give one of them")
    pin = words.text("pin")
    pins: tuple[str, ...] = ()
    if pin is not None:
        from smtp_repl.net.certificates import parse_pin

        pins = (parse_pin(pin),)
    return TlsOptions(
        verify=not words.has("insecure"),
        ca_file=words.text("ca") or "",
        ca_pem=b"" if words.has("ca") else practice_ca,
        pin_sha256=pins,
        server_name=words.text("tls-name") or "",
    )
