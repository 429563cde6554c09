"""The stack's GitHub environment: who must agree, what may be deployed there, its variables and secrets.

Source: https://docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_github import (
    ActionsEnvironmentSecret,
    ActionsEnvironmentVariable,
    RepositoryEnvironment,
    RepositoryEnvironmentDeploymentBranchPolicyArgs,
    RepositoryEnvironmentDeploymentPolicy,
    RepositoryEnvironmentReviewerArgs,
)

from components import account
from components.settings import DeployFrom, GitHub
from components.settings import Environment as Wishes


@dataclass(frozen=True)
class EnvironmentArgs:
    """`known`: the output `reviewer_ids` of the stack's last update, so that known names are not asked for again."""

    github: GitHub
    environment: Wishes
    deploy_from: DeployFrom
    known: Mapping[str, int] = field(default_factory=dict)


class Environment(pulumi.ComponentResource):
    """The environment, its one deployment policy, its variables and secrets, made in this order.

    The policy comes before the secrets, so that there is no moment in which any branch could read them. Out: `name`,
    `reviewer_ids`, and `ready`, the resources that must be there before a workflow may name the environment (GitHub
    makes a missing environment itself, unprotected). Raises AccountError where GitHub would not allow it.
    """

    name: pulumi.Output[str]
    reviewer_ids: dict[str, int]
    ready: list[pulumi.Resource]

    def __init__(self, name: str, args: EnvironmentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        reviewers = args.environment.reviewers
        self.reviewer_ids = account.ids(
            account.Account(args.github), reviewers.users, reviewers.teams, known=args.known
        )
        super().__init__("golive:github:Environment", name, None, opts)
        environment = self._environment(name, args)
        self.name = environment.environment
        policy = RepositoryEnvironmentDeploymentPolicy(
            f"{name}-policy",
            repository=args.github.repository,
            environment=environment.environment,
            branch_pattern=args.deploy_from.branch,
            tag_pattern=args.deploy_from.tag,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.ready = [environment, policy, *self._values(name, args, environment, policy)]
        self.register_outputs({"name": self.name, "reviewerIds": self.reviewer_ids})

    def _environment(self, name: str, args: EnvironmentArgs) -> RepositoryEnvironment:
        wishes = args.environment
        users = sorted(number for key, number in self.reviewer_ids.items() if key.startswith("user:"))
        teams = sorted(number for key, number in self.reviewer_ids.items() if key.startswith("team:"))
        reviewers = [RepositoryEnvironmentReviewerArgs(users=users, teams=teams)] if users or teams else None
        return RepositoryEnvironment(
            f"{name}-environment",
            repository=args.github.repository,
            environment=wishes.name,
            reviewers=reviewers,
            wait_timer=wishes.wait_timer,
            prevent_self_review=wishes.prevent_self_review,
            # Without reviewers and wait there is nothing to bypass, and forbidding it needs GitHub Enterprise.
            can_admins_bypass=wishes.administrators_bypass or not (reviewers or wishes.wait_timer),
            # "Protected branches only" would let every branch deploy while no branch is protected.
            deployment_branch_policy=RepositoryEnvironmentDeploymentBranchPolicyArgs(
                protected_branches=False, custom_branch_policies=True
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                # Deleting an environment destroys its secrets and fails jobs that wait for it. Never retained on
                # delete: `pulumi destroy` leaves nothing behind, and protect is what stops it.
                protect=wishes.protect,
                hooks=account_hook(name, args.github, account.wanted(wishes, None, args.deploy_from)),
            ),
        )

    def _values(
        self,
        name: str,
        args: EnvironmentArgs,
        environment: RepositoryEnvironment,
        policy: RepositoryEnvironmentDeploymentPolicy,
    ) -> list[pulumi.Resource]:
        made: list[pulumi.Resource] = []
        opts = pulumi.ResourceOptions(parent=self, depends_on=[policy])
        for key, text in args.environment.variables.items():
            made.append(
                ActionsEnvironmentVariable(
                    f"{name}-variable-{key}",
                    repository=args.github.repository,
                    environment=environment.environment,
                    variable_name=key.upper(),  # GitHub keeps names in capitals: anything else would never settle
                    value=text,
                    opts=opts,
                )
            )
        for key, secret in args.environment.secrets.items():
            made.append(
                ActionsEnvironmentSecret(
                    f"{name}-secret-{key}",
                    repository=args.github.repository,
                    environment=environment.environment,
                    secret_name=key.upper(),
                    value=pulumi.Output.secret(secret.get_secret_value()),
                    opts=opts,
                )
            )
        return made


def account_hook(name: str, github: GitHub, asked: account.Wanted) -> pulumi.ResourceHookBinding:
    """Asks the account what it allows when the resource is about to be made or changed, in a preview too."""

    def allowed(_: pulumi.ResourceHookArgs) -> None:
        account.check(account.Account(github), asked)

    hook = pulumi.ResourceHook(f"{name}-account", allowed, pulumi.ResourceHookOptions(on_dry_run=True))
    return pulumi.ResourceHookBinding(before_create=[hook], before_update=[hook])
