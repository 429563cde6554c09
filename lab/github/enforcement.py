"""What active rulesets say to one change of a branch or tag: pure decisions.

Source: https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

ADMINISTRATOR_ROLE = 5
ANYONE_WHO_BYPASSES = {"always", "exempt"}  # "pull_request" bypasses only inside a pull request

Kind = Literal["create", "update", "delete", "force"]


@dataclass(frozen=True)
class Change:
    """One ref about to change: the full ref (refs/heads/main) and how."""

    ref: str
    kind: Kind


@dataclass(frozen=True)
class Actor:
    """Who changes it: account id and whether they administer the repository and the organization."""

    number: int
    administrator: bool


def refusals(rulesets: Iterable[Mapping[str, Any]], change: Change, actor: Actor, default_branch: str) -> list[str]:
    """GitHub's sentences for every rule that refuses `change`; none: it may happen.

    `rulesets` are bodies as the API shows them; `evaluate` and `disabled` ones refuse nothing.
    """
    found: list[str] = []
    for ruleset in rulesets:
        if ruleset["enforcement"] != "active" or not covers(ruleset, change.ref, default_branch):
            continue
        if any(_bypasses(one, actor) for one in ruleset.get("bypass_actors") or []):
            continue
        sentences = (_refusal(rule, change) for rule in ruleset.get("rules") or [])
        found.extend(one for one in sentences if one and one not in found)
    return found


def covers(ruleset: Mapping[str, Any], ref: str, default_branch: str) -> bool:
    """Whether the ruleset's target and conditions take in the full ref `ref`."""
    prefix = {"branch": "refs/heads/", "tag": "refs/tags/"}.get(ruleset["target"])
    if prefix is None or not ref.startswith(prefix):
        return False
    names = (ruleset.get("conditions") or {}).get("ref_name") or {}
    return _any(names.get("include") or [], ref, default_branch) and not _any(
        names.get("exclude") or [], ref, default_branch
    )


def matches(pattern: str, ref: str) -> bool:
    """Whether the full ref fits the fnmatch pattern: `*` and `?` stay within one path part, `**/` spans parts."""
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    return re.fullmatch("".join(parts.get(piece, re.escape(piece)) for piece in pieces), ref) is not None


def _any(patterns: Sequence[str], ref: str, default_branch: str) -> bool:
    special = {"~ALL"} | ({"~DEFAULT_BRANCH"} if ref == f"refs/heads/{default_branch}" else set())
    return any(pattern in special or matches(pattern, ref) for pattern in patterns)


def _bypasses(entry: Mapping[str, Any], actor: Actor) -> bool:
    if entry.get("bypass_mode", "always") not in ANYONE_WHO_BYPASSES:
        return False
    kind, number = entry.get("actor_type"), entry.get("actor_id")
    if kind == "User":
        return number == actor.number
    return actor.administrator and (
        kind == "OrganizationAdmin" or (kind == "RepositoryRole" and number == ADMINISTRATOR_ROLE)
    )


# rule → the changes it refuses, and GitHub's sentence
DIRECT: Mapping[str, tuple[frozenset[Kind], str]] = {
    "creation": (frozenset({"create"}), "Cannot create ref due to creations being restricted."),
    "update": (frozenset({"update", "force"}), "Cannot update this protected ref."),
    "deletion": (frozenset({"delete"}), "Cannot delete this protected ref."),
    "non_fast_forward": (frozenset({"force"}), "Cannot force-push to this protected ref."),
    "pull_request": (frozenset({"update", "force"}), "Changes must be made through a pull request."),
}


def _refusal(rule: Mapping[str, Any], change: Change) -> str | None:
    """The sentence by which one rule refuses the change; None where it does not concern it."""
    if rule["type"] in DIRECT:
        kinds, sentence = DIRECT[rule["type"]]
        return sentence if change.kind in kinds else None
    parameters = rule.get("parameters") or {}
    checks = parameters.get("required_status_checks") or []
    free = change.kind == "delete" or (change.kind == "create" and parameters.get("do_not_enforce_on_create", False))
    if rule["type"] != "required_status_checks" or not checks or free:
        return None
    named = f'"{checks[0]["context"]}" is' if len(checks) == 1 else f"{len(checks)} of {len(checks)} are"
    return f"Required status check {named} expected."
