"""What has to happen so that what the state knows becomes what the program wants."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from toolchain.docker_plugin.canonical import canonical, same
from toolchain.docker_plugin.properties import Property, Resource
from toolchain.docker_plugin.wire import contains_unknown

DEFAULTS = "__defaults"  # names of the inputs that this plugin filled in, as the official one records them
Way = Literal["add", "delete", "update"]


@dataclass(frozen=True)
class Change:
    """One property that differs, and whether that takes a new resource."""

    way: Way
    replaces: bool


@dataclass(frozen=True)
class Difference:
    """All changes by property, and whether the old resource must go before the new one comes."""

    changes: Mapping[str, Change]
    deleted_first: bool = False

    @property
    def replaces(self) -> list[str]:
        """The properties that take a new resource."""
        return [name for name, change in self.changes.items() if change.replaces]


def difference(
    resource: Resource,
    state: Mapping[str, Any],
    old_inputs: Mapping[str, Any],
    wanted: Mapping[str, Any],
    ignored: Collection[str] = (),
) -> Difference:
    """`state`: what was last seen of the resource; `wanted`: its new inputs. What is UNKNOWN counts as changed."""
    changes = {}
    for name, meant in resource.properties.items():
        if name not in ignored and (change := _change(meant, name, state, old_inputs, wanted)):
            changes[name] = change
    replaces = any(change.replaces for change in changes.values())
    same_name = "name" not in changes and "name" not in wanted.get(DEFAULTS, [])
    first = replaces and (resource.deleted_first or (resource.autonamed and same_name))
    return Difference(changes, first)


def _change(
    meant: Property, name: str, state: Mapping[str, Any], old_inputs: Mapping[str, Any], wanted: Mapping[str, Any]
) -> Change | None:
    old, new = state.get(name), wanted.get(name)
    if new is None and meant.computed:
        # the engine chose it, or the program asked for it before and does so no longer
        if name not in old_inputs or meant.update or same(meant, old_inputs[name], None):
            return None
        return Change("delete", replaces=not meant.update)
    if same(meant, old, new):
        return None
    taken_away = meant.lowers_only and not contains_unknown(new) and not canonical(meant, new)
    way: Way = "add" if old is None else "delete" if new is None else "update"
    return Change(way, replaces=not meant.update or taken_away)
