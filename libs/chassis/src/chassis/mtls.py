"""Who talks gRPC to whom: each end shows a certificate, and the name in it decides (ADR 44).

A service is known by its name (`attempts`), never by its address. Files are read again when they
were renewed: a server looks at each handshake, a client every few seconds before a call. Standing
connections are not touched by that. What is unfit is passed over, and the last good one stays.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

import grpc
import structlog
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from prometheus_client import Gauge

from chassis.settings import ServiceSettings

log = structlog.get_logger()

NOT_AFTER = Gauge(
    "oep_certificate_not_after_seconds", "When the newest certificate ends, Unix time"
)
_State = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Pem:
    """What the three files held at one moment."""

    certificate: bytes
    key: bytes
    ca: bytes
    not_after: datetime

    @classmethod
    def of(cls, certificate: bytes, key: bytes, ca: bytes) -> Self:
        """Raise `ValueError` when one of them is no PEM, or the key is another certificate's."""
        shown = x509.load_pem_x509_certificate(certificate)
        x509.load_pem_x509_certificates(ca)
        private = load_pem_private_key(key, password=None)
        if _plain(private.public_key()) != _plain(shown.public_key()):
            raise ValueError("the key belongs to another certificate")
        return cls(certificate, key, ca, shown.not_valid_after_utc)

    def client(self) -> grpc.ChannelCredentials:
        return grpc.ssl_channel_credentials(self.ca, self.key, self.certificate)

    def server(self) -> grpc.ServerCertificateConfiguration:
        return grpc.ssl_server_certificate_configuration([(self.key, self.certificate)], self.ca)


def _plain(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@dataclass(frozen=True)
class Identity:
    """The files by which a service is known to its neighbours and knows them."""

    certificate: Path
    key: Path
    ca: Path

    @classmethod
    def of(cls, settings: ServiceSettings) -> Self | None:
        """Return what the settings name; None where gRPC goes without certificates."""
        files = (settings.mtls_certificate_file, settings.mtls_key_file, settings.mtls_ca_file)
        certificate, key, ca = files
        if certificate is None or key is None or ca is None:
            return None
        return cls(certificate, key, ca)

    def read(self) -> Pem:
        """Return what the files hold. Raises `OSError`, or `ValueError` when they do not fit."""
        files = (self.certificate, self.key, self.ca)
        return Pem.of(*(file.read_bytes() for file in files))

    def state(self) -> _State:
        """Return something that is another when a file is another. Raises `OSError`."""
        found = [file.stat() for file in (self.certificate, self.key, self.ca)]
        return tuple((each.st_ino, each.st_mtime_ns, each.st_size) for each in found)


class Renewal:
    """Watches an identity's files for one server or one channel, whatever thread asks."""

    def __init__(self, identity: Identity) -> None:
        """Read the files. Raises `OSError`, or `ValueError` when they do not fit."""
        self._identity = identity
        self._lock = threading.Lock()
        self._seen = identity.state()
        self.pem = identity.read()
        NOT_AFTER.set(self.pem.not_after.timestamp())

    def renewed(self) -> bool:
        """Whether `pem` has become another; takes as long as a look at three files."""
        with self._lock:
            try:
                state = self._identity.state()
            except OSError as error:
                log.warning("mtls.unfit", error=type(error).__name__)
                return False
            return state != self._seen and self._take(state)

    def _take(self, state: _State) -> bool:
        try:
            pem = self._identity.read()
            if self._identity.state() != state:
                return False  # they are being written: the next look sees the rest
        except (OSError, ValueError) as error:
            self._seen = state  # not again before it changes
            log.warning("mtls.unfit", error=type(error).__name__)
            return False
        self._seen, self.pem = state, pem
        NOT_AFTER.set(pem.not_after.timestamp())
        log.info("mtls.renewed", not_after=pem.not_after.isoformat())
        return True


def server_credentials(identity: Identity) -> grpc.ServerCredentials:
    """Return credentials that demand a certificate of our authority from whoever connects."""
    renewal = Renewal(identity)

    def newest() -> grpc.ServerCertificateConfiguration | None:
        return renewal.pem.server() if renewal.renewed() else None

    return grpc.dynamic_ssl_server_credentials(
        renewal.pem.server(),
        newest,  # type: ignore[arg-type]  # None says that nothing has changed
        require_client_authentication=True,
    )


def names(auth_context: Mapping[str, Iterable[bytes]]) -> frozenset[str]:
    """Return the names in the certificate that a caller has shown; none without one."""
    return frozenset(name.decode() for name in auth_context.get("peer_dns", ()))
