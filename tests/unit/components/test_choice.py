import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as some

from components import choice
from components.choice import TrialError, Wish
from components.slots import SLOTS, Plan, Previous, Spec, Trial, other

V1, V2, V3 = (Spec(version, f"shop:{version}") for version in ("v1", "v2", "v3"))
TRIALS = [Trial(10), Trial(50), Trial(50, experiment=True), Trial(header="X-Group", value="b", experiment=True)]
SPECS = some.builds(
    Spec,
    version=some.sampled_from(["v1", "v2", "v3"]),
    image=some.sampled_from(["shop:v1", "shop:v2"]),
    env=some.dictionaries(some.sampled_from("AB"), some.sampled_from("xy")),
    secrets=some.dictionaries(some.sampled_from("CD"), some.sampled_from("xy")),
    command=some.sampled_from([(), ("serve",)]),
    memory=some.sampled_from([None, 64]),
)


@some.composite
def befores(draw):
    """What can be there: nothing, or a live slot and perhaps a warm one, which may be a canary."""
    live = draw(some.sampled_from([None, *SLOTS]))
    if live is None:
        return Previous()
    slots = {live: draw(SPECS)}
    if draw(some.booleans()):
        slots[other(live)] = draw(SPECS)
        return Previous(live, slots, draw(some.sampled_from([None, None, *TRIALS])))
    return Previous(live, slots)


def after(made: Plan, now: float = 0) -> Previous:
    return Previous(made.live, made.slots, made.trial, now)


def plan(before: Previous, wanted: Spec | None, share: int = 100) -> Plan:
    """With a canary's share, as the configuration says it."""
    return choice.plan(before, Wish(wanted, Trial(share) if share < 100 else None))


def possible(before: Previous, wanted: Spec | None, share: int = 100) -> Plan:
    """The plan; what is refused is no case of the test."""
    try:
        return plan(before, wanted, share)
    except TrialError:
        reject()


def test_the_first_release_goes_to_blue():
    made = plan(Previous(), V1)
    assert (made.live, made.slots, made.warm) == ("blue", {"blue": V1}, None)
    assert made.words == "blue v1 idle → live"


def test_without_a_version_nothing_runs_where_nothing_ran():
    made = plan(Previous(), None)
    assert (made.live, made.slots, made.words) == (None, {}, "nothing runs")


def test_a_new_version_goes_to_the_idle_slot_and_the_old_one_stays_warm():
    made = plan(Previous("blue", {"blue": V1}), V2)
    assert (made.live, made.slots, made.warm) == ("green", {"blue": V1, "green": V2}, "blue")
    assert made.words == "blue v1 live → warm, green v2 idle → live"


def test_a_new_version_takes_the_place_of_the_warm_one_never_of_the_live_one():
    made = plan(Previous("green", {"blue": V1, "green": V2}), V3)
    assert (made.live, made.slots) == ("blue", {"blue": V3, "green": V2})
    assert made.words == "blue v1 warm → v3 live, green v2 live → warm"


def test_the_warm_version_again_only_moves_the_route():
    made = plan(Previous("green", {"blue": V1, "green": V2}), V1)
    assert (made.live, made.slots) == ("blue", {"blue": V1, "green": V2})
    assert made.words == "blue v1 warm → live, green v2 live → warm"


def test_the_live_version_again_moves_nothing():
    made = plan(Previous("green", {"blue": V1, "green": V2}), V2)
    assert (made.live, made.slots) == ("green", {"blue": V1, "green": V2})
    assert made.words == "blue v1 stays warm, green v2 stays live"


def test_other_settings_with_the_same_version_are_a_release_too():
    changed = Spec("v1", "shop:v1", env={"LOG_LEVEL": "debug"})
    made = plan(Previous("blue", {"blue": V1}), changed)
    assert (made.live, made.slots) == ("green", {"blue": V1, "green": changed})


CANARY = Previous("blue", {"blue": V1, "green": V2}, Trial(10))


def test_a_canary_goes_to_the_idle_slot_and_the_live_one_stays_live():
    made = plan(Previous("blue", {"blue": V1}), V2, 10)
    assert (made.live, made.slots, made.trial) == ("blue", {"blue": V1, "green": V2}, Trial(10))
    assert (made.tried, made.warm) == ("green", None)
    assert made.words == "blue v1 stays live, green v2 idle → canary 10 %"


@pytest.mark.parametrize("share", [5, 25, 99])
def test_a_share_is_raised_and_lowered_without_a_container(share):
    made = plan(CANARY, V2, share)
    assert (made.live, made.slots, made.trial) == ("blue", CANARY.slots, Trial(share))
    assert made.words == f"blue v1 stays live, green v2 canary 10 % → canary {share} %"


def test_a_canary_with_all_of_the_users_is_live():
    made = plan(CANARY, V2, 100)
    assert (made.live, made.slots, made.trial, made.warm) == ("green", CANARY.slots, None, "blue")
    assert made.words == "blue v1 live → warm, green v2 canary 10 % → live"


def test_a_canary_is_taken_back_by_the_live_version_whatever_the_share():
    made = plan(CANARY, V1, 10)
    assert (made.live, made.slots, made.trial, made.warm) == ("blue", CANARY.slots, None, "green")
    assert made.words == "blue v1 stays live, green v2 canary 10 % → warm"


def test_the_warm_version_can_be_a_canary():
    made = plan(Previous("green", {"blue": V1, "green": V2}), V1, 25)
    assert (made.live, made.trial, made.tried) == ("green", Trial(25), "blue")
    assert made.words == "blue v1 warm → canary 25 %, green v2 stays live"


def test_a_canary_with_nobody_to_compare_with_gets_everyone():
    made = plan(Previous(), V1, 10)
    assert (made.live, made.trial, made.words) == ("blue", None, "blue v1 idle → live")


@pytest.mark.parametrize("share", [10, 100])
def test_a_canarys_slot_is_not_taken_from_its_users(share):
    with pytest.raises(TrialError) as error:
        plan(CANARY, V3, share)
    assert str(error.value) == (
        "a canary of v2 has 10 % of the users, and its slot is needed. End it first: set golive:version to v1 to take "
        "it back, or to v2 with golive:canary 100 to keep it."
    )


def test_without_a_version_a_canary_keeps_its_share():
    made = plan(CANARY, None)
    assert (made.live, made.slots, made.trial) == ("blue", CANARY.slots, Trial(10))
    assert made.words == "blue v1 stays live, green v2 stays canary 10 %"


SHARES = some.sampled_from([1, 10, 50, 100])


@given(befores(), some.none() | SPECS, SHARES)
def test_the_slot_that_is_live_is_never_changed_in_place(before, wanted, share):
    if before.live:
        assert possible(before, wanted, share).slots[before.live] == before.slots[before.live]


@given(befores(), some.none() | SPECS, SHARES)
def test_no_slot_with_users_is_ever_changed_in_place(before, wanted, share):
    made = possible(before, wanted, share)
    if before.trial:
        assert made.slots == before.slots


@given(befores(), SPECS, SHARES)
def test_what_is_wanted_gets_users(before, wanted, share):
    made = possible(before, wanted, share)
    assert made.live
    if share == 100:
        assert made.slots[made.live] == wanted
    assert wanted in (made.slots[made.live], made.slots.get(made.tried))


@given(befores(), some.none() | SPECS, SHARES)
def test_planning_again_moves_nothing(before, wanted, share):
    made = possible(before, wanted, share)
    again = plan(after(made), wanted, share)
    assert again == made
    assert "→" not in again.words


@given(befores(), some.none() | SPECS, SHARES)
def test_an_update_that_failed_before_the_route_moved_is_planned_the_same_again(before, wanted, share):
    assert possible(before, wanted, share) == possible(before, wanted, share)


@given(befores())
def test_no_version_keeps_what_runs(before):
    made = plan(before, None)
    assert (made.live, made.slots, made.trial) == (before.live, before.slots, before.trial)


@given(befores(), SPECS, SPECS)
def test_back_to_the_version_before_costs_no_container(before, first, second):
    one = possible(before, first)
    two = plan(after(one), second)
    back = plan(after(two), first)
    assert back.slots == two.slots


@given(befores(), SHARES, SPECS)
def test_a_canary_can_always_be_ended(before, share, wanted):
    if before.live:
        live = before.slots[before.live]
        assert plan(before, live, share).trial is None
        assert plan(after(plan(before, live, share)), wanted, 100).trial is None


GROUP = Trial(header="X-Group", value="b", experiment=True)
HALF = Trial(50, experiment=True)


def compare(before: Previous, wanted: Spec | None, other_one: Spec, trial: Trial = HALF) -> Plan:
    return choice.plan(before, Wish(wanted, trial, other_one))


def test_an_experiment_goes_beside_the_live_version():
    made = compare(Previous("blue", {"blue": V1}), V1, V2, GROUP)
    assert (made.live, made.slots, made.trial) == ("blue", {"blue": V1, "green": V2}, GROUP)
    assert made.words == "blue v1 stays live, green v2 idle → experiment X-Group: b"


def test_the_first_release_may_have_an_experiment_at_once():
    made = compare(Previous(), V1, V2)
    assert (made.live, made.slots, made.trial) == ("blue", {"blue": V1, "green": V2}, HALF)
    assert made.words == "blue v1 idle → live, green v2 idle → experiment 50 %"


def test_an_experiment_ends_with_either_version_and_without_a_container():
    under_way = Previous("blue", {"blue": V1, "green": V2}, GROUP)
    kept, taken_back = plan(under_way, V2), plan(under_way, V1)
    assert (kept.live, kept.slots, kept.trial) == ("green", under_way.slots, None)
    assert (taken_back.live, taken_back.slots, taken_back.trial) == ("blue", under_way.slots, None)


def test_the_two_versions_of_an_experiment_may_change_places():
    under_way = Previous("blue", {"blue": V1, "green": V2}, GROUP)
    made = compare(under_way, V2, V1, GROUP)
    assert (made.live, made.slots) == ("green", under_way.slots)


def test_an_experiment_needs_a_live_version_to_be_compared_with():
    with pytest.raises(TrialError, match=r"^v3 is not live, v1 is, and an experiment needs a live version"):
        compare(Previous("blue", {"blue": V1}), V3, V2)


def test_the_slot_of_an_experiment_is_not_taken_from_its_users():
    under_way = Previous("blue", {"blue": V1, "green": V2}, GROUP)
    with pytest.raises(TrialError, match=r"an experiment with v2 is under way \(X-Group: b\)"):
        plan(under_way, V3)
    with pytest.raises(TrialError, match="an experiment with v2 is under way"):
        compare(under_way, V1, V3)


WARM = Previous("green", {"blue": V1, "green": V2}, None, 1000)


def test_the_version_before_is_not_kept_where_nobody_wants_it():
    made = choice.plan(Previous("blue", {"blue": V1}), Wish(V2, keep_warm=0))
    assert (made.live, made.slots) == ("green", {"green": V2})
    assert made.words == "blue v1 live → idle, green v2 idle → live"


@pytest.mark.parametrize(("now", "slots"), [(1059, {"blue": V1, "green": V2}), (1060, {"green": V2})])
def test_the_version_before_is_kept_as_long_as_it_was_asked_for(now, slots):
    assert choice.plan(WARM, Wish(V2, keep_warm=60), now).slots == slots


def test_a_version_that_has_just_become_warm_is_kept_however_old_the_one_before_was():
    assert choice.plan(WARM, Wish(V1, keep_warm=60), 9999).slots == {"blue": V1, "green": V2}


@given(befores(), SPECS, SPECS, some.sampled_from(TRIALS), some.sampled_from([None, 0, 60]))
def test_an_experiment_planned_again_moves_nothing(before, wanted, other_one, trial, keep):
    assume(wanted != other_one)
    wish = Wish(wanted, trial, other_one, keep)
    try:
        made = choice.plan(before, wish)
    except TrialError:
        reject()
    again = choice.plan(after(made), wish)
    assert again == made
    assert "→" not in again.words


@given(befores(), SPECS, some.sampled_from([0, 60]), some.integers(0, 10**6))
def test_no_slot_with_users_goes_because_of_its_age(before, wanted, keep, now):
    made = choice.plan(before, Wish(wanted if not before.trial else None, keep_warm=keep), now)
    if before.trial:
        assert made.slots == before.slots
    assert made.live in made.slots
