"""Addresses as they stand in an envelope: paths, mailboxes, domains (RFC 5321 §4.1.2, §4.1.3; RFC 6531 §3.3).

Two readers with two tempers. `parse_path` takes what it can get, since what the user sent is to be shown, not
judged; `check_path_address` and `check_domain` say what a strict server would say. Neither knows what the
address is for.
"""

import re

from smtp_repl.wire.language import N_, phrase
from smtp_repl.wire.records import Record

LOCAL_LIMIT, DOMAIN_LIMIT, PATH_LIMIT = 64, 255, 256
"""Octets (RFC 5321 §4.5.3.1.1 to §4.5.3.1.3); the path counts with its brackets."""

_ATEXT = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\xff-]"
_LOCAL = rb"%s+(?:\.%s+)*" % (_ATEXT, _ATEXT)
_QUOTED = rb'"(?:[ !#-\[\]-~\x80-\xff]|\\[ -~])*"'
_LABEL = rb"[A-Za-z0-9\x80-\xff](?:[A-Za-z0-9\x80-\xff-]*[A-Za-z0-9\x80-\xff])?"
_DOMAIN = rb"%s(?:\.%s)*" % (_LABEL, _LABEL)
_OCTET = rb"(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
_LITERAL = (
    rb"\[(?:%s(?:\.%s){3}|(?i:IPv6):[0-9A-Fa-f]*:[0-9A-Fa-f:.]*|(?!(?i:IPv6):)[A-Za-z0-9-]*[A-Za-z0-9]:[!-Z^-~]+)\]"
    % (_OCTET, _OCTET)
)

# From the strictest to the most lenient: a quote or a bracket that is never closed must not swallow what follows.
_QUOTED_PART = rb'"(?:[^"\\]|\\.)*"'
_BRACKETED = (rb'<(?:%s|[^>"])*>' % _QUOTED_PART, rb"<[^>]*>", rb"<[^ ]*")
_BARE = (rb'(?:%s|[^ "])+(?= |$)' % _QUOTED_PART, rb"[^ ]+")


class Path(Record):
    """What was found behind MAIL or RCPT.

    `address` has no brackets and no source route (RFC 5321 appendix C); b"" is the null path `<>`, None is no
    address at all. `start` counts octets from the beginning of the argument to the address or its bracket,
    `end` to what follows it. Parameter names are upper case; a parameter without "=" has the value None.
    """

    address: bytes | None
    parameters: tuple[tuple[str, bytes | None], ...] = ()
    keyword: bytes = b""
    start: int = 0
    end: int = 0
    bracketed: bool = False
    route: bytes = b""


def parse_path(argument: bytes, keyword: bytes) -> Path:
    """Find address and parameters in `FROM:<a@example.org> SIZE=100`, whatever is wrong with it. Never raises.

    `keyword` is b"FROM" or b"TO"; `Path.keyword` is what was found, colon included, b"" when there was none.
    """
    usual = len(keyword) + 2
    if argument[:usual].upper() == keyword + b":<" and b'"' not in argument:
        # As nearly every client says it; spares a run the compiling of patterns.
        end = argument.find(b">", usual) + 1
        if end and argument[usual : usual + 1] != b"@":
            word = argument[: usual - 1]
            return Path(argument[usual : end - 1], _parameters(argument[end:]), word, usual - 1, end, True)
    found = re.match(rb" *(?:%s|[A-Za-z]+(?=[ ]*:)) *:?" % keyword, argument, re.IGNORECASE)
    word = found[0] if found else b""
    rest = argument[len(word) :]
    start = len(word) + len(rest) - len(rest.lstrip(b" "))
    if start >= len(argument):
        return Path(None, keyword=word, start=start, end=start)
    bracketed = argument[start : start + 1] == b"<"
    end = _end_of_path(argument, start, bracketed)
    inner = argument[start:end]
    if bracketed:
        inner = inner[1:-1] if inner.endswith(b">") else inner[1:]
    route = b""
    if inner.startswith(b"@") and b":" in inner:
        route, _, inner = inner.partition(b":")
    return Path(inner, _parameters(argument[end:]), word, start, end, bracketed, route)


def _end_of_path(argument: bytes, start: int, bracketed: bool) -> int:
    """Where the path ends: behind its bracket, or at a blank; not inside a quoted local part."""
    patterns = _BRACKETED if bracketed else _BARE
    compiled = (re.compile(pattern, re.DOTALL) for pattern in patterns)
    return next(found.end() for pattern in compiled if (found := pattern.match(argument, start)))  # the last one fits


def _parameters(rest: bytes) -> tuple[tuple[str, bytes | None], ...]:
    found: list[tuple[str, bytes | None]] = []
    for word in rest.split(b" "):
        if word:
            name, equals, value = word.partition(b"=")
            found.append((name.upper().decode("ascii", "backslashreplace"), value if equals else None))
    return tuple(found)


def check_domain(domain: bytes) -> str:
    """Why a strict server would refuse a domain or address literal; "" when it would not."""
    if len(domain) > DOMAIN_LIMIT:
        return phrase("The domain is longer than {limit} octets", limit=DOMAIN_LIMIT)
    if domain.startswith(b"["):
        return "" if re.fullmatch(_LITERAL, domain) else N_("Not an address literal such as [192.0.2.1]")
    if re.fullmatch(_DOMAIN, domain):
        longest = max(len(label) for label in domain.split(b"."))
        return "" if longest <= 63 else N_("A label of the domain is longer than 63 octets")
    if not domain:
        return N_("The domain is empty")
    if b"_" in domain:
        return N_('A domain has letters, digits and hyphens, no "_"')
    if domain.startswith(b".") or domain.endswith(b".") or b".." in domain:
        return N_("A dot of the domain has nothing beside it")
    return N_("Not a domain")


def check_address(address: bytes) -> tuple[str, str]:
    """Why a strict server would refuse a mailbox: a rule id and the reason; two empty strings when it would not."""
    local, at, domain = address.rpartition(b"@")
    if not at:
        return "no-domain", N_('The address has no "@domain"')
    if len(local) > LOCAL_LIMIT:
        return "local-part-too-long", phrase("The part before the @ is longer than {limit} octets", limit=LOCAL_LIMIT)
    if not (re.fullmatch(_LOCAL, local) or re.fullmatch(_QUOTED, local)):
        return "bad-local-part", _why_not_local(local)
    reason = check_domain(domain)
    return ("bad-domain", reason) if reason else ("", "")


def _why_not_local(local: bytes) -> str:
    if not local:
        return N_("Nothing stands before the @")
    if b"@" in local:
        return N_("The address has two @")
    if local.startswith(b".") or local.endswith(b".") or b".." in local:
        return N_("A dot before the @ has nothing beside it; such a name needs quotes")
    if b" " in local:
        return N_("The address holds a blank; such a name needs quotes")
    return N_("The part before the @ holds a character that needs quotes")
