"""The route as a resource: which slot the users reach, moved only once the new version is ready.

A dynamic resource: its provider runs in a process of its own, which the engine starts. What it does is in
components/move.py; here is when.

Source: https://www.pulumi.com/docs/iac/concepts/providers/dynamic-providers/
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult

from components.daemon import EngineError
from components.previous import ROUTE
from components.routefile import Served, route_file
from components.slots import Slot
from components.wanted import Wanted, targets_of

if TYPE_CHECKING:
    from components.probe import Answer
    from components.progress import Tell
    from components.proxy import Proxy

    Ask = Callable[[str, Slot | None], Answer]

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
        from components.swarm_proxy import proxy_on  # noqa: PLC0415 - see below

        try:
            proxy = proxy_on(
                props.get("engine", ""), props.get("dockerHost"), props["proxy"], props.get("service") or ""
            )
            try:
                return ReadResult(id_, {**_plain(props), "content": proxy.present()})
            finally:
                proxy.close()
        except EngineError as error:
            raise RouteError(str(error)) from None

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """The app goes: nobody is sent there any more, and what is under way comes to its end. Raises RouteError."""
        from components.draining import withdrawn  # noqa: PLC0415 - see below

        last = Wanted.of(_props)
        with _at_the_proxy(_props, last) as (proxy, ask, tell):
            withdrawn(proxy, last, ask, tell)


def _moved(props: Mapping[str, Any], olds: Mapping[str, Any]) -> dict[str, Any]:
    from components.move import Move  # noqa: PLC0415 - see below

    wanted = Wanted.of(props)
    leaving = {slot: one for slot, one in targets_of(olds).items() if slot not in wanted.targets}
    with _at_the_proxy(props, wanted) as (proxy, ask, tell):
        Move(proxy, wanted, ask, _last(olds), leaving, tell).run()
    return {**_plain(props), "warmSince": _warm_since(props, olds)}


@contextmanager
def _at_the_proxy(props: Mapping[str, Any], wanted: Wanted) -> Iterator[tuple[Proxy, Ask, Tell]]:
    """What a move needs. Raises RouteError for the engine's refusals."""
    # Loaded only where the route moves: the program declares it, and most updates do not move it.
    from components import progress  # noqa: PLC0415
    from components.probe import Probe  # noqa: PLC0415
    from components.swarm_proxy import proxy_on  # noqa: PLC0415

    try:
        proxy = proxy_on(wanted.engine, wanted.docker_host, wanted.proxy, wanted.way.service)
        try:
            yield proxy, Probe(wanted.url, wanted.way, wanted.timeout).ask, progress.teller(props.get("urn"))
        finally:
            proxy.close()
    except EngineError as error:
        raise RouteError(str(error)) from None


def _warm_since(props: Mapping[str, Any], olds: Mapping[str, Any]) -> float:
    """Since when the slot that is not live is of no use to anyone: from now on, or from where it was so before."""
    same = all(olds.get(key) == props.get(key) for key in ("live", "trial"))
    return float(olds.get("warmSince") or time.time()) if same else time.time()


def _last(olds: Mapping[str, Any]) -> str:
    """The file of the last update. Not its `content`: refresh puts there whatever it finds."""
    if not olds:
        return ""
    last = Wanted.of(olds)
    return route_file(Served(last.live, last.targets, last.way, last.versions, last.trial))


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
