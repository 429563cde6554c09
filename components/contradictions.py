"""What each value allows and all together do not: pure checks over sections that are right by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from components.appcontradictions import app_contradictions, services_contradictions
from components.appsections import OneOfSeveral
from components.complaints import Complaint
from components.on_a_swarm import on_a_swarm, on_one_engine
from components.sections import (
    DeployFrom,
    Environment,
    GitHub,
    Monitor,
    Protection,
    Traffic,
)
from components.slots import SWARM

MOST_REVIEWERS = 6  # https://docs.github.com/rest/deployments/environments: users and teams together
MOST_NAMES = 100  # https://docs.github.com/actions/reference/limits: secrets, and variables, of an environment
LONGEST_VALUE = 48 * 1024
LONGEST_NAME = 255
LOOPBACK = {"127.0.0.1", "::1"}
NOT_IN_A_NAME = set("'\"`,;\\/")
EVERY_ADDRESS = {"0.0.0.0", "::"}  # noqa: S104 - compared with, not bound


def contradictions(sections: Mapping[str, Any], stack: str) -> Iterator[Complaint]:
    """(key path, sentence) for each. `sections`: what could be read, by the name in the stack file."""
    github, deploy_from = sections.get("github"), sections.get("deployFrom")
    environment, protection = sections.get("environment"), sections.get("protection")
    traffic, monitor = sections.get("traffic"), sections.get("monitor")
    if isinstance(github, GitHub) and github.token and github.app:
        yield ("github",), "has both token and app. Keep one of them."
    if isinstance(deploy_from, DeployFrom):
        yield from _deploy_from(deploy_from)
    if isinstance(environment, Environment):
        yield from _environment(environment, stack)
    if isinstance(protection, Protection):
        yield from _protection(protection, deploy_from)
    yield from (on_a_swarm(sections) if sections.get("engine") == SWARM else on_one_engine(sections))
    if isinstance(traffic, Traffic):
        yield from _metrics(traffic, monitor)
        yield from _tls(traffic, monitor, sections.get("services") or {})
    if isinstance(traffic, Traffic) and isinstance(monitor, Monitor):
        yield from _ports(traffic, monitor)
    if sections.get("services"):
        yield from services_contradictions(sections)
    elif "services" in sections and sections["services"] is None:
        yield from app_contradictions((), ("service",), sections)


def _deploy_from(deploy_from: DeployFrom) -> Iterator[Complaint]:
    if deploy_from.branch and deploy_from.tag:
        yield ("deployFrom",), "has both branch and tag. Keep the one that this stack deploys from."
    if not deploy_from.branch and not deploy_from.tag:
        yield ("deployFrom",), "has neither branch nor tag. Set one, such as branch: main or tag: v*."


def _environment(environment: Environment, stack: str) -> Iterator[Complaint]:
    users, teams = environment.reviewers.users, environment.reviewers.teams
    together = len(users) + len(teams)
    if together > MOST_REVIEWERS:
        yield (
            ("environment", "reviewers"),
            f"has {together} users and teams, GitHub takes {MOST_REVIEWERS} together. Put people into a team.",
        )
    for kind, names in (("users", users), ("teams", teams)):
        yield from _twice(("environment", "reviewers", kind), names)
    if environment.prevent_self_review and not together:
        yield ("environment", "preventSelfReview"), "is true without reviewers. Name reviewers, or delete it."
    name = environment.name or stack
    if len(name) > LONGEST_NAME or not name.isprintable() or NOT_IN_A_NAME & set(name):
        yield ("environment", "name"), "is no name for an environment. Use up to 255 characters without '\"`,;\\/."
    for kind, size in (("variables", len(environment.variables)), ("secrets", len(environment.secrets))):
        if size > MOST_NAMES:
            yield ("environment", kind), f"has {size} entries, GitHub takes {MOST_NAMES}. Delete some."
        yield from _twice(("environment", kind), getattr(environment, kind))
    for name, text in environment.variables.items():
        if len(text.encode()) > LONGEST_VALUE:
            yield ("environment", "variables", name), "is longer than 48 KiB. Shorten it."
    for name, secret in environment.secrets.items():
        if len(secret.get_secret_value().encode()) > LONGEST_VALUE:
            yield ("environment", "secrets", name), "is longer than 48 KiB. Shorten it."
    variables = {name.upper() for name in environment.variables}
    for name in environment.secrets:
        if name.upper() in variables:
            yield ("environment", "secrets", name), "is the name of a variable too. Rename or delete one of them."


def _protection(protection: Protection, deploy_from: object) -> Iterator[Complaint]:
    tags = isinstance(deploy_from, DeployFrom) and deploy_from.tag and not deploy_from.branch
    if tags and protection.approvals:
        yield ("protection", "approvals"), "needs pull requests, which tags have none of. Delete it."
    for position, one in enumerate(protection.bypass):
        if sum(value is not None for value in (one.role, one.team, one.app)) != 1:
            yield ("protection", "bypass", position), "must name exactly one of role, team and app. Split or fill it."
    yield from _twice(("protection", "requiredChecks"), (one.name for one in protection.required_checks))


def _ports(traffic: Traffic, monitor: Monitor) -> Iterator[Complaint]:
    same_address = traffic.address == monitor.address or EVERY_ADDRESS & {traffic.address, monitor.address}
    if monitor.enabled and same_address and traffic.port == monitor.port:
        yield ("monitor", "port"), f"is {monitor.port}, which traffic.port has already. Set another one."


def _metrics(traffic: Traffic, monitor: object) -> Iterator[Complaint]:
    port = traffic.metrics.port
    taken = [("traffic", traffic.port)]
    taken += [("monitor", monitor.port)] if isinstance(monitor, Monitor) and monitor.enabled else []
    for section, other in taken:
        if port == other:
            yield ("traffic", "metrics", "port"), f"is {port}, which {section}.port has already. Set another one."


def _tls(traffic: Traffic, monitor: object, services: Mapping[str, OneOfSeveral]) -> Iterator[Complaint]:
    tls, path = traffic.tls, ("traffic", "tls")
    if not tls:
        return
    taken = [("traffic", traffic.port), ("traffic.metrics", traffic.metrics.port)]
    taken += [("monitor", monitor.port)] if isinstance(monitor, Monitor) and monitor.enabled else []
    for section, other in taken:
        if tls.port == other:
            yield (*path, "port"), f"is {tls.port}, which {section}.port has already. Set another one."
    own = bool(tls.certificate or tls.key)
    if own == bool(tls.email):
        which = "both email and a certificate" if own else "neither email nor certificate and key"
        yield path, f"has {which}. Set email for certificates that are fetched, or certificate and key for your own."
    for name, beside in (("certificate", "key"), ("key", "certificate")):
        if getattr(tls, beside) and not getattr(tls, name):
            yield (*path, name), f"is missing, though tls.{beside} is set. Set both."
    for name, given, needed in (("server", tls.server, "email"), ("caCertificate", tls.ca_certificate, "server")):
        if given and not getattr(tls, needed):
            yield (*path, name), f"has no meaning without tls.{needed}. Set that too, or delete this."
    if tls.email and not traffic.host and not (services and all(one.host for one in services.values())):
        yield (
            ("traffic", "host"),
            "is missing, though tls.email is set. Set the name that certificates are fetched for.",
        )
    if tls.email and not tls.server and traffic.address in LOOPBACK:
        yield (
            ("traffic", "address"),
            "is loopback, where Let's Encrypt cannot see the host. Set 0.0.0.0, or tls.server.",
        )


def _twice(path: tuple[str | int, ...], names: Iterable[str]) -> Iterator[Complaint]:
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            yield path, f"names {name} twice. Delete one of them."
        seen.add(name.lower())
