"""How one session differs from another: aligned by what the client said, compared as `@match text` compares.

Pure: two readings in, rows out. The first is the expectation and may have holes; what changes from one session to the
next (dates, ids, addresses, our own name) is masked, and the keywords of an EHLO reply are a set.
"""

import difflib
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from smtp_repl.script.differences import Level
from smtp_repl.script.exchanges import Answer, Exchange, Reading
from smtp_repl.script.masking import mask
from smtp_repl.script.matching import match_reply
from smtp_repl.wire.language import phrase, phrase_of
from smtp_repl.wire.octets import printable
from smtp_repl.wire.records import Record
from smtp_repl.wire.replies import parse_enhanced, split_lines
from smtp_repl.wire.states import AUTH_STEP, END_OF_DATA, GREETING

BOTH, FIRST, SECOND = " ", "-", "+"

LINES_LIMIT = 40
"""Rows about one message that are shown."""
_PAIRS_LIMIT = 1_000_000
_SAME, _ALIKE = 3, 1


class Row(Record):
    """One line of the result: `mark` says in which session it stands."""

    mark: str
    text: str


class SessionDiff(Record):
    """Rows about what differs, and counts: of exchanges, and of each way in which they differ."""

    rows: tuple[Row, ...]
    same: int
    kinds: tuple[tuple[str, int], ...]
    only_first: int
    only_second: int

    @property
    def is_empty(self) -> bool:
        return not self.rows


def diff_sessions(first: Reading, second: Reading) -> SessionDiff:
    """Compare two sessions; replies are compared where both say them."""
    return _Comparing(first, second).diff()


class _Comparing:
    def __init__(self, first: Reading, second: Reading) -> None:
        self._first, self._second = first, second
        self._names = (*first.names, *second.names)
        self._replies = first.speaks and second.speaks
        self._bindings: dict[str, bytes] = {}
        self._kinds: dict[str, int] = {}

    def diff(self) -> SessionDiff:
        rows: list[Row] = []
        same = unshown = only_first = only_second = 0
        for one, other in align(self._comparable(self._first), self._comparable(self._second)):
            found: list[Row] = []
            if one is None and other is not None:
                only_second += 1
                found = [Row(SECOND, text) for text in _told(other)]
            elif one is not None and other is None:
                only_first += 1
                found = [Row(FIRST, text) for text in _told(one)]
            elif one is not None and other is not None:
                found = list(self._exchange(one, other))
            if found:
                rows += [Row(BOTH, _unshown(unshown))] if unshown else []
                rows += found
                unshown = 0
            else:
                same += 1
                unshown += 1
        if rows and unshown:
            rows.append(Row(BOTH, _unshown(unshown)))
        return SessionDiff(tuple(rows), same, tuple(self._kinds.items()), only_first, only_second)

    def _comparable(self, reading: Reading) -> list[Exchange]:
        """A script that begins with what the client says tells nothing of the greeting."""
        readings = self._first, self._second
        greeted = all(any(one.kind == GREETING for one in each.exchanges) for each in readings)
        return [one for one in reading.exchanges if greeted or one.kind != GREETING]

    # ------------------------------------------------------------ one exchange

    def _exchange(self, one: Exchange, other: Exchange) -> Iterator[Row]:
        said = list(self._said(one, other))
        answered = list(self._answers(one, other)) if self._replies else []
        if answered and not said and one.said:
            yield Row(BOTH, f"C: {other.said}")
        yield from said
        yield from answered

    def _said(self, one: Exchange, other: Exchange) -> Iterator[Row]:
        if one.kind == END_OF_DATA:
            yield from self._message(one.body, other.body)
        elif one.said != other.said:
            self._count("command")
            yield Row(FIRST, f"C: {one.said}")
            yield Row(SECOND, f"C: {other.said}")

    def _message(self, one: bytes, other: bytes) -> Iterator[Row]:
        before, after = split_lines(one), split_lines(other)
        rows = list(self._lines("C", before, after, first_masked=0))
        if rows:
            self._count("message")
            yield from rows[:LINES_LIMIT]
            if len(rows) > LINES_LIMIT:
                yield Row(BOTH, phrase("… {count} more lines of the message differ", count=len(rows) - LINES_LIMIT))

    def _answers(self, one: Exchange, other: Exchange) -> Iterator[Row]:
        for expected, got in zip_longest(one.answers, other.answers):
            if got is None:
                self._count("reply")
                yield from (Row(FIRST, f"S: {text}") for text in _expected(expected))
            elif expected is None:
                self._count("reply")
                yield from (Row(SECOND, f"S: {text}") for text in _shown(got.reply.lines))
            else:
                yield from self._reply(expected, got)

    def _reply(self, expected: Answer, got: Answer) -> Iterator[Row]:
        expectation = expected.expectation._replace(caps=())
        matched = match_reply(expectation, got.reply, Level.TEXT, self._bindings, own_names=self._names)
        if matched.status == "ok":
            return
        what = {difference.what for difference in matched.differences}
        if "code" in what or expected.reply.code != got.reply.code:
            kind = "code"
        elif _enhanced(expected) != _enhanced(got):
            kind = "enhanced code"
        else:
            kind = "keywords" if expectation.ehlo and got.reply.code == 250 else "text"
        self._count(kind)
        if kind == "keywords":
            yield from self._offers(expected, got)
            return
        before = [line.octets for line in expectation.lines] or [b"(nothing)"]
        rows = list(self._lines("S", before, got.reply.lines, first_masked=4))
        if rows:
            yield from rows
            return
        yield from (Row(FIRST, f"S: {text}") for text in _expected(expected))
        yield from (Row(SECOND, f"S: {text}") for text in _shown(got.reply.lines))

    def _offers(self, expected: Answer, got: Answer) -> Iterator[Row]:
        """Two EHLO replies: their first lines, then what is offered, in the order of the first."""
        one, other = [line.octets for line in expected.expectation.lines], got.reply.lines
        yield from self._lines("S", one[:1], other[:1], first_masked=4)
        before = {_keyword(line): line for line in one[1:]}
        after = {_keyword(line): line for line in other[1:]}
        for keyword in {**before, **after}:
            was, now = before.get(keyword), after.get(keyword)
            if was is not None and now is not None and was[4:] == now[4:]:
                continue
            if was is not None:
                yield Row(FIRST, f"S: {printable(was)}")
            if now is not None:
                yield Row(SECOND, f"S: {printable(now)}")

    def _lines(self, side: str, one: Sequence[bytes], other: Sequence[bytes], first_masked: int) -> Iterator[Row]:
        """The lines that differ, but for what changes each time; the first octets of a line count as they are."""

        def masked(line: bytes) -> bytes:
            return line[:first_masked] + mask(line[first_masked:], self._names)

        before, after = [masked(line) for line in one], [masked(line) for line in other]
        matcher = difflib.SequenceMatcher(a=before, b=after, autojunk=False)
        for tag, a, b, c, d in matcher.get_opcodes():
            if tag != "equal":
                yield from (Row(FIRST, f"{side}: {text}") for text in _shown(one[a:b]))
                yield from (Row(SECOND, f"{side}: {text}") for text in _shown(other[c:d]))

    def _count(self, kind: str) -> None:
        self._kinds[kind] = self._kinds.get(kind, 0) + 1


def _enhanced(answer: Answer) -> object:
    return parse_enhanced(answer.reply.texts[-1]) if answer.reply.texts else None


def _keyword(line: bytes) -> bytes:
    words = line[4:].split()
    return words[0].upper() if words else b""


def _expected(answer: Answer) -> list[str]:
    return _shown([line.octets for line in answer.expectation.lines])


def _shown(lines: Sequence[bytes]) -> list[str]:
    return [printable(line) for line in lines]


def _told(exchange: Exchange) -> Iterator[str]:
    """An exchange that only one session has."""
    if exchange.kind == END_OF_DATA:
        count = exchange.body.count(b"\n") - 1
        yield phrase_of("C: (a message of {count} line)", "C: (a message of {count} lines)", count)
    elif exchange.said:
        yield f"C: {exchange.said}"
    for answer in exchange.answers:
        yield from (f"S: {text}" for text in _shown(answer.reply.lines))


def _unshown(count: int) -> str:
    return phrase_of("… {count} exchange is the same", "… {count} exchanges are the same", count)


# ---------------------------------------------------------------- alignment


def align(first: Sequence[Exchange], second: Sequence[Exchange]) -> list[tuple[Exchange | None, Exchange | None]]:
    """Pairs in order: the same command beside itself, else one of the same kind, else nothing."""
    begin = 0
    while begin < min(len(first), len(second)) and _likeness(first[begin], second[begin]) == _SAME:
        begin += 1
    head: list[tuple[Exchange | None, Exchange | None]] = list(zip(first[:begin], second[:begin], strict=True))
    first, second = first[begin:], second[begin:]
    if len(first) * len(second) > _PAIRS_LIMIT:
        return head + list(zip_longest(first, second))
    return head + _best(first, second)


def _likeness(one: Exchange, other: Exchange) -> int:
    if one.kind != other.kind:
        return 0
    return _SAME if one.said == other.said or one.kind in (AUTH_STEP, END_OF_DATA) else _ALIKE


def _best(first: Sequence[Exchange], second: Sequence[Exchange]) -> list[tuple[Exchange | None, Exchange | None]]:
    """The alignment with the most likeness, by the table of all pairs of rests."""
    rows, columns = len(first), len(second)
    table = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            likeness = _likeness(first[i], second[j])
            paired = table[i + 1][j + 1] + likeness if likeness else 0
            table[i][j] = max(paired, table[i + 1][j], table[i][j + 1])
    pairs: list[tuple[Exchange | None, Exchange | None]] = []
    i = j = 0
    while i < rows or j < columns:
        likeness = _likeness(first[i], second[j]) if i < rows and j < columns else 0
        if likeness and table[i][j] == table[i + 1][j + 1] + likeness:
            pairs.append((first[i], second[j]))
            i, j = i + 1, j + 1
        elif j == columns or (i < rows and table[i][j] == table[i + 1][j]):
            pairs.append((first[i], None))
            i += 1
        else:
            pairs.append((None, second[j]))
            j += 1
    return pairs
