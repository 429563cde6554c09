"""Files of the repository: read, and changed by commits.

Source: https://docs.github.com/rest/repos/contents
"""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import quote

from lab.github import commits, git, rulesets
from lab.github.call import Call, Routes
from lab.github.enforcement import Change
from lab.github.reply import Refusal, Reply, invalid, not_found
from lab.github.store import Row

LARGEST_INLINE = 1024 * 1024  # bytes; a larger file comes without its content
LINE = 60  # characters of base64 a line, as GitHub breaks them
KINDS = {"blob": "file", "tree": "dir", "commit": "submodule"}
LINK = "120000"


def show(call: Call) -> Reply:
    """GET …/contents/{path}: a file with its content, or a folder as a list."""
    repository, path, ref = call.repository(), call.path.get("path", "").strip("/"), call.query.get("ref")
    name = ref or repository["default_branch"]
    folder = call.lab.git(repository)
    commit = git.resolve(folder, name)
    if commit is None:
        raise not_found(f"No commit found for the ref {name}" if ref else "This repository is empty.")
    found = git.entry(folder, commit, path) if path else None
    if path and found is None:
        raise not_found()
    if found is None or found.kind == "tree":
        entries = git.listing(folder, commit, path)
        return Reply(200, [_describe(call, repository, one, name) for one in entries])
    body = _describe(call, repository, found, name)
    if found.kind == "blob":
        raw = git.content(folder, found.sha)
        body |= {"target": raw.decode(errors="replace")} if found.mode == LINK else _encoded(raw)
    return Reply(200, body)


def put(call: Call) -> Reply:
    """PUT …/contents/{path}: one commit; 201 for a new file, 200 for a changed one."""
    call.text("Commit", "message")
    encoded = call.fields().get("content")
    if not isinstance(encoded, str):
        raise invalid("Content", "content", "content is required", "missing_field")
    try:
        new = base64.b64decode("".join(encoded.split()), validate=True)
    except binascii.Error:
        raise Refusal(422, "content is not valid Base64") from None
    return _change(call, new)


def delete(call: Call) -> Reply:
    """DELETE …/contents/{path}: one commit. The fields may come as body or as query."""
    return _change(call, None)


def _change(call: Call, new: bytes | None) -> Reply:
    repository, path = call.repository(), call.path["path"]
    fields = dict(call.query) if call.body is None else call.fields()
    folder, branch = call.lab.git(repository), fields.get("branch") or repository["default_branch"]
    if any(part in {"", ".", ".."} or part.lower() == ".git" for part in path.split("/")) or not path.isprintable():
        raise Refusal(422, "path contains a malformed path component")
    head = git.head(folder, branch)
    if head is None and (git.branches(folder) or branch != repository["default_branch"] or new is None):
        raise not_found(f"Branch {branch} not found")
    there = git.entry(folder, head, path) if head else None
    _check_sha(there, fields.get("sha"), path, deleting=new is None)
    change = Change(f"refs/heads/{branch}", "update" if head else "create")
    refused = rulesets.refused(call.store, repository, change, call.require_actor())
    if refused:
        raise Refusal(409, "Repository rule violations found\n\n" + "\n\n".join(refused) + "\n\n")
    author = _person(fields, "author") or _person(fields, "committer") or git.PERSON
    committer = _person(fields, "committer") or git.SERVICE
    message = fields.get("message") or f"Delete {path}"
    try:
        made = git.change_file(folder, branch, head, path, new=new, message=message, author=author, committer=committer)
    except git.MovedError as moved:  # another commit came between: who wants several makes them one after the other
        raise Refusal(409, f"{branch} is at {moved} but expected {head}") from None
    except git.GitError as error:
        raise Refusal(422, f"path can not be a file here: {error}") from None
    commit = commits.describe_git(call, repository, git.commit(folder, made))
    if new is None:
        return Reply(200, {"content": None, "commit": commit})
    entry = git.entry(folder, made, path)
    content = _describe(call, repository, entry, branch) if entry else None
    return Reply(200 if there else 201, {"content": content, "commit": commit})


def _check_sha(there: git.Entry | None, sha: str | None, path: str, *, deleting: bool) -> None:
    """Raises what GitHub answers to a `sha` that is missing (422) or not the file's present one (409)."""
    if deleting and there is None:
        raise not_found()
    if there is not None and there.kind == "tree":
        raise Refusal(422, "path is a directory")
    if there is not None and not sha:
        raise Refusal(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
    if sha and (there is None or there.sha != sha):
        raise Refusal(
            409, f"{path} does not match {sha}" if there is None else f"{path} is at {there.sha} but expected {sha}"
        )


def _person(fields: dict[str, Any], role: str) -> tuple[str, str] | None:
    person = fields.get(role)
    if person is None:
        return None
    if not isinstance(person, dict) or not all(
        isinstance(person.get(one), str) and person[one] for one in ("name", "email")
    ):
        raise invalid("Commit", role, f"{role} needs name and email")
    return person["name"], person["email"]


def _describe(call: Call, repository: Row, entry: git.Entry, ref: str) -> dict[str, Any]:
    """A file or folder as the API shows it; `url` ends in the ref, from which clients read it back."""
    full, path, query = f"{repository['owner']}/{repository['name']}", quote(entry.path), quote(ref, safe="")
    kind = "symlink" if entry.mode == LINK else KINDS[entry.kind]
    url = call.url(f"/repos/{full}/contents/{path}?ref={query}")
    tree = "trees" if kind == "dir" else "blobs"
    git_url = call.url(f"/repos/{full}/git/{tree}/{entry.sha}")
    html_url = f"{call.site}/{full}/{'tree' if kind == 'dir' else 'blob'}/{query}/{path}"
    return {
        "name": entry.path.rpartition("/")[2], "path": entry.path, "sha": entry.sha, "size": entry.size, "url": url,
        "html_url": html_url, "git_url": git_url, "type": kind,
        "download_url": f"{call.site}/raw/{full}/{query}/{path}" if kind == "file" else None,
        "_links": {"self": url, "git": git_url, "html": html_url},
    }  # fmt: skip


def _encoded(raw: bytes) -> dict[str, Any]:
    if len(raw) > LARGEST_INLINE:
        return {"content": "", "encoding": "none"}
    text = base64.b64encode(raw).decode()
    return {"content": "".join(f"{text[at : at + LINE]}\n" for at in range(0, len(text), LINE)), "encoding": "base64"}


ROUTES: Routes = [
    ("GET", "/repos/{owner}/{repo}/contents", show),
    ("GET", "/repos/{owner}/{repo}/contents/", show),
    ("GET", "/repos/{owner}/{repo}/contents/{path:path}", show),
    ("PUT", "/repos/{owner}/{repo}/contents/{path:path}", put),
    ("DELETE", "/repos/{owner}/{repo}/contents/{path:path}", delete),
]
