"""The public door's certificate: one that the user names, or one of our own that we also believe.

An authority of our own lives in the state folder, readable by its owner; who opens the pages in a
browser tells that browser to trust `authority.pem`. The certificate is for this machine's names
alone. Programs of the runner believe both the system's authorities and this one.
"""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

from oep_local.errors import RunnerError
from oep_local.ports import LOOPBACK
from oep_local.state import State, here

NAMES = ("localhost", LOOPBACK, "::1")
DAYS = 90
RENEWED_BEFORE = timedelta(days=30)


@dataclass(frozen=True)
class Pair:
    """Two PEM files: a certificate with its chain, and its key."""

    certificate: str
    private_key: str

    def checked(self) -> "Pair":
        """Return it with absolute paths; raises RunnerError when the two are not a pair."""
        files = [str(Path(name).absolute()) for name in (self.certificate, self.private_key)]
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*files)
        except OSError as failure:  # ssl's own failures among them
            raise RunnerError(
                f"{self.certificate} and {self.private_key} are no certificate and its key in PEM"
                f" ({failure})"
            ) from failure
        return Pair(*files)


def own(state: State) -> Pair:
    """Return the certificate of this installation; made when there is none that lasts a month."""
    pair = _own_files(state)
    made = Path(pair.certificate)
    if not made.exists() or _age(made) > timedelta(days=DAYS) - RENEWED_BEFORE:
        _make(_folder(state), pair)
    return pair


def is_own(pair: Pair, state: State) -> bool:
    return pair == _own_files(state)


def _own_files(state: State) -> Pair:
    folder = _folder(state)
    return Pair(str(folder / "public.crt"), str(folder / "public.key"))


def trust(state: State | None = None) -> ssl.SSLContext:
    """Believe whom the system believes, and the authority of the installation in `state`."""
    context = ssl.create_default_context()
    authority = _folder(state or here()) / "authority.pem"
    if authority.exists():
        context.load_verify_locations(authority)
    return context


def authority(state: State) -> Path:
    """Return what a browser has to be told to trust."""
    return _folder(state) / "authority.pem"


def _folder(state: State) -> Path:
    return state.root / "tls"


def _age(file: Path) -> timedelta:
    return datetime.now(UTC) - datetime.fromtimestamp(file.stat().st_mtime, UTC)


def _make(folder: Path, pair: Pair) -> None:
    """Write a new authority and a certificate by it; the authority's key is kept by nobody."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ours = trustme.CA(organization_name="OEP on this machine")
    issued = ours.issue_cert(*NAMES, not_after=datetime.now(UTC) + timedelta(days=DAYS))
    key = Path(pair.private_key)
    key.touch(mode=0o600)
    key.write_bytes(issued.private_key_pem.bytes())
    chain = b"".join(pem.bytes() for pem in issued.cert_chain_pems)
    Path(pair.certificate).write_bytes(chain)
    (folder / "authority.pem").write_bytes(ours.cert_pem.bytes())
