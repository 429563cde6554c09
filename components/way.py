"""Which requests are for an app, in the proxy's words. Pure.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/routing/rules-and-priority/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SLOT_HEADER = "X-Golive-Slot"  # asked: which slot; answered: which slot it was
SERVICE_HEADER = "X-Golive-Service"  # asked: the health path of which service, wherever its users reach it
STEP = 2000  # more than the priorities of one app's routers differ by
LONGEST = 1000  # characters of a path that count


@dataclass(frozen=True)
class Way:
    """`host`: only requests with this host name, `path`: with this path or one below it; None: all.

    `service`: the name of the app, where the stack has several.
    """

    host: str | None = None
    path: str | None = None
    service: str = ""

    def rule(self, *healths: str) -> str:
        """For a router. By the service's name its health paths are reached, too, where they are not below `path`."""
        parts = [f"Host(`{self.host}`)"] if self.host else []
        if self.path:
            asked = sorted({f"Path(`{one.partition('?')[0]}`)" for one in healths})
            health = [f"({one} && Header(`{SERVICE_HEADER}`, `{self.service}`))" for one in asked]
            below = [f"Path(`{self.path}`)", f"PathPrefix(`{self.path}/`)", *health]
            parts.append(f"({' || '.join(below)})")
        return " && ".join(parts) or "PathPrefix(`/`)"

    @property
    def priority(self) -> int:
        """What comes on top of a router's own: the closer an app describes its requests, the sooner it gets them."""
        return STEP * ((LONGEST if self.host else 0) + min(len(self.path or ""), LONGEST - 1))

    @property
    def headers(self) -> dict[str, str]:
        """By which a request for the app's health path gets there."""
        return {**({"Host": self.host} if self.host else {}), **({SERVICE_HEADER: self.service} if self.path else {})}

    def props(self) -> dict[str, str]:
        """As a resource's inputs."""
        return {"host": self.host or "", "path": self.path or "", "service": self.service}

    @classmethod
    def of(cls, props: Mapping[str, Any]) -> Way:
        """From a resource's inputs."""
        return cls(props.get("host") or None, props.get("path") or None, props.get("service") or "")


EVERY_REQUEST = Way()
