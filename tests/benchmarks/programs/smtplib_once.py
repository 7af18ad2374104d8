"""smtplib_once.py HOST:PORT: one small message, as people write it."""

import smtplib
import sys
from email.message import EmailMessage

message = EmailMessage()
message["From"] = "bob@example.org"
message["To"] = "alice@example.com"
message["Subject"] = "benchmark"
message.set_content("One line.\n")
host, _, port = sys.argv[1].partition(":")
with smtplib.SMTP(host, int(port), "client.example.net") as peer:
    peer.send_message(message)
