"""Which images stay on the Docker engine: those that a rollback in reach needs. Older ones of the app go.

Only what came from a registry goes, since it can be had again; an image that was built on the engine stays for ever.
Containers need no such care: an app has two slots, and what is in neither is gone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from components.daemon import EngineError
from components.slots import Plan, Previous


@dataclass(frozen=True)
class Kept:
    """The images of one app, by their whole references. `live`: those that were live, the newest first.

    `others`: those that are there beside them, such as a version that never became ready.
    """

    live: Sequence[str] = ()
    others: Sequence[str] = ()

    def after(
        self, live: str | None, slots: Collection[str], retain: int, seen: Collection[str] = ()
    ) -> tuple[Kept, list[str]]:
        """What is kept now that `live` is live and `slots` hold these, and what goes.

        `retain`: how many that were live; `seen`: what else was put into a slot by an update that failed.
        """
        been = [one for one in self.live if one != live]
        reached = [*([live] if live else []), *been][:retain]
        others = [one for one in dict.fromkeys(slots) if one not in reached]
        gone = [one for one in dict.fromkeys([*self.live, *self.others, *seen]) if one not in (*reached, *others)]
        return Kept(reached, others), gone


class RetentionError(Exception):
    """An image could not be removed. The message says why, and what to do next."""


class RetentionProvider(ResourceProvider):
    """Removes images. Without state of its own, so that it is stored as a mere name."""

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Whether anything was released, or is to be kept for longer or shorter."""
        return DiffResult(changes=_olds.get("apps") != _news.get("apps"))

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Of a new stack: there is nothing to remove."""
        return CreateResult("images", _retained({}, props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """After a release. Raises RetentionError."""
        return UpdateResult(_retained(_olds, _news))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Nothing to do: `pulumi destroy` leaves the images to whoever needs them next."""


def _retained(olds: Mapping[str, Any], props: Mapping[str, Any]) -> dict[str, Any]:
    before, kept, gone = olds.get("kept") or {}, {}, list[str]()
    for name, app in props["apps"].items():
        known = Kept(**(before.get(name) or {}))
        now, left = known.after(app["live"] or None, app["slots"], int(app["retain"]), props["seen"].get(name, ()))
        kept[name] = {"live": [*now.live], "others": [*now.others]}
        gone += left
    needed = {one for app in kept.values() for one in (*app["live"], *app["others"])}
    if removed := [one for one in gone if one not in needed]:  # another app of the stack may have the same image
        _remove(props.get("dockerHost") or None, removed)
    return {**{key: props[key] for key in ("apps", "dockerHost")}, "kept": kept}


def _remove(host: str | None, references: Collection[str]) -> None:
    from docker.errors import APIError, DockerException, ImageNotFound  # noqa: PLC0415 - see components/daemon.py

    from components.daemon import client, unreachable  # noqa: PLC0415

    docker = client(host)
    try:
        for reference in references:
            try:
                if docker.images.get(reference).attrs.get("RepoDigests"):
                    docker.images.remove(reference)
            except ImageNotFound:
                continue
            except APIError as error:
                if not _in_use(error):
                    raise
    except EngineError as error:
        raise RetentionError(str(error)) from None
    except APIError as error:
        raise RetentionError(f"An image could not be removed: {error.explanation or error}") from None
    except (DockerException, OSError) as error:
        raise RetentionError(str(unreachable(host, error))) from None
    finally:
        docker.close()


def _in_use(error: Any) -> bool:
    """A container of someone else's has the image: it is theirs to remove.

    Source: https://docs.docker.com/reference/api/engine/ (images: delete, 409)
    """
    return bool(error.status_code == 409)  # noqa: PLR2004


@dataclass(frozen=True)
class RetentionArgs:
    """By app: its `plans`, what was there `before`, and of how many live versions to `retain` the images.

    `docker_host`: as in golive:docker.
    """

    plans: Mapping[str, Plan]
    before: Mapping[str, Previous]
    retain: Mapping[str, int]
    docker_host: str | None = None


class Retention(Resource, module="golive", name="Retention"):
    """The images of all apps."""

    def __init__(self, name: str, args: RetentionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        apps = {
            app: {
                "live": plan.slots[plan.live].image if plan.live else "",
                "slots": sorted(spec.image for spec in plan.slots.values()),
                "retain": args.retain[app],
            }
            for app, plan in args.plans.items()
        }
        seen = {app: sorted(one.images) for app, one in args.before.items()}  # of no account while nothing is released
        props = {"apps": apps, "seen": seen, "dockerHost": args.docker_host or ""}
        super().__init__(RetentionProvider(), name, props, opts)
