"""Pictures as browsers make them, and a student who sends them; for the tests beside it."""

import hashlib
import io
import itertools
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from PIL import Image

_NUMBERS = itertools.count(1)


def picture(kind: str = "JPEG", size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    """Return a picture that is like no other one."""
    number = next(_NUMBERS)
    colour = (number % 256, number // 256 % 256, 90)
    file = io.BytesIO()
    made = Image.new("RGB", size, colour)
    made.putpixel((0, 0), (255 - number % 256, number % 199, number % 211))
    made.save(file, kind, quality=90, comment=b"%d" % number, **options)
    return file.getvalue()


@dataclass
class Camera:
    """A student and his client."""

    sat: Any
    client: httpx.AsyncClient

    @property
    def path(self) -> str:
        return f"/attempt/{self.sat.attempt_id}/snapshots"

    async def send(self, content: bytes | None = None, **said: Any) -> httpx.Response:
        """Send a picture; what is not said is made up."""
        query = {
            "snapshot_id": str(uuid.uuid4()),
            "source": "camera",
            "taken_at": datetime.now(UTC).isoformat(),
        }
        content = picture() if content is None else content
        headers = {"Content-Type": "image/jpeg"}
        return await self.client.post(
            self.path, content=content, params=query | said, headers=headers
        )

    async def sent(self, content: bytes | None = None, **said: Any) -> dict[str, Any]:
        answer = await self.send(content, **said)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
