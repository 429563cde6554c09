from lab.bench_release import Story, crashed
from lab.load import Request, quantile, within


def request(began: float, took: float = 0.01, *, good: bool = True, stream: bool = False) -> Request:
    return Request(began, took, good, stream=stream)


def test_a_window_has_all_that_were_under_way_in_it():
    before, into, inside, out, after = (
        request(0, 1), request(0, 3), request(2.5), request(2.9, 5), request(4),
    )  # fmt: skip
    assert within([before, into, inside, out, after], 2, 3) == [into, inside, out]


def test_a_quantile_is_of_what_was_served_and_no_stream():
    requests = [request(0, n / 1000) for n in range(1, 101)]
    assert quantile([*requests, request(0, 4, good=False), request(0, 20, stream=True)], 0.5) == 51.0
    assert quantile(requests, 0.99) == 100.0
    assert quantile([], 0.99) == 0.0


def test_a_crash_is_over_when_the_last_late_or_lost_request_has_begun():
    story = Story({"kill": [(10.0, 15.0)]})
    requests = [
        request(9.99, 0.02),
        request(10.2, good=False),
        request(10.9, 1.5),
        request(11.5),
        request(8, 20, stream=True),
    ]
    assert crashed(story, "kill", requests) == {"back_s": 0.9, "lost": 1, "under_way": 2}


def test_a_crash_that_nobody_noticed_took_no_time():
    assert crashed(Story({"kill": [(10.0, 15.0)]}), "kill", [request(11)]) == {"back_s": 0, "lost": 0, "under_way": 0}


def test_failures_are_counted_where_they_happened():
    story = Story({"release": [(0, 1), (5, 6)], "flip": [(2, 3)]})
    requests = [request(0.5, good=False), request(5.5, good=False), request(4, good=False), request(2.5)]
    assert (story.failed("release", requests), story.failed("flip", requests)) == (2, 0)
