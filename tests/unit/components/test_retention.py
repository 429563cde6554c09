from hypothesis import given
from hypothesis import strategies as some

from components.retention import Kept

REFERENCES = some.sampled_from([f"shop:v{number}" for number in range(8)])


def test_the_versions_that_were_live_are_kept_newest_first_up_to_so_many():
    kept, gone = Kept(["shop:v3", "shop:v2", "shop:v1"]).after("shop:v4", ["shop:v4", "shop:v3"], 3)
    assert (kept.live, gone) == (["shop:v4", "shop:v3", "shop:v2"], ["shop:v1"])


def test_going_back_makes_an_older_version_the_newest_and_removes_none():
    kept, gone = Kept(["shop:v3", "shop:v2", "shop:v1"]).after("shop:v1", ["shop:v1", "shop:v3"], 3)
    assert (kept.live, gone) == (["shop:v1", "shop:v3", "shop:v2"], [])


def test_a_version_that_was_never_live_goes_as_soon_as_it_has_left_its_slot():
    canary, gone = Kept(["shop:v1"]).after("shop:v1", ["shop:v1", "shop:v2"], 5)
    assert (canary, gone) == (Kept(["shop:v1"], ["shop:v2"]), [])
    assert canary.after("shop:v1", ["shop:v1", "shop:v3"], 5) == (Kept(["shop:v1"], ["shop:v3"]), ["shop:v2"])
    assert Kept(["shop:v1"]).after("shop:v2", ["shop:v2"], 5, seen=["shop:v1", "broken:v0"])[1] == ["broken:v0"]


@given(some.lists(REFERENCES, unique=True), some.lists(REFERENCES, unique=True), REFERENCES, REFERENCES,
       some.integers(2, 5))  # fmt: skip
def test_what_runs_and_what_it_took_over_from_are_never_removed(live, others, now, second, retain):
    kept, gone = Kept(live, others).after(now, [now, second], retain)
    assert not {now, second, *live[:1]} & set(gone)
    assert {*kept.live, *kept.others, *gone} == {*live, *others, now, second}
    assert not {*kept.live, *kept.others} & set(gone)
    assert len(kept.live) <= retain
