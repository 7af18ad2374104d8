"""What `--listen` and its kin say: where to wait for clients, and with which certificate. Read the same way by all."""

from smtp_repl.cli.options import Words
from smtp_repl.net.listener import Listener
from smtp_repl.wire.errors import OutputError, UsageError
from smtp_repl.wire.language import phrase
from smtp_repl.wire.octets import printable
from smtp_repl.wire.targets import parse_port, parse_target


def read_address(text: str) -> tuple[str, int]:
    """Host and port of `--listen`: HOST:PORT, HOST, or PORT; port 0 is any free one. Raises `UsageError`."""
    if not text:
        return "127.0.0.1", 0
    if text.isascii() and text.isdigit():
        return "127.0.0.1", 0 if text == "0" else parse_port(text)
    if text.endswith(":0") and not text.endswith("::0"):
        return parse_target(text[:-2]).host, 0
    target = parse_target(text)
    has_port = text.endswith(f":{target.port}")
    return target.host, target.port if has_port else 0


def check_certificate(words: Words) -> None:
    """Raises `UsageError` for options about a certificate that contradict each other."""
    if words.has("key") and not words.has("cert"):
        raise UsageError("--key is the key of a certificate: --cert names it", "--cert FILE --key FILE")
    if words.has("ca-file") and words.has("cert"):
        raise UsageError("--ca-file writes the authority of a certificate that is made, and --cert brings one along")


def listen(words: Words) -> Listener:
    """The listener that the command line asks for. Raises `UsageError`, and `OutputError` for --ca-file."""
    check_certificate(words)
    host, port = read_address(words.text("listen") or "")
    listener = Listener(
        host,
        port,
        is_public=words.has("listen-public"),
        implicit_tls=words.has("tls"),
        cert=words.text("cert") or "",
        key=words.text("key") or "",
    )
    if words.has("ca-file"):
        try:
            write_authority(words.text("ca-file") or "", listener.ca_pem())
        except BaseException:
            listener.close()
            raise
    return listener


def write_authority(path: str, authority: bytes) -> None:
    """Write the authority of a certificate that was made, for clients to trust. Raises `OutputError`."""
    try:
        with open(path, "wb") as file:
            file.write(authority)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or phrase("no file name")
        raise OutputError(
            phrase("cannot write the authority to {path}: {why}", path=printable(path), why=why)
        ) from None
