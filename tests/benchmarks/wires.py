"""Round trips and TLS handshakes, measured inside of a process, next to sockets that block."""

from pathlib import Path

from tests.benchmarks.pairs import Comparison, Contender, Cost, Missing
from tests.benchmarks.processes import inside

TRIPS = 900
HANDSHAKES = 200


def round_trips(address: str, core: str = "") -> list[Comparison]:
    """Against an smtp-sink at an address ("" where there is none), both on one core if that is said."""

    def trips(program: str, *more: str) -> Cost:
        if not address:
            raise Missing("smtp-sink is not installed")
        return inside(program, address, str(TRIPS), core, *more)

    known = Contender("a script played again", lambda: trips("our_round_trips"))
    new = Contender("a script played once", lambda: trips("our_round_trips", "once"))
    bare = Contender("a blocking socket", lambda: trips("socket_round_trips"))
    where = ", one core" if core else ""
    return [
        Comparison(f"a round trip{where}", known, bare, 1.2, per=TRIPS),
        Comparison(f"a round trip at first sight{where}", new, bare, per=TRIPS),
    ]


def handshakes(address: str, ca: Path) -> list[Comparison]:
    """Against `tls_sink` at an address, which shows a certificate of this authority."""

    def ours(kind: str) -> Contender:
        name = "new sessions" if kind == "new" else "resumed sessions"
        return Contender(name, lambda: inside("our_handshakes", address, str(ca), str(HANDSHAKES), kind))

    bare = Contender("an `SSLSocket`", lambda: inside("socket_handshakes", address, str(ca), str(HANDSHAKES)))
    pairs = (("a session with TLS", ours("new"), bare, 1.05), ("the same, resumed", ours("resumed"), ours("new"), 0.8))
    return [Comparison(*pair, ("seconds", "cpu"), per=HANDSHAKES) for pair in pairs]
