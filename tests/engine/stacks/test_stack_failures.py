"""What goes wrong on real parts: each ends with a clear line, what ran before still runs, and the next up succeeds."""

import contextlib
import socket
from collections.abc import Iterator

import pytest

from tests.engine.ports import free_port
from tests.engine.stacks.stack import Said, Stack, error_line

pytestmark = pytest.mark.engine


def healed(stack: Stack) -> None:
    """The cause is gone: the next up succeeds, and the users get v1.0.0 as before."""
    said = stack.up()
    assert said.code == 0, said.text
    assert stack.answers() == "v1.0.0"


def failed(stack: Stack, said: Said, pattern: str) -> None:
    """It failed with a line that says why, and nobody who uses the app noticed."""
    assert said.code != 0, said.text
    error_line(said, pattern)
    assert stack.answers() == "v1.0.0"


@contextlib.contextmanager
def changed(stack: Stack, key: str, **values: object) -> Iterator[None]:
    """Other values below one key of the stack file, for the block."""
    before = stack.config.get(key)
    stack.config[key] = {**(before or {}), **values}
    try:
        yield
    finally:
        if before is None:
            del stack.config[key]
        else:
            stack.config[key] = before


@contextlib.contextmanager
def faulty(stack: Stack, fault: dict[str, object]) -> Iterator[None]:
    """A GitHub that misbehaves as planned, for the block."""
    planned = stack.api("PUT", "lab/faults", fault)
    assert isinstance(planned, dict), f"the lab refuses the fault: {planned}"
    try:
        yield
    finally:
        stack.api("DELETE", "lab/faults")


def test_a_wrong_token_is_named_and_nothing_is_changed(running: Stack):
    with changed(running, "golive:environment", waitTimer=0, variables={"GREETING": "other"}):
        said = running.up(GITHUB_ENTERPRISE_TOKEN="ghp_wrong")
    failed(running, said, "401|token")
    assert "ghp_wrong" not in said.text
    healed(running)


@pytest.mark.parametrize(
    ("status", "pattern"),
    [(403, "403"), (404, "404"), (422, "422"), (500, "500")],
)
def test_a_github_that_refuses_is_quoted(running: Stack, status: int, pattern: str):
    fault = {"method": "PATCH", "path_regex": ".*/variables/.*", "status": status, "count": 20, "message": "no"}
    with (
        faulty(running, fault),
        changed(running, "golive:environment", variables={"GREETING": f"other {status}"}),
    ):
        said = running.up()
    failed(running, said, pattern)
    healed(running)


def test_a_repository_that_does_not_exist_is_named(running: Stack):
    with changed(running, "golive:github", repository="nowhere"):
        said = running.up()
    failed(running, said, "nowhere|404")
    healed(running)


def test_a_github_that_hangs_does_not_hang_the_check_before_a_change(running: Stack):
    fault = {"method": "GET", "path_regex": "/api/v3/.*", "hang_seconds": 30, "count": 50}
    with (
        faulty(running, fault),
        changed(running, "golive:environment", reviewers={"users": ["alice"]}),
    ):
        said = running.up()
    failed(running, said, r"did not answer within 10 s")
    healed(running)


def test_a_change_that_github_never_answers_is_sent_again(running: Stack):
    fault = {"method": "PATCH", "path_regex": ".*/variables/.*", "hang_seconds": 120, "count": 1}
    with faulty(running, fault), changed(running, "golive:environment", variables={"GREETING": "heard at last"}):
        said = running.up()
    assert said.code == 0, said.text
    variable = f"api/v3/repos/acme/shop/environments/{running.name}/variables/GREETING"
    assert running.api("GET", variable)["value"] == "heard at last"
    healed(running)


def test_a_github_that_answers_nothing_at_all_ends_the_update(running: Stack):
    fault = {"method": "GET", "path_regex": "/api/v3/.*", "hang_seconds": 170, "count": 50}
    with faulty(running, fault), changed(running, "golive:environment", variables={"GREETING": "unheard"}):
        said = running.up()
    failed(running, said, "timeout")
    healed(running)


def test_a_docker_engine_that_is_not_running_is_named_with_the_remedy(running: Stack):
    with changed(running, "golive:docker", host="unix:///tmp/no-such-docker.sock"):
        said = running.up()
    failed(running, said, "no-such-docker.sock")
    healed(running)


def test_a_port_in_use_is_named_and_the_proxy_stays(running: Stack):
    taken = free_port()
    with socket.socket() as other:
        other.bind(("127.0.0.1", taken))
        other.listen()
        with changed(running, "golive:monitor", port=taken):
            said = running.up()
    failed(running, said, str(taken))
    healed(running)


def test_a_missing_image_is_named_and_the_live_version_stays(running: Stack):
    running.config["golive:version"] = "v9.9.9"
    said = running.up()
    running.config["golive:version"] = "v1.0.0"
    failed(running, said, r"golive-sample:v9\.9\.9")
    healed(running)


def test_a_wrong_passphrase_is_said_to_be_one(running: Stack):
    said = running.up(PULUMI_CONFIG_PASSPHRASE="another horse")
    failed(running, said, "incorrect passphrase")
    healed(running)


def test_an_unreadable_stack_file_is_named_and_nothing_is_changed(running: Stack):
    running.write()
    whole = running.file.read_text()
    running.file.write_text("config: [\n")
    said = running.run("up", "--yes", "--skip-preview")
    running.file.write_text(whole)
    failed(running, said, "invalid YAML file.*line 1")
    healed(running)


def test_everything_wrong_in_a_stack_file_is_said_at_once_before_anything_is_changed(running: Stack):
    before = running.last_request()
    with (
        changed(running, "golive:environment", waitTimer=99999, wiatTimer=5),
        changed(running, "golive:traffic", port=0),
    ):
        said = running.up()
    failed(running, said, rf"Pulumi\.{running.name}\.yaml: golive:environment\.waitTimer: 99999 is more than 43200")
    error_line(said, r"golive:environment\.wiatTimer.*Did you mean waitTimer")
    assert said.text.partition("Diagnostics:")[2].count("wiatTimer") == 1  # and once is enough
    error_line(said, r"golive:traffic\.port: 0 ")
    assert running.writes(before) == []
    healed(running)
