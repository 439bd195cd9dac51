"""Carries a letter by SMTP: one connection for each, with TLS unless the installation says else.

The address is asked of auth for each try and stored nowhere. 4xx is tried again, 5xx is not. Where
the connection breaks off after the text was handed over, nobody knows whether the server took it:
it is tried again under the same Message-ID, so a mail may come twice then, and only then (ADR 66).
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

import aiosmtplib
from chassis.errors import Unavailable

from proctoring.outgoing.letter import About, Language, words
from proctoring.outgoing.queue import Taken
from proctoring.outgoing.schedule import DELIVERED, Outcome, Verdict

_FOR_NOW: tuple[tuple[type[Exception], str], ...] = (
    (Unavailable, "auth-unavailable"),
    (TimeoutError, "timeout"),
    (aiosmtplib.SMTPAuthenticationError, "server-refuses-us"),
    (aiosmtplib.SMTPConnectResponseError, "server-refuses-us"),
    (aiosmtplib.SMTPNotSupported, "not-supported"),
)
"""What is about us or passes, whatever its code."""
AddressOf = Callable[[int], Awaitable[str | None]]


@dataclass(frozen=True)
class Server:
    """Where mail is handed over, and as whom."""

    host: str
    port: int
    tls: str
    """starttls, implicit or none."""
    user: str | None
    password: str | None
    authorities_file: str | None
    seconds: float
    """How long a try may take in all."""


@dataclass(frozen=True)
class Style:
    """Who writes, in which language, and where a student signs in."""

    sender: str
    language: Language
    public_url: str


class MailCarrier:
    """Any number of letters at once; who calls says how many."""

    name = "mail"

    def __init__(self, server: Server, style: Style, address_of: AddressOf) -> None:
        """`address_of` asks auth; it raises `Unavailable`."""
        self._server = server
        self._style = style
        self._address_of = address_of
        self._tls = ssl.create_default_context(cafile=server.authorities_file)
        if server.authorities_file is not None:
            self._tls.load_default_certs()

    async def carry(self, taken: Taken) -> Outcome:
        """Hand a letter over once. Cancelled, nobody knows what became of it."""
        try:
            async with asyncio.timeout(self._server.seconds):
                return await self._write(taken)
        except (Unavailable, TimeoutError, aiosmtplib.SMTPException, OSError) as error:
            return _failed(error)

    async def close(self) -> None:
        return

    async def _write(self, taken: Taken) -> Outcome:
        if taken.student_id is None:
            return Outcome(Verdict.NEVER, error="no-address")
        address = await self._address_of(taken.student_id)
        if not address:
            return Outcome(Verdict.NEVER, error="no-address")
        try:
            message = self._message(taken, address)
        except (MessageError, ValueError):
            return Outcome(Verdict.NEVER, error="no-address")
        await self._hand_over(message)
        return DELIVERED

    async def _hand_over(self, message: EmailMessage) -> None:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls == "implicit",
            start_tls=server.tls == "starttls",
            tls_context=None if server.tls == "none" else self._tls,
            username=server.user,
            password=server.password,
            timeout=server.seconds,
        )
        try:
            await client.connect()
            await client.send_message(message)
        finally:
            client.close()

    def _message(self, taken: Taken, address: str) -> EmailMessage:
        """Return the letter. Raises `ValueError` or `MessageError` for what is no address."""
        style, sender = self._style, Address(addr_spec=self._style.sender)
        said = words(About(taken.topic), style.language, style.public_url)
        message = EmailMessage()
        message["From"] = sender
        message["To"] = Address(addr_spec=address)
        message["Subject"] = said.subject
        message["Date"] = format_datetime(taken.now)
        message["Message-ID"] = f"<{taken.message_id}@{sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(said.text)
        message["Content-Language"] = style.language
        return message


def _failed(error: Exception) -> Outcome:
    """Return what a failure means: 5xx is for good, all else for now (RFC 5321, 4.2.1)."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        error = error.recipients[0]
    code = error.code if isinstance(error, aiosmtplib.SMTPResponseException) else None
    for kind, word in _FOR_NOW:
        if isinstance(error, kind):
            return Outcome(Verdict.AGAIN, code, word)
    if code is None:
        return Outcome(Verdict.AGAIN, error=_word(error))
    return Outcome(Verdict.NEVER if 500 <= code <= 599 else Verdict.AGAIN, code, "refused")


def _word(error: Exception) -> str:
    causes = (error, error.__cause__, error.__context__)
    if any(isinstance(each, ssl.SSLError) for each in causes) or "ertificate" in str(error):
        return "certificate"
    return "connection"
