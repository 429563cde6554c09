"""A stack on an engine behind ssh: all that is done there, and what is told where the way to it does not work."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from collections.abc import Iterator

import docker
import pytest

from tests.engine.stacks import sshd
from tests.engine.stacks.sshd import Server
from tests.engine.stacks.stack import Stack, error_line

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with sshd.running(tmp_path_factory.mktemp("sshd")) as one:
        yield one


@pytest.fixture
def remote(stack: Stack, server: Server) -> Stack:
    """A stack whose engine is behind ssh, not up yet. No socket is named to it: it would not be the one meant."""
    stack.config["golive:docker"] = {"host": server.url}
    stack.environment |= {**server.environment, "DOCKER_HOST": "unix:///nowhere/docker.sock"}
    return stack


def test_a_stack_lives_on_an_engine_behind_ssh_from_its_first_up_to_its_end(remote: Stack, server: Server):
    remote.config["golive:release"] = {"pre": ["-migrate"], "keepWarm": "off"}
    error_line(remote.must_up(), "-migrate: preparing the data for v1.0.0")
    assert remote.answers() == "v1.0.0"
    again = remote.must_up()
    assert "unchanged" in again.text and "updated" not in again.text

    del remote.config["golive:release"]["keepWarm"]
    remote.config["golive:version"] = "v1.1.0"
    assert "blue v1.0.0 live → warm, green v1.1.0 idle → live" in remote.must_up().text
    assert remote.answers() == "v1.1.0"
    remote.config["golive:version"] = "v1.0.0"
    flip = remote.must_up()
    assert (remote.answers(), "docker:index:Container" in flip.text) == ("v1.0.0", False)

    remote.config["golive:version"] = "v0.0.0-broken"
    failed = remote.up()
    assert failed.code != 0
    error_line(failed, "v0.0.0-broken.*did not become ready")
    assert remote.answers() == "v1.0.0"
    remote.config["golive:version"] = "v1.0.0"
    remote.must_up()

    remote.config["golive:maintenance"] = {"enabled": True}
    remote.must_up()
    with pytest.raises(urllib.error.HTTPError, match="503"):
        urllib.request.urlopen(f"http://127.0.0.1:{remote.port}/", timeout=5)
    del remote.config["golive:maintenance"]
    remote.must_up()

    docker.from_env().containers.get(f"golive-{remote.name}-monitor").remove(force=True)
    seen = remote.run("refresh", "--yes", "--skip-preview")
    error_line(seen, "monitor-gatus.*deleted")
    remote.must_up()

    gone = remote.run("destroy", "--yes", "--skip-preview")
    assert gone.code == 0, gone.text
    assert remote.on_the_engine() == []
    assert server.logins() < server.commands()  # connections are shared


def test_a_host_of_the_ssh_configuration_is_one_like_any_other(remote: Stack):
    remote.config["golive:docker"] = {"host": "ssh://app"}
    remote.must_up()
    assert remote.answers() == "v1.0.0"


def test_refresh_and_destroy_tell_it_too_and_leave_everything_as_it_is(remote: Stack, server: Server):
    remote.environment["XDG_RUNTIME_DIR"] = "/nowhere"  # without a folder of the user's own nothing is shared
    remote.must_up()
    with server.letting_nobody_in():
        for command in ("refresh", "destroy"):
            said = remote.run(command, "--yes", "--skip-preview")
            assert said.code != 0
            error_line(said, "127.0.0.1:.* does not answer: it takes none of your keys")
    assert remote.answers() == "v1.0.0"


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("unknown", "its host key is not known here: run `ssh unknown` once"),
        ("keyless", "it takes none of your keys: `ssh keyless` must work without asking"),
        ("down", "Connection refused: start the ssh server there"),
        ("dockerless", "there is no docker command there: install Docker on it"),
        ("powerless", "powerless may not use Docker there: on it, run `sudo usermod -aG docker"),
    ],
)
def test_a_way_that_does_not_work_is_told_with_the_remedy_before_anything_is_changed(
    remote: Stack, host: str, told: str
):
    if host == "powerless" and os.getuid():
        pytest.skip("only root can become a user who may not use Docker")
    remote.config["golive:docker"] = {"host": f"ssh://{host}"}
    before = remote.last_request()
    said = remote.up()
    assert said.code != 0
    error_line(said, f"The Docker engine at ssh://{host} cannot be reached: .*{told}")
    assert remote.writes(before) == []
    assert remote.on_the_engine() == []
