"""A real OpenID provider beside a test: `web/provider`, in a process of its own."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import urljoin

import httpx

ROOT = Path(__file__).parents[1]
CLIENT, SECRET = "oep", "a secret, with what has to be quoted: +&%"


class LocalProvider:
    """`with LocalProvider(...) as provider`; each start makes it a new key to sign with."""

    def __init__(self, folder: Path, port: int, back: str) -> None:
        """`back` is where it may send browsers: our callback."""
        self._file = folder / "people.json"
        self._port, self._back = port, back
        self._process: subprocess.Popen[str] | None = None
        self.know({})

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self._port}"

    def know(self, people: dict[str, dict[str, Any]]) -> None:
        """Let these be all whom it vouches for, by the name that they type."""
        self._file.write_text(json.dumps(people))

    def __enter__(self) -> Self:
        words = ["--port", str(self._port), "--people", str(self._file), "--back", self._back]
        words += ["--client", CLIENT, "--secret", SECRET]
        self._process = subprocess.Popen(
            [sys.executable, ROOT / "web" / "build.py", "provider", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        said = iter(self._process.stdout or ())
        if not any(line.strip() == self.issuer for line in said):  # it speaks when it listens
            raise AssertionError("the provider did not start")
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.communicate(timeout=10)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Be away in the block, and come back with another key."""
        self.__exit__()
        yield
        self.__enter__()


def sign_in(address: str, name: str) -> str:
    """Go through the provider's pages as a browser would; return where it sends the browser back.

    Blocks.
    """
    with httpx.Client(trust_env=False, timeout=10) as browser:
        while True:
            page = browser.get(address)
            if page.status_code == 200:
                form = re.search(r'action="([^"]+)"', page.text)
                assert form, page.text
                typed = {"prompt": "login", "login": name, "password": "any"}
                page = browser.post(urljoin(address, form[1]), data=typed)
            assert page.status_code == 303, page.text
            address = urljoin(address, page.headers["location"])
            if "/oidc/callback?" in address:
                return address
