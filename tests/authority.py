"""An authority of the tests' own that signs certificates, as a company's or Let's Encrypt's would."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID


class Authority:
    """Signs. `certificate`: by which it is trusted, in PEM."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "The tests' own authority")])
        signed = self._signed(self.name, self.key, (-1, 30), [x509.BasicConstraints(ca=True, path_length=0)])
        self.certificate = signed.public_bytes(Encoding.PEM).decode()

    def pair(self, *names: str, days: tuple[int, int] = (-1, 30), passphrase: str = "") -> tuple[str, str]:
        """A certificate with its chain and its key, for host names and addresses; `days`: from when until when."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "leaf")])
        more = [x509.SubjectAlternativeName(list(map(_name, names)))] if names else []
        found = self._signed(subject, key, days, more).public_bytes(Encoding.PEM).decode()
        how = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how).decode()
        return found + self.certificate, secret

    def trusting(self) -> ssl.SSLContext:
        """For a client that trusts this authority and no other."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self.certificate)
        return context

    def _signed(self, subject, key, days, extensions) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=days[0]))
            .not_valid_after(now + timedelta(days=days[1]))
        )
        for one in extensions:
            builder = builder.add_extension(one, critical=isinstance(one, x509.BasicConstraints))
        return builder.sign(self.key, hashes.SHA256())


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
