"""The stack's configuration, typed and checked: the only reader of Pulumi's configuration.

Everything that is wrong is said at once, before any resource is registered: unknown, missing, of the wrong kind, out of
range, contradictory, or a secret in clear text.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import config as engine
from pydantic import BaseModel, TypeAdapter, ValidationError

from components import fields, previous, stackfile, surroundings, tls
from components.apps import apps
from components.appsections import Engine, Experiment, Health, Logs, Maintenance, OneOfSeveral, Release, Service
from components.complaints import Place, from_pydantic, unknown
from components.contradictions import contradictions
from components.sections import (
    Bypass,
    DeployFrom,
    Docker,
    Environment,
    GitHub,
    GitHubApp,
    Monitor,
    Pipeline,
    Protection,
    RequiredCheck,
    Reviewers,
    Settings,
    Traffic,
    inside,
    secret_paths,
)

SECTIONS: Mapping[str, type[BaseModel]] = {
    "github": GitHub,
    "deployFrom": DeployFrom,
    "environment": Environment,
    "protection": Protection,
    "pipeline": Pipeline,
    "service": Service,
    "release": Release,
    "experiment": Experiment,
    "maintenance": Maintenance,
    "traffic": Traffic,
    "monitor": Monitor,
    "docker": Docker,
}
NAMED: Mapping[str, type[BaseModel]] = {"services": OneOfSeveral}  # any number of them, each by a name
WORDS: Mapping[str, Any] = {
    "version": fields.Version,
    "image": fields.AppImage,
    "canary": fields.Share,
    "engine": Engine,
}
OPTIONAL = {"experiment"}
REQUIRED = {"github": "owner and repository", "deployFrom": "branch: main, or tag: v*"}


class SettingsError(pulumi.RunError):
    """The configuration cannot be used. The message is one line a problem; `problems` are the same lines."""

    def __init__(self, problems: Collection[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def read() -> Settings:
    """The settings of the stack that runs. Raises SettingsError with every problem there is."""
    project, stack = pulumi.get_project(), pulumi.get_stack()
    config = {**engine.get_config_env(), **engine.CONFIG.get()}
    secret = {key for key in config if engine.is_config_secret(key)} | set(engine.get_config_secret_keys_env())
    folder = _folder()
    secure = stackfile.secure_paths(config, stackfile.load(folder, stack), secret, project)
    placed = cache(previous.certificate)
    found = parse(project, stack, config, secure, os.environ, folder=folder, placed=placed)
    own = found.traffic.tls
    if own and own.certificate and (warning := tls.expiry(own, placed(), datetime.now(UTC))):
        pulumi.log.warn(Place(project, stack).line(("traffic", "tls", "certificate"), warning))
    return found


def _folder() -> Path:
    """Where the stack files are: beside Pulumi.yaml."""
    root = pulumi.runtime.get_root_directory()
    return Path(root) if root else Path.cwd()


def parse(
    project: str,
    stack: str,
    config: Mapping[str, str],
    secure_paths: Collection[tuple[str, ...]],
    environ: Mapping[str, str],
    *,
    folder: Path = Path(),
    placed: Callable[[], Mapping[str, Any]] = dict,
) -> Settings:
    """Settings from plain values.

    `config`: text by full key (`golive:version`), objects as JSON, as the engine hands them over. `secure_paths`: the
    paths of encrypted values, such as ("github", "token"). `environ`: where a token may come from. `folder`: where
    the stack file is, and what it names by a path. `placed`: tells which certificate of one's own is in use.
    Raises SettingsError.
    """
    place = Place(project, stack)
    prefix = f"{project}:"
    # A key of Pulumi.yaml that is not set arrives as its empty default.
    given = {key.removeprefix(prefix): text for key, text in config.items() if key.startswith(prefix) and text != ""}
    known = [*SECTIONS, *NAMED, *WORDS]
    problems = [place.line((name,), unknown(name, known)) for name in given if name not in known]
    values = {name: text if name in WORDS else _decoded(text) for name, text in given.items()}
    problems += _clear_text(place, values, secure_paths)
    read_sections: dict[str, Any] = {}
    hidden = {*secret_paths(values), *secure_paths}
    for name in SECTIONS:
        problems += _section(place, name, values, hidden, read_sections)
    for name in NAMED:
        problems += _named(place, name, values.get(name), hidden, read_sections)
    for name, kind in WORDS.items():
        problems += _word(place, name, kind, values, read_sections)
    problems += [place.line(path, sentence) for path, sentence in contradictions(read_sections, stack)]
    around = [*surroundings.certificate(read_sections, placed), *surroundings.pages(read_sections, folder)]
    problems += [place.line(path, sentence) for path, sentence in around]
    token, missing = _token(place, values.get("github"), environ)
    if problems := problems + missing:
        raise SettingsError(problems)
    if token:
        read_sections["github"] = GitHub.model_validate({**dict(read_sections["github"]), "token": token})
    return _assembled(project, stack, read_sections)


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _section(
    place: Place,
    name: str,
    values: Mapping[str, Any],
    hidden: set[tuple[str, ...]],
    found: dict[str, Any],
) -> list[str]:
    """Puts the section into `found`, or returns what is wrong with it."""
    value = values.get(name) or {}
    if not value and name in REQUIRED:
        return [place.line((name,), f"is missing. Add it to the stack file with {REQUIRED[name]}.")]
    if not value and name in OPTIONAL:
        found[name] = None
        return []
    model = SECTIONS[name]
    try:
        found[name] = model.model_validate(value, by_alias=True, by_name=False)
    except ValidationError as error:
        return from_pydantic(place, (name,), model, error.errors(include_url=False), hidden)
    return []


def _named(place: Place, name: str, several: Any, hidden: set[tuple[str, ...]], found: dict[str, Any]) -> list[str]:
    """Puts those that are right into `found`, by name (None: none are given), and returns what is wrong with others."""
    if not several:
        found[name] = None
        return []
    if not isinstance(several, dict):
        return [place.line((name,), "is no mapping. Write names and values below it.")]
    problems: list[str] = []
    found[name] = {}
    for one, value in several.items():
        model: type[BaseModel] = Settings  # of a wrong name
        try:
            called = TypeAdapter(fields.Name).validate_python(one)
            model = NAMED[name]
            found[name][called] = model.model_validate(value or {}, by_alias=True, by_name=False)
        except ValidationError as error:
            problems += from_pydantic(place, (name, str(one)), model, error.errors(include_url=False), hidden)
    return problems


def _word(place: Place, name: str, kind: Any, values: Mapping[str, Any], found: dict[str, Any]) -> list[str]:
    if name not in values:
        found[name] = None
        return []
    try:
        found[name] = TypeAdapter(kind).validate_python(values[name])
    except ValidationError as error:
        return from_pydantic(place, (name,), Settings, error.errors(include_url=False), set())
    return []


def _clear_text(place: Place, values: Mapping[str, Any], secure: Collection[tuple[str, ...]]) -> list[str]:
    """A line for each secret that lies in clear text in the stack file."""
    problems = []
    for path in secret_paths(dict(values)):
        if inside(values, path) in (None, "") or any(path[: len(one)] == one for one in secure if one):
            continue
        command = place.set_command(path, secret=True)
        problems.append(
            place.line(path, f"is in clear text. Take it for known to others, and encrypt a new one: {command}")
        )
    return problems


def _token(place: Place, github: Any, environ: Mapping[str, str]) -> tuple[str | None, list[str]]:
    """The token where the section has neither one nor an app; the variables are named as GitHub's own CLI, gh, does."""
    given = github if isinstance(github, dict) else {}
    if given.get("token") or given.get("app"):
        return None, []
    name = "GITHUB_ENTERPRISE_TOKEN" if given.get("baseUrl") else "GITHUB_TOKEN"
    if token := environ.get(name, "").strip():
        return token, []
    path = ("github", "token")
    command = place.set_command(path, secret=True)
    return None, [place.line(path, f"is missing, and {name} is not set. Set {name}, or run: {command}")]


def _assembled(project: str, stack: str, found: Mapping[str, Any]) -> Settings:
    environment: Environment = found["environment"]
    return Settings(
        project=project,
        stack=stack,
        github=found["github"],
        deploy_from=found["deployFrom"],
        environment=environment.model_copy(update={"name": environment.name or stack}),
        protection=found["protection"],
        pipeline=found["pipeline"],
        apps=apps(found),
        traffic=found["traffic"],
        monitor=found["monitor"],
        docker=found["docker"],
        engine=found["engine"] or "docker",
    )


__all__ = [
    "Bypass", "DeployFrom", "Docker", "Environment", "Experiment", "GitHub", "GitHubApp", "Health", "Logs",
    "Maintenance", "Monitor", "Pipeline", "Protection", "Release", "RequiredCheck", "Reviewers", "Service", "Settings",
    "SettingsError", "Traffic", "parse", "read",
]  # fmt: skip
