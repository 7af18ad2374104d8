"""The practice server: a strict SMTP server whose refusals teach, and which delivers nowhere.

It is aiosmtpd underneath; that library is imported when a server starts, not before.
"""

from smtp_repl.net.practice.inbox import Inbox, Message
from smtp_repl.net.practice.options import PracticeOptions
from smtp_repl.net.practice.server import PracticeServer
from smtp_repl.net.practice.thread import PracticeThread

__all__ = ["Inbox", "Message", "PracticeOptions", "PracticeServer", "PracticeThread"]
