"""What happens in a slot before its next container is made: what is under way there ends, and `release.pre` runs.

A dynamic resource, one a slot, which the slot's container comes after. It works only where that container is to be
another one: a flip of the route costs nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from components import routefile
from components.daemon import EngineError
from components.slots import SLOTS
from components.wanted import targets_of

PREPARATION = "pulumi-python:dynamic/golive:Preparation"


class PreparationError(Exception):
    """The slot is not ready for its next container. The message says why, and what to do next."""


class PreparationProvider(ResourceProvider):
    """Drains and prepares. Without state of its own, so that it is stored as a mere name."""

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Whether the slot's container is to be another one."""
        return DiffResult(changes=_olds.get("key") != _news.get("key"))

    def create(self, props: dict[str, Any]) -> CreateResult:
        """The slot was empty. Raises PreparationError."""
        return CreateResult(str(props["slot"]), _prepared({}, props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """The slot held another version. Raises PreparationError."""
        return UpdateResult(_prepared(_olds, _news))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Nothing to do: the container goes by itself."""


def _prepared(olds: Mapping[str, Any], props: Mapping[str, Any]) -> dict[str, Any]:
    # Loaded only where a slot gets another container: the program declares it, and most updates do not.
    from components import progress  # noqa: PLC0415
    from components.job import Job  # noqa: PLC0415

    tell = progress.teller(props.get("urn"))
    try:
        with _emptied(olds, props, tell):
            if job := props.get("job"):
                Job.of(job).run(tell, progress.teller(props.get("urn"), lasting=True))
    except EngineError as error:
        raise PreparationError(str(error)) from None
    # Of what was put in, only what the next time needs: the job has secrets.
    return {key: props[key] for key in ("key", "slot", "targets")}


@contextmanager
def _emptied(olds: Mapping[str, Any], props: Mapping[str, Any], tell: Callable[[str], None]) -> Iterator[None]:
    """With nothing under way in the slot; the route is as it was again where the block fails."""
    from components.move import drained  # noqa: PLC0415
    from components.proxy import Proxy  # noqa: PLC0415

    proxy = Proxy(props.get("dockerHost"), props["proxy"])
    try:
        present = proxy.present()
        reduced = _reduced(present, props["slot"])
        if reduced != present:
            proxy.place(reduced)
        for target in targets_of(olds).values():
            drained(proxy, target, float(props["drain"]), tell)
        try:
            yield
        except BaseException:
            if reduced != present:
                proxy.place(present)
            raise
    finally:
        proxy.close()


def _reduced(present: str, slot: str) -> str:
    """The route without a way to the slot; as it is where someone has broken it, which the next move mends."""
    try:
        return routefile.without(present, next(one for one in SLOTS if one == slot))
    except ValueError:
        return present


class Preparation(Resource, module="golive", name="Preparation"):
    """One slot's. `props`: key (what the container is made from), slot, targets, proxy, dockerHost, drain, job."""

    def __init__(self, name: str, props: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        # As in components/route.py: the provider needs its name to show how far it is.
        urn = pulumi.create_urn(name, PREPARATION, opts.parent if opts else None).future()
        super().__init__(PreparationProvider(), name, {**props, "urn": urn}, opts)
