"""Requests that last, on the real proxy: each is seen while it is under way, and no change of the route ends it."""

from __future__ import annotations

import threading

import pytest

from components.move import drained
from components.proxy import Proxy
from components.routefile import SLOT_HEADER, Target, without
from tests.engine.lasting import KINDS, Lasting
from tests.engine.traffic.stage import Stage

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("kind", KINDS)
def test_a_slot_counts_as_drained_once_what_was_under_way_there_has_ended_and_not_before(
    stage: Stage, kind: str
) -> None:
    stage.slot("blue")
    outs = stage.create(stage.props("blue"))
    target, proxy = Target(f"{stage.stem}-blue", 8080, "/health"), Proxy(None, stage.proxy.name)
    try:
        with Lasting(stage.url, 5, (kind,)) as user:
            stage.slot("green")
            stage.update(outs, stage.props("green", "blue"))
            proxy.place(without(stage.file(), "blue"))
            assert user.ended == {}
            ended = threading.Event()
            waiting = threading.Thread(target=lambda: (drained(proxy, target, 60), ended.set()))
            waiting.start()
            assert not ended.wait(1)
            user.wait()
            assert ended.wait(5)
            waiting.join()
        assert user.ended == {kind: "whole"}
        assert proxy.connections(target.name, target.port) == 0
    finally:
        proxy.close()


@pytest.mark.parametrize("kind", KINDS)
def test_what_lasts_longer_than_the_patience_is_still_there_after_it(stage: Stage, kind: str) -> None:
    stage.slot("blue")
    outs = stage.create(stage.props("blue"))
    target, proxy = Target(f"{stage.stem}-blue", 8080, "/health"), Proxy(None, stage.proxy.name)
    try:
        with Lasting(stage.url, 8, (kind,)) as user:
            stage.slot("green")
            stage.update(outs, stage.props("green", drain=2))  # blue goes
            assert proxy.connections(target.name, target.port) == 1
        assert user.ended == {kind: "whole"}  # nothing but a stop of the container ends it
    finally:
        proxy.close()


def test_a_canary_that_grows_goes_live_and_is_taken_back_ends_nothing_that_is_under_way(stage: Stage) -> None:
    stage.slot("blue")
    stage.slot("green")
    outs = stage.create(stage.props("blue"))
    outs = stage.update(outs, stage.props("blue", "green", canary=10))
    with (
        Lasting(stage.url, 8, headers={SLOT_HEADER: "blue"}) as on_the_live,
        Lasting(stage.url, 8, headers={SLOT_HEADER: "green"}) as on_the_canary,
        Lasting(stage.url, 8) as anywhere,
    ):
        for share in (25, 50):
            outs = stage.update(outs, stage.props("blue", "green", canary=share))
        outs = stage.update(outs, stage.props("green", "blue"))
        outs = stage.update(outs, stage.props("blue", "green"))
        stage.update(outs, stage.props("blue", "green", served={"closed": 60}))  # maintenance
        assert (on_the_live.ended, on_the_canary.ended, anywhere.ended) == ({}, {}, {})
    whole = dict.fromkeys(KINDS, "whole")
    assert (on_the_live.ended, on_the_canary.ended, anywhere.ended) == (whole, whole, whole)


def test_an_upload_may_take_longer_than_the_minute_that_the_proxy_gives_it_by_default(stage: Stage) -> None:
    stage.slot("blue")
    stage.create(stage.props("blue"))
    with Lasting(stage.url, 63, ("upload",)) as user:
        pass
    assert user.ended == {"upload": "whole"}
