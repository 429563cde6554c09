import pytest
from hypothesis import given
from hypothesis import strategies as some

from components.instruments import InstrumentsError, Reading, parsed, read

TEXT = """# HELP traefik_service_requests_total How many HTTP requests processed on a service
# TYPE traefik_service_requests_total counter
traefik_service_requests_total{code="200",method="GET",service="blue@file"} 90
traefik_service_requests_total{code="404",method="GET",service="blue@file"} 5
traefik_service_requests_total{code="502",method="POST",service="blue@file"} 5
traefik_service_requests_total{code="200",method="GET",service="candidate@file"} 3
# TYPE traefik_service_request_duration_seconds histogram
traefik_service_request_duration_seconds_bucket{code="200",method="GET",service="blue@file",le="0.1"} 50
traefik_service_request_duration_seconds_bucket{code="200",method="GET",service="blue@file",le="0.3"} 90
traefik_service_request_duration_seconds_bucket{code="200",method="GET",service="blue@file",le="+Inf"} 90
traefik_service_request_duration_seconds_bucket{code="502",method="POST",service="blue@file",le="0.1"} 0
traefik_service_request_duration_seconds_bucket{code="502",method="POST",service="blue@file",le="0.3"} 0
traefik_service_request_duration_seconds_bucket{code="502",method="POST",service="blue@file",le="+Inf"} 10
"""


def test_a_slots_requests_are_counted_whatever_their_method_and_only_its_own_faults_are_bad():
    blue = parsed(TEXT)["blue"]
    assert (blue.requests, blue.bad, blue.error_rate) == (100, 5, 0.05)


def test_a_slot_without_a_request_has_done_nothing():
    green = parsed(TEXT)["green"]
    assert (green.requests, green.error_rate, green.quantile(0.99)) == (0, 0, None)


def test_a_quantile_is_as_prometheus_tells_it():
    blue = parsed(TEXT)["blue"]
    assert blue.quantile(0.25) == pytest.approx(0.05)
    assert blue.quantile(0.7) == pytest.approx(0.2)
    assert blue.quantile(0.99) == 0.3  # beyond the last limit nothing more exact is known


def test_between_two_readings_only_what_came_in_between_counts():
    before = Reading(40, 1, {0.1: 40, 0.3: 40, float("inf"): 40})
    found = parsed(TEXT)["blue"].since(before)
    assert (found.requests, found.bad) == (60, 4)
    assert found.buckets == {0.1: 10, 0.3: 50, float("inf"): 60}


def test_a_proxy_that_started_anew_has_counted_from_nothing():
    now = Reading(3, 1, {float("inf"): 3})
    assert now.since(Reading(1000, 0, {float("inf"): 1000})) == now


@given(some.lists(some.integers(0, 50), min_size=1, max_size=6), some.floats(0, 1))
def test_a_quantile_lies_within_the_limits_and_grows_with_the_share(counts, share):
    total, buckets = 0, {}
    for limit, count in enumerate(counts, 1):
        total += count
        buckets[limit / 10] = total
    reading = Reading(total, 0, {**buckets, float("inf"): total})
    found = reading.quantile(share)
    if total:
        assert 0 <= found <= len(counts) / 10
        assert found <= reading.quantile(1)
    else:
        assert found is None


@pytest.mark.parametrize("text", ["<html>", "a{ 1"])
def test_what_are_no_metrics_is_said_in_one_line(text):
    with pytest.raises(InstrumentsError, match=r"are no metrics\.$"):
        parsed(text)


def test_metrics_that_are_out_of_reach_are_named():
    with pytest.raises(InstrumentsError, match=r"^The proxy's metrics at http://127\.0\.0\.1:1/metrics cannot be read"):
        read("http://127.0.0.1:1/metrics")
