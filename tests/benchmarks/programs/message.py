"""The message of the load tests."""

MESSAGE = (
    b"From: <bob@example.org>\r\nTo: <alice@example.com>\r\nSubject: benchmark\r\n\r\n" + (b"X" * 78 + b"\r\n") * 5
)
