"""The ruleset that protects what this stack deploys from: a branch, or the tags of a pattern.

Source: https://docs.github.com/rest/repos/rules
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_github import (
    RepositoryRuleset,
    RepositoryRulesetBypassActorArgs,
    RepositoryRulesetConditionsArgs,
    RepositoryRulesetConditionsRefNameArgs,
    RepositoryRulesetRulesArgs,
    RepositoryRulesetRulesPullRequestArgs,
    RepositoryRulesetRulesRequiredStatusChecksArgs,
    RepositoryRulesetRulesRequiredStatusChecksRequiredCheckArgs,
)

from components import account
from components.environment import account_hook
from components.settings import Bypass, DeployFrom, GitHub
from components.settings import Protection as Wishes

ROLES = {"admin": 5, "maintain": 2, "write": 4}  # the numbers of the built-in roles


@dataclass(frozen=True)
class ProtectionArgs:
    """`after`: the committed files, which a ruleset that is there already would refuse (409). `known` as elsewhere."""

    github: GitHub
    protection: Wishes
    deploy_from: DeployFrom
    after: Sequence[pulumi.Resource] = ()
    known: Mapping[str, int] = field(default_factory=dict)


class Protection(pulumi.ComponentResource):
    """One ruleset. Out: `reviewer_ids`, the numbers of teams that may bypass. Raises AccountError."""

    reviewer_ids: dict[str, int]
    ruleset: RepositoryRuleset

    def __init__(self, name: str, args: ProtectionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        teams = [one.team for one in args.protection.bypass if one.team]
        self.reviewer_ids = account.ids(account.Account(args.github), (), teams, known=args.known)
        super().__init__("golive:github:Protection", name, None, opts)
        branch, tag = args.deploy_from.branch, args.deploy_from.tag
        self.ruleset = RepositoryRuleset(
            f"{name}-ruleset",
            name=f"golive {name}",  # given, or each replacement would have another name
            repository=args.github.repository,
            target="branch" if branch else "tag",
            enforcement=args.protection.enforcement,
            conditions=RepositoryRulesetConditionsArgs(
                ref_name=RepositoryRulesetConditionsRefNameArgs(
                    includes=[f"refs/heads/{branch}" if branch else f"refs/tags/{tag}"], excludes=[]
                )
            ),
            bypass_actors=[actor(one, self.reviewer_ids) for one in args.protection.bypass],
            rules=rules(args.protection, args.deploy_from),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list(args.after),
                hooks=account_hook(
                    f"{name}-ruleset", args.github, account.wanted(None, args.protection, args.deploy_from)
                ),
            ),
        )
        self.register_outputs({"reviewerIds": self.reviewer_ids})


def actor(bypass: Bypass, numbers: Mapping[str, int]) -> RepositoryRulesetBypassActorArgs:
    """Who may pass by, as GitHub wants it: a kind and a number."""
    if bypass.role:
        kind, number = "RepositoryRole", ROLES[bypass.role]
    elif bypass.team:
        kind, number = "Team", numbers[f"team:{bypass.team}"]
    else:
        kind, number = "Integration", bypass.app or 0
    return RepositoryRulesetBypassActorArgs(actor_type=kind, actor_id=number, bypass_mode="always")


def rules(protection: Wishes, deploy_from: DeployFrom) -> RepositoryRulesetRulesArgs:
    """What is refused: for a branch deletion and force pushes, for a tag any change once it is there.

    Making a tag stays free, since that is how a release is asked for; the environment's reviewers decide on it.
    `required_deployments` is never set: with an environment open to one branch only, pull requests could not merge.
    """
    checks = [
        RepositoryRulesetRulesRequiredStatusChecksRequiredCheckArgs(context=one.name, integration_id=one.integration_id)
        for one in protection.required_checks
    ]
    return RepositoryRulesetRulesArgs(
        deletion=True,
        non_fast_forward=True,
        update=True if deploy_from.tag else None,
        pull_request=_pull_request(protection.approvals) if protection.approvals else None,
        required_status_checks=RepositoryRulesetRulesRequiredStatusChecksArgs(required_checks=checks)
        if checks
        else None,
    )


def _pull_request(approvals: int) -> RepositoryRulesetRulesPullRequestArgs:
    return RepositoryRulesetRulesPullRequestArgs(
        required_approving_review_count=approvals, dismiss_stale_reviews_on_push=True
    )
