"""From the configuration and what runs to the plan of each app: which slot is to hold what, and who gets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pulumi

from components import choice
from components.appsections import App
from components.choice import Wish
from components.slots import ALL, SWARM, Plan, Previous, Spec, Trial


def wanted(app: App, before: Previous) -> Spec | None:
    """What the configuration asks for. Without a version: what runs, with the other settings as they are now.

    None: what runs keeps running, be it nothing; settings wait while a trial is under way. Raises RunError where what
    runs cannot be told.
    """
    service = app.service
    running = before.live_spec
    if app.version:
        version, image = app.version, reference(app.image, app.version)
    elif before.trial:
        return None
    elif running:
        version, image = running.version, running.image
    elif before.live:
        raise pulumi.RunError(f"The state does not tell what runs in slot {before.live}. Set {app.key('version')}.")
    else:
        return None
    return Spec(
        version=version,
        image=image,
        port=service.port,
        health=service.health.path,
        timeout=service.health.timeout,
        env={**({} if "PORT" in service.secrets else {"PORT": str(service.port)}), **service.env},
        secrets={key: secret.get_secret_value() for key, secret in service.secrets.items()},
        command=service.command or (),
        cpus=service.cpus,
        memory=service.memory,
        read_only=service.read_only,
        restart=service.restart,
        stop_timeout=service.stop_timeout,
        log_size=service.logs.max_size,
        log_files=service.logs.max_files,
        replicas=service.replicas,
        engine=app.engine,
        placement=service.placement,
        parallelism=service.parallelism,
    )


def wish(app: App, before: Previous) -> Wish:
    """What the configuration asks for, with whom it is tried. Raises RunError as `wanted`."""
    spec, asked, keep = wanted(app, before), app.experiment, app.release.keep_warm
    if asked and spec:
        other = replace(spec, version=asked.version, image=reference(app.image, asked.version))
        whom = Trial(asked.percent or 0, asked.header or "", asked.cookie or "", asked.value or "", experiment=True)
        return Wish(spec, whom, other, keep, app.key)
    return Wish(spec, Trial(app.canary) if app.canary < ALL else None, None, keep, app.key)


def require_engine(apps: Mapping[str, App], docker_host: str | None) -> None:
    """Raises RunError with the remedy where golive:engine is swarm, and the Docker host is no manager of one."""
    if any(app.engine == SWARM for app in apps.values()):
        from components.swarm import require_manager  # noqa: PLC0415 - few stacks are on one

        require_manager(docker_host)


def planned(stack: str, apps: Mapping[str, App], before: Mapping[str, Previous], now: float) -> dict[str, Plan]:
    """Which slot of each app holds what, and who gets it. `now`: in seconds since 1970.

    Raises RunError with a line for each app of which it cannot be done.
    """
    plans, problems = {}, []
    for name, app in apps.items():
        there = before.get(name, Previous())
        if (running := there.live_spec) and running.engine != app.engine:
            problems.append(
                f"Pulumi.{stack}.yaml: golive:engine: {app.engine} is not the engine that {running.version} runs on. "
                f"Set it back to {running.engine}, or run pulumi destroy -s {stack} first."
            )
            continue
        try:
            plans[name] = choice.plan(there, wish(app, there), now)
        except choice.TrialError as error:
            problems.append(f"Pulumi.{stack}.yaml: {app.key('version')} {app.version}: {error}")
    if problems:
        raise pulumi.RunError("\n".join(problems))
    return plans


def reference(image: str, version: str) -> str:
    """The whole image reference: the version is the tag, unless a digest says more exactly which bits are meant."""
    return image if "@" in image else f"{image}:{version}"
