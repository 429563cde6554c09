"""A stack's life on real parts: up, again, another version, by hand, gone."""

import base64

import docker
import pytest

from lab.sample_image import SOURCE
from tests.engine.stacks.stack import Said, Stack, error_line

pytestmark = pytest.mark.engine


def test_up_twice_changes_nothing_and_writes_nothing_to_github(running: Stack):
    before = running.last_request()
    again = running.up()
    assert again.code == 0, again.text
    assert "unchanged" in again.text
    assert "to update" not in again.text
    assert "created" not in again.text
    assert "warning" not in again.text
    assert running.writes(before) == []


def test_a_new_version_moves_the_route_and_back_again_only_flips_it(running: Stack):
    running.config["golive:version"] = "v1.1.0"
    forth = running.up()
    assert forth.code == 0, forth.text
    assert "blue v1.0.0 live → warm, green v1.1.0 idle → live" in forth.text
    assert running.answers() == "v1.1.0"
    running.config["golive:version"] = "v1.0.0"
    back = running.up()
    assert back.code == 0, back.text
    assert running.answers() == "v1.0.0"
    assert "docker:index:Container" not in back.text, back.text  # no container was made, replaced or removed


def test_a_canary_is_raised_taken_back_and_kept(stack: Stack):
    stack.must_up()

    def up(version: str | None, share: int | None) -> Said:
        for key, value in (("golive:version", version), ("golive:canary", share)):
            stack.config.pop(key, None)
            stack.config |= {} if value is None else {key: value}
        return stack.up()

    begun = up("v1.1.0", 50)
    assert begun.code == 0, begun.text
    assert "blue v1.0.0 stays live, green v1.1.0 idle → canary 50 %" in begun.text
    assert {stack.answers() for _ in range(10)} == {"v1.0.0", "v1.1.0"}
    assert "unchanged" in up("v1.1.0", 50).text
    kept = up(None, None)  # as from a clone that knows nothing of it
    assert "green v1.1.0 stays canary 50 %" in kept.text
    assert "updated" not in kept.text
    before = stack.last_request()
    refused = up("v0.0.0-broken", 10)
    assert refused.code != 0
    error_line(
        refused, r"Pulumi\.\w+\.yaml: golive:version v0\.0\.0-broken: a canary of v1\.1\.0 has 50 % of the users"
    )
    assert stack.writes(before) == []
    back = up("v1.0.0", 50)
    assert "green v1.1.0 canary 50 % → warm" in back.text
    assert {stack.answers() for _ in range(10)} == {"v1.0.0"}
    assert up("v1.1.0", 10).code == 0
    all_of_them = up("v1.1.0", None)
    assert "blue v1.0.0 live → warm, green v1.1.0 canary 10 % → live" in all_of_them.text
    assert "docker:index:Container" not in all_of_them.text
    assert {stack.answers() for _ in range(10)} == {"v1.1.0"}


def test_without_a_version_in_the_configuration_what_runs_keeps_running(running: Stack):
    del running.config["golive:version"]
    said = running.up()
    running.config["golive:version"] = "v1.0.0"
    assert said.code == 0, said.text
    assert running.answers() == "v1.0.0"
    assert "created" not in said.text


def test_a_version_that_never_becomes_ready_leaves_the_live_one_alone(running: Stack):
    running.config["golive:version"] = "v0.0.0-broken"
    failed = running.up()
    running.config["golive:version"] = "v1.0.0"
    assert failed.code != 0
    error_line(failed, r"v0\.0\.0-broken.*(ready|503)")
    assert running.answers() == "v1.0.0"
    healed = running.up()
    assert healed.code == 0, healed.text
    assert running.answers() == "v1.0.0"
    running.config["golive:version"] = "v1.1.0"
    running.must_up()
    assert running.answers() == "v1.1.0"
    running.config["golive:version"] = "v1.0.0"
    running.must_up()


def test_refresh_sees_what_someone_changed_by_hand_and_up_puts_it_back(running: Stack):
    variable = f"api/v3/repos/acme/shop/environments/{running.name}/variables/GREETING"
    running.api("PATCH", variable, {"name": "GREETING", "value": "changed by hand"})
    docker.from_env().containers.get(f"golive-{running.name}-monitor").remove(force=True)
    seen = running.run("refresh", "--yes", "--skip-preview")
    assert seen.code == 0, seen.text
    assert "GREETING" in error_line(seen, "variable-GREETING.*updated")
    error_line(seen, "monitor-gatus.*deleted")
    put_back = running.up()
    assert put_back.code == 0, put_back.text
    assert running.api("GET", variable)["value"] == "Hello"
    assert docker.from_env().containers.get(f"golive-{running.name}-monitor").status == "running"


def test_a_secret_reaches_its_place_and_is_in_clear_nowhere_else(stack: Stack):
    secret = "tell-nobody-4711"
    stack.secret("golive:environment.secrets.API_KEY", secret)
    stack.secret("golive:service.secrets.DATABASE_URL", secret)
    said = stack.up()
    assert said.code == 0, said.text
    assert "warning" not in said.text
    shown = stack.run("stack", "export").text + said.text + stack.run("up", "--yes", "--diff").text
    assert secret not in shown
    kept = [file for file in stack.folder.rglob("*") if file.is_file() and secret in file.read_text(errors="replace")]
    assert kept == []
    assert secret not in (stack.github.state / "server.log").read_text()
    app = docker.from_env().containers.get(f"golive-{stack.name}-blue")
    assert f"DATABASE_URL={secret}" in app.attrs["Config"]["Env"]


def test_destroy_leaves_nothing_behind_and_the_repositorys_own_ci_as_it_was(stack: Stack):
    stack.must_up()
    workflow = f"api/v3/repos/acme/shop/contents/.github/workflows/golive-{stack.name}.yaml"
    assert isinstance(stack.api("GET", workflow), dict)
    gone = stack.run("destroy", "--yes", "--skip-preview")
    assert gone.code == 0, gone.text
    assert stack.on_the_engine() == []
    assert stack.api("GET", f"api/v3/repos/acme/shop/environments/{stack.name}") == 404
    assert stack.api("GET", workflow) == 404
    assert f"golive {stack.name}" not in [one["name"] for one in stack.api("GET", "api/v3/repos/acme/shop/rulesets")]
    own = SOURCE / ".github" / "workflows" / "ci.yml"
    there = stack.api("GET", "api/v3/repos/acme/shop/contents/.github/workflows/ci.yml")
    assert base64.b64decode(there["content"]) == own.read_bytes()
