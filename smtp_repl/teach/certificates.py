"""What an error of TLS means: of a certificate that was refused, or of a handshake that came to nothing.

The words are those of OpenSSL, of Python's `ssl`, of other programs that show them, and of our own messages; they are
recognised by the rows of `knowledge/certificates.json`, the particular ones first. Knows nothing of the `ssl` module.
"""

import re

from smtp_repl.knowledge.rows import rows_of
from smtp_repl.teach.explanation import Explanation
from smtp_repl.wire.language import _

TEXT_LIMIT = 4000
"""Characters of a message that are looked at."""


def explain_tls_error(words: str) -> Explanation | None:
    """What this message of a TLS library means; None when it is none."""
    text = " ".join(words[:TEXT_LIMIT].replace("_", " ").split())
    for row in rows_of("certificates").values():
        if re.search(row["text"], text, re.IGNORECASE | re.ASCII) is not None:
            return Explanation(
                row["title"],
                "certificate",
                _("an error of TLS"),
                _(row["means"]),
                _(row["advice"]),
                row["retry"] == "later",
                row["ref"],
                row["verified"] != "memory",
            )
    return None
