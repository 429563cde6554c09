"""One's own certificate as a resource: a file that the proxy watches, so that a renewed one restarts nothing.

A dynamic resource, as the route is. The key is a secret input and no output: the state has it encrypted, and nothing
else has it but the proxy's volume, in a file of mode 600.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult

from components import tls
from components.daemon import EngineError
from components.sections import Tls

if TYPE_CHECKING:
    from components.proxy import Proxy  # at run time it is loaded where it is used

MATTERS = ("fingerprint", "proxy", "proxyId", "dockerHost")
MODE = 0o600
SERVED = 15.0  # seconds at most until the proxy shows it; it takes some 0.1 s
LOST = 3.0  # seconds without effect after which the file is put there again, as in components/move.py
PAUSE = 0.1
TIMEOUT = 5.0  # seconds for one handshake


class CertificateError(Exception):
    """The certificate is not in place. The message says why, and what to do next."""


class CertificateProvider(ResourceProvider):
    """Places the certificate. Without state of its own, so that it is stored as a mere name."""

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Whether it is another certificate, or another proxy."""
        return DiffResult(changes=any(_olds.get(key) != _news.get(key) for key in MATTERS))

    def create(self, props: dict[str, Any]) -> CreateResult:
        """The first one. Raises CertificateError."""
        return CreateResult(str(props["proxy"]), _placed(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """The renewed one. Raises CertificateError, and the one before is served."""
        return UpdateResult(_placed(_news))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Which one is there now, so that a change by hand is seen; fingerprint "" where none is."""
        with opened(props) as proxy:
            there = tls.fingerprint(tls.certificate_in(proxy.present()))
        return ReadResult(id_, {**_plain(props), "fingerprint": there})

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Takes the key off the proxy, if that is still there. Raises CertificateError."""
        with opened(_props) as proxy:
            if proxy.present():
                proxy.start(proxy.name)
                proxy.place(tls.NONE, MODE)


@contextmanager
def opened(props: Mapping[str, Any], file: str = tls.FILE) -> Iterator[Proxy]:
    """The proxy, and its `file`, for the block; what the engine refuses in it is a CertificateError."""
    from components.proxy import Proxy  # noqa: PLC0415 - see components/route.py

    try:
        proxy = Proxy(props.get("dockerHost"), props["proxy"], file=file)
        try:
            yield proxy
        finally:
            proxy.close()
    except EngineError as error:
        raise CertificateError(str(error)) from None


def _placed(props: Mapping[str, Any]) -> dict[str, Any]:
    content = str(props["content"])
    with opened(props) as proxy:
        proxy.start(proxy.name)
        before = proxy.present()
        proxy.place(content, MODE)
        try:
            _served(proxy, content, props)
        except BaseException:  # an interruption too
            proxy.place(before or tls.NONE, MODE)
            raise
    return {**_plain(props), "until": tls.until(tls.certificate_in(content))}


def _served(proxy: Proxy, content: str, props: Mapping[str, Any]) -> None:
    """Until the proxy shows it to those who connect. Raises EngineError."""
    wanted, begun = tls.leaf(tls.certificate_in(content)), time.monotonic()
    placed, said = begun, ""
    while (now := time.monotonic()) - begun < SERVED:
        try:
            if shown(props["url"], (props["hosts"] or [None])[0]) == wanted:
                return
            said = "it shows another certificate"
        except OSError as error:
            said = str(error) or type(error).__name__
        if now - placed >= LOST:
            proxy.place(content, MODE)
            placed = now
        time.sleep(PAUSE)
    lines = [f"  {line}" for line in proxy.last_words(proxy.name)]
    what = f"The proxy at {props['url']} does not show the certificate: {said}. What was there before is back."
    raise EngineError("\n".join([what, *(["Its last log lines:", *lines] if lines else [])]))


def shown(url: str, host: str | None) -> bytes:
    """The certificate, in DER, that a server shows first to who asks for `host`; trusted or not. Raises OSError."""
    import socket  # noqa: PLC0415
    import ssl  # noqa: PLC0415
    from urllib.parse import urlsplit  # noqa: PLC0415

    at = urlsplit(url)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((at.hostname, at.port), TIMEOUT) as plain,
        context.wrap_socket(plain, server_hostname=host or at.hostname) as encrypted,
    ):
        return encrypted.getpeercert(binary_form=True) or b""


def _plain(props: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in props.items() if not key.startswith("__") and key != "content"}


@dataclass(frozen=True)
class CertificateArgs:
    """`own`: certificate and key; `url`: where the proxy is reached from here, `hosts`: by which names.

    `proxy`, `proxy_id`: its container's name and id.
    """

    own: Tls
    url: str
    proxy: str
    proxy_id: pulumi.Input[str]
    hosts: Sequence[str] = ()
    docker_host: str | None = None

    def props(self) -> dict[str, Any]:
        """As a resource's inputs. The content, with the key in it, is secret."""
        assert self.own.certificate and self.own.key  # noqa: S101 - for the type checker; the settings have seen it
        content = tls.certificate_file(self.own.certificate, self.own.key.get_secret_value())
        return {
            "content": pulumi.Output.secret(content),
            "fingerprint": tls.fingerprint(self.own.certificate),
            "proxy": self.proxy,
            "proxyId": self.proxy_id,
            "dockerHost": self.docker_host or "",
            "url": self.url,
            "hosts": list(self.hosts),
        }


class Certificate(Resource, module="golive", name="Certificate"):
    """The certificate of one stack's proxy. Out: `fingerprint`."""

    fingerprint: pulumi.Output[str]

    def __init__(self, name: str, args: CertificateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(CertificateProvider(), name, args.props(), opts)
