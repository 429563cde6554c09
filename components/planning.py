"""From the configuration and what runs to the plan: which slot is to hold what, and who gets it."""

from __future__ import annotations

from dataclasses import replace

import pulumi

from components import choice
from components.choice import Wish
from components.settings import Settings
from components.slots import ALL, Plan, Previous, Spec, Trial


def wanted(settings: Settings, before: Previous) -> Spec | None:
    """What the configuration asks for. Without a version: what runs, with the other settings as they are now.

    None: what runs keeps running, be it nothing; settings wait while a trial is under way. Raises RunError where what
    runs cannot be told.
    """
    service = settings.service
    running = before.live_spec
    if settings.version:
        version, image = settings.version, reference(settings.image, settings.version)
    elif before.trial:
        return None
    elif running:
        version, image = running.version, running.image
    elif before.live:
        raise pulumi.RunError(f"The state does not tell what runs in slot {before.live}. Set golive:version.")
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
    )


def wish(settings: Settings, before: Previous) -> Wish:
    """What the configuration asks for, with whom it is tried. Raises RunError as `wanted`."""
    spec, asked, keep = wanted(settings, before), settings.experiment, settings.release.keep_warm
    if asked and spec:
        other = replace(spec, version=asked.version, image=reference(settings.image, asked.version))
        whom = Trial(asked.percent or 0, asked.header or "", asked.cookie or "", asked.value or "", experiment=True)
        return Wish(spec, whom, other, keep)
    return Wish(spec, Trial(settings.canary) if settings.canary < ALL else None, None, keep)


def planned(settings: Settings, before: Previous, now: float) -> Plan:
    """Which slot holds what, and who gets it. `now`: in seconds since 1970. Raises RunError where it cannot be done."""
    try:
        return choice.plan(before, wish(settings, before), now)
    except choice.TrialError as error:
        raise pulumi.RunError(f"Pulumi.{settings.stack}.yaml: golive:version {settings.version}: {error}") from None


def reference(image: str, version: str) -> str:
    """The whole image reference: the version is the tag, unless a digest says more exactly which bits are meant."""
    return image if "@" in image else f"{image}:{version}"
