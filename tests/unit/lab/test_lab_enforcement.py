from __future__ import annotations

from typing import Any

import pytest

from lab.github.enforcement import Actor, Change, Kind, covers, matches, refusals

NOBODY, ADMINISTRATOR = Actor(7, administrator=False), Actor(1, administrator=True)


def ruleset(*rules: str, **more: Any) -> dict[str, Any]:
    conditions = {"ref_name": {"include": ["refs/heads/main"], "exclude": []}}
    return {
        "target": "branch",
        "enforcement": "active",
        "conditions": conditions,
        "rules": [{"type": one} for one in rules],
        **more,
    }


@pytest.mark.parametrize(
    ("rule", "refused"),
    [
        ("creation", {"create"}),
        ("update", {"update", "force"}),
        ("deletion", {"delete"}),
        ("non_fast_forward", {"force"}),
        ("pull_request", {"update", "force"}),
        ("required_signatures", set()),
    ],
)
def test_a_rule_refuses_only_what_it_is_about(rule: str, refused: set[str]) -> None:
    kinds: list[Kind] = ["create", "update", "delete", "force"]
    found = {kind for kind in kinds if refusals([ruleset(rule)], Change("refs/heads/main", kind), NOBODY, "main")}
    assert found == refused


def test_only_an_active_ruleset_refuses() -> None:
    for enforcement in ("evaluate", "disabled"):
        assert (
            refusals([ruleset("update", enforcement=enforcement)], Change("refs/heads/main", "update"), NOBODY, "m")
            == []
        )


@pytest.mark.parametrize(
    ("entry", "bypasses"),
    [
        ({"actor_type": "RepositoryRole", "actor_id": 5, "bypass_mode": "always"}, True),
        ({"actor_type": "RepositoryRole", "actor_id": 4, "bypass_mode": "always"}, False),
        ({"actor_type": "RepositoryRole", "actor_id": 5, "bypass_mode": "pull_request"}, False),
        ({"actor_type": "OrganizationAdmin", "actor_id": 1, "bypass_mode": "always"}, True),
        ({"actor_type": "User", "actor_id": 1, "bypass_mode": "exempt"}, True),
        ({"actor_type": "Team", "actor_id": 1, "bypass_mode": "always"}, False),
    ],
)
def test_who_may_bypass_is_let_through(entry: dict[str, Any], bypasses: bool) -> None:
    found = refusals(
        [ruleset("update", bypass_actors=[entry])], Change("refs/heads/main", "update"), ADMINISTRATOR, "main"
    )
    assert (found == []) is bypasses


def test_checks_can_be_spared_on_creation() -> None:
    parameters = {"required_status_checks": [{"context": "test"}], "do_not_enforce_on_create": True}
    checked = ruleset(rules=[{"type": "required_status_checks", "parameters": parameters}])
    assert refusals([checked], Change("refs/heads/main", "create"), NOBODY, "main") == []
    assert refusals([checked], Change("refs/heads/main", "update"), NOBODY, "main") == [
        'Required status check "test" is expected.'
    ]


@pytest.mark.parametrize(
    ("pattern", "ref", "fits"),
    [
        ("refs/tags/v*", "refs/tags/v1.0.0", True),
        ("refs/tags/v*", "refs/tags/v1/x", False),
        ("refs/heads/**/x", "refs/heads/a/b/x", True),
        ("refs/heads/**/x", "refs/heads/x", True),
        ("refs/heads/v?", "refs/heads/v1", True),
        ("refs/heads/v.", "refs/heads/v1", False),
    ],
)
def test_a_pattern_is_githubs_fnmatch(pattern: str, ref: str, fits: bool) -> None:
    assert matches(pattern, ref) is fits


def test_conditions_name_what_is_covered() -> None:
    names = {"include": ["~ALL"], "exclude": ["refs/heads/free"]}
    everything = ruleset("update", conditions={"ref_name": names})
    assert covers(everything, "refs/heads/x", "main")
    assert not covers(everything, "refs/heads/free", "main")
    assert not covers(everything, "refs/tags/x", "main")
    default = ruleset("update", conditions={"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}})
    assert [covers(default, ref, "main") for ref in ("refs/heads/main", "refs/heads/x")] == [True, False]
