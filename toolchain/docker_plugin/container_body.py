"""A container's inputs as the bodies that the Docker API takes. Pure.

Source: https://docs.docker.com/reference/api/engine/version/v1.41/ (ContainerCreate, ContainerUpdate, NetworkConnect,
PutContainerArchive).
"""

from __future__ import annotations

import base64
import io
import tarfile
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from toolchain.docker_plugin.canonical import duration

MIB = 1024 * 1024
UNLIMITED = -1


def create_body(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The body of POST /containers/create. Networks are connected afterwards, so that one or many go the same way."""
    body: dict[str, Any] = {
        "Image": inputs["image"],
        "Cmd": inputs.get("command"),
        "Entrypoint": inputs.get("entrypoints"),
        "Env": inputs.get("envs"),
        "Labels": {one["label"]: one["value"] for one in inputs.get("labels", [])},
        "User": inputs.get("user"),
        "WorkingDir": inputs.get("workingDir"),
        "Hostname": inputs.get("hostname"),
        "StopSignal": inputs.get("stopSignal"),
        "StopTimeout": inputs.get("stopTimeout"),
        "ExposedPorts": {_port(one): {} for one in inputs.get("ports", [])},
        "Healthcheck": _healthcheck(inputs.get("healthcheck")),
        "Volumes": {
            one["containerPath"]: {}
            for one in inputs.get("volumes", [])
            if not one.get("hostPath") and not one.get("volumeName")
        },
        "HostConfig": _host(inputs),
    }
    return {name: one for name, one in body.items() if one not in (None, {}, [], "")}


def update_arguments(inputs: Mapping[str, Any], swap_before: int) -> dict[str, Any]:
    """The arguments of POST /containers/{id}/update, as the docker package names them.

    `swap_before`: the bytes of memory and swap that the container may use now. A new memory limit
    needs one for both too, or the engine refuses what is above the old one: without one of the program's, twice the
    memory, as at its creation.
    """
    limits = _limits(inputs)
    if "Memory" in limits and "MemorySwap" not in limits and swap_before != UNLIMITED:
        limits["MemorySwap"] = 2 * limits["Memory"]
    names = {
        "Memory": "mem_limit",
        "MemorySwap": "memswap_limit",
        "CpuShares": "cpu_shares",
        "CpusetCpus": "cpuset_cpus",
    }
    return {names[name]: one for name, one in limits.items()} | {"restart_policy": _restart(inputs)}


def endpoint_arguments(network: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of POST /networks/{id}/connect for one of networksAdvanced, as the docker package names them."""
    arguments = {
        "net_id": network["name"],
        "aliases": network.get("aliases"),
        "ipv4_address": network.get("ipv4Address"),
    }
    return {name: one for name, one in arguments.items() if one}


def archive(uploads: list[Mapping[str, Any]], modified: float) -> bytes:
    """The tar of `uploads` that PUT /containers/{id}/archive unpacks at /. `modified`: seconds since 1970."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as tar:
        for one in uploads:
            encoded = one.get("contentBase64")
            content = base64.b64decode(encoded) if encoded is not None else one["content"].encode()
            entry = tarfile.TarInfo(one["file"].lstrip("/"))
            entry.size, entry.mtime = len(content), modified
            entry.mode = (
                int(one["permissions"], 8) if one.get("permissions") else 0o744 if one.get("executable") else 0o644
            )
            tar.addfile(entry, io.BytesIO(content))
    return held.getvalue()


def _host(inputs: Mapping[str, Any]) -> dict[str, Any]:
    capabilities = inputs.get("capabilities", {})
    host: dict[str, Any] = {
        "NetworkMode": inputs.get("networkMode", "bridge"),
        "RestartPolicy": _restart(inputs),
        "Init": inputs.get("init", False),
        "AutoRemove": inputs.get("rm", False),
        "ReadonlyRootfs": inputs.get("readOnly", False),
        "PortBindings": _bindings(inputs.get("ports", [])),
        "ExtraHosts": [f"{one['host']}:{one['ip']}" for one in inputs.get("hosts", [])],
        "Binds": [_bind(one) for one in inputs.get("volumes", []) if one.get("hostPath") or one.get("volumeName")],
        "Mounts": [_mount(one) for one in inputs.get("mounts", [])],
        "Tmpfs": inputs.get("tmpfs"),
        "LogConfig": _log(inputs),
        "CapAdd": capabilities.get("adds"),
        "CapDrop": capabilities.get("drops"),
        "SecurityOpt": inputs.get("securityOpts"),
        "NanoCpus": int(Decimal(inputs["cpus"]) * 10**9) if inputs.get("cpus") else None,
    } | _limits(inputs)
    return {name: one for name, one in host.items() if one not in (None, {}, [], "")}


def _limits(inputs: Mapping[str, Any]) -> dict[str, Any]:
    swap = inputs.get("memorySwap")
    limits = {
        "Memory": inputs.get("memory", 0) * MIB,
        "MemorySwap": swap * MIB if swap is not None and swap > 0 else swap,
        "CpuShares": inputs.get("cpuShares"),
        "CpusetCpus": inputs.get("cpuSet"),
    }
    return {name: one for name, one in limits.items() if one}


def _restart(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {"Name": inputs.get("restart", "no"), "MaximumRetryCount": inputs.get("maxRetryCount", 0)}


def _port(port: Mapping[str, Any]) -> str:
    return f"{port['internal']}/{port.get('protocol', 'tcp')}"


def _bindings(ports: list[Mapping[str, Any]]) -> dict[str, list[dict[str, str]]]:
    bindings: dict[str, list[dict[str, str]]] = {}
    for one in ports:
        outer = {"HostIp": one.get("ip") or "0.0.0.0", "HostPort": str(one.get("external") or "")}  # noqa: S104
        bindings.setdefault(_port(one), []).append(outer)
    return bindings


def _bind(volume: Mapping[str, Any]) -> str:
    source = volume.get("hostPath") or volume["volumeName"]
    return f"{source}:{volume['containerPath']}:{'ro' if volume.get('readOnly') else 'rw'}"


def _mount(mount: Mapping[str, Any]) -> dict[str, Any]:
    body = {"Type": mount["type"], "Target": mount["target"], "ReadOnly": mount.get("readOnly", False)}
    return body | ({"Source": mount["source"]} if mount.get("source") else {})


def _log(inputs: Mapping[str, Any]) -> dict[str, Any]:
    log = {"Type": inputs.get("logDriver"), "Config": inputs.get("logOpts")}
    return {name: one for name, one in log.items() if one}


def _healthcheck(check: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not check:
        return None
    spans = {name: duration(check.get(name, "0s")) for name in ("interval", "timeout", "startPeriod")}
    return {
        "Test": check.get("tests", []),
        "Interval": spans["interval"],
        "Timeout": spans["timeout"],
        "StartPeriod": spans["startPeriod"],
        "Retries": check.get("retries", 0),
    }
