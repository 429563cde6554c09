"""The check of a push before it is taken: git runs this as pre-receive, once, with every ref that would change.

Source: https://git-scm.com/docs/githooks#pre-receive
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from lab.github import git, rulesets
from lab.github.enforcement import Change, Kind
from lab.github.store import Store

QUARANTINE = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH")


def kind(repository: Path, old: str, new: str, ref: str) -> Kind:
    """How a ref would change; the new commits are still in quarantine."""
    if old == git.NOTHING:
        return "create"
    if new == git.NOTHING:
        return "delete"
    held = {name: os.environ[name] for name in QUARANTINE if name in os.environ}
    forward = ref.startswith("refs/heads/") and git.is_ancestor(repository, old, new, held)
    return "update" if forward else "force"


def main() -> int:
    """Reads `old new ref` lines; 1 and GitHub's words on stderr where a ruleset refuses one of them."""
    store = Store(Path(os.environ["LAB_STATE"]))
    row = store.row("SELECT * FROM repositories WHERE id = ?", int(os.environ["LAB_REPOSITORY"]))
    if row is None:
        return 1
    refused = False
    for line in sys.stdin:
        old, new, ref = line.split()
        change = Change(ref, kind(Path.cwd(), old, new, ref))
        for sentence in rulesets.refused(store, row, change, os.environ["LAB_ACTOR"]):
            if not refused:
                sys.stderr.write(f"error: GH013: Repository rule violations found for {ref}.\n\n")
            refused = True
            sys.stderr.write(f"- {sentence}\n")
    return int(refused)


if __name__ == "__main__":
    raise SystemExit(main())
