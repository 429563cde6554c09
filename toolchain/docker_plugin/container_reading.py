"""What the Docker API says of a container, as the container's properties. Pure.

Source: https://docs.docker.com/reference/api/engine/version/v1.41/ (ContainerInspect).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from toolchain.docker_plugin.canonical import same, written
from toolchain.docker_plugin.container_body import MIB
from toolchain.docker_plugin.properties import CONTAINER


def seen(inspected: Mapping[str, Any]) -> dict[str, Any]:
    """Every property that can be read off a container. `mustRun` is false where it does not run, as the official plugin
    has it: that is how the next update sees that it has to be started."""
    host, config, state = inspected["HostConfig"], inspected["Config"], inspected["State"]
    networks = inspected["NetworkSettings"].get("Networks") or {}
    properties = {
        "name": inspected["Name"].lstrip("/"),
        "image": inspected["Image"],
        "command": config.get("Cmd"),
        "entrypoints": config.get("Entrypoint"),
        "user": config.get("User"),
        "workingDir": config.get("WorkingDir"),
        "hostname": config.get("Hostname"),
        "stopSignal": config.get("StopSignal"),
        "stopTimeout": config.get("StopTimeout"),
        "healthcheck": _healthcheck(config.get("Healthcheck")),
        "hosts": [_host(one) for one in host.get("ExtraHosts") or []],
        "ports": _ports(inspected),
        "networkMode": "bridge" if host["NetworkMode"] == "default" else host["NetworkMode"],
        "tmpfs": host.get("Tmpfs"),
        "mounts": [_mount(one) for one in host.get("Mounts") or []],
        "volumes": [_volume(one) for one in host.get("Binds") or []],
        "init": bool(host.get("Init")),
        "logDriver": host["LogConfig"]["Type"],
        "logOpts": host["LogConfig"].get("Config"),
        "privileged": host["Privileged"],
        "readOnly": host["ReadonlyRootfs"],
        "rm": host["AutoRemove"],
        "securityOpts": host.get("SecurityOpt"),
        "capabilities": {"adds": host.get("CapAdd") or [], "drops": host.get("CapDrop") or []},
        "exitCode": None if state["Running"] else state["ExitCode"],
        "bridge": inspected["NetworkSettings"].get("Bridge") or "",
        "networkDatas": [_network(name, one) for name, one in sorted(networks.items())],
    } | _changeable(host)
    if not state["Running"]:
        properties["mustRun"] = False
    return {name: one for name, one in properties.items() if one is not None}


def merged(known: Mapping[str, Any], read: Mapping[str, Any]) -> dict[str, Any]:
    """`read` over `known`, but in the words of `known` where both mean the same, and without what says nothing."""
    properties = {name: one.default for name, one in CONTAINER.properties.items() if one.default is not None} | {
        name: one for name, one in known.items() if name not in CONTAINER.outputs
    }
    for name, value in read.items():
        meant = CONTAINER.properties.get(name)
        if meant is None or not (name in properties and same(meant, properties[name], value)):
            properties[name] = value
    nothing: tuple[Any, ...] = ([], {}, {"adds": [], "drops": []})
    return {name: one for name, one in properties.items() if name in known or one not in nothing}


def networks_left(wanted: list[Mapping[str, Any]], inspected: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Those of networksAdvanced, by name or ID, that the container is still connected to."""
    attached = inspected["NetworkSettings"].get("Networks") or {}
    there = set(attached) | {one.get("NetworkID") for one in attached.values()}
    return [one for one in wanted if one.get("name") in there]


def _changeable(host: Mapping[str, Any]) -> dict[str, Any]:
    """What `docker update` can change."""
    swap = host.get("MemorySwap") or 0
    return {
        "restart": host["RestartPolicy"]["Name"] or "no",
        "maxRetryCount": host["RestartPolicy"]["MaximumRetryCount"],
        "memory": (host.get("Memory") or 0) // MIB,
        "memorySwap": swap // MIB if swap > 0 else swap or None,
        "cpuShares": host.get("CpuShares") or 0,
        "cpuSet": host.get("CpusetCpus") or None,
        "cpus": _cpus(host.get("NanoCpus") or 0),
    }


def _cpus(nano: int) -> str | None:
    return f"{(Decimal(nano) / 10**9).normalize():f}" if nano else None


def _healthcheck(check: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not check:
        return None
    spans = {"interval": "Interval", "timeout": "Timeout", "startPeriod": "StartPeriod"}
    return {
        "tests": check.get("Test") or [],
        "retries": check.get("Retries") or 0,
        **{ours: written(check.get(theirs) or 0) for ours, theirs in spans.items()},
    }


def _ports(inspected: Mapping[str, Any]) -> list[dict[str, Any]]:
    """As they were asked for; an outer port that was left to the engine, as it is now."""
    now = inspected["NetworkSettings"].get("Ports") or {}
    ports = []
    for inner, bindings in sorted((inspected["HostConfig"].get("PortBindings") or {}).items()):
        number, _, protocol = inner.partition("/")
        for at, one in enumerate(bindings):
            current = (now.get(inner) or []) + [{}] * len(bindings)
            outer = one.get("HostPort") or current[at].get("HostPort") or "0"
            ip = one.get("HostIp") or "0.0.0.0"  # noqa: S104 - what Docker means by an empty address
            ports.append({"internal": int(number), "external": int(outer), "ip": ip, "protocol": protocol or "tcp"})
    return ports


def _host(entry: str) -> dict[str, str]:
    name, _, address = entry.partition(":")
    return {"host": name, "ip": address}


def _mount(mount: Mapping[str, Any]) -> dict[str, Any]:
    held = {"type": mount["Type"], "target": mount["Target"], "source": mount.get("Source") or None}
    return {name: one for name, one in held.items() if one} | {"readOnly": bool(mount.get("ReadOnly"))}


def _volume(bind: str) -> dict[str, Any]:
    source, _, rest = bind.partition(":")
    path, _, modes = rest.partition(":")
    key = "hostPath" if source.startswith("/") else "volumeName"
    return {"containerPath": path, key: source, "readOnly": "ro" in modes.split(",")}


def _network(name: str, endpoint: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "networkName": name,
        "ipAddress": endpoint.get("IPAddress") or "",
        "ipPrefixLength": endpoint.get("IPPrefixLen") or 0,
        "gateway": endpoint.get("Gateway") or "",
        "globalIpv6Address": endpoint.get("GlobalIPv6Address") or "",
        "globalIpv6PrefixLength": endpoint.get("GlobalIPv6PrefixLen") or 0,
        "ipv6Gateway": endpoint.get("IPv6Gateway") or "",
        "macAddress": endpoint.get("MacAddress") or "",
    }
