"""Commits, branches and refs.

Source: https://docs.github.com/rest/commits/commits, https://docs.github.com/rest/branches/branches,
https://docs.github.com/rest/git/refs
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from lab.github import accounts, git, rulesets
from lab.github.call import Call, Routes, node_id
from lab.github.enforcement import Change, covers
from lab.github.reply import Refusal, Reply, not_found, page
from lab.github.store import Row

UNSIGNED = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
STATUS = {"A": "added", "M": "modified", "D": "removed", "T": "changed"}


def describe_git(call: Call, repository: Row, commit: git.Commit) -> dict[str, Any]:
    """A commit as git knows it, the shape in the answer to a change of contents."""
    full = f"{repository['owner']}/{repository['name']}"
    base = call.url(f"/repos/{full}/git")
    people = {
        role: dict(zip(("name", "email", "date"), person, strict=True))
        for role, person in (("author", commit.author), ("committer", commit.committer))
    }
    parents = [
        {"sha": sha, "url": f"{base}/commits/{sha}", "html_url": f"{call.site}/{full}/commit/{sha}"}
        for sha in commit.parents
    ]
    return {
        "sha": commit.sha, "node_id": f"C_{commit.sha[:20]}", "url": f"{base}/commits/{commit.sha}",
        "html_url": f"{call.site}/{full}/commit/{commit.sha}", **people, "message": commit.message,
        "tree": {"sha": commit.tree, "url": f"{base}/trees/{commit.tree}"}, "parents": parents,
        "verification": UNSIGNED,
    }  # fmt: skip


def describe(call: Call, repository: Row, commit: git.Commit) -> dict[str, Any]:
    """A commit as GitHub shows it: git's, with the accounts behind its people."""
    inner = describe_git(call, repository, commit)
    url = call.url(f"/repos/{repository['owner']}/{repository['name']}/commits/{commit.sha}")
    kept = {key: inner[key] for key in ("author", "committer", "message", "tree", "verification")}
    parents = [one | {"url": one["url"].replace("/git/commits/", "/commits/")} for one in inner["parents"]]
    return {
        "sha": commit.sha, "node_id": inner["node_id"], "url": url, "html_url": inner["html_url"],
        "comments_url": f"{url}/comments", "parents": parents,
        "commit": kept | {"url": inner["url"], "comment_count": 0},
        "author": _account(call, commit.author[0]), "committer": _account(call, commit.committer[0]),
    }  # fmt: skip


def index(call: Call) -> Reply:
    """GET …/commits, from `sha` (a branch or commit) and through `path` where given."""
    repository = call.repository()
    folder, start = call.lab.git(repository), call.query.get("sha") or repository["default_branch"]
    commit = git.resolve(folder, start)
    if commit is None:
        raise Refusal(409, "Git Repository is empty.") if not git.branches(folder) else not_found()
    found = git.history(folder, commit, call.query.get("path"))
    paged = page(call.url(f"/repos/{repository['owner']}/{repository['name']}/commits"), call.query, found)
    return Reply(200, [describe(call, repository, git.commit(folder, sha)) for sha in paged.body], paged.headers)


def show(call: Call) -> Reply:
    """GET …/commits/{ref}, with the files it changed."""
    repository, ref = call.repository(), call.path["ref"]
    folder = call.lab.git(repository)
    sha = git.resolve(folder, ref)
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {ref}")
    full = f"{repository['owner']}/{repository['name']}"
    changed = git.changes(folder, sha)
    files = [
        {
            "sha": blob, "filename": path, "status": STATUS.get(letter, "changed"), "additions": added,
            "deletions": removed, "changes": added + removed,
            "blob_url": f"{call.site}/{full}/blob/{sha}/{quote(path)}",
            "raw_url": f"{call.site}/{full}/raw/{sha}/{quote(path)}",
            "contents_url": call.url(f"/repos/{full}/contents/{quote(path)}?ref={sha}"),
        }
        for letter, path, blob, added, removed in changed
    ]  # fmt: skip
    stats = {
        "total": sum(added + removed for _, _, _, added, removed in changed),
        "additions": sum(added for _, _, _, added, _ in changed),
        "deletions": sum(removed for _, _, _, _, removed in changed),
    }
    return Reply(200, describe(call, repository, git.commit(folder, sha)) | {"stats": stats, "files": files})


def index_branches(call: Call) -> Reply:
    """GET …/branches."""
    repository = call.repository()
    url = call.url(f"/repos/{repository['owner']}/{repository['name']}")
    found = [
        {
            "name": name,
            "commit": {"sha": sha, "url": f"{url}/commits/{sha}"},
            "protected": _protected(call, repository, name),
        }
        for name, sha in git.branches(call.lab.git(repository)).items()
    ]
    return page(f"{url}/branches", call.query, found)


def show_branch(call: Call) -> Reply:
    """GET …/branches/{branch}."""
    repository, name = call.repository(), call.path["branch"]
    folder = call.lab.git(repository)
    sha = git.head(folder, name)
    if sha is None:
        raise not_found("Branch not found")
    url = call.url(f"/repos/{repository['owner']}/{repository['name']}/branches/{quote(name)}")
    checks = {"enforcement_level": "off", "contexts": [], "checks": []}
    return Reply(200, {
        "name": name, "commit": describe(call, repository, git.commit(folder, sha)),
        "_links": {"self": url, "html": f"{call.site}/{repository['owner']}/{repository['name']}/tree/{quote(name)}"},
        "protected": _protected(call, repository, name), "protection_url": f"{url}/protection",
        "protection": {"enabled": False, "required_status_checks": checks},
    })  # fmt: skip


def show_ref(call: Call) -> Reply:
    """GET …/git/ref/{ref}, the ref without its refs/."""
    repository, ref = call.repository(), f"refs/{call.path['ref']}"
    sha = git.resolve(call.lab.git(repository), ref) if ref.startswith(("refs/heads/", "refs/tags/")) else None
    if sha is None:
        raise not_found()
    return Reply(200, _ref(call, repository, ref, sha))


def create_ref(call: Call) -> Reply:
    """POST …/git/refs: 201; 422 for one that is there."""
    repository, ref, sha = call.repository(), call.text("Reference", "ref"), call.text("Reference", "sha")
    folder = call.lab.git(repository)
    if not ref.startswith(("refs/heads/", "refs/tags/")):
        raise Refusal(422, "Reference name must start with 'refs/heads/' or 'refs/tags/'.")
    if len(sha) != len(git.NOTHING) or git.resolve(folder, sha) is None:
        raise Refusal(422, "Object does not exist")
    refused = rulesets.refused(call.store, repository, Change(ref, "create"), call.require_actor())
    if refused:
        raise Refusal(422, "Repository rule violations found\n\n" + "\n\n".join(refused) + "\n\n")
    if git.resolve(folder, ref) is not None:
        raise Refusal(422, "Reference already exists")
    try:
        git.create_ref(folder, ref, sha)
    except git.GitError:
        raise Refusal(422, f"{ref} is not a valid ref name.") from None
    return Reply(201, _ref(call, repository, ref, sha))


def _ref(call: Call, repository: Row, ref: str, sha: str) -> dict[str, Any]:
    url = call.url(f"/repos/{repository['owner']}/{repository['name']}/git")
    target = {"type": "commit", "sha": sha, "url": f"{url}/commits/{sha}"}
    return {"ref": ref, "node_id": node_id("REF", repository["id"]), "url": f"{url}/{quote(ref)}", "object": target}


def _account(call: Call, name: str) -> dict[str, Any] | None:
    row = call.store.row("SELECT * FROM accounts WHERE login = ? AND kind = 'User'", name)
    return accounts.simple(call, row) if row else None


def _protected(call: Call, repository: Row, branch: str) -> bool:
    found = rulesets.bodies(call.store, repository["id"])
    ref = f"refs/heads/{branch}"
    return any(one["enforcement"] == "active" and covers(one, ref, repository["default_branch"]) for one in found)


_REPOSITORY = "/repos/{owner}/{repo}"
ROUTES: Routes = [
    ("GET", _REPOSITORY + "/commits", index),
    ("GET", _REPOSITORY + "/commits/{ref}", show),
    ("GET", _REPOSITORY + "/branches", index_branches),
    ("GET", _REPOSITORY + "/branches/{branch}", show_branch),
    ("GET", _REPOSITORY + "/git/ref/{ref:path}", show_ref),
    ("POST", _REPOSITORY + "/git/refs", create_ref),
]
