"""What the Docker API says of a service, as its inputs would say it.

Source: https://docs.docker.com/reference/api/engine/ (GET /services/{id})
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolchain.docker_plugin.canonical import written
from toolchain.docker_plugin.network import labels


def seen(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of a service's Spec."""
    mode, endpoint = spec["Mode"], spec.get("EndpointSpec") or {}
    read = {
        "name": spec["Name"],
        "labels": labels(spec.get("Labels")),
        "taskSpec": _task(spec["TaskTemplate"]),
        "mode": {"global": True}
        if "Global" in mode
        else {"replicated": {"replicas": (mode.get("Replicated") or {}).get("Replicas", 1)}},
        "updateConfig": _rolling(spec.get("UpdateConfig")),
        "rollbackConfig": _rolling(spec.get("RollbackConfig")),
        "endpointSpec": {
            "mode": endpoint.get("Mode", "vip"),
            "ports": [
                {
                    "targetPort": one["TargetPort"],
                    "publishedPort": one.get("PublishedPort", 0),
                    "protocol": one.get("Protocol", "tcp"),
                    "publishMode": one.get("PublishMode", "ingress"),
                }
                for one in endpoint.get("Ports") or []
            ],
        },
    }
    return _said(read)


def _task(task: Mapping[str, Any]) -> dict[str, Any]:
    limits = (task.get("Resources") or {}).get("Limits") or {}
    policy, driver = task.get("RestartPolicy") or {}, task.get("LogDriver") or {}
    return _said(
        {
            "containerSpec": _container(task["ContainerSpec"]),
            "resources": _said(
                {"limits": _said({"nanoCpus": limits.get("NanoCPUs"), "memoryBytes": limits.get("MemoryBytes")})}
            ),
            "restartPolicy": _said({"condition": policy.get("Condition"), "delay": _span(policy.get("Delay"))}),
            "placement": _said({"constraints": (task.get("Placement") or {}).get("Constraints")}),
            "networksAdvanceds": [
                _said({"id": one["Target"], "aliases": one.get("Aliases")}) for one in task.get("Networks") or []
            ],
            "logDriver": _said({"name": driver.get("Name"), "options": driver.get("Options")}),
        }
    )


def _container(spec: Mapping[str, Any]) -> dict[str, Any]:
    return _said(
        {
            "image": spec["Image"],
            "commands": spec.get("Command"),
            "args": spec.get("Args"),
            "env": {name: value for name, _, value in (one.partition("=") for one in spec.get("Env") or [])},
            "labels": labels(spec.get("Labels")),
            "readOnly": spec.get("ReadOnly"),
            "mounts": [
                _said(
                    {
                        "target": one["Target"],
                        "source": one.get("Source"),
                        "type": one["Type"],
                        "readOnly": one.get("ReadOnly"),
                    }
                )
                for one in spec.get("Mounts") or []
            ],
            "stopGracePeriod": _span(spec.get("StopGracePeriod")),
        }
    )


def _rolling(config: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not config:
        return None
    return {
        "parallelism": config.get("Parallelism", 0),
        "delay": written(config.get("Delay") or 0),
        "failureAction": config.get("FailureAction", "pause"),
        "monitor": written(config.get("Monitor") or 0),
        "maxFailureRatio": f"{config.get('MaxFailureRatio') or 0:g}",
        "order": config.get("Order", "stop-first"),
    }


def _span(nanoseconds: int | None) -> str | None:
    return None if nanoseconds is None else written(nanoseconds)


def _said(read: Mapping[str, Any]) -> dict[str, Any]:
    """Without what says nothing, so that an absent part and an empty one are the same."""
    return {name: one for name, one in read.items() if one not in (None, {}, [], "")}
