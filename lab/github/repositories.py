"""The repository, who may do what in it, and making one from a folder.

Source: https://docs.github.com/rest/repos/repos, https://docs.github.com/rest/collaborators/collaborators
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lab.github import accounts, git
from lab.github.call import Call, Lab, Routes, node_id
from lab.github.reply import Reply, not_found
from lab.github.store import Row, now

DEFAULT_BRANCH = "main"
LEVELS = ("pull", "triage", "push", "maintain", "admin")
REACH = {"none": 0, "read": 1, "write": 3, "admin": 5}

# name_url → path below the repository's own address
ADDRESSES = {
    "archive": "{archive_format}{/ref}", "assignees": "assignees{/user}", "blobs": "git/blobs{/sha}",
    "branches": "branches{/branch}", "collaborators": "collaborators{/collaborator}", "comments": "comments{/number}",
    "commits": "commits{/sha}", "compare": "compare/{base}...{head}", "contents": "contents/{+path}",
    "contributors": "contributors", "deployments": "deployments", "downloads": "downloads", "events": "events",
    "forks": "forks", "git_commits": "git/commits{/sha}", "git_refs": "git/refs{/sha}", "git_tags": "git/tags{/sha}",
    "hooks": "hooks", "issue_comment": "issues/comments{/number}", "issue_events": "issues/events{/number}",
    "issues": "issues{/number}", "keys": "keys{/key_id}", "labels": "labels{/name}", "languages": "languages",
    "merges": "merges", "milestones": "milestones{/number}", "pulls": "pulls{/number}", "releases": "releases{/id}",
    "notifications": "notifications{?since,all,participating}", "stargazers": "stargazers",
    "statuses": "statuses/{sha}", "subscribers": "subscribers", "subscription": "subscription", "tags": "tags",
    "teams": "teams", "trees": "git/trees{/sha}",
}  # fmt: skip


def create(lab: Lab, owner: str, name: str, folder: Path | None) -> bool:
    """Makes `owner/name` with one commit of `folder` (None: empty); False where it is there already."""
    accounts.seed(lab.store, owner)
    if lab.store.row("SELECT id FROM repositories WHERE owner = ? AND name = ?", owner, name):
        return False
    git.create(lab.folder / "repositories" / owner / f"{name}.git", DEFAULT_BRANCH, folder)
    lab.store.write(
        "INSERT INTO repositories (owner, name, default_branch, created_at) VALUES (?, ?, ?, ?)",
        owner, name, DEFAULT_BRANCH, now(),
    )  # fmt: skip
    return True


def describe(call: Call, row: Row) -> dict[str, Any]:
    """The repository as GET /repos/{owner}/{repo} shows it."""
    full, url = f"{row['owner']}/{row['name']}", call.url(f"/repos/{row['owner']}/{row['name']}")
    owner = accounts.simple(call, accounts.find(call.store, row["owner"], "Organization"))
    pushed = git.last_change(call.lab.git(row)) or row["created_at"]
    counts = [f"{one}{tail}" for one in ("forks", "open_issues", "watchers") for tail in ("", "_count")]
    flags = ["has_issues", "has_projects", "has_wiki", "has_downloads"]
    nothing = ["description", "homepage", "language", "license", "mirror_url"]
    return {
        "id": row["id"], "node_id": node_id("R", row["id"]), "name": row["name"], "full_name": full, "owner": owner,
        "private": call.lab.private, "visibility": "private" if call.lab.private else "public", "fork": False,
        "url": url, "html_url": f"{call.site}/{full}",
        **{f"{key}_url": f"{url}/{path}" for key, path in ADDRESSES.items()},
        "clone_url": f"{call.site}/{full}.git", "svn_url": f"{call.site}/{full}",
        "git_url": f"git://{full}.git",
        "ssh_url": f"git@127.0.0.1:{full}.git",
        "default_branch": row["default_branch"], "topics": [],
        **dict.fromkeys([*counts, "stargazers_count", "size"], 0), **dict.fromkeys(flags, True),
        **dict.fromkeys(nothing),
        "has_pages": False, "has_discussions": False, "archived": False, "disabled": False, "is_template": False,
        "allow_forking": True, "web_commit_signoff_required": False, "created_at": row["created_at"],
        "updated_at": pushed, "pushed_at": pushed, "network_count": 0, "subscribers_count": 0,
        "permissions": permissions(role(call, call.actor)), "organization": owner,
    }  # fmt: skip


def role(call: Call, login: str | None) -> str:
    """What `login` may do in the repository: none, read, write or admin. Everyone may read a public one."""
    found = call.store.row("SELECT role FROM accounts WHERE login = ?", login) if login else None
    granted = str(found["role"]) if found else "none"
    return "read" if granted == "none" and not call.lab.private else granted


def permissions(granted: str) -> dict[str, bool]:
    """The role as GitHub's table of permissions."""
    return {level: position < REACH[granted] for position, level in enumerate(LEVELS)}


def show(call: Call) -> Reply:
    """GET /repos/{owner}/{repo}."""
    return Reply(200, describe(call, call.repository()))


def show_permission(call: Call) -> Reply:
    """GET /repos/{owner}/{repo}/collaborators/{username}/permission."""
    call.repository()
    call.require_actor()
    account = accounts.find(call.store, call.path["user"], "User")
    granted = role(call, account["login"])
    user = accounts.simple(call, account) | {"permissions": permissions(granted), "role_name": granted}
    return Reply(200, {"permission": granted, "role_name": granted, "user": user})


def show_team_access(call: Call) -> Reply:
    """GET /orgs/{org}/teams/{team_slug}/repos/{owner}/{repo}: 204, or the repository where its media type is asked."""
    team, row = accounts.find_team(call), call.repository()
    if team["permission"] == "none":
        raise not_found()
    if "application/vnd.github.v3.repository+json" not in call.accept:
        return Reply(204)
    body = describe(call, row) | {"permissions": permissions(team["permission"]), "role_name": team["permission"]}
    return Reply(200, body)


ROUTES: Routes = [
    ("GET", "/repos/{owner}/{repo}", show),
    ("GET", "/repos/{owner}/{repo}/collaborators/{user}/permission", show_permission),
    ("GET", "/orgs/{org}/teams/{team}/repos/{owner}/{repo}", show_team_access),
]
