"""A mail server for tests: keeps what it is sent as files, and misbehaves as its rules say.

Usage: smtp_server.py DIRECTORY [--tls] [--login USER:PASSWORD] [--ascii] [--record]

It prints the port on which STARTTLS is offered (with --tls: demanded) and, with --tls, the port that speaks TLS at once.
It ends when its input does. In DIRECTORY:

  ca.pem           the authority to trust, with --tls
  rules            lines "STAGE ANSWER" or "STAGE@ADDRESS ANSWER", read again at each stage; STAGE is connect, mail, rcpt
                   or data (the whole message has arrived and is kept); ADDRESS may have wildcards; ANSWER is a reply
                   ("550 5.1.1 unknown"), "hang", "drop", "wait SECONDS" or "hold": as long as the rule stands
  hanging          exists once something hangs or is held
  messages/N.json  the Nth message, as Python's email package reads it

With --record:

  record           a line of JSON for each message: its number, when its transaction began (MAIL) and ended, and the reply,
                   null where the connection was lost before it
  closed           while it exists the port is closed, and what was connected is cut off
"""

import argparse
import asyncio
import email
import email.policy
import fnmatch
import json
import logging
import os
import pathlib
import ssl
import sys
import threading
import time
import warnings

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

parser = argparse.ArgumentParser()
parser.add_argument("directory", type=pathlib.Path)
parser.add_argument("--tls", action="store_true")
parser.add_argument("--login")
parser.add_argument("--ascii", action="store_true", help="no SMTPUTF8")
parser.add_argument("--record", action="store_true")
options = parser.parse_args()
# It warns of signing in without TLS, which is what a test asks for.
warnings.simplefilter("ignore")
logging.disable()
messages = options.directory / "messages"
messages.mkdir()


def ruled(stage, address):
    """The answer of the first rule that applies; None where none does."""
    try:
        rules = (options.directory / "rules").read_text("utf-8").splitlines()
    except FileNotFoundError:
        return None
    for rule in rules:
        where, _, answer = rule.partition(" ")
        if where == stage or fnmatch.fnmatchcase(f"{stage}@{address}", where):
            return answer
    return None


async def obey(server, stage, address=""):
    """The reply that a rule wants; None where there is no rule."""
    while (answer := ruled(stage, address)) is not None:
        if answer == "hold":
            (options.directory / "hanging").touch()
            await asyncio.sleep(0.02)
            continue
        if answer == "hang":
            (options.directory / "hanging").touch()
            await asyncio.sleep(3600)
        if answer == "drop":
            server.transport.abort()
            await asyncio.sleep(3600)
        if answer.startswith("wait "):
            await asyncio.sleep(float(answer.removeprefix("wait ")))
            return None
        return answer
    return None


class Server(SMTP):
    connections = 0
    messages = 0
    open = set()

    def connection_made(self, transport):
        Server.open.add(self)
        super().connection_made(transport)

    def connection_lost(self, error):
        Server.open.discard(self)
        super().connection_lost(error)

    async def _handle_client(self):
        Server.connections += 1
        self.number = Server.connections
        refusal = await obey(self, "connect")
        if refusal is None:
            return await super()._handle_client()
        await self.push(refusal)
        self.transport.close()


class Handler:
    async def handle_MAIL(self, server, session, envelope, address, mail_options):
        server.began = time.time()
        refusal = await obey(server, "mail", address)
        if refusal:
            return refusal
        envelope.mail_from = address
        return "250 2.1.0 OK"

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        refusal = await obey(server, "rcpt", address)
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        number, reply = keep(server, session, envelope), None
        try:
            reply = await obey(server, "data", envelope.rcpt_tos[0]) or "250 2.0.0 OK"
            return reply
        finally:
            if options.record:
                record(message=number, began=server.began, ended=time.time(), reply=reply)


def record(**line):
    with (options.directory / "record").open("a") as file:
        print(json.dumps(line), file=file)


def keep(server, session, envelope):
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    parts = list(message.walk())
    leaves = [part for part in parts if not part.is_multipart()]
    bodies = {part.get_content_type(): part.get_content().replace("\r\n", "\n") for part in leaves}
    defects = [repr(defect) for part in parts for defect in part.defects]
    defects += [f"{name}: {defect!r}" for name, value in message.items() for defect in value.defects]
    kept = {
        "from": envelope.mail_from,
        "to": envelope.rcpt_tos,
        "user": session.auth_data.login.decode() if session.authenticated else None,
        "tls": server.transport.get_extra_info("ssl_object") is not None,
        "connection": server.number,
        "headers": [[name, str(value)] for name, value in message.items()],
        "content_type": message.get_content_type(),
        "text": bodies.get("text/plain"),
        "html": bodies.get("text/html"),
        "calendar": bodies.get("text/calendar"),
        "defects": defects,
        "longest_line": max(map(len, envelope.content.split(b"\r\n"))),
    }
    Server.messages += 1
    unfinished = options.directory / "unfinished"
    unfinished.write_text(json.dumps(kept), "utf-8")
    unfinished.rename(messages / f"{Server.messages:06}.json")
    return Server.messages


def authenticate(server, session, envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and f"{data.login.decode()}:{data.password.decode()}" == options.login
    return AuthResult(success=right, auth_data=data, handled=False)


def tls_context():
    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(options.directory / "ca.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    return context


async def main():
    context = tls_context() if options.tls else None
    common = {
        "hostname": "mail.test",
        "enable_SMTPUTF8": not options.ascii,
        "authenticator": authenticate,
        "auth_required": options.login is not None,
        "auth_require_tls": False,
    }

    def starttls():
        return Server(Handler(), tls_context=context, require_starttls=options.tls, **common)

    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(starttls, "127.0.0.1", 0)]
    if context:
        servers.append(await loop.create_server(lambda: Server(Handler(), **common), "127.0.0.1", 0, ssl=context))
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    if options.record:
        await open_and_close(servers[0], starttls)
    await asyncio.Event().wait()


async def open_and_close(server, protocol):
    """Its port is open while there is no file `closed`."""
    address = server.sockets[0].getsockname()
    while True:
        for closes in (True, False):
            while (options.directory / "closed").exists() != closes:
                await asyncio.sleep(0.05)
            if closes:
                server.close()
                for connection in list(Server.open):
                    connection.transport.abort()
            else:
                server = await asyncio.get_running_loop().create_server(protocol, *address)


def end_with_input():
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=end_with_input, daemon=True).start()
asyncio.run(main())
