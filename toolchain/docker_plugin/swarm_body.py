"""A service's inputs in the words of the Docker API.

Source: https://docs.docker.com/reference/api/engine/ (POST /services/create)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolchain.docker_plugin.canonical import duration


def service_body(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the docker package's create_service and update_service, beside the name."""
    body = {
        "task_template": _task(inputs["taskSpec"]),
        "labels": _labels(inputs),
        "mode": _mode(inputs.get("mode") or {}),
        "update_config": _rolling(inputs.get("updateConfig")),
        "rollback_config": _rolling(inputs.get("rollbackConfig")),
        "endpoint_spec": _endpoint(inputs.get("endpointSpec")),
    }
    return {name: one for name, one in body.items() if one is not None}


def _task(spec: Mapping[str, Any]) -> dict[str, Any]:
    limits = (spec.get("resources") or {}).get("limits") or {}
    policy, driver = spec.get("restartPolicy") or {}, spec.get("logDriver")
    constraints = (spec.get("placement") or {}).get("constraints")
    held = {
        "ContainerSpec": _container(spec["containerSpec"]),
        "Resources": {"Limits": _given({"NanoCPUs": limits.get("nanoCpus"), "MemoryBytes": limits.get("memoryBytes")})}
        if limits
        else None,
        "RestartPolicy": _given({"Condition": policy.get("condition"), "Delay": _span(policy.get("delay"))}) or None,
        "Placement": {"Constraints": constraints} if constraints else None,
        "Networks": [
            _given({"Target": one["id"], "Aliases": one.get("aliases")}) for one in spec.get("networksAdvanceds") or []
        ],
        "LogDriver": _given({"Name": driver["name"], "Options": driver.get("options")}) if driver else None,
    }
    return _given(held)


def _container(spec: Mapping[str, Any]) -> dict[str, Any]:
    held = {
        "Image": spec["image"],
        "Command": spec.get("commands"),
        "Args": spec.get("args"),
        "Env": [f"{name}={value}" for name, value in sorted((spec.get("env") or {}).items())],
        "Labels": _labels(spec),
        "ReadOnly": spec.get("readOnly"),
        "Mounts": [
            _given({
                "Target": one["target"], "Source": one.get("source"), "Type": one["type"],
                "ReadOnly": one.get("readOnly"),
            })
            for one in spec.get("mounts") or []
        ],
        "StopGracePeriod": _span(spec.get("stopGracePeriod")),
    }  # fmt: skip
    return {name: one for name, one in _given(held).items() if one != []}


def _mode(mode: Mapping[str, Any]) -> dict[str, Any]:
    if mode.get("global"):
        return {"Global": {}}
    return {"Replicated": {"Replicas": (mode.get("replicated") or {}).get("replicas", 1)}}


def _rolling(config: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if config is None:
        return None
    return {
        "Parallelism": config.get("parallelism", 1),
        "Delay": _span(config.get("delay", "0s")),
        "FailureAction": config.get("failureAction", "pause"),
        "Monitor": _span(config.get("monitor", "5s")),
        "MaxFailureRatio": float(config.get("maxFailureRatio", "0.0")),
        "Order": config.get("order", "stop-first"),
    }


def _endpoint(spec: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if spec is None:
        return None
    ports = [
        {
            "TargetPort": one["targetPort"],
            "PublishedPort": one["publishedPort"],
            "Protocol": one.get("protocol", "tcp"),
            "PublishMode": one.get("publishMode", "ingress"),
        }
        for one in spec.get("ports") or []
    ]
    return {"Mode": spec.get("mode", "vip"), "Ports": ports}


def _labels(held: Mapping[str, Any]) -> dict[str, str]:
    return {one["label"]: one["value"] for one in held.get("labels") or []}


def _span(text: str | None) -> int | None:
    return None if text is None else duration(text)


def _given(held: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in held.items() if one is not None}
