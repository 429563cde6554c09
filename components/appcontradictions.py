"""What each value of an app allows and all together do not: pure checks, for the only app and for each of several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from components.appsections import Experiment, OneOfSeveral, Service
from components.complaints import Complaint

Path = tuple[str | int, ...]
ONLY_ALONE = ("image", "service", "experiment")  # what the stack says of its only service, and of none of several
WORKER = "worker"  # in the names of containers between a service's and its worker's


def app_contradictions(at: Path, service_at: Path, found: Mapping[str, Any]) -> Iterator[Complaint]:
    """(key path, sentence) for each. `found`: what could be read of the app, by the name in the stack file.

    `at`: where its keys are, `service_at`: where those are that say how it runs.
    """
    if isinstance(found.get("service"), Service):
        yield from _service(service_at, found["service"])
    if found.get("canary") not in {None, 100} and "version" in found and not found["version"]:
        yield (*at, "canary"), "is set without a version. Set the version that is to be tried, or delete it."
    if isinstance(found.get("experiment"), Experiment):
        yield from _experiment(at, found)
    if found.get("version") and "image" in found and not found["image"]:
        yield (*at, "image"), "is missing, though version is set. Set the image whose tag the version is."


def services_contradictions(found: Mapping[str, Any]) -> Iterator[Complaint]:
    """The same for each of several services, and for all of them together."""
    services: Mapping[str, OneOfSeveral] = found["services"]
    for word in ONLY_ALONE:
        given = found.get(word)
        if given and given != Service():
            yield (word,), "is of the only service, and golive:services has several. Move it below one of them."
    version, canary, traffic = found.get("version"), found.get("canary"), found.get("traffic")
    taken: dict[tuple[str | None, str | None], str] = {}
    for name, one in services.items():
        at = ("services", name)
        own = {"version": one.version or version, "image": one.image, "experiment": one.experiment, "service": one}
        # A canary of the whole stack is of those that have a version of their own or the stack's.
        yield from app_contradictions(at, at, {**own, "canary": one.canary or (canary if own["version"] else None)})
        way = (one.host or (traffic.host if traffic else None), one.path)
        if way in taken:
            yield at, f"is reached by the same host and path as {taken[way]}. Set another host or path in one of them."
        taken.setdefault(way, name)
        if name.endswith(f"-{WORKER}"):
            yield at, f"ends with -{WORKER}, as a worker of another service would be called. Choose another name."


def _service(at: Path, service: Service) -> Iterator[Complaint]:
    for name in service.secrets:
        if name in service.env:
            yield (*at, "secrets", name), f"is in {at[-1]}.env too. Rename or delete one of them."
    if service.health.successes + service.health.timeout > service.health.deadline:
        yield (
            (*at, "health", "deadline"),
            f"is too short for {service.health.successes} successes, one a second. Set a longer one.",
        )


def _experiment(at: Path, found: Mapping[str, Any]) -> Iterator[Complaint]:
    experiment: Experiment = found["experiment"]
    here = (*at, "experiment")
    if found.get("canary") not in {None, 100}:
        yield here, "is set beside canary. Keep one of them: there is one second slot."
    if "version" in found and not found["version"]:
        yield here, "is set without a version. Set the version that it is compared with."
    elif experiment.version == found.get("version"):
        yield (*here, "version"), "is the live version itself. Set the other one."
    if "@" in str(found.get("image") or ""):
        yield here, "needs an image whose tag is the version. Take the digest out of image."
    if sum(one is not None for one in (experiment.percent, experiment.header, experiment.cookie)) != 1:
        yield here, "must have exactly one of percent, header and cookie. Keep or set one."
    if (experiment.header or experiment.cookie) and not experiment.value:
        yield (*here, "value"), "is missing. Set the value of the header or cookie."
    if experiment.percent and experiment.value and not (experiment.header or experiment.cookie):
        yield (*here, "value"), "has no meaning beside percent. Delete it."
