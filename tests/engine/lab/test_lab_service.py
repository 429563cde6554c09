from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from lab.github.process import LabError, Running, find, start
from tests.engine.lab import description
from tests.engine.lab.client import Client
from tests.engine.lab.conftest import make_repository


def test_the_description_objects_to_what_is_wrong() -> None:
    known = description.load()
    path = "/repos/acme/shop/environments/x/variables"
    assert known.request("POST", path, {"name": "A"})
    assert known.request("POST", path, {"name": "A", "value": 1})
    assert known.response("GET", path, 200, {"total_count": "1"})
    assert known.response("GET", "/user", 200, {"login": "x"})
    with pytest.raises(AssertionError):
        known.request("GET", "/no/such/thing", None)


def test_a_description_that_can_not_be_had_fails_clearly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RuntimeError, match="npm must reach its registry"):
        description.obtain()


def test_the_preliminary_questions_are_answered(github: Client) -> None:
    assert github("GET", "/user").body["login"] == "lab-admin"
    assert github("GET", "/users/alice").body["id"] != github("GET", "/users/bob").body["id"]
    assert github("GET", "/users/nobody").status == 404
    assert github("GET", "/orgs/acme").body["plan"]["name"] == "team"
    assert "plan" not in Client(github.running, None)("GET", "/orgs/acme").body
    assert github("GET", "/orgs/none").status == 404
    assert github("GET", "/orgs/acme/teams/platform").body["slug"] == "platform"
    assert github("GET", "/orgs/acme/teams/none").status == 404
    repository = github.of("GET", "").body
    assert (repository["default_branch"], repository["private"]) == ("main", False)
    assert repository["permissions"]["admin"] is True
    access = f"/orgs/acme/teams/{{}}{github.repository}"
    media = "application/vnd.github.v3.repository+json"
    assert github("GET", access.format("platform"), Accept=media).body["permissions"]["push"] is True
    assert github.raw("GET", f"api/v3{access.format('platform')}").status == 204
    assert github.raw("GET", f"api/v3{access.format('auditors')}").status == 404
    roles = [
        github.of("GET", f"/collaborators/{who}/permission").body["permission"]
        for who in ("lab-admin", "alice", "dave")
    ]
    assert roles == ["admin", "write", "read"]
    github.raw("PUT", "lab/settings", {"visibility": "private"})
    assert github.of("GET", "/collaborators/dave/permission").body["permission"] == "none"
    assert github("GET", "/rate_limit").status == 200


def test_a_wrong_token_is_refused_and_a_private_repository_is_not_there_without_one(github: Client) -> None:
    wrong = replace(github, token="ghp_wrong").of("GET", "")
    assert (wrong.status, wrong.body["message"]) == (401, "Bad credentials")
    stranger = replace(github, token=None)
    assert stranger.of("GET", "").status == 200
    github.raw("PUT", "lab/settings", {"visibility": "private"})
    assert stranger.of("GET", "").status == 404


def test_every_answer_tells_the_allowance_and_an_unchanged_one_costs_nothing(github: Client) -> None:
    first = github.of("GET", "")
    again = github.of("GET", "", If_None_Match=first.headers["etag"])
    assert again.status == 304
    assert first.headers["x-ratelimit-limit"] == "5000"
    assert again.headers["x-ratelimit-used"] == first.headers["x-ratelimit-used"]


def test_lists_come_in_pages(github: Client) -> None:
    for number in range(5):
        github.of("PUT", f"/environments/e{number}", {})
    page = github.of("GET", "/environments?per_page=2&page=2")
    assert [one["name"] for one in page.body["environments"]] == ["e2", "e3"]
    assert {part.split('"')[1] for part in page.headers["link"].split(", ")} == {"prev", "next", "last", "first"}
    assert github.of("GET", "/environments").headers["link"] is None


def test_what_the_lab_lacks_is_said_and_remembered(github: Client) -> None:
    answer = github.of("GET", "/not-there", described=False)
    assert answer.status == 501
    assert f"GET /api/v3{github.repository}/not-there" in answer.body["message"]
    assert github.of("PATCH", "/not-there", {}, described=False).status == 501
    known = github.raw("GET", "lab/unimplemented").body["unimplemented"]
    assert f"GET /api/v3{github.repository}/not-there" in known


def test_a_planned_fault_happens_as_often_as_planned(github: Client) -> None:
    fault = {"method": "PUT", "path_regex": "/environments/", "status": 500, "count": 2}
    assert github.raw("PUT", "lab/faults", fault).status == 200
    assert [github.of("PUT", "/environments/x", {}).status for _ in range(3)] == [500, 500, 200]
    slow_down = {"method": "GET", "path_regex": "", "status": 429, "headers": {"retry-after": "7"}, "count": 1}
    github.raw("PUT", "lab/faults", slow_down)
    assert github.of("GET", "").headers["retry-after"] == "7"
    github.raw("PUT", "lab/faults", {"method": "*", "path_regex": ".", "hang_seconds": 0.3, "count": 1})
    before = time.monotonic()
    assert github.of("GET", "").status == 200
    assert time.monotonic() - before >= 0.3
    assert github.raw("PUT", "lab/faults", {"path_regex": "("}).status == 400


def test_the_log_counts_writes_and_keeps_no_bodies(github: Client) -> None:
    start_at = github.raw("GET", "lab/requests").body["last"]
    github.of("PUT", "/environments/x", {})
    github.of("GET", "/environments/x")
    log = github.raw("GET", f"lab/requests?since={start_at}").body["requests"]
    assert [(one["method"], one["status"]) for one in log] == [("PUT", 200), ("GET", 200)]
    assert set(log[0]) == {"number", "method", "path", "status"}


def test_a_request_under_another_host_name_is_refused(github: Client) -> None:
    assert github.raw("GET", "", Host="evil.example").status == 421


def test_the_page_shows_the_repository_and_escapes_what_it_shows(github: Client) -> None:
    github.of("PUT", "/environments/%3Cb%3Ebold", {})
    page = github.raw("GET", "").body
    assert github.repository.removeprefix("/repos/") in page
    assert "&lt;b&gt;bold" in page
    assert "<b>bold" not in page


def test_state_survives_a_restart_and_a_second_start_finds_the_first(tmp_path: Path, sample: Path) -> None:
    state = tmp_path / "state"
    make_repository(state, "shop", sample)
    running = start(state, visibility="private", plan="enterprise")
    try:
        client = Client(running, running.token)
        assert start(state) == running
        client.of("PUT", "/environments/production", {"wait_timer": 10})
    finally:
        running.stop()
    assert find(state) is None
    again = start(state)
    try:
        assert again.token == running.token
        assert again.pid != running.pid
        shown = Client(again, again.token).of("GET", "/environments/production").body
        assert shown["protection_rules"][0]["wait_timer"] == 10
    finally:
        again.stop()
    assert oct((state / "token").stat().st_mode & 0o777) == oct((state / "key").stat().st_mode & 0o777) == "0o600"


def test_a_port_in_use_is_named_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "lab.github", "serve", "--state", str(tmp_path), "--port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
        assert done.returncode == 1
        assert (
            done.stderr
            == f"lab.github: port {port} on 127.0.0.1 is in use: stop what uses it or choose another by --port\n"
        )
        with pytest.raises(LabError, match="is in use"):
            start(tmp_path, port)


def test_making_a_repository_again_leaves_it_alone(lab_github: Running, sample: Path) -> None:
    client = Client(lab_github, lab_github.token)
    before = client.of("GET", "/commits").body
    command = [sys.executable, "-m", "lab.github", "create-repository", "--state", str(lab_github.state)]
    again = subprocess.run(
        [*command, "--owner", "acme", "--name", "shop", "--from", str(sample)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert again.stdout == "acme/shop: is there already\n"
    assert client.of("GET", "/commits").body == before


def test_a_folder_that_is_served_already_is_named_in_one_line(lab_github: Running) -> None:
    command = [sys.executable, "-m", "lab.github", "serve", "--state", str(lab_github.state), "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"is served at {lab_github.url} already" in done.stderr


def test_nobody_else_is_told_where_it_is(lab_github: Running) -> None:
    said = json.loads((lab_github.state / "server.json").read_text())
    assert said["url"].startswith("http://127.0.0.1:")
    assert said["pid"] != os.getpid()
