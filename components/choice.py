"""Which version runs in which slot, and who gets it: decided by one pure function.

The live slot's container is never changed in place. What is new goes into the other slot, and the route moves once it
is ready; the slot that was live stays as it is, warm, to fall back on. In a trial the live slot stays live, and some of
the users get the other one: a growing share of them (a canary), or those of an experiment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from components.slots import SLOTS, Plan, Previous, Slot, Spec, Trial, other


@dataclass(frozen=True)
class Wish:
    """What the configuration asks for. `spec` None: what runs keeps running.

    `trial`: who is to get `spec` while it is not live; with `experiment`, who is to get that one beside `spec`.
    `keep_warm`: for how many seconds the slot that was live before is kept; None: until the next release. `key`: where
    the stack file says a word of the app, for messages.
    """

    spec: Spec | None
    trial: Trial | None = None
    experiment: Spec | None = None
    keep_warm: float | None = None
    key: Callable[[str], str] = field(default="golive:{}".format, compare=False)


class TrialError(ValueError):
    """What is wanted needs the slot of a trial, or cannot be compared with. The message says how to go on."""


def plan(previous: Previous, wish: Wish, now: float = 0) -> Plan:
    """Which slot gets what. Pure, and planning again moves nothing. `now`: in seconds since 1970.

    Raises TrialError where the slot that it needs is a trial's, which has users.
    """
    made = _placed(previous, wish)
    if previous.trial and any(made.slots[slot] != previous.slots.get(slot) for slot in made.slots):
        raise TrialError(_under_way(previous, previous.trial, wish.key))
    made = _without_warm(previous, made, wish.keep_warm, now)
    return replace(made, words=_words(previous, made))


def _placed(previous: Previous, wish: Wish) -> Plan:
    live, slots, wanted = previous.live, dict(previous.slots), wish.spec
    if wanted is None:
        return Plan(live, slots, previous.trial) if live else Plan(None, {})
    if live is None:  # nobody to compare a canary with: all of the users get it
        if wish.experiment:
            return Plan(SLOTS[0], {SLOTS[0]: wanted, SLOTS[1]: wish.experiment}, wish.trial)
        return Plan(SLOTS[0], {SLOTS[0]: wanted})
    second = other(live)
    if wish.experiment:
        return _compared(live, slots, wanted, wish)
    if wanted == slots[live]:
        return Plan(live, slots)
    # A second slot that holds it already is left as it is: only the route moves.
    slots[second] = wanted
    return Plan(live, slots, wish.trial) if wish.trial else Plan(second, slots)


def _compared(live: Slot, slots: dict[Slot, Spec], wanted: Spec, wish: Wish) -> Plan:
    """With an experiment beside `wanted`."""
    assert wish.experiment  # noqa: S101 - for the type checker; the caller has seen it
    second = other(live)
    if wanted == slots.get(second) and wish.experiment == slots[live]:
        return Plan(second, slots, wish.trial)  # the two change places
    if wanted != slots[live]:
        raise TrialError(_not_live(wanted, slots[live], wish.key))
    return Plan(live, {**slots, second: wish.experiment}, wish.trial)


def _without_warm(previous: Previous, made: Plan, keep: float | None, now: float) -> Plan:
    """Without the warm slot where it is not wanted, or was warm for long enough."""
    if not made.warm or keep is None:
        return made
    as_before = made.live == previous.live and not previous.trial and previous.warm_since
    if keep and not (as_before and now - previous.warm_since >= keep):
        return made
    return replace(made, slots={slot: spec for slot, spec in made.slots.items() if slot == made.live})


def _under_way(previous: Previous, trial: Trial, key: Callable[[str], str]) -> str:
    assert previous.live  # noqa: S101 - for the type checker: without one there is no trial
    live, tried = previous.slots[previous.live], previous.slots[other(previous.live)]
    if trial.experiment:
        return (
            f"an experiment with {tried.version} is under way ({trial.whom}), and its slot is needed. End it first: "
            f"delete {key('experiment')}, with {key('version')} {live.version} or {tried.version}."
        )
    return (
        f"a canary of {tried.version} has {trial.percent} % of the users, and its slot is needed. End it first: set "
        f"{key('version')} to {live.version} to take it back, or to {tried.version} with {key('canary')} 100 to keep "
        "it."
    )


def _not_live(wanted: Spec, live: Spec, key: Callable[[str], str]) -> str:
    changed = "its settings are other ones" if wanted.version == live.version else f"{live.version} is"
    return (
        f"{wanted.version} is not live, {changed}, and an experiment needs a live version to be compared with. "
        f"Release it first without {key('experiment')}, then set it again."
    )


def _words(previous: Previous, made: Plan) -> str:
    """`blue v1.4.0 live → warm, green v1.5.0 idle → live`."""
    said = [_slot_words(slot, previous, made) for slot in SLOTS if slot in made.slots or slot in previous.slots]
    return ", ".join(said) or "nothing runs"


def _role(slot: Slot, runs: Previous | Plan) -> str:
    if slot not in runs.slots or runs.live is None:
        return "idle"
    if slot == runs.live:
        return "live"
    return str(runs.trial) if runs.trial else "warm"


def _slot_words(slot: Slot, previous: Previous, made: Plan) -> str:
    before, after = previous.slots.get(slot), made.slots.get(slot)
    was, now = _role(slot, previous), _role(slot, made)
    if before and after and before.version != after.version:
        return f"{slot} {before.version} {was} → {after.version} {now}"
    version = (after or before or Spec("", "")).version
    settings = " with other settings" if before and after and before != after else ""
    moved = f"{was} → {now}" if was != now or settings else f"stays {now}"
    return f"{slot} {version} {moved}{settings}"
