"""A wire to a server on which a test counts who spoke how often: round trips, not statements."""

import contextlib
import socket
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit


@dataclass
class _Line:
    """One connection."""

    turns: int = 0
    is_client_speaking: bool = False


class Wire:
    """Passes bytes between clients and a server; counts how often a client began to speak."""

    def __init__(self, url: str) -> None:
        """`url` names the server; `self.url` leads to it over this wire."""
        at = urlsplit(url)
        self._server = (at.hostname or "127.0.0.1", at.port or 0)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._lines: list[_Line] = []
        port = self._listening.getsockname()[1]
        netloc = at.netloc.replace(f"{at.hostname}:{at.port}", f"127.0.0.1:{port}")
        self.url = urlunsplit(at._replace(netloc=netloc))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def turns(self) -> int:
        """How often clients have begun to speak so far, over all connections."""
        return sum(line.turns for line in self._lines)

    def close(self) -> None:
        """Take no more connections; those that are there end with their clients."""
        self._listening.close()

    def _accept(self) -> None:
        try:
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(self._server)
                line = _Line()
                self._lines.append(line)
                for come, go, is_client in ((client, server, True), (server, client, False)):
                    threading.Thread(
                        target=_pass, args=(line, come, go, is_client), daemon=True
                    ).start()
        except OSError:
            return


def _pass(line: _Line, come: socket.socket, go: socket.socket, is_client: bool) -> None:
    """Pass on what comes until nothing more does, and then say so to the other side."""
    with contextlib.suppress(OSError), come:  # the other direction may have closed it
        while chunk := come.recv(65_536):
            if is_client and not line.is_client_speaking:
                line.turns += 1
            line.is_client_speaking = is_client
            go.sendall(chunk)
    with contextlib.suppress(OSError):
        go.shutdown(socket.SHUT_RDWR)
