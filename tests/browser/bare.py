"""A Chromium without Playwright, for the one thing that it takes from a page: being hidden.

Playwright lets every page believe that it is looked at. Here a tab that is brought to the front
really hides the other one.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import time
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, Self

from websockets.sync.client import ClientConnection, connect

from browser import chromium

_START_SECONDS = 20
_WAIT_SECONDS = 15


class BareChromium:
    """One browser with a profile of its own: `with BareChromium(folder) as bare: …`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        arguments = [
            str(chromium.ensure()), "--headless=new", "--remote-debugging-port=0",
            f"--user-data-dir={folder}", "--no-first-run", "about:blank",
        ]  # fmt: skip
        if os.geteuid() == 0:
            arguments.insert(1, "--no-sandbox")
        self._process = subprocess.Popen(
            arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._open = ExitStack()
        self._socket = self._open.enter_context(self._connecting())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
        self._process.terminate()
        self._process.wait(_START_SECONDS)

    def open(self, url: str, before: str = "") -> Tab:
        """Open a tab; `before` is a script that runs ahead of the page's own."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = Tab(self, target, session)
        tab.call("Page.enable")
        tab.call("Page.addScriptToEvaluateOnNewDocument", source=before)
        tab.call("Page.navigate", url=url)
        return tab

    def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """Send one command of the protocol and return its result. Blocks."""
        number = next(self._numbers)
        command = {"id": number, "method": method, "params": params}
        self._socket.send(json.dumps(command | ({"sessionId": session} if session else {})))
        while True:
            told = json.loads(self._socket.recv(timeout=_WAIT_SECONDS))
            if told.get("id") == number:
                assert "error" not in told, told
                found: dict[str, Any] = told["result"]
                return found

    def _connecting(self) -> AbstractContextManager[ClientConnection]:
        port_file = self._folder / "DevToolsActivePort"
        deadline = time.monotonic() + _START_SECONDS
        while not port_file.exists() or port_file.read_text().count("\n") < 1:
            assert time.monotonic() < deadline, "Chromium did not start"
            time.sleep(0.02)
        port, path = port_file.read_text().split()
        return connect(f"ws://127.0.0.1:{port}{path}", max_size=None)


class Tab:
    def __init__(self, browser: BareChromium, target: str, session: str) -> None:
        self._browser, self._target, self._session = browser, target, session

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **params)

    def to_front(self) -> None:
        self._browser.call("Target.activateTarget", targetId=self._target)

    def value(self, script: str) -> Any:
        """Return what an expression is in the page."""
        told = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        return told["result"].get("value")

    def wait(self, script: str) -> None:
        """Wait until an expression is true in the page."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while not self.value(script):
            assert time.monotonic() < deadline, f"never true: {script}"
            time.sleep(0.05)
