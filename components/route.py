"""The route as a resource: which slot the users reach, moved only once the new version is ready.

A dynamic resource: its provider runs in a process of its own, which the engine starts. What it does is in
components/move.py; here is when.

Source: https://www.pulumi.com/docs/iac/concepts/providers/dynamic-providers/
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult

from components.daemon import EngineError
from components.previous import ROUTE
from components.routefile import Served, route_file
from components.wanted import Wanted, targets_of

# What else is in the inputs is only how the move is made; a change of it moves nothing.
MATTERS = ("content", "live", "trial", "containers", "proxy", "proxyId", "dockerHost")


class RouteError(Exception):
    """The route did not move. The message says why, what runs now, and what to do next."""


class RouteProvider(ResourceProvider):
    """Writes the route file. Without state of its own, so that it is stored as a mere name."""

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Whether anything moves."""
        return DiffResult(changes=any(_olds.get(key) != _news.get(key) for key in MATTERS))

    def create(self, props: dict[str, Any]) -> CreateResult:
        """The first release. Raises RouteError."""
        return CreateResult(str(props["proxy"]), _moved(props, {}))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """The next one. Raises RouteError."""
        return UpdateResult(_moved(_news, _olds))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """The file as it is now, so that a change by hand is seen; "" where it is gone."""
        from components.proxy import Proxy  # noqa: PLC0415 - see below

        try:
            proxy = Proxy(props.get("dockerHost"), props["proxy"])
            try:
                return ReadResult(id_, {**_plain(props), "content": proxy.present()})
            finally:
                proxy.close()
        except EngineError as error:
            raise RouteError(str(error)) from None

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Nothing to do: the file goes with the proxy's volume."""


def _moved(props: Mapping[str, Any], olds: Mapping[str, Any]) -> dict[str, Any]:
    # Loaded only where the route moves: the program declares it, and most updates do not move it.
    from components import progress  # noqa: PLC0415
    from components.move import Move  # noqa: PLC0415
    from components.probe import Probe  # noqa: PLC0415
    from components.proxy import Proxy  # noqa: PLC0415

    wanted = Wanted.of(props)
    try:
        proxy = Proxy(wanted.docker_host, wanted.proxy)
        try:
            probe = Probe(wanted.url, wanted.host, wanted.timeout)
            tell = progress.teller(props.get("urn"))
            leaving = {slot: one for slot, one in targets_of(olds).items() if slot not in wanted.targets}
            Move(proxy, wanted, probe.ask, _last(olds), leaving, tell).run()
        finally:
            proxy.close()
    except EngineError as error:
        raise RouteError(str(error)) from None
    return {**_plain(props), "warmSince": _warm_since(props, olds)}


def _warm_since(props: Mapping[str, Any], olds: Mapping[str, Any]) -> float:
    """Since when the slot that is not live is of no use to anyone: from now on, or from where it was so before."""
    same = all(olds.get(key) == props.get(key) for key in ("live", "trial"))
    return float(olds.get("warmSince") or time.time()) if same else time.time()


def _last(olds: Mapping[str, Any]) -> str:
    """The file of the last update. Not its `content`: refresh puts there whatever it finds."""
    if not olds:
        return ""
    last = Wanted.of(olds)
    return route_file(Served(last.live, last.targets, last.host, last.versions, last.trial))


def _plain(props: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in props.items() if not key.startswith("__")}


class Route(Resource, module="golive", name="Route"):
    """The route of one stack. `props`: see Wanted. Out: what was put in, `content` and `live` among it."""

    live: pulumi.Output[str]
    content: pulumi.Output[str]

    def __init__(self, name: str, props: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        # The provider is not told under which name it works, and needs it to show how far it is. By way of a future, as
        # the output would make the parent, and with it this very resource, a dependency.
        urn = pulumi.create_urn(name, ROUTE, opts.parent if opts else None).future()
        super().__init__(RouteProvider(), name, {**props, "urn": urn}, opts)
