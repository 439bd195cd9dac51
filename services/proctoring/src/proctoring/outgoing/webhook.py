"""Carries a message as a signed HTTP POST (Standard Webhooks 1.0.0).

The host is looked up at every try, each of its addresses is judged, and the connection goes to the
very address that was judged; the certificate must still be the host's. No redirection is followed,
no proxy of the environment is used, no connection is kept (it would be known by its address, and be
another host's), and nothing of the answer is read but its head.
"""

import asyncio
import socket
import ssl
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

import httpx

from proctoring.outgoing import endpoint, signature
from proctoring.outgoing.place import NotAllowed, Place, place, reachable
from proctoring.outgoing.queue import Taken
from proctoring.outgoing.schedule import Outcome, Verdict, of_status

AGENT = "oep-webhooks/1"


class WebhookCarrier:
    """Any number of messages at once; who calls says how many."""

    name = "webhook"

    def __init__(
        self,
        secret: str,
        trusted_hosts: Collection[str],
        *,
        seconds: float,
        authorities_file: str | None = None,
    ) -> None:
        """`secret` is the installation's; `authorities_file` holds further certificate authorities.

        `seconds` bounds a try from the look-up of the name to the head of the answer.
        """
        self._secret = secret
        self._trusted_hosts = trusted_hosts
        self._seconds = seconds
        self._tls = ssl.create_default_context()
        if authorities_file is not None:
            self._tls.load_verify_locations(authorities_file)
        self._client = httpx.AsyncClient(
            verify=self._tls,
            trust_env=False,
            follow_redirects=False,
            timeout=seconds,
            limits=httpx.Limits(max_keepalive_connections=0, max_connections=None),
            headers={"User-Agent": AGENT, "Content-Type": "application/json"},
        )

    async def carry(self, taken: Taken) -> Outcome:
        """Post a message once. Cancelled, nobody knows what became of it."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._post(taken)
        except (TimeoutError, httpx.TimeoutException):
            return Outcome(Verdict.AGAIN, error="timeout")
        except NotAllowed:
            return Outcome(Verdict.AGAIN, error="address-not-allowed")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Outcome(Verdict.AGAIN, error=_word(error))
        except (OSError, UnicodeError):
            return Outcome(Verdict.AGAIN, error="name-not-found")

    async def close(self) -> None:
        await self._client.aclose()

    async def _post(self, taken: Taken) -> Outcome:
        where = place(taken.url or "", self._trusted_hosts)
        address = reachable(where, await _addresses(where))
        body = taken.body.encode()
        url = httpx.URL(where.url)
        headers = dict(self._signed(taken, body)) | {"Host": url.netloc.decode("ascii")}
        async with self._client.stream(
            "POST",
            url.copy_with(host=address),
            content=body,
            headers=headers,
            extensions={"sni_hostname": where.host},
        ) as answer:
            retry_after = answer.headers.get("retry-after")
            return of_status(answer.status_code, retry_after, datetime.now(UTC))

    def _signed(self, taken: Taken, body: bytes) -> Mapping[str, str]:
        assert taken.salt is not None  # noqa: S101  # a row with an endpoint has one
        keys = endpoint.keys(
            self._secret, taken.salt, taken.previous_salt, taken.previous_until, taken.now
        )
        return signature.headers(taken.message_id, int(taken.now.timestamp()), body, keys)


async def _addresses(where: Place) -> list[str]:
    """Return what the host's name stands for now. Raises `OSError`, `UnicodeError`."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM)
    return [str(address[0]).partition("%")[0] for *_, address in found]


def _word(error: Exception) -> str:
    if isinstance(error.__cause__, ssl.SSLError) or "CERTIFICATE" in str(error).upper():
        return "certificate"
    return "connection"
