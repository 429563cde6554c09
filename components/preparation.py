"""What happens in a slot before its next container is made: what is under way there ends, and `release.pre` runs.

A dynamic resource, one a slot, which the slot's container comes after. It works only where that container is to be
another one: a flip of the route costs nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from components import routefile
from components.daemon import EngineError
from components.job import Job
from components.routefile import Target
from components.slots import Slot
from components.wanted import targets_of

PREPARATION = "pulumi-python:dynamic/golive:Preparation"


@dataclass(frozen=True)
class Prepared:
    """What a slot shall be ready for: containers that are made from what `key` is the digest of.

    `target`: where the slot will be reached; `drain`: how long what is under way there may take, in seconds; `service`:
    the app's name, where there are several; `job`: what runs before them; `engine`: docker or swarm. `secret`: whether
    the key and the job are.
    """

    key: str
    slot: Slot
    target: Target
    proxy: str
    drain: int
    docker_host: str | None = None
    service: str = ""
    job: Job | None = None
    engine: str = "docker"
    secret: bool = False

    def props(self) -> dict[str, Any]:
        """As a resource's inputs."""
        hidden: Callable[[Any], Any] = pulumi.Output.secret if self.secret else lambda value: value
        return {
            "key": hidden(self.key),
            "slot": self.slot,
            "targets": {self.slot: dict(vars(self.target))},
            "proxy": self.proxy,
            "drain": self.drain,
            "dockerHost": self.docker_host or "",
            "service": self.service,
            "engine": self.engine,
            **({"job": hidden(self.job.props())} if self.job else {}),
        }

    @classmethod
    def of(cls, props: Mapping[str, Any]) -> Prepared:
        """From a resource's inputs, whose numbers the engine hands over as floats."""
        ((slot, target),) = targets_of(props).items()
        return cls(
            props["key"], slot, target, props["proxy"], int(props["drain"]), props.get("dockerHost") or None,
            props.get("service") or "", Job.of(props["job"]) if props.get("job") else None,
            props.get("engine") or "docker",
        )  # fmt: skip


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

    wanted, tell = Prepared.of(props), progress.teller(props.get("urn"))
    try:
        with _emptied(olds, wanted, tell):
            if wanted.job:
                wanted.job.run(tell, progress.teller(props.get("urn"), lasting=True))
    except EngineError as error:
        raise PreparationError(str(error)) from None
    # Of what was put in, only what the next time needs: the job has secrets.
    return {key: props[key] for key in ("key", "slot", "targets")}


@contextmanager
def _emptied(olds: Mapping[str, Any], wanted: Prepared, tell: Callable[[str], None]) -> Iterator[None]:
    """With nothing under way in the slot; the route is as it was again where anything fails."""
    from components.draining import drained  # noqa: PLC0415
    from components.swarm_proxy import proxy_on  # noqa: PLC0415

    proxy = proxy_on(wanted.engine, wanted.docker_host, wanted.proxy, wanted.service)
    try:
        present = proxy.present()
        reduced = _reduced(present, wanted.slot)
        try:
            if reduced != present:
                proxy.place(reduced)
            for target in targets_of(olds).values():
                drained(proxy, target, wanted.drain, tell)
            yield
        except BaseException:  # an interruption too
            if reduced != present:
                proxy.place(present)
            raise
    finally:
        proxy.close()


def _reduced(present: str, slot: Slot) -> str:
    """The route without a way to the slot; as it is where someone has broken it, which the next move mends."""
    try:
        return routefile.without(present, slot)
    except ValueError:
        return present


class Preparation(Resource, module="golive", name="Preparation"):
    """One slot's."""

    def __init__(self, name: str, wanted: Prepared, opts: pulumi.ResourceOptions | None = None) -> None:
        # As in components/route.py: the provider needs its name to show how far it is.
        urn = pulumi.create_urn(name, PREPARATION, opts.parent if opts else None).future()
        super().__init__(PreparationProvider(), name, {**wanted.props(), "urn": urn}, opts)
