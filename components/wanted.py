"""What the route shall be, as plain data: a resource's inputs, there and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.routefile import Target
from components.slots import SLOTS, Slot, Trial
from components.way import EVERY_REQUEST, Way


@dataclass(frozen=True)
class Wanted:
    """What the route shall be: `content`, the file, which sends everyone to `live`, or those of `trial` to the other
    slot; and how to find out that it may.

    `versions` and `targets` by slot; `url`: the proxy from here; `successes` good answers in a row of each container,
    each within `timeout` s, all within `deadline` s. `proxy`: the name of its container. `closed`: nobody is let in.
    `drain`: how long what is under way in a slot that goes may take, in s. `way`: which requests are for the app;
    `key`: where the stack file says its version.
    """

    content: str
    live: Slot
    versions: Mapping[Slot, str]
    targets: Mapping[Slot, Target]
    proxy: str
    url: str
    way: Way = EVERY_REQUEST
    trial: Trial | None = None
    docker_host: str | None = None
    successes: int = 3
    timeout: int = 1
    deadline: int = 60
    drain: int = 30
    closed: bool = False
    key: str = "golive:version"
    engine: str = "docker"

    def props(self) -> dict[str, Any]:
        """As a resource's inputs. Nothing of it is secret."""
        return {
            "content": self.content,
            "live": self.live,
            "trial": self.trial.props() if self.trial else {},
            "versions": dict(self.versions),
            "targets": {slot: dict(vars(target)) for slot, target in self.targets.items()},
            "proxy": self.proxy,
            "url": self.url,
            **self.way.props(),
            "key": self.key,
            "dockerHost": self.docker_host or "",
            "gate": {
                "successes": self.successes, "timeout": self.timeout, "deadline": self.deadline, "drain": self.drain,
            },
            "closed": self.closed,
            "engine": self.engine,
        }  # fmt: skip

    @classmethod
    def of(cls, props: Mapping[str, Any]) -> Wanted:
        """From a resource's inputs, whose numbers the engine hands over as floats."""
        gate = {key: int(value) for key, value in props["gate"].items()}
        return cls(
            content=props["content"], live=props["live"], versions=props["versions"], targets=targets_of(props),
            proxy=props["proxy"], url=props["url"], way=Way.of(props), key=props.get("key") or cls.key,
            trial=Trial.of(props.get("trial")), closed=bool(props.get("closed")),
            engine=props.get("engine") or "docker",
            docker_host=props.get("dockerHost") or None, **gate,
        )  # fmt: skip


def targets_of(props: Mapping[str, Any]) -> dict[Slot, Target]:
    """The targets by slot, from a resource's inputs."""
    return {
        slot: Target(one["name"], int(one["port"]), one["health"], int(one["timeout"]), int(one.get("replicas") or 1))
        for slot in SLOTS
        if (one := (props.get("targets") or {}).get(slot))
    }
