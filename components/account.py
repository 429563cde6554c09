"""What the repository and the account allow, and reviewers' names as the numbers GitHub wants.

Asked before anything is changed: GitHub refuses some settings late, with half of them applied, and the provider then
drops one in silence. Asked only when the environment or the ruleset is about to change, or a name is new: a no-op and a
deployment of the app ask nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pulumi

from components.github import api
from components.settings import DeployFrom, Environment, GitHub, Protection

PATIENCE = 10.0  # seconds for each answer
OK, NO_CONTENT, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, TOO_MANY, SERVER_FAULT = 200, 204, 401, 403, 404, 429, 500
PAID = {"pro", "team"}
EVERYTHING = {"enterprise", "business", "business_plus"}


class AccountError(pulumi.RunError):
    """GitHub will not allow what is declared, or cannot be asked. One line a problem, each with its remedy."""


@dataclass(frozen=True)
class Wanted:
    """What the stack asks of the account's plan, each by the key that asks for it."""

    environment: tuple[str, ...] = ()  # any environment at all, its policies, its secrets
    protection_rules: tuple[str, ...] = ()  # reviewers, wait timer, administrators' bypass
    ruleset: bool = False
    evaluate: bool = False


def wanted(environment: Environment | None, protection: Protection | None, deploy_from: DeployFrom) -> Wanted:
    """What these two sections ask of the plan; None: not asked about."""
    rules: list[str] = []
    if environment and (environment.reviewers.users or environment.reviewers.teams):
        rules.append("environment.reviewers")
    if environment and environment.wait_timer:
        rules.append("environment.waitTimer")
    if rules and environment and not environment.administrators_bypass:
        rules.append("environment.administratorsBypass")
    used = ["environment", f"deployFrom.{'branch' if deploy_from.branch else 'tag'}"] if environment else []
    if environment and environment.secrets:
        used.append("environment.secrets")
    return Wanted(
        environment=tuple(used),
        protection_rules=tuple(rules),
        ruleset=protection is not None,
        evaluate=protection is not None and protection.enforcement == "evaluate",
    )


def refusals(plan: str | None, visibility: str, asked: Wanted) -> list[str]:
    """What the plan does not allow in a repository of that visibility, a sentence each with the remedy.

    `plan` as GitHub names it (free, pro, team, enterprise); None where GitHub does not tell it, as Enterprise Server:
    then nothing is refused here. Source: https://docs.github.com/get-started/learning-about-github/githubs-plans
    """
    if plan is None or plan in EVERYTHING:
        return []
    found = []
    if visibility != "public":
        remedy = f"The repository is {visibility} and the plan is {plan}"
        found += [
            f"{key} needs GitHub Enterprise there. {remedy}: delete the key, make the repository public, or upgrade."
            if key != "environment.administratorsBypass"
            else f"{key}: false needs GitHub Enterprise there. {remedy}: set it to true, or upgrade."
            for key in asked.protection_rules
        ]
        if plan not in PAID:
            found += [
                f"{key} needs GitHub Pro or Team there. {remedy}: make it public or upgrade."
                for key in asked.environment
            ]
            if asked.ruleset:
                found.append(f"protection needs GitHub Pro or Team there. {remedy}: make it public or upgrade.")
    if asked.evaluate:
        found.append("protection.enforcement: evaluate needs GitHub Enterprise. Set active or disabled.")
    return found


@dataclass(frozen=True)
class Account:
    """GitHub's REST API, read only, by the token the stack uses. Raises AccountError for any answer but the wanted."""

    github: GitHub

    def get(self, path: str, what: str) -> dict[str, Any]:
        """The JSON at `path`, {} where the answer is empty. `what` is what is looked for, named where it is missing."""
        import urllib3  # noqa: PLC0415 - most updates ask nothing

        token = self.github.token.get_secret_value() if self.github.token else ""
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
        address = api(self.github)
        try:
            answer = urllib3.request(
                "GET", f"{address}{path}", headers=headers, timeout=PATIENCE, retries=False, redirect=False
            )
        except urllib3.exceptions.HTTPError as error:
            # urllib3 counts a refused connection among its timeouts
            refused = isinstance(error, urllib3.exceptions.NewConnectionError)
            if isinstance(error, urllib3.exceptions.TimeoutError) and not refused:
                said = f"did not answer within {PATIENCE:.0f} s. Check the network and githubstatus.com."
            else:
                said = "cannot be reached. Check golive:github.baseUrl, the network and the proxy."
            raise AccountError(f"GitHub at {address} {said}") from None
        if answer.status in {OK, NO_CONTENT}:
            return _json(answer.data)
        limited = answer.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in answer.headers
        raise AccountError(failure(answer.status, what, str(_json(answer.data).get("message", "")), limited=limited))


def _json(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def failure(status: int, what: str, message: str, *, limited: bool = False) -> str:
    """The one line for an answer that is not the wanted one: what GitHub said, and what to do."""
    said = f" ({message})" if message else ""
    if status == UNAUTHORIZED:
        return "GitHub refuses the token (401). Make a new one, and set it as golive:github.token or GITHUB_TOKEN."
    if status == TOO_MANY or (status == FORBIDDEN and limited):
        return f"GitHub asks for patience ({status}): the token's rate limit is used up. Try again in some minutes."
    if status == FORBIDDEN:
        return f"GitHub lets the token not read {what} (403{said}). Give it Administration and Members permission."
    if status == NOT_FOUND:
        return (
            f"GitHub knows no {what} (404), or does not show it to this token. Check the name and the token's access."
        )
    if status >= SERVER_FAULT:
        return f"GitHub failed to show {what} ({status}). Nothing was changed. Try again, or see githubstatus.com."
    return f"GitHub answered {status} when asked for {what}{said}. Check the name in the stack file."


def check(account: Account, asked: Wanted) -> None:
    """Raises AccountError where the plan refuses what is asked. An app's permissions are left to the provider."""
    if account.github.token is None:
        return
    owner, name = account.github.owner, account.github.repository
    repository = account.get(f"/repos/{owner}/{name}", f"repository {owner}/{name}")
    visibility = str(repository.get("visibility") or ("private" if repository.get("private") else "public"))
    if repository.get("permissions", {}).get("admin") is False:
        raise AccountError(f"The token may not administer {owner}/{name}. Use one of an administrator.")
    kind = repository.get("owner", {}).get("type")
    path = f"/orgs/{owner}" if kind == "Organization" else f"/users/{owner}"
    plan = account.get(path, f"account {owner}").get("plan", {}).get("name")
    if found := refusals(plan, visibility, asked):
        raise AccountError("\n".join(f"golive:{one}" for one in found))


def ids(account: Account, users: Iterable[str], teams: Iterable[str], known: Mapping[str, int]) -> dict[str, int]:
    """The numbers of users and teams, by `user:alice` and `team:platform`; `known` ones are not asked for again.

    Raises AccountError with a line for each name that does not exist or has no access: GitHub takes a reviewer without
    access and then ignores it in silence. (https://docs.github.com/rest/collaborators, https://docs.github.com/rest/teams)
    """
    found: dict[str, int] = {}
    problems: list[str] = []
    for key in [*(f"user:{name}" for name in users), *(f"team:{name}" for name in teams)]:
        try:
            found[key] = int(known[key]) if key in known else _number(account, key)
        except AccountError as error:
            problems.append(str(error))
    if problems:
        raise AccountError("\n".join(dict.fromkeys(problems)))
    return found


def _number(account: Account, key: str) -> int:
    """The number of one user or team that has access to the repository."""
    kind, _, name = key.partition(":")
    owner, repository = account.github.owner, account.github.repository
    if account.github.token is None:
        raise AccountError(f"{kind} {name} can be looked up with a token only. Set golive:github.token for this once.")
    if kind == "user":
        number = int(account.get(f"/users/{quote(name)}", f"user {name}")["id"])
        granted = account.get(f"/repos/{owner}/{repository}/collaborators/{quote(name)}/permission", f"user {name}")
        if granted.get("permission") == "none":
            raise AccountError(f"User {name} has no access to {owner}/{repository}. Give read access, or name another.")
        return number
    team = f"/orgs/{owner}/teams/{quote(name)}"
    number = int(account.get(team, f"team {name} in {owner}")["id"])
    account.get(f"{team}/repos/{owner}/{repository}", f"access of team {name} to {owner}/{repository}")
    return number
