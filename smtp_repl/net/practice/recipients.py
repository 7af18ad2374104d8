"""Whom the practice server takes mail for: names that never leave a machine, and three that refuse on purpose."""

DOMAINS = (b"example.com", b"example.org", b"example.net")
"""Set aside for examples (RFC 2606 §3); their subdomains count too."""


def judge(address: bytes, authenticated: bool, put_off: set[bytes]) -> str:
    """The name of the answer (see `answers`) to a recipient.

    `put_off` is what the server remembers of later@: such an address is put off, then taken, then put off again,
    so that a script which expects both finds both however often it runs.
    """
    local, _, domain = address.lower().rpartition(b"@")
    if not local:
        return "recipient-ok"  # Postmaster, the one name without a domain (RFC 5321 §4.1.1.3)
    ours = domain in DOMAINS or domain.endswith(tuple(b"." + known for known in DOMAINS))
    if not (ours or authenticated):
        return "relay-denied"
    if local == b"nobody":
        return "recipient-unknown"
    if local == b"full":
        return "recipient-full"
    if local == b"later":
        if address.lower() not in put_off:
            put_off.add(address.lower())
            return "recipient-later"
        put_off.discard(address.lower())
    return "recipient-ok"
