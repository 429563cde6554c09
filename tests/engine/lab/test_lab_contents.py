from __future__ import annotations

import base64
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.engine.lab.client import Client
from tests.engine.lab.conftest import CI

FILE = "/contents/.github/workflows/deploy.yml"


def body(text: str, **more: Any) -> dict[str, Any]:
    return {"message": "Deploy", "content": base64.b64encode(text.encode()).decode(), "branch": "main", **more}


def git(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "credential.helper="]
    return subprocess.run(["git", *identity, *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def clone(github: Client, folder: Path) -> Path:
    host = github.running.url.removeprefix("http://")
    address = f"http://x:{github.token}@{host}{github.repository.removeprefix('/repos/')}.git"
    done = git("clone", "--quiet", address, "work", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "work"


def test_a_file_is_committed_changed_and_deleted(github: Client) -> None:
    assert github.of("GET", f"{FILE}?ref=main").status == 404
    made = github.of("PUT", FILE, body("one\n"))
    assert made.status == 201
    shown = github.of("GET", f"{FILE}?ref=main").body
    assert base64.b64decode(shown["content"]) == b"one\n"
    assert shown["url"].endswith("?ref=main")
    commit = github.of("GET", f"/commits/{made.body['commit']['sha']}").body
    assert (commit["commit"]["message"], commit["commit"]["committer"]["name"]) == ("Deploy", "GitHub")
    assert [(one["filename"], one["status"]) for one in commit["files"]] == [(FILE[10:], "added")]
    changed = github.of("PUT", FILE, body("two\n", sha=shown["sha"]))
    assert changed.status == 200
    gone = github.of("DELETE", FILE, {"message": "x", "sha": changed.body["content"]["sha"], "branch": "main"})
    assert (gone.status, gone.body["content"]) == (200, None)
    assert github.of("GET", FILE).status == 404
    assert [one["commit"]["message"] for one in github.of("GET", f"/commits?path={FILE[10:]}").body] == [
        "x",
        "Deploy",
        "Deploy",
    ]


def test_a_stale_sha_is_a_conflict_and_a_missing_one_is_invalid(github: Client) -> None:
    sha = github.of("PUT", FILE, body("one")).body["content"]["sha"]
    github.of("PUT", FILE, body("two", sha=sha))
    assert github.of("PUT", FILE, body("three", sha=sha)).status == 409
    missing = github.of("PUT", FILE, body("three"))
    assert (missing.status, "wasn't supplied" in missing.body["message"]) == (422, True)
    assert github.of("DELETE", FILE, {"message": "x", "sha": sha}).status == 409


def test_what_can_not_be_committed_is_refused(github: Client) -> None:
    assert github.of("PUT", FILE, body("x", branch="none")).status == 404
    assert github.of("PUT", "/contents/a/.git/config", body("x")).status == 422
    assert github.of("PUT", "/contents/a/../b", body("x")).status == 422
    assert github.of("PUT", FILE, {"message": "x", "content": "%%"}).status == 422
    assert github.of("PUT", "/contents/README.md/x", body("x")).status == 422


def test_commits_at_the_same_time_race_and_none_is_lost(github: Client) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: github.of("PUT", f"/contents/f{n}", body(str(n))), range(6)))
    assert {one.status for one in answers} <= {201, 409}
    made = [one for one in answers if one.status == 201]
    files = {one["name"] for one in github.of("GET", "/contents/").body}
    assert made
    assert len([one for one in files if one.startswith("f")]) == len(made)
    assert all("but expected" in one.body["message"] for one in answers if one.status == 409)


def test_the_repository_is_a_real_one_for_git(github: Client, tmp_path: Path) -> None:
    github.of("PUT", FILE, body("one"))
    work = clone(github, tmp_path)
    assert (work / FILE[10:]).read_text() == "one"
    assert (work / ".github/workflows/ci.yml").read_bytes() == CI
    assert (work / "run.sh").stat().st_mode & 0o100
    (work / "new.txt").write_text("pushed")
    git("add", ".", cwd=work)
    git("commit", "--quiet", "-m", "By hand", cwd=work)
    git("tag", "v1.0.0", cwd=work)
    assert git("push", "origin", "main", "v1.0.0", cwd=work).returncode == 0
    assert github.of("GET", "/contents/new.txt").status == 200
    assert github.of("GET", "/commits/v1.0.0").body["commit"]["message"] == "By hand"
    assert github.of("GET", "/branches/main").body["protected"] is False
    assert github.of("GET", "/git/ref/heads/main").body["object"]["type"] == "commit"
    stranger = f"{github.running.url}{github.repository.removeprefix('/repos/')}.git"
    assert git("ls-remote", stranger, cwd=work).returncode == 0
    assert git("-c", "core.askPass=true", "push", stranger, "main:other", cwd=work).returncode != 0


def test_a_branch_is_made_once(github: Client) -> None:
    sha = github.of("GET", "/git/ref/heads/main").body["object"]["sha"]
    assert github.of("POST", "/git/refs", {"ref": "refs/heads/b", "sha": sha}).status == 201
    assert github.of("POST", "/git/refs", {"ref": "refs/heads/b", "sha": sha}).status == 422
    assert [one["name"] for one in github.of("GET", "/branches").body] == ["b", "main"]
    assert github.of("GET", "/branches/none").status == 404
