"""What cannot be had on a swarm, and what only a swarm has: pure checks over sections that are right by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from components.appsections import Release, Service
from components.complaints import Complaint
from components.sections import Traffic

EVERYWHERE = "0.0.0.0"  # noqa: S104 - compared with, not bound


def on_a_swarm(sections: Mapping[str, Any]) -> Iterator[Complaint]:
    """(key path, sentence) for each, where golive:engine is swarm. `sections`: by the name in the stack file."""
    traffic, release = sections.get("traffic"), sections.get("release")
    if isinstance(traffic, Traffic) and traffic.address != EVERYWHERE:
        yield (
            ("traffic", "address"),
            f"is {traffic.address}, and a swarm publishes on every address of every node. Set it to {EVERYWHERE}, and "
            "see to it by a firewall who gets there.",
        )
    if isinstance(traffic, Traffic) and traffic.metrics.port:
        yield (
            ("traffic", "metrics", "port"),
            "is set, and on a swarm each node's proxy counts for itself alone. Delete it.",
        )
    if isinstance(traffic, Traffic) and traffic.tls:
        yield ("traffic", "tls"), "is set, and a swarm's proxies keep no certificates yet. Put a balancer before them."
    if sections.get("services"):
        yield ("services",), "is set, and a swarm's proxies read one route. Make a stack for each service."
    if isinstance(release, Release) and "drain" in release.model_fields_set:
        yield (
            ("release", "drain"),
            "is set, and the connections of a swarm's nodes cannot be counted from here. Delete it: "
            "golive:service.stopTimeout is how long they may take.",
        )


def on_one_engine(sections: Mapping[str, Any]) -> Iterator[Complaint]:
    """The same where it is not."""
    named = [(("services", name), one) for name, one in (sections.get("services") or {}).items()]
    for at, service in [(("service",), sections.get("service")), *named]:
        for field in ("placement", "parallelism"):
            if isinstance(service, Service) and field in service.model_fields_set:
                yield (*at, field), "is set, and only a swarm has nodes to choose from. Set golive:engine: swarm."
