"""The moves of the route against a proxy that is only pretended: what is in the file at which moment."""

import sys

import pytest

from components import route as route_module
from components.daemon import EngineError
from components.draining import withdrawn
from components.engine import published
from components.move import Move
from components.probe import Answer, Waiting, wait
from components.proxy import established
from components.route import RouteProvider
from components.routefile import Served, Target, renewed, route_file
from components.routereading import live_slot, revision, serving
from components.slots import Trial
from components.wanted import Wanted
from transport import ssh

TARGETS = {slot: Target(f"shop-dev-{slot}", 8080, "/health") for slot in ("blue", "green")}
FIRST = route_file(Served("blue", {"blue": TARGETS["blue"]}))
SECOND = route_file(Served("green", TARGETS))


class Pretended:
    """A proxy and its slots. `health`: what each slot answers, in order; the last one goes on for ever."""

    def __init__(self, file="", **health):
        self.file = file
        self.health = {slot: list(answers) for slot, answers in health.items()}
        self.files = [file]
        self.started = []
        self.asked = []
        self.time = 0.0
        self.end = ""
        self.left = []
        self.lacks = ""
        self.late = []

    logs = "docker logs"

    def present(self):
        return self.file

    def place(self, text):
        self.file = text
        self.files.append(text)

    def remove(self):
        self.file = ""

    def start(self, name):
        self.started.append(name)

    def ended(self, name):
        return self.end

    def connections(self, name, port):
        self.left = [one for one in self.left if one > self.time]  # when each of them ends
        return len(self.left)

    def lacking(self, target):
        return self.lacks

    def behind(self, route, path, slot, host):
        return self.late.pop(0) if self.late else ""

    def last_words(self, name):
        return ["cannot reach the database"]

    def ask(self, path, slot):
        self.asked.append((path, slot))
        answering = (slot if self.file else None) or live_slot(self.file)
        if answering is None:
            return Answer(404)
        answers = self.health[answering]
        status = answers.pop(0) if len(answers) > 1 else answers[0]
        return Answer(status, slot or "", revision(self.file) if slot else "")

    def sleep(self, seconds):
        self.time += seconds


CANARY = route_file(Served("blue", TARGETS, trial=Trial(10)))


def wanted(content=SECOND, live="green", **more):
    targets = {"blue": TARGETS["blue"]} if content == FIRST else TARGETS
    versions = {"blue": "v1", "green": "v2"}
    how = {"successes": 3, "timeout": 1, "deadline": 5} | more
    return Wanted(content, live, versions, targets, "shop-dev-proxy", "http://127.0.0.1:8080", **how)


def move(pretended, to, fallback="", leaving=None):
    heard = []
    Move(
        pretended,
        to,
        pretended.ask,
        fallback,
        leaving or {},
        heard.append,
        clock=lambda: pretended.time,
        sleep=pretended.sleep,
    ).run()
    return heard


def test_the_first_release_is_out_of_reach_until_it_is_ready():
    there = Pretended(blue=[502, 502, 200])
    move(there, wanted(FIRST, "blue"))
    assert [live_slot(file) for file in there.files] == [None, None, "blue"]
    assert there.file == FIRST


def test_the_route_moves_after_three_good_answers_in_a_row():
    there = Pretended(FIRST, blue=[200], green=[200, 200, 503, 200, 200, 200])
    move(there, wanted())
    assert there.file == SECOND
    assert [live_slot(file) for file in there.files] == ["blue", "blue", "green"]
    assert there.asked[:6] == [("/health", "green")] * 6


def test_a_flip_to_the_warm_slot_writes_one_file_and_asks_all_the_same():
    there = Pretended(SECOND, blue=[200, 503, 200, 200, 200], green=[200])
    back = route_file(Served("blue", TARGETS))
    move(there, wanted(back, "blue"))
    assert there.files == [SECOND, back]
    assert there.asked[:5] == [("/health", "blue")] * 5


def test_a_warm_slot_that_is_not_ready_is_not_flipped_to():
    there = Pretended(SECOND, blue=[503], green=[200])
    with pytest.raises(EngineError, match="v1 in slot blue did not become ready"):
        move(there, wanted(route_file(Served("blue", TARGETS)), "blue"))
    assert there.files[-1] == SECOND


def test_a_stopped_slot_is_started_first():
    there = Pretended(FIRST, blue=[200], green=[200])
    move(there, wanted())
    assert there.started == ["shop-dev-green"]


def test_a_version_that_never_gets_ready_leaves_the_route_as_it_was_and_says_why():
    there = Pretended(FIRST, blue=[200], green=[503])
    with pytest.raises(EngineError) as error:
        move(there, wanted())
    assert there.file == FIRST
    said = str(error.value)
    assert "v2 in slot green did not become ready within 5 s: /health, the last answer was 503." in said
    assert "docker logs shop-dev-green" in said
    assert "  cannot reach the database" in said
    assert (
        "v1 in slot blue is live as before. Mend v2 and run pulumi up again, or set golive:version back to v1." in said
    )


def test_a_slot_that_has_ended_is_not_waited_for():
    there = Pretended(FIRST, blue=[200], green=[502])
    there.end = "its container ended with exit code 3"
    with pytest.raises(EngineError, match="exit code 3"):
        move(there, wanted(deadline=3600))
    assert there.time < 1


def test_an_answer_of_another_slot_does_not_count():
    there = Pretended(FIRST, blue=[200], green=[200])
    real = there.ask
    there.ask = lambda path, slot: Answer(200, "blue", real(path, slot).route)
    with pytest.raises(EngineError, match="did not become ready"):
        move(there, wanted())
    assert there.file == FIRST


def test_a_proxy_that_does_not_take_the_new_route_gets_the_old_one_back():
    there = Pretended(FIRST, blue=[200], green=[200])
    real = there.ask
    there.ask = lambda path, slot: Answer(200, "green", "old") if there.file == SECOND else real(path, slot)
    with pytest.raises(EngineError, match="does not serve v2 in slot green by the new route"):
        move(there, wanted())
    assert there.file == FIRST


def test_a_proxy_that_missed_the_new_file_is_given_it_again():
    there = Pretended(FIRST, blue=[200], green=[200])
    taken = [FIRST]
    real = there.place

    def place(text):
        real(text)
        if len(there.files) != 3:  # of SECOND, the proxy is told the second time only
            taken[0] = text

    there.place = place
    there.ask = lambda path, slot: Answer(200, slot or "", revision(taken[0]) if slot else "")
    move(there, wanted())
    assert there.files[2:] == [SECOND, renewed(SECOND, 1), SECOND]  # the same alone would be no news
    assert revision(renewed(SECOND, 1)) == revision(SECOND)
    assert taken == [SECOND]


def test_a_proxy_that_goes_by_the_old_route_is_quoted_itself():
    there = Pretended(FIRST, blue=[200], green=[200])
    real = there.ask
    there.ask = lambda path, slot: Answer(200, "green", "old") if there.file == SECOND else real(path, slot)
    with pytest.raises(EngineError) as error:
        move(there, wanted())
    assert "by the new route: no answer (the old route, which says 200)" in str(error.value)
    assert "docker logs shop-dev-proxy" in str(error.value)


def test_a_canary_is_ready_before_any_user_gets_it():
    there = Pretended(FIRST, blue=[200], green=[503, 200, 200, 200])
    move(there, wanted(CANARY, "blue", trial=Trial(10)))
    assert there.started == ["shop-dev-blue", "shop-dev-green"]
    assert [serving(file) for file in there.files] == [("blue",), ("blue",), ("blue", "green")]
    assert there.asked[:4] == [("/health", "green")] * 4


def test_a_canary_that_never_gets_ready_gets_no_users_and_that_is_said():
    there = Pretended(FIRST, blue=[200], green=[503])
    with pytest.raises(EngineError) as error:
        move(there, wanted(CANARY, "blue", trial=Trial(10)))
    assert there.file == FIRST
    assert "v2 in slot green did not become ready" in str(error.value)
    assert "v1 in slot blue is live as before. Mend v2" in str(error.value)


@pytest.mark.parametrize(
    "to", [wanted(route_file(Served("blue", TARGETS, trial=Trial(50))), "blue", trial=Trial(50)), wanted()]
)
def test_a_share_is_raised_to_a_part_or_to_all_without_asking_for_readiness_again(to):
    there = Pretended(CANARY, blue=[200], green=[200])
    move(there, to)
    assert there.files == [CANARY, to.content]


def test_an_interruption_leaves_the_old_route():
    there = Pretended(FIRST, blue=[200], green=[503])

    def interrupted(path, slot):
        raise KeyboardInterrupt

    there.ask = interrupted
    with pytest.raises(KeyboardInterrupt):
        move(there, wanted())
    assert there.file == FIRST


def test_a_route_that_cannot_be_put_back_is_told_beside_what_went_wrong_first():
    there = Pretended(FIRST, blue=[200], green=[503])
    real = there.place

    def place(text):
        if text == FIRST:
            raise EngineError("no space left on device")
        real(text)

    there.place = place
    with pytest.raises(EngineError, match=r"(?s)did not become ready.*could not be put back: no space left"):
        move(there, wanted())


def test_what_someone_changed_by_hand_is_put_back_without_asking_the_slot_first():
    changed = FIRST.replace("priority: 1\n", "priority: 2\n")
    there = Pretended(changed, blue=[200])
    move(there, wanted(FIRST, "blue"))
    assert there.files == [changed, FIRST]


def test_a_file_that_is_right_already_is_not_written_again():
    there = Pretended(SECOND, blue=[200], green=[200])
    move(there, wanted())
    assert there.files == [SECOND]


def test_a_file_that_someone_broke_counts_as_the_last_good_one():
    there = Pretended("http: [", blue=[200], green=[503])
    with pytest.raises(EngineError, match="v1 in slot blue is live as before"):
        move(there, wanted(), fallback=FIRST)
    assert there.file == FIRST


def test_a_file_that_someone_broke_is_written_again_even_if_the_last_one_was_as_it_should_be():
    there = Pretended("http: [", blue=[200])
    move(there, wanted(FIRST, "blue"), fallback=FIRST)
    assert there.files == ["http: [", FIRST]


def test_waiting_shows_how_far_it_is_every_other_second():
    there = Pretended(FIRST, blue=[200], green=[503] * 45 + [200])
    heard = move(there, wanted())
    assert heard == [
        "waiting for v2 in slot green: /health 503, 2 s of 5 s",
        "waiting for v2 in slot green: /health 503, 4 s of 5 s",
    ]


def test_an_answer_that_comes_too_late_does_not_count():
    now = [0.0]

    def slow():
        now[0] += 4
        return Answer(200)

    with pytest.raises(Waiting):
        wait(slow, lambda a: a.good, successes=3, deadline=5, clock=lambda: now[0], sleep=lambda s: None)


def test_the_inputs_of_the_resource_say_all_and_read_back():
    one = wanted(deadline=9)
    floats = one.props() | {"gate": {"successes": 3.0, "timeout": 1.0, "deadline": 9.0, "drain": 30.0}}
    floats["targets"] = {
        slot: {**values, "port": 8080.0, "timeout": 1.0, "replicas": 1.0} for slot, values in floats["targets"].items()
    }
    assert Wanted.of(floats) == one


@pytest.mark.parametrize(
    ("change", "moves"),
    [
        ({}, False),
        ({"content": "other"}, True),
        ({"live": "blue"}, True),
        ({"containers": {"green": "new"}}, True),
        ({"proxyId": "new"}, True),
        ({"gate": {"deadline": 1}}, False),
        ({"url": "http://[::1]:1"}, False),
    ],
)
def test_only_what_matters_to_the_users_is_a_difference(change, moves):
    olds = wanted().props() | {"containers": {"green": "1"}, "proxyId": "p"}
    assert RouteProvider().diff("id", olds, {**olds, **change}).changes is moves


def test_an_app_that_goes_gets_no_more_requests_and_those_under_way_come_to_their_end():
    there = Pretended(SECOND, blue=[200], green=[200])
    there.left = [1.0, 2.5]
    withdrawn(there, wanted(), there.ask, clock=lambda: there.time, sleep=there.sleep)
    assert (there.file, there.left) == ("", [])


def test_a_proxy_that_goes_by_a_route_which_was_taken_away_is_no_end(monkeypatch):
    there = Pretended(SECOND, green=[200])
    monkeypatch.setattr(there, "remove", lambda: None)
    with pytest.raises(EngineError, match="still serves a route that was taken away"):
        withdrawn(there, wanted(), there.ask, clock=lambda: there.time, sleep=there.sleep)


def test_a_proxy_that_missed_the_word_of_a_route_that_went_is_told_again():
    there = Pretended(SECOND, blue=[200], green=[200])
    served = revision(SECOND)

    def ask(path, slot):  # it noticed nothing until the file came and went once more
        return Answer(200, slot, served if len(there.files) == 1 else "")

    withdrawn(there, wanted(), ask, clock=lambda: there.time, sleep=there.sleep)
    assert (there.file, there.files) == ("", [SECOND, SECOND])


def test_an_app_without_a_route_file_goes_without_a_word():
    there = Pretended()
    withdrawn(there, wanted(), there.ask)
    assert there.asked == []


@pytest.mark.parametrize(
    ("host", "address", "expected"),
    [
        (None, "127.0.0.1", "http://127.0.0.1:80"),
        ("unix:///var/run/docker.sock", "0.0.0.0", "http://127.0.0.1:80"),
        (None, "::", "http://[::1]:80"),
        ("ssh://deploy@10.0.0.5:2222", "0.0.0.0", "http://10.0.0.5:80"),
        ("ssh://alias", "0.0.0.0", "http://10.0.0.6:80"),
        ("ssh://alias", "10.0.0.9", "http://10.0.0.9:80"),
        ("ssh://deploy@localhost", "127.0.0.1", "http://127.0.0.1:80"),
        ("tcp://10.0.0.5:2376", "10.0.0.9", "http://10.0.0.9:80"),
    ],
)
def test_the_proxy_is_asked_where_it_is_published(monkeypatch, host, address, expected):
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    # As ~/.ssh/config would say.
    monkeypatch.setattr(ssh, "resolved", lambda one: {"hostname": "10.0.0.6"} if one == "ssh://alias" else {})
    assert published(host, address, 80) == expected


@pytest.mark.parametrize(
    ("host", "address", "said"),
    [
        (
            "ssh://deploy@10.0.0.5",
            "127.0.0.1",
            r"loopback of 10\.0\.0\.5, out of reach from here. Set it to 0\.0\.0\.0",
        ),
        (
            "ssh://inside.invalid",
            "0.0.0.0",
            r"inside\.invalid, a name that is not known.*Set golive:traffic\.address",
        ),
    ],
)
def test_a_proxy_that_is_out_of_reach_is_an_error_with_the_remedy(host, address, said):
    with pytest.raises(EngineError, match=said):
        published(host, address, 80)


def test_an_engine_that_does_not_answer_is_told_in_one_line():
    props = wanted(docker_host="unix:///nowhere/docker.sock").props()
    with pytest.raises(route_module.RouteError) as error:
        RouteProvider().create(props)
    assert str(error.value).startswith("The Docker engine at unix:///nowhere/docker.sock cannot be reached (")
    assert "\n" not in str(error.value)


def test_both_slots_of_a_first_experiment_are_ready_before_anyone_comes():
    there = Pretended(blue=[503, 200], green=[503, 200])
    move(there, wanted(CANARY, "blue", trial=Trial(10)))
    assert [serving(file) for file in there.files] == [(), (), (), ("blue", "green")]


def test_every_replica_must_be_ready():
    one = Target("shop-dev-blue", 8080, "/health", replicas=2)
    content = route_file(Served("blue", {"blue": one}))
    there = Pretended(blue=[200])
    to = Wanted(content, "blue", {"blue": "v1"}, {"blue": one}, "p", "http://127.0.0.1:1", successes=3, deadline=9)
    move(there, to)
    assert there.started == ["shop-dev-blue", "shop-dev-blue-2"]
    assert [slot for _, slot in there.asked].count("blue") >= 6


def test_a_slot_that_goes_is_left_once_what_is_under_way_there_has_ended():
    there = Pretended(FIRST, blue=[200], green=[200])
    there.left = [4.5, 7.0]
    only = {"green": TARGETS["green"]}
    to = Wanted(route_file(Served("green", only)), "green", {"green": "v2"}, only, "p", "http://127.0.0.1:1", drain=30)
    heard = move(there, to, leaving={"blue": TARGETS["blue"]})
    assert 7 <= there.time < 9
    assert heard[0].startswith("waiting for 2 connections of shop-dev-blue to end, ")


def test_what_is_under_way_in_a_slot_that_goes_is_waited_for_as_long_as_was_said():
    there = Pretended(FIRST, blue=[200], green=[200])
    there.left = [999.0]
    only = {"green": TARGETS["green"]}
    to = Wanted(route_file(Served("green", only)), "green", {"green": "v2"}, only, "p", "http://127.0.0.1:1", drain=5)
    move(there, to, leaving={"blue": TARGETS["blue"]})
    assert 5 <= there.time < 8


def test_in_maintenance_a_release_is_proven_by_the_testers_way():
    there = Pretended(FIRST, blue=[503], green=[200])
    real = there.ask
    there.ask = lambda path, slot: real(path, slot) if slot else Answer(503)
    closed = route_file(Served("green", TARGETS, closed=60))
    move(there, wanted(closed, closed=True))
    assert there.file == closed


@pytest.mark.parametrize("change", [{"live": "blue"}, {"trial": Trial(10).props()}])
def test_the_time_since_a_slot_is_warm_begins_when_its_last_users_leave(change, monkeypatch):
    monkeypatch.setattr(route_module.time, "time", lambda: 5000.0)
    olds = wanted().props() | {"warmSince": 1000.0}
    assert route_module._warm_since(wanted().props(), olds) == 1000
    assert route_module._warm_since(wanted().props() | change, olds) == 5000


TABLE = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0B00007F:9C4D 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1
   1: 020012AC:D0B2 030012AC:1F90 01 00000000:00000000 00:00000000 00000000     0        0 4712 1
   2: 020012AC:D0B4 030012AC:1F90 06 00000000:00000000 00:00000000 00000000     0        0 4713 1
   3: 020012AC:D0B6 040012AC:1F90 01 00000000:00000000 00:00000000 00000000     0        0 4714 1
  sl  local_address                         remote_address                        st
   0: 0000000000000000FFFF0000020012AC:D0B8 0000000000000000FFFF0000030012AC:1F90 01 00000000:00000000
"""


@pytest.mark.skipif(sys.byteorder != "little", reason="the table is of such a machine")
def test_only_open_connections_to_the_slot_count():
    assert established(TABLE, {"172.18.0.3"}, 8080) == 2
    assert established(TABLE, {"172.18.0.3", "172.18.0.4"}, 8080) == 3
    assert established(TABLE, {"172.18.0.3"}, 8081) == 0
    assert established("", set(), 8080) == 0
