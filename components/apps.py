"""From what the stack file says to the apps of the stack: the only one, or several by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.appsections import App, OneOfSeveral
from components.sections import Traffic

WHOLE = 100  # percent


def apps(found: Mapping[str, Any]) -> dict[str, App]:
    """By name, "" for the only one. `found`: the sections and words of the stack file, by their keys."""
    several: Mapping[str, OneOfSeveral] = found["services"]
    if several:
        return {name: _one_of_several(name, one, found) for name, one in several.items()}
    traffic: Traffic = found["traffic"]
    return {
        "": App(
            version=found["version"],
            image=found["image"] or "",
            canary=found["canary"] or WHOLE,
            service=found["service"],
            release=found["release"],
            experiment=found["experiment"],
            maintenance=found["maintenance"],
            host=traffic.host,
            engine=found["engine"] or "docker",
        )
    }


def _one_of_several(name: str, one: OneOfSeveral, found: Mapping[str, Any]) -> App:
    """What it does not say itself is as the stack says it for all."""
    return App(
        name=name,
        version=one.version or found["version"],
        image=one.image,
        canary=one.canary or found["canary"] or WHOLE,
        service=one,
        release=one.release or found["release"],
        experiment=one.experiment,
        maintenance=one.maintenance or found["maintenance"],
        host=one.host or found["traffic"].host,
        path=one.path,
        engine=found["engine"] or "docker",
    )
