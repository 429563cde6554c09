"""How the proxy speaks HTTPS, and whether one's own certificate can be used. Pure: plain data in, plain data out.

Routers are told nothing of it: they belong to the entry points `secure` and `inside`, and by which certificate the
first of them is encrypted is said where the entry points are.
Source: https://doc.traefik.io/traefik/reference/install-configuration/entrypoints/ (http.tls, asDefault) and
https://doc.traefik.io/traefik/reference/install-configuration/tls/certificate-resolvers/acme/
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import yaml

from components.sections import Tls

if TYPE_CHECKING:
    from cryptography import x509

SECURE = 443  # where the proxy speaks HTTPS, in its container
INSIDE = 8083  # where those in the stack's network reach it, in clear as ever
STORAGE = "/etc/golive/certificates"  # a volume: what was fetched is not fetched again by the next proxy
AUTHORITY = "/etc/golive/authority.pem"
FILE = "certificate.yml"  # in the folder that the proxy watches
SOON = timedelta(days=14)  # before it expires, updates begin to say so
NONE = "# Written by golive: no certificate of one's own.\n"
BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def arguments(tls: Tls) -> list[str]:
    """The proxy's arguments. Its defaults are TLS 1.2 and above, with forward secrecy and HTTP/2."""
    said = [
        f"--entrypoints.secure.address=:{SECURE}",
        "--entrypoints.secure.asdefault=true",
        # As those of the plain one: see components/entrypoints.py.
        "--entrypoints.secure.transport.lifecycle.gracetimeout=3s",
        "--entrypoints.secure.transport.respondingtimeouts.readtimeout=1h",
        "--entrypoints.secure.http.tls=true",
        f"--entrypoints.inside.address=:{INSIDE}",
        "--entrypoints.inside.asdefault=true",
        # As the port is published: that is where users have to ask again.
        f"--entrypoints.web.http.redirections.entrypoint.to=:{tls.port}",
        "--entrypoints.web.http.redirections.entrypoint.scheme=https",
        "--entrypoints.web.http.redirections.entrypoint.permanent=true",
    ]
    if not tls.email:
        return said
    # One file a server: what its predecessor has signed would be taken for good, a trial's certificates too.
    file = hashlib.sha256((tls.server or "").encode()).hexdigest()[:8]
    acme = "--certificatesresolvers.acme.acme"
    said += [
        "--entrypoints.secure.http.tls.certresolver=acme",
        f"{acme}.email={tls.email}",
        f"{acme}.storage={STORAGE}/{file}.json",
        f"{acme}.keytype=EC256",
        f"{acme}.tlschallenge=true",
    ]
    said += [f"{acme}.caserver={tls.server}"] if tls.server else []
    return [*said, *([f"{acme}.cacertificates={AUTHORITY}"] if tls.ca_certificate else [])]


def url(tls: Tls, host: str) -> str:
    """Where users reach the app."""
    return f"https://{host}" if tls.port == SECURE else f"https://{host}:{tls.port}"


def certificate_file(certificate: str, key: str) -> str:
    """What the proxy reads: both in one file, so that they change at one stroke, and for whatever name it is asked."""
    pair = {"certFile": certificate.strip() + "\n", "keyFile": key.strip() + "\n"}
    return yaml.safe_dump({"tls": {"stores": {"default": {"defaultCertificate": pair}}}}, sort_keys=False)


def certificate_in(text: str) -> str:
    """The certificate of such a file, without its key; "" where there is none."""
    return "\n".join(BLOCK.findall(_certificate_text(text)))


def fingerprint(certificate: str) -> str:
    """Which certificate it is, its chain included, however its lines end; "" for none."""
    found = "".join("".join(BLOCK.findall(certificate)).split())
    return hashlib.sha256(found.encode()).hexdigest() if found else ""


def leaf(certificate: str) -> bytes:
    """What the proxy shows first to whoever connects, in DER."""
    return ssl.PEM_cert_to_DER_cert(BLOCK.findall(certificate)[0])


def hosts(names: Iterable[str | None]) -> list[str]:
    """Each once; None: whatever is asked for."""
    return sorted({one for one in names if one})


def proven(tls: Tls, hosts: Sequence[str], placed: Mapping[str, Any]) -> bool:
    """Whether it is the certificate that the proxy has, for the same hosts: expired or not, it keeps no update from its
    way, least of all one that goes back. `placed`: the outputs of components/certificate.py."""
    assert tls.certificate  # noqa: S101 - for the type checker; the caller has seen it
    return placed.get("fingerprint") == fingerprint(tls.certificate) and placed.get("hosts") == list(hosts)


def expiry(tls: Tls, placed: Mapping[str, Any], now: datetime) -> str:
    """What to warn of: that the certificate which the proxy has and keeps expires within SOON; "" for nothing."""
    kept = tls.certificate and placed.get("fingerprint") == fingerprint(tls.certificate)
    if not kept or not placed.get("until"):
        return ""
    until, gone = datetime.fromtimestamp(float(placed["until"]), UTC), now.timestamp() >= float(placed["until"])
    if until - now > SOON:
        return ""
    verb = "expired, and browsers turn users away, since" if gone else "expires on"
    return f"{verb} {until:%Y-%m-%d}. Set the renewed one, with its key."


def until(certificate: str) -> float:
    """When it expires, in seconds since 1970."""
    from cryptography import x509  # noqa: PLC0415 - see `problems`

    return x509.load_pem_x509_certificates(certificate.encode())[0].not_valid_after_utc.timestamp()


def problems(tls: Tls, hosts: Sequence[str], now: datetime) -> Iterator[tuple[str, str]]:
    """(key, sentence) for what keeps one's own certificate from being used for `hosts` at `now`, with its time zone."""
    # Loaded only for a certificate that was not proven before: it takes a fifth of a second.
    from cryptography import x509  # noqa: PLC0415
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    assert tls.certificate and tls.key  # noqa: S101 - for the type checker; the caller has seen it
    try:
        found = x509.load_pem_x509_certificates(tls.certificate.encode())[0]
    except ValueError:
        yield "certificate", "cannot be read. Set it as the authority gave it, those of its chain after it."
        return
    if now >= found.not_valid_after_utc:
        yield "certificate", f"expired on {found.not_valid_after_utc:%Y-%m-%d}. Set the renewed one, with its key."
    if now < found.not_valid_before_utc:
        yield "certificate", f"is not valid before {found.not_valid_before_utc:%Y-%m-%d}. Set one that is valid now."
    names = list(_names(found))
    for host in hosts:
        if not any(_covers(one, host) for one in names):
            yield "certificate", f"is for {', '.join(names) or 'no name'}, not for the host {host}. Set one that is."
    try:
        key = load_pem_private_key(tls.key.get_secret_value().encode(), password=None)
    except TypeError:
        yield "key", "is encrypted by a passphrase. Set it without one: openssl pkey -in key.pem"
    except (ValueError, UnsupportedAlgorithm):
        yield "key", "is no private key in PEM. Set the text from -----BEGIN to the end."
    else:
        if key.public_key() != found.public_key():
            yield "key", "is not the key of traffic.tls.certificate. Set both from the same order."


def _certificate_text(text: str) -> str:
    try:
        return str(yaml.safe_load(text)["tls"]["stores"]["default"]["defaultCertificate"]["certFile"])
    except (yaml.YAMLError, KeyError, TypeError):
        return ""


def _names(certificate: x509.Certificate) -> Iterator[str]:
    """The names that clients go by. Not the subject's, which they do not."""
    from cryptography import x509  # noqa: PLC0415

    try:
        told = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    yield from told.get_values_for_type(x509.DNSName)
    yield from map(str, told.get_values_for_type(x509.IPAddress))


def _covers(name: str, host: str) -> bool:
    """A wildcard stands for exactly one label: https://www.rfc-editor.org/rfc/rfc6125#section-6.4.3"""
    try:
        return ipaddress.ip_address(host) == ipaddress.ip_address(name)
    except ValueError:
        name, host = name.lower(), host.lower()
    return name == host or (name.startswith("*.") and name[1:] == host[host.find(".") :] and "." in host)
