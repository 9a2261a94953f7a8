"""Prints the mails of a maildir as JSON, the oldest first, as Python's email package reads them."""

import email
import email.policy
import json
import pathlib
import re
import sys

# Complains of whatever is not as it should be.
POLICY = email.policy.default.clone(raise_on_defect=True)


def read(file):
    message = email.message_from_bytes(file.read_bytes(), policy=POLICY)
    text = message.get_body(("plain",)).get_content()
    html = message.get_body(("html",)).get_content()
    return {
        "to": [address.addr_spec for address in message["To"].addresses],
        "subject": str(message["Subject"]),
        "received": [str(value) for value in message.get_all("Received")],
        "message_id": str(message["Message-ID"]),
        "date": message["Date"].datetime.isoformat(),
        "text": text,
        "links": re.findall(r"https?://[^\s\"'<>]+", text + html),
    }


files = sorted(pathlib.Path(sys.argv[1]).glob("new/*"), key=lambda file: file.stat().st_mtime_ns)
print(json.dumps([read(file) for file in files]))
