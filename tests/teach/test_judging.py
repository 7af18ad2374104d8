"""The judge: every kind of check on transcripts, what goals have to do with one another, and what slips are."""

import pytest

from smtp_repl.script.text import parse
from smtp_repl.teach.judging import Judgement, judge
from smtp_repl.teach.lesson import Lesson
from smtp_repl.teach.lesson_text import read_lesson

LESSON = r"""
id = "one"
title = "One"
about = "About."
[[scenes]]
server = "strict"
[[scenes.proofs]]
kind = "solution"
script = "C: NOOP"
"""
GOAL = """
[[scenes.goals]]
id = "{id}"
task = "Do it."
hints = ["a", "b", "c"]
why = "Because."
{rest}
"""


def lesson_of(*goals: str, more: str = "") -> Lesson:
    """A lesson with these goals: the lines of each but for its prose; they are called a, b, c …"""
    texts = [GOAL.format(id="abcdefgh"[number], rest=rest) for number, rest in enumerate(goals)]
    return read_lesson(LESSON + "".join(texts) + more)


def judged(lesson: Lesson, transcript: str) -> Judgement:
    return judge(lesson, parse(transcript.encode()))


def met(check: str, transcript: str) -> int:
    """The line at which a goal with this check is reached; 0 if it is not."""
    outcome = judged(lesson_of(f"check = {check}"), transcript).outcomes[0]
    assert outcome.is_met is bool(outcome.line)
    return outcome.line


SESSION = r"""# connected to 127.0.0.1:2525
S: 220 practice.example.com ESMTP
C: EHLO student.example.org
S: 250-practice.example.com
S: 250-SIZE 1000
S: 250 STARTTLS
C: MAIL FROM:<alice@example.org>
S: 250 2.1.0 Ok
C: RCPT TO:<nobody@example.com>
S: 550 5.1.1 No such user
C: RCPT TO:<bob@example.com>
S: 250 2.1.5 Ok
C: DATA
S: 354 Go on
C: From: carol@example.net
C: To: bob@example.com
C: Subject: =?utf-8?B?5L2g5aW9?=
C: Content-Type: text/plain; charset=utf-8
C: Content-Transfer-Encoding: base64
C:
C: w6QKLi5iCg==
C: .
S: 250 2.0.0 Ok: kept as 1
C: AUTH PLAIN AGEAYg==
S: 535 5.7.8 No
C: STARTTLS
S: 220 2.0.0 Ready
# TLSv1.3 TLS_AES_256_GCM_SHA384, certificate verified (localhost)
C: EHLO student.example.org
S: 250-practice.example.com
S: 250 AUTH PLAIN
# /answer it is bob
C: QUIT
S: 221 2.0.0 Bye
# the server closed the connection
"""


def test_a_step_has_the_mechanism_of_its_exchange() -> None:
    """A login that was given up does not lend its name to the next one, and neither does a command behind it."""
    said = """S: 220 practice.example.com ESMTP
C: EHLO student.example.org
S: 250-practice.example.com
S: 250 AUTH PLAIN LOGIN
C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
C: *
S: 501 5.7.0 Cancelled
C: AUTH PLAIN
S: 334
C~ {auth.plain}
S: 235 2.7.0 Ok
C: NOOP
S: 235 2.0.0 Odd
"""
    assert met("{ mechanism = 'LOGIN', reply = '501' }", said) == 7
    assert met("{ mechanism = 'LOGIN', reply = '235' }", said) == 0
    assert met("{ mechanism = 'PLAIN', answers = 'AUTH step', reply = '235' }", said) == 11
    assert met("{ mechanism = 'PLAIN', reply = '235', times = 2 }", said) == 0


@pytest.mark.parametrize(
    ("check", "line"),
    [
        ("{ client = '^ehlo \\S+' }", 3),
        ("{ client = '^EHLO', reply = '250 STARTTLS' }", 3),
        ("{ client = '^EHLO', tls = true }", 29),
        ("{ client = '^EHLO', tls = false, offers = ['starttls'], lacks = ['AUTH'] }", 3),
        ("{ client = '^EHLO', offers = ['AUTH'] }", 29),
        ("{ client = '^EHLO', offers = ['AUTH'], lacks = ['AUTH'] }", 0),
        ("{ client = '^EHLO', reply = '250', times = 2 }", 29),
        ("{ client = '^EHLO', reply = '250', times = 3 }", 0),
        ("{ reply = '550 5\\.1\\.1' }", 9),
        ("{ reply = '5.1.1' }", 0),
        ("{ reply = '250 2.1.5', phase = 'rcpt', before = 'mail' }", 11),
        ("{ reply = '250 2.1.5', phase = 'mail' }", 0),
        ("{ answers = 'greeting', reply = '220 practice' }", 2),
        ("{ answers = '.', reply = '250' }", 22),
        ("{ client = '^AUTH PLAIN \\S+$', reply = '535' }", 24),
        ("{ client = 'AGEAYg' }", 0),
        ("{ mechanism = 'plain', reply = '535' }", 24),
        ("{ mechanism = 'LOGIN' }", 0),
        ("{ answer = 'BOB' }", 32),
        ("{ answer = '^bob' }", 0),
        ("{ closed = { by = 'server' } }", 35),
        ("{ closed = { by = 'client' } }", 0),
        ("{ closed = { silent = true } }", 0),
        ("[{ client = '^MAIL' }, { client = '^DATA' }]", 13),
        ("[{ client = '^DATA' }, { client = '^MAIL' }]", 0),
        ("{ all = [{ client = '^DATA' }, { client = '^MAIL' }] }", 13),
        ("{ any = [{ client = '^DATA' }, { client = '^MAIL' }] }", 7),
        ("[{ any = [{ reply = '550' }, { reply = '551' }] }, { reply = '354' }]", 13),
        ("{ message = { sender = 'alice@example\\.org', recipients = ['bob@example\\.com'] } }", 22),
        ("{ message = { recipients = ['nobody@example\\.com'] } }", 0),
        ("{ message = { sender = '' } }", 0),
        ("{ message = { fields = { To = 'bob', From = 'carol' }, without = { To = 'alice', Cc = '.' } } }", 22),
        ("{ message = { fields = { Cc = '' } } }", 0),
        ("{ message = { without = { To = 'bob' } } }", 0),
        ("{ message = { subject = '你好' } }", 22),
        ("{ message = { header = '[^\\x00-\\x7f]' } }", 0),
        ("{ message = { no_header = '[^\\x00-\\x7f]' } }", 22),
        ("{ message = { charset = 'utf-8', encoding = 'base64', type = 'text/plain', text = '^ä$' } }", 22),
        ("{ message = { body = '\\A\\S+\\r\\n\\Z' } }", 22),
        ("{ message = { differs = true } }", 22),
        ("{ message = { differs = false } }", 0),
        ("{ message = { parts = 2 } }", 0),
        ("{ message = { defects = false }, tls = false }", 22),
        ("{ message = { }, reply = '552' }", 0),
        ("{ write = { commands = 2 } }", 0),
        ("{ write = { text = true, octets = 'Subject' } }", 15),
    ],
)  # fmt: skip
def test_checks_on_a_transcript(check: str, line: int) -> None:
    """Each kind of check finds what it names, at its line, and nothing else."""
    assert met(check, SESSION) == line


PIPELINED = r"""S: 220 mail.example.com
C: EHLO student.example.org
S: 250-mail.example.com
S: 250 PIPELINING
C: MAIL FROM:<alice@example.org>
C: RCPT TO:<bob@example.com>
# a remark parts nothing
C: RCPT TO:<nobody@example.com>
C: DATA
S: 250 2.1.0 Ok
S: 250 2.1.5 Ok
S: 550 5.1.1 No
S: 354 Go on
C: Hello.
C: .
S: 250 2.0.0 Ok
C: NOOP
@wait 0
C: NOOP
S: 250 2.0.0 Ok
S: 250 2.0.0 Ok
C"NOOP\n"
S: 500 5.5.2 Bare LF
# we closed the connection
"""


@pytest.mark.parametrize(
    ("check", "line"),
    [
        ("{ write = { commands = 4 } }", 5),
        ("{ write = { commands = 5 } }", 0),
        ("{ write = { commands = 4, replies = ['250', '250', '550', '354'] } }", 5),
        ("{ write = { commands = 4, replies = ['550', '250'] } }", 0),
        ("{ write = { commands = 2, octets = 'NOOP' } }", 0),
        ("{ write = { octets = '(?<!\\r)\\n' } }", 22),
        ("{ client = '^NOOP', times = 3 }", 22),
        ("{ closed = { by = 'client' } }", 24),
        ("{ message = { recipients = ['bob@example.com'] } }", 15),
    ],
)
def test_writes(check: str, line: int) -> None:
    """C lines that follow one another are one write, and its replies are found among those of others."""
    assert met(check, PIPELINED) == line


def test_lmtp_answers_for_each_recipient() -> None:
    """The replies to one message are counted, and the message is one (RFC 2033 §4.2)."""
    session = """S: 220 mail.example.com LMTP
C: LHLO student.example.org
S: 250 mail.example.com
C: MAIL FROM:<>
S: 250 Ok
C: RCPT TO:<bob@example.com>
S: 250 Ok
C: RCPT TO:<carol@example.com>
S: 250 Ok
C: DATA
S: 354 Go on
C: Hello.
C: .
S: 250 Ok
S: 452 4.2.2 Full
C: NOOP
S: 250 Ok
"""
    assert met("{ answers = '.', times = 2 }", session)
    assert not met("{ answers = '.', times = 3 }", session)
    assert met("{ answers = '.', reply = '452' }", session)
    assert met("{ client = '^NOOP', reply = '250' }", session)


INJECTION = """S: 220 practice.example.com
C: EHLO student.example.org
S: 250 STARTTLS
C: STARTTLS
C: EHLO evil.example.net
S: 220 2.0.0 Ready
# TLSv1.3 TLS_AES_256_GCM_SHA384, certificate verified (localhost)
S: 250 AUTH PLAIN
C: MAIL FROM:<alice@example.org>
S: 250 2.1.0 Ok
"""


@pytest.mark.parametrize(
    ("check", "line"),
    [
        ("{ write = { octets = '^STARTTLS', commands = 2, replies = ['220'] } }", 4),
        ("{ answers = 'nothing', tls = true, reply = '250' }", 8),
        ("{ client = '^EHLO evil', reply = '250' }", 0),
        ("{ client = '^MAIL', tls = true, before = 'connected', reply = '250' }", 9),
    ],
)
def test_what_stood_behind_starttls_awaits_no_reply(check: str, line: int) -> None:
    """A server that obeys it answers what nobody asked for, and the replies behind that belong where they did."""
    assert met(check, INJECTION) == line


def test_chunks() -> None:
    """A message that came by BDAT is a message; dots are dots there (RFC 3030)."""
    session = """S: 220 mail.example.com
C: EHLO student.example.org
S: 250-mail.example.com
S: 250 CHUNKING
C: MAIL FROM:<alice@example.org>
S: 250 Ok
C: RCPT TO:<bob@example.com>
S: 250 Ok
C: BDAT 8
C"a\\r\\n.\\r\\nb\\n"
S: 250 Ok
C: BDAT 0 LAST
S: 250 Ok
"""
    assert met(r"{ client = '^BDAT 0 LAST', message = { body = '\\r\\n\\.\\r\\n' } }".replace("\\\\", "\\"), session)


def test_two_messages_and_a_reset() -> None:
    """The envelope of a message is its own: what RSET threw away is no part of it."""
    session = """S: 220 mail.example.com
C: EHLO student.example.org
S: 250 mail.example.com
C: MAIL FROM:<alice@example.org>
S: 250 Ok
C: RCPT TO:<carol@example.com>
S: 250 Ok
C: RSET
S: 250 Ok
C: MAIL FROM:<>
S: 250 Ok
C: RCPT TO:<bob@example.com>
S: 250 Ok
C: DATA
S: 354 Go on
C: One.
C: .
S: 250 Ok
"""
    assert met("{ message = { sender = '', recipients = ['bob@example.com'] } }", session)
    assert not met("{ message = { recipients = ['carol@example.com'] } }", session)


@pytest.mark.parametrize(("answer", "line"), [("42", 1), ("共42个", 1), ("it is 42.", 1), ("420", 0), ("x42", 0)])
def test_answers_in_any_language(answer: str, line: int) -> None:
    """A number stands by itself beside a Chinese character too."""
    assert met(r"{ answer = '\b42\b' }", f"# /answer {answer}\n") == line


def test_a_silent_server() -> None:
    """A session in which the server never said anything can be a goal."""
    silent = "# connected to 127.0.0.1:465\n# we closed the connection\n"
    assert met("{ closed = { silent = true, by = 'client' } }", silent) == 2


def test_sessions_are_told_apart() -> None:
    """An order holds within one session; a new connection begins it anew."""
    session = """# connected to 127.0.0.1:25
S: 220 a.example
C: EHLO b
S: 250 a.example
C: MAIL FROM:<>
S: 250 Ok
# we closed the connection
# connected to 127.0.0.1:25
S: 220 a.example
C: RSET
S: 250 Ok
"""
    assert not met("[{ client = '^MAIL' }, { client = '^RSET' }]", session)
    assert met("{ all = [{ client = '^MAIL' }, { client = '^RSET' }] }", session) == 10


def test_one_act_reaches_several_goals_in_any_order() -> None:
    """Any way counts; only what says so has to come after another goal."""
    lesson = lesson_of(
        "check = { client = '^MAIL' }",
        "check = { client = '^EHLO' }",
        "check = { client = '^EHLO', reply = '250' }",
        "check = { client = '^EHLO' }\nafter = ['a']",
    )
    assert [outcome.line for outcome in judged(lesson, SESSION).outcomes] == [7, 3, 3, 29]


def test_hints_and_skips_count_for_the_present_goal() -> None:
    """The present goal is the first one that is neither reached nor skipped."""
    lesson = lesson_of("check = { client = '^NOOP' }", "check = { client = '^HELP' }", "check = { client = '^QUIT' }")
    script = "S: 220 a\n# /hint\n# /hint\nC: NOOP\nS: 250 Ok\n# /hint\n# /skip\n# /hint\nC: QUIT\nS: 221 Bye\n"
    judgement = judged(lesson, script)
    assert [outcome.hints for outcome in judgement.outcomes] == [2, 1, 1]
    assert [outcome.is_skipped for outcome in judgement.outcomes] == [False, True, False]
    assert not judgement.is_complete
    assert [outcome.goal.id for outcome in judgement.met] == ["a", "c"]


def test_a_reset_opens_the_goals_again() -> None:
    lesson = lesson_of("check = { client = '^NOOP' }", "check = { client = '^HELP' }")
    script = "S: 220 a\nC: NOOP\nS: 250 Ok\n# /reset\nC: HELP\nS: 214 Ok\n"
    assert [outcome.is_met for outcome in judged(lesson, script).outcomes] == [False, True]


MISTAKE = """
[[scenes.mistakes]]
id = "twice"
check = { client = '^NOOP', times = 2 }
text = "Once is enough."
until = "b"
"""


def test_mistakes_are_caught_each_time_until_their_goal_is_reached() -> None:
    """A mistake that was made counts again only when all of it is made again."""
    lesson = lesson_of("check = { client = '^QUIT' }", "check = { client = '^HELP' }", more=MISTAKE)
    noop = "C: NOOP\nS: 250 Ok\n"
    judgement = judged(lesson, f"S: 220 a\n{noop * 5}C: HELP\nS: 214 Ok\n{noop * 4}")
    slips = [(slip.rule, slip.line) for slip in judgement.slips if slip.text]
    assert slips == [("twice", 4), ("twice", 8)]


def test_findings_of_the_wire_are_caught_too() -> None:
    """What the conversation itself found out of place is named by its rule."""
    judgement = judged(
        lesson_of("check = { client = '^QUIT' }"), "S: 220 a\nC: MAIL FROM: <a@example.org>\nS: 501 No\n"
    )
    assert {"out-of-order", "blank-after-colon"} <= judgement.caught


TWO_SCENES = """
[[scenes]]
server = "mx"
title = "Two"
[[scenes.goals]]
id = "z"
task = "Do it."
hints = ["a", "b", "c"]
why = "Because."
check = { client = '^NOOP' }
[[scenes.proofs]]
kind = "solution"
script = "C: NOOP"
"""


def test_scenes_are_told_by_their_comments() -> None:
    """What is said in one scene counts for none but that; a transcript that tells nothing counts for all."""
    lesson = lesson_of("check = { client = '^NOOP' }", more=TWO_SCENES)
    said = "S: 220 a\nC: NOOP\nS: 250 Ok\n"
    assert [o.is_met for o in judged(lesson, f"# scene 2: Two\n{said}").outcomes] == [False, True]
    assert [o.is_met for o in judged(lesson, f"# scene 1\n{said}").outcomes] == [True, False]
    assert [o.is_met for o in judged(lesson, said).outcomes] == [True, True]


def test_whatever_a_transcript_holds_is_no_reason_to_stop() -> None:
    """A broken file is judged like any other: what can be read counts."""
    judgement = judged(
        lesson_of("check = { client = '^QUIT' }"), "\0\nfoo\nC: QUIT\nS: \xff\nC[\nS: 221 Bye\n@nothing\n"
    )
    assert len(judgement.outcomes) == 1
