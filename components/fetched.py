"""Whether the proxy has fetched its certificate, as a resource: an update says so where it has not, and asks it again.

The proxy fetches by itself, once the route names the host. It tries again only when it is told of something new. What
keeps it from it (a name that leads elsewhere, a firewall) is no reason to fail a release, and none to be silent.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pulumi
import yaml
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from components.certificate import opened, shown

if TYPE_CHECKING:
    from components.proxy import Proxy

FETCHED = "pulumi-python:dynamic/golive:Fetched"
MATTERS = ("host", "server", "proxy", "proxyId", "dockerHost")
MAKESHIFT = b"TRAEFIK DEFAULT CERT"  # whom the proxy's own certificate is from, which it shows while it has no other
PATIENCE = 30.0  # seconds
PAUSE = 0.5


class FetchedProvider(ResourceProvider):
    """Looks, and has the proxy try again where it failed before. Without state of its own."""

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Whether there is something to look at: as long as the certificate is not there, always."""
        return DiffResult(changes=not _olds.get("there") or any(_olds.get(key) != _news.get(key) for key in MATTERS))

    def create(self, props: dict[str, Any]) -> CreateResult:
        """The route has just named the host. Raises CertificateError where the engine cannot be asked."""
        return CreateResult(str(props["proxy"]), _looked(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Another proxy, or another try. Raises CertificateError as `create`."""
        return UpdateResult(_looked(_news, again=not _olds.get("there")))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Nothing to do: what was fetched goes with its volume."""


def _looked(props: Mapping[str, Any], *, again: bool = False) -> dict[str, Any]:
    from components import progress  # noqa: PLC0415 - see components/route.py

    number = hashlib.sha256(props["host"].encode()).hexdigest()[:8]
    with opened(props, f"again-{number}.yml") as proxy:
        if again and not _there(props):
            proxy.place(_news(number, time.time()))
        progress.teller(props.get("urn"))(f"waiting for a certificate for {props['host']}")
        begun = time.monotonic()
        while not (there := _there(props)) and time.monotonic() - begun < PATIENCE:
            time.sleep(PAUSE)
        if not there:
            progress.teller(props.get("urn"), warning=True)(warning(props["host"], _reason(proxy)))
    return {**{key: value for key, value in props.items() if not key.startswith("__")}, "there": there}


def warning(host: str, reason: str) -> str:
    """What a person is told. `reason`: the proxy's own words, "" for none."""
    said = f" The proxy says: {reason}" if reason else ""
    return (
        f"No certificate for {host} has been fetched within {PATIENCE:.0f} s, and users are shown one that nobody "
        f"trusts.{said} See to it that {host} leads to the Docker host and its port 443 to traffic.tls.port, then run "
        "pulumi up again."
    )


def _there(props: Mapping[str, Any]) -> bool:
    try:
        return MAKESHIFT not in shown(props["url"], props["host"])
    except OSError:
        return False


def _reason(proxy: Proxy) -> str:
    return next((line for line in reversed(proxy.last_words(proxy.name)) if "ACME" in line), "")


def _news(number: str, now: float) -> str:
    """Something new of no consequence: a middleware that no router has."""
    nothing = {"headers": {"customResponseHeaders": {"X-Again": f"{now:.0f}"}}}
    return yaml.safe_dump({"http": {"middlewares": {f"again-{number}": nothing}}})


class Fetched(Resource, module="golive", name="Fetched"):
    """One host's. `props`: url, host, server, proxy, proxyId, dockerHost. Out: `there`."""

    there: pulumi.Output[bool]

    def __init__(self, name: str, props: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        # As in components/route.py: the provider needs its name to say something.
        urn = pulumi.create_urn(name, FETCHED, opts.parent if opts else None).future()
        super().__init__(FetchedProvider(), name, {**props, "urn": urn, "there": None}, opts)
