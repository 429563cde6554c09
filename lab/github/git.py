"""A bare git repository by its plumbing: read files and history, and make a commit without a working tree."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

NOTHING = "0" * 40
PERSON = ("lab-admin", "lab-admin@users.noreply.github.com")
SERVICE = ("GitHub", "noreply@github.com")  # who commits what is made through the API
HOOK = """#!/bin/sh
# The lab's server sets LAB_PYTHON; a push into the folder itself, which nobody on GitHub can do, is not checked.
[ -n "$LAB_PYTHON" ] || exit 0
exec "$LAB_PYTHON" -m lab.github.hook
"""


class GitError(RuntimeError):
    """What git said when it failed."""


class MovedError(RuntimeError):
    """The branch is no longer where the commit was made for; carries the branch's present commit."""


@dataclass(frozen=True)
class Entry:
    """One file, folder or link of a tree: `kind` is blob, tree or commit, `size` bytes (0 for what is no blob)."""

    mode: str
    kind: str
    sha: str
    size: int
    path: str


@dataclass(frozen=True)
class Commit:
    """One commit; author and committer are name, e-mail, time."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: tuple[str, str, str]
    committer: tuple[str, str, str]
    message: str


def environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment git runs in: nobody's own configuration reaches it."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    fixed = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}
    return {**kept, **fixed, "GIT_LITERAL_PATHSPECS": "1", **(variables or {})}


def run(repository: Path, *arguments: str, stdin: bytes = b"", variables: Mapping[str, str] | None = None) -> bytes:
    """Runs git on a bare repository; hands back its output. Raises GitError with what it said."""
    command = ["git", f"--git-dir={repository}", *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, check=False, env=environment(variables))
    if done.returncode:
        raise GitError(done.stderr.decode(errors="replace").strip() or f"git {arguments[0]} failed")
    return done.stdout


def create(repository: Path, branch: str, folder: Path | None) -> None:
    """Makes a bare repository; with `folder`, with one commit of all its files, modes kept."""
    repository.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=repository.parent) as scratch:
        made = Path(scratch) / "new.git"
        subprocess.run(["git", "init", "--quiet", "--bare", f"--initial-branch={branch}", str(made)],
                       check=True, env=environment())  # fmt: skip
        run(made, "config", "http.receivepack", "true")
        run(made, "config", "core.logAllRefUpdates", "true")
        hook = made / "hooks" / "pre-receive"
        hook.write_text(HOOK)
        hook.chmod(0o755)
        if folder is not None:
            index = {"GIT_INDEX_FILE": str(Path(scratch) / "index"), "GIT_WORK_TREE": str(folder.resolve())}
            subprocess.run(["git", f"--git-dir={made}", "add", "--all", "--force", "."], check=True, cwd=folder,
                           env=environment(index))  # fmt: skip
            tree = run(made, "write-tree", variables=index).decode().strip()
            _record(made, branch, tree, None, message="Initial commit", author=PERSON, committer=PERSON)
        made.replace(repository)  # whole or not at all: an interrupted start is simply done again


def head(repository: Path, branch: str) -> str | None:
    """The commit `branch` is at; None where there is no such branch."""
    return _verify(repository, f"refs/heads/{branch}")


def resolve(repository: Path, name: str) -> str | None:
    """The commit that a branch, a tag, a full ref or a commit id means; None where it means nothing."""
    candidates = [f"refs/heads/{name}", f"refs/tags/{name}"]
    if name.startswith(("refs/heads/", "refs/tags/")):
        candidates.append(name)
    if len(name) >= 4 and all(letter in "0123456789abcdef" for letter in name.lower()):
        candidates.append(name)
    return next((sha for sha in (_verify(repository, one) for one in candidates) if sha), None)


def _verify(repository: Path, expression: str) -> str | None:
    try:
        return run(repository, "rev-parse", "--verify", "--quiet", f"{expression}^{{commit}}").decode().strip() or None
    except GitError:
        return None


def branches(repository: Path) -> dict[str, str]:
    """Every branch and the commit it is at."""
    lines = run(repository, "for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads").decode()
    return dict(line.rsplit(" ", 1) for line in lines.splitlines())


def listing(repository: Path, commit: str, path: str = "", *, deep: bool = False) -> list[Entry]:
    """What the folder `path` holds at `commit`; `deep`: every file below it."""
    tree = f"{commit}:{path}" if path else commit
    output = run(repository, "ls-tree", "-l", "-z", *(["-r"] if deep else []), tree).decode()
    entries = []
    for line in filter(None, output.split("\0")):
        facts, name = line.split("\t", 1)
        mode, kind, sha, size = facts.split()
        entries.append(Entry(mode, kind, sha, int(size) if size.isdigit() else 0, f"{path}/{name}" if path else name))
    return entries


def entry(repository: Path, commit: str, path: str) -> Entry | None:
    """The file or folder at `path`; None where there is none."""
    folder, _, _ = path.rpartition("/")
    try:
        return next((one for one in listing(repository, commit, folder) if one.path == path), None)
    except GitError:
        return None


def content(repository: Path, blob: str) -> bytes:
    """A blob's bytes."""
    return run(repository, "cat-file", "blob", blob)


def commit(repository: Path, sha: str) -> Commit:
    """The commit `sha`."""
    form = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B"
    parts = (
        run(repository, "log", "-1", "--no-show-signature", f"--format={form}", sha)
        .decode(errors="replace")
        .split("\0")
    )
    author, committer = (parts[3], parts[4], _utc(parts[5])), (parts[6], parts[7], _utc(parts[8]))
    return Commit(parts[0], parts[1], tuple(parts[2].split()), author, committer, parts[9].rstrip("\n"))


def history(repository: Path, start: str, path: str | None) -> list[str]:
    """The commits reachable from `start`, newest first; with `path`, those that touch it."""
    return run(repository, "rev-list", start, *(["--", path] if path else [])).decode().split()


def changes(repository: Path, sha: str) -> list[tuple[str, str, str, int, int]]:
    """What `sha` changed: status letter, path, blob id, lines added, lines removed."""
    options = ["diff-tree", "--root", "--no-commit-id", "-r", "-z", "--no-renames", "-m", "--first-parent"]
    raw = run(repository, *options, "--raw", "--abbrev=40", sha).decode().split("\0")
    counted = run(repository, *options, "--numstat", sha).decode().split("\0")
    numbers = {line.split("\t", 2)[2]: line.split("\t", 2)[:2] for line in counted if line.count("\t") >= 2}
    found = []
    for facts, path in zip(raw[0::2], raw[1::2], strict=False):
        _, _, before, after, letter = facts.split()
        added, removed = (int(one) if one.isdigit() else 0 for one in numbers.get(path, ["0", "0"]))
        found.append((letter, path, after if letter != "D" else before, added, removed))
    return found


def last_change(repository: Path) -> str | None:
    """When the newest commit was made; None in an empty repository."""
    form = "--format=%(committerdate:iso-strict)"
    newest = run(repository, "for-each-ref", "--count=1", "--sort=-committerdate", form, "refs/heads").decode().strip()
    return _utc(newest) if newest else None


def change_file(
    repository: Path,
    branch: str,
    parent: str | None,
    path: str,
    *,
    new: bytes | None,
    message: str,
    author: tuple[str, str],
    committer: tuple[str, str],
) -> str:
    """Commits `new` (None: no file any more) as `path` onto `branch`; hands back the commit.

    Raises MovedError where the branch is no longer at `parent`, GitError where the path can not be a file.
    """
    with tempfile.TemporaryDirectory() as scratch:
        index = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
        if parent:
            run(repository, "read-tree", parent, variables=index)
        if new is None:
            run(repository, "update-index", "--index-info", stdin=f"0 {NOTHING}\t{path}\n".encode(), variables=index)
        else:
            there = entry(repository, parent, path) if parent else None
            mode = there.mode if there and there.kind == "blob" else "100644"
            blob = run(repository, "hash-object", "-w", "--stdin", stdin=new).decode().strip()
            run(repository, "update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}", variables=index)
        tree = run(repository, "write-tree", variables=index).decode().strip()
    return _record(repository, branch, tree, parent, message=message, author=author, committer=committer)


def _record(
    repository: Path, branch: str, tree: str, parent: str | None, *, message: str, author: tuple[str, str],
    committer: tuple[str, str],
) -> str:  # fmt: skip
    people = {
        "GIT_AUTHOR_NAME": author[0], "GIT_AUTHOR_EMAIL": author[1],
        "GIT_COMMITTER_NAME": committer[0], "GIT_COMMITTER_EMAIL": committer[1],
    }  # fmt: skip
    parents = ["-p", parent] if parent else []
    made = run(repository, "commit-tree", tree, *parents, stdin=message.encode(), variables=people).decode().strip()
    try:
        run(repository, "update-ref", f"refs/heads/{branch}", made, parent or NOTHING, variables=people)
    except GitError:
        raise MovedError(head(repository, branch) or NOTHING) from None
    return made


def create_ref(repository: Path, ref: str, sha: str) -> None:
    """Makes the ref `ref`. Raises GitError where it is there already or its name is not allowed."""
    run(repository, "check-ref-format", ref)
    run(repository, "update-ref", ref, sha, NOTHING)


def is_ancestor(repository: Path, old: str, new: str, variables: Mapping[str, str]) -> bool:
    """Whether `new` holds all of `old`'s history: a push from one to the other is no force push."""
    command = ["git", f"--git-dir={repository}", "merge-base", "--is-ancestor", old, new]
    return subprocess.run(command, check=False, capture_output=True, env=environment(variables)).returncode == 0


def _utc(time: str) -> str:
    return datetime.fromisoformat(time).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
