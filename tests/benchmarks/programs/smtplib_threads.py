"""smtplib_threads.py HOST:PORT N AT_ONCE: sessions with smtplib, in so many threads."""

import smtplib
import sys
import threading

from message import MESSAGE

host, _, port = sys.argv[1].partition(":")
left = iter(range(int(sys.argv[2])))


def work() -> None:
    for _ in left:
        with smtplib.SMTP(host, int(port), "client.example.net") as peer:
            peer.sendmail("bob@example.org", ["alice@example.com"], MESSAGE)


threads = [threading.Thread(target=work) for _ in range(int(sys.argv[3]))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
