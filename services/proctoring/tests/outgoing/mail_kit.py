"""A real SMTP server (aiosmtpd) that keeps what it is given and answers as a test wants."""

import email
import socket
import ssl
from dataclasses import dataclass, field
from email.message import Message
from email.policy import default
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


@dataclass
class Mailbox:
    """Handles what clients say; `answers` maps a command to what is answered instead."""

    answers: dict[str, str] = field(default_factory=dict)
    letters: list[Message] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    was_secure: list[bool] = field(default_factory=list)
    users: list[bytes] = field(default_factory=list)

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:  # noqa: N802  # aiosmtpd's
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_MAIL(self, server, session, envelope, address, options) -> str:  # noqa: N802  # aiosmtpd's
        if "MAIL" in self.answers:
            return self.answers["MAIL"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802  # aiosmtpd's
        if self.answers.get("DATA") == "cut":
            server.transport.abort()
            return "250 nobody hears this"
        if "DATA" in self.answers:
            return self.answers["DATA"]
        self.letters.append(email.message_from_bytes(envelope.content, policy=default))
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        self.was_secure.append(server.transport.get_extra_info("ssl_object") is not None)
        return "250 OK"

    def authenticate(self, server, session, envelope, mechanism, data) -> AuthResult:
        is_known = isinstance(data, LoginPassword) and data.password == b"a password"
        if is_known:
            self.users.append(data.login)
        return AuthResult(success=is_known, handled=False)


class PostOffice:
    """The server; `implicit` speaks TLS at once, `starttls` when it is asked to."""

    def __init__(self, mailbox: Mailbox, *, implicit: Any = None, starttls: Any = None) -> None:
        options: dict[str, Any] = {"ssl_context": implicit} if implicit else {}
        if starttls is not None:
            options = {"tls_context": starttls, "require_starttls": True}
        self._controller = Controller(
            mailbox,
            hostname="127.0.0.1",
            port=0,
            authenticator=mailbox.authenticate,
            auth_require_tls=False,
            **options,
        )
        # Its own look whether it listens asks at the port that it was told, 0.
        self._controller._trigger_server = self._look

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    def _look(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port), 5):
            return

    @property
    def port(self) -> int:
        return self._controller.server.sockets[0].getsockname()[1]


def server_side(authority: Any, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context
