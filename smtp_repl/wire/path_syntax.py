"""MAIL FROM:<…> and RCPT TO:<…>: what a strict server has against the path and the parameters.

See RFC 5321 §4.1.1.2, §4.1.1.3, §4.1.1.11 and §4.1.2, RFC 6531 §3.5. Called by `commands.check_syntax` for a
line that has no control characters.
"""

import re

from smtp_repl.wire.language import N_, phrase
from smtp_repl.wire.paths import PATH_LIMIT, Path, check_address, parse_path
from smtp_repl.wire.problems import Problem, problem, write_like
from smtp_repl.wire.verbs import Parameter, parameters_of, value_fits

_PARAMETER_NAME = r"[A-Z0-9][A-Z0-9-]*"


def check_path(
    verb: str, argument: bytes, smtputf8: bool, extended: bool, offered: frozenset[str] | None
) -> list[Problem]:
    """The problems of the argument of MAIL or RCPT (or SEND and its kin); the rest as `commands.check_syntax` says."""
    recipient = verb == "RCPT"
    path = parse_path(argument, b"TO" if recipient else b"FROM")
    found = [*_form_problems(verb, argument, path, recipient)]
    if path.address is None or any(fault.rule == "missing-keyword" for fault in found):
        return found
    if not recipient and any(name == "SMTPUTF8" for name, _ in path.parameters):
        smtputf8 = offered is None or "SMTPUTF8" in offered
    address_problem = _address_problem(len(verb) + 1, path, recipient, smtputf8)
    if address_problem is not None:
        found.append(address_problem)
    if path.parameters and not extended:
        after = N_("Parameters need EHLO, and you said HELO")
        found.append(problem("parameters-after-helo", after, len(verb) + 1 + path.end))
    elif path.parameters:
        found += _parameter_problems(verb, argument, path, offered)
    return found


def _form_problems(verb: str, argument: bytes, path: Path, recipient: bool) -> list[Problem]:
    """What surrounds the address: keyword, colon, blanks, brackets."""
    keyword = "TO:" if recipient else "FROM:"
    at = len(verb) + 1
    hint = write_like(_rewritten(verb, path, keyword))
    if not argument.strip(b" "):
        return [
            problem(
                "argument-missing",
                phrase("{verb} needs {keyword}<address>", verb=verb, keyword=keyword),
                len(verb),
                hint,
            )
        ]
    word = path.keyword.strip(b" ").upper().decode("ascii", "replace")
    if word != keyword:
        if word.replace(" ", "") == keyword:
            return [
                problem(
                    "blank-before-colon", phrase('No blank before the colon of "{keyword}"', keyword=keyword), at, hint
                )
            ]
        if word.endswith(":"):
            what = phrase('{verb} takes "{keyword}"', verb=verb, keyword=keyword)
            if len(word) < 10:
                word = word.replace(" ", "")
                what = phrase('{verb} takes "{keyword}", not "{word}"', verb=verb, keyword=keyword, word=word)
            return [problem("missing-keyword", what, at, hint)]
        what = phrase('No "{keyword}" before the address', keyword=keyword)
        if word:
            what = phrase('No colon after "{word}"', word=word)
        return [problem("missing-keyword", what, at, hint)]
    if path.address is None:
        return [
            problem(
                "missing-address", phrase('No address after "{keyword}"', keyword=keyword), at + len(argument), hint
            )
        ]
    found: list[Problem] = []
    if path.start > len(path.keyword):
        what = phrase('No blank after "{keyword}"', keyword=keyword)
        found.append(problem("blank-after-colon", what, at + len(path.keyword), hint))
    if not path.bracketed:
        found.append(problem("missing-brackets", "The address needs < and >", at + path.start, hint))
    elif argument[path.end - 1 : path.end] != b">":
        found.append(problem("missing-brackets", 'The address has no closing ">"', at + path.end, hint))
    elif path.end < len(argument) and argument[path.end : path.end + 1] != b" ":
        found.append(problem("missing-blank", 'A blank must follow the ">"', at + path.end, hint))
    return found


def _rewritten(verb: str, path: Path, keyword: str) -> str:
    """The command as it should have been, with the address that was given where that can be repeated safely."""
    address = path.address
    if address and len(address) <= 64 and address.isascii() and check_address(address) == ("", ""):
        return f"{verb} {keyword}<{address.decode('ascii')}>"
    return f"{verb} {keyword}<{'b@example.com' if verb == 'RCPT' else 'a@example.org'}>"


def _address_problem(at: int, path: Path, recipient: bool, smtputf8: bool) -> Problem | None:
    address = path.address
    column = at + path.start + path.bracketed
    if not address:
        if not recipient:
            return None
        return problem("null-recipient", "<> is a sender only; a recipient needs an address", column)
    if recipient and address.upper() == b"POSTMASTER":  # RFC 5321 §4.1.1.3: the one name without a domain
        return None
    if not address.isascii():
        try:
            address.decode("utf-8")
        except UnicodeDecodeError:
            return problem("non-utf8", "The address is neither ASCII nor UTF-8", column)
        if not smtputf8:
            first = N_("write MAIL FROM:<address> SMTPUTF8 first")
            hint = first if recipient else N_("add SMTPUTF8 at the end")
            return problem("non-ascii", "An address beyond ASCII needs SMTPUTF8", column, hint, recipient=recipient)
    if len(address) + 2 > PATH_LIMIT:
        too_long = phrase("The path is longer than {limit} octets", limit=PATH_LIMIT)
        return problem("path-too-long", too_long, column, recipient=recipient)
    rule, reason = check_address(address)
    return problem(rule, reason, column, recipient=recipient) if rule else None


def _parameter_problems(verb: str, argument: bytes, path: Path, offered: frozenset[str] | None) -> list[Problem]:
    known = parameters_of(verb)
    found: list[Problem] = []
    seen: set[str] = set()
    column = len(verb) + 1 + path.end
    upper = b" " * (len(verb) + 1) + argument.upper()
    for name, value in path.parameters:
        column = max(column + 1, upper.find(name.encode(), column + 1))
        parameter = known.get(name)
        if re.fullmatch(_PARAMETER_NAME, name) is None or value == b"":
            found.append(problem("bad-parameter", "A parameter is written NAME or NAME=value", column))
        elif parameter is None:
            what = phrase("{verb} has no parameter {name}", verb=verb, name=name)
            found.append(problem("unknown-parameter", what if len(name) <= 32 else N_("Unknown parameter"), column))
        elif name in seen:
            found.append(problem("duplicate-parameter", phrase("{name} stands here twice", name=name), column))
        elif not value_fits(parameter, value):
            what = phrase("{name} is malformed", name=name)
            found.append(problem("bad-parameter", what, column, write_like(parameter.form)))
        elif offered is not None and _keyword_needed(parameter, value) not in offered:
            keyword = _keyword_needed(parameter, value)
            what = phrase("{name} needs {keyword}, which is not offered here", name=name, keyword=keyword)
            found.append(problem("parameter-not-offered", what, column))
        seen.add(name)
    return found


def _keyword_needed(parameter: Parameter, value: bytes | None) -> str:
    # RFC 3030 §3 hangs a value of its own on the parameter of RFC 6152.
    return "BINARYMIME" if value and value.upper() == b"BINARYMIME" else parameter.keyword
