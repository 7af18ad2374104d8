"""The practice server: an SMTP server whose refusals teach, which can be made to misbehave, and which delivers nowhere.

It is aiosmtpd underneath; that library is imported when a server starts, not before.
"""

from smtp_repl.net.practice.inbox import Inbox, Message
from smtp_repl.net.practice.options import PracticeOptions
from smtp_repl.net.practice.profiles import (
    DEFAULT,
    faults,
    profile_from,
    profile_of,
    profiles,
    with_faults,
    without_faults,
)
from smtp_repl.net.practice.server import PracticeServer
from smtp_repl.net.practice.switches import Profile
from smtp_repl.net.practice.thread import PracticeThread

__all__ = [
    "DEFAULT",
    "Inbox",
    "Message",
    "PracticeOptions",
    "PracticeServer",
    "PracticeThread",
    "Profile",
    "faults",
    "profile_from",
    "profile_of",
    "profiles",
    "with_faults",
    "without_faults",
]
