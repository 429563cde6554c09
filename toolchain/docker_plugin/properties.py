"""The resource types and properties that this plugin implements, and what the official plugin does when one changes.

Names, defaults and decisions are those of pulumi-resource-docker 5.2.0. Sources: the Python SDK pulumi-docker 5.2.0;
internal/provider/resource_docker_*.go of https://github.com/kreuzwerker/terraform-provider-docker (ForceNew: replace).
In four places the official plugin reports an update that leaves the container as it was: `init`, `rm`, `tmpfs`, and a
limit that is taken away, which the Docker API cannot do. Here these replace the container, so that no change is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["string", "integer", "boolean", "strings", "map", "object", "objects"]


@dataclass(frozen=True)
class Property:
    """One input.

    `update`: a change is made in place, else by replacement. `default`: what its absence means. `computed`: absent, it
    is whatever the engine chooses. `unordered`: a list whose order means nothing. `duration`: a text such as "1m30s",
    `decimal`: one such as "0.50". `only`: the single value that is implemented. `lowers_only`: taking it away needs a
    replacement.
    """

    kind: Kind
    update: bool = False
    required: bool = False
    default: Any = None
    computed: bool = False
    unordered: bool = False
    duration: bool = False
    decimal: bool = False
    only: Any = None
    lowers_only: bool = False
    least: int | None = None
    pattern: str | None = None
    fields: Mapping[str, Property] = field(default_factory=dict)


@dataclass(frozen=True)
class Resource:
    """One type: its inputs, the outputs that only the engine knows, and how it is replaced.

    `autonamed`: without a name it gets one, and with one of its own it is deleted before it is replaced, because two
    cannot bear the same name. `deleted_first`: always so.
    """

    token: str
    what: str
    properties: Mapping[str, Property]
    outputs: tuple[str, ...]
    autonamed: bool = True
    deleted_first: bool = False


TEXT = Property("string")
NEEDED = Property("string", required=True)
FLAG = Property("boolean", default=False)
NOT_THIS = Property("boolean", default=False, only=False)
TEXTS = Property("strings", unordered=True)
LABELS = Property("objects", unordered=True, fields={"label": NEEDED, "value": NEEDED})
SPAN = Property("string", default="0s", duration=True)

NETWORK = Resource(
    "docker:index/network:Network",
    "network",
    {
        "name": NEEDED,
        "driver": Property("string", computed=True),
        "internal": Property("boolean", computed=True),
        "attachable": FLAG,
        "ingress": NOT_THIS,
        "ipv6": NOT_THIS,
        "labels": LABELS,
        "options": Property("map", computed=True),
    },
    ("ipamConfigs", "ipamDriver", "scope"),
)

VOLUME = Resource(
    "docker:index/volume:Volume",
    "volume",
    {
        "name": NEEDED,
        "driver": Property("string", computed=True),
        "driverOpts": Property("map"),
        "labels": LABELS,
    },
    ("mountpoint",),
)

REMOTE_IMAGE = Resource(
    "docker:index/remoteImage:RemoteImage",
    "image",
    {
        "name": NEEDED,
        "keepLocally": Property("boolean", update=True, default=False),
        "forceRemove": Property("boolean", update=True, default=False),
        "pullTriggers": TEXTS,
        "platform": TEXT,
    },
    ("imageId", "repoDigest"),
    autonamed=False,
)

PORT = {
    "internal": Property("integer", required=True, least=1),
    "external": Property("integer", computed=True, least=0),
    "ip": Property("string", default="0.0.0.0"),  # noqa: S104 - Docker's own default
    "protocol": Property("string", default="tcp", pattern="tcp|udp|sctp"),
}
HEALTHCHECK = {
    "tests": Property("strings"),
    "interval": SPAN,
    "timeout": SPAN,
    "startPeriod": SPAN,
    "retries": Property("integer", default=0, least=0),
}
MOUNT = {
    "target": NEEDED,
    "source": TEXT,
    "type": Property("string", required=True, pattern="bind|volume|tmpfs"),
    "readOnly": FLAG,
}
UPLOAD = {
    "file": NEEDED,
    "content": TEXT,
    "contentBase64": TEXT,
    "executable": FLAG,
    "permissions": Property("string", pattern="0[0-7]{3}"),
}
VOLUMES = {"containerPath": TEXT, "hostPath": TEXT, "volumeName": TEXT, "readOnly": FLAG}

CONTAINER = Resource(
    "docker:index/container:Container",
    "container",
    {
        "name": NEEDED,
        "image": NEEDED,
        "command": Property("strings", computed=True),
        "entrypoints": Property("strings", computed=True),
        "envs": Property("strings", computed=True, unordered=True),
        "labels": Property("objects", computed=True, unordered=True, fields=LABELS.fields),
        "user": Property("string", computed=True),
        "workingDir": Property("string", computed=True),
        "hostname": Property("string", computed=True),
        "hosts": Property("objects", unordered=True, fields={"host": NEEDED, "ip": NEEDED}),
        "ports": Property("objects", unordered=True, fields=PORT),
        "networkMode": Property("string", default="bridge"),
        "networksAdvanced": Property(
            "objects", unordered=True, fields={"name": NEEDED, "aliases": TEXTS, "ipv4Address": TEXT}
        ),
        "volumes": Property("objects", unordered=True, fields=VOLUMES),
        "mounts": Property("objects", unordered=True, fields=MOUNT),
        "tmpfs": Property("map"),
        "uploads": Property("objects", unordered=True, fields=UPLOAD),
        "healthcheck": Property("object", computed=True, fields=HEALTHCHECK),
        "restart": Property("string", update=True, default="no", pattern="no|on-failure|always|unless-stopped"),
        "maxRetryCount": Property("integer", update=True, default=0, least=0),
        "memory": Property("integer", update=True, default=0, least=0, lowers_only=True),
        "memorySwap": Property("integer", update=True, computed=True, least=-1),
        "cpuShares": Property("integer", update=True, default=0, least=0, lowers_only=True),
        "cpuSet": Property("string", update=True, pattern=r"\d+([,-]\d+)*", lowers_only=True),
        "cpus": Property("string", pattern=r"\d+(\.\d+)?", decimal=True),
        "logDriver": Property("string", computed=True),
        "logOpts": Property("map"),
        "readOnly": FLAG,
        "init": Property("boolean", computed=True),
        "rm": FLAG,
        "privileged": NOT_THIS,
        "capabilities": Property("object", fields={"adds": TEXTS, "drops": TEXTS}),
        "securityOpts": Property("strings", computed=True, unordered=True),
        "stopSignal": Property("string", computed=True),
        "stopTimeout": Property("integer", computed=True, least=0),
        "start": Property("boolean", update=True, default=True),
        "mustRun": Property("boolean", update=True, default=True),
        "wait": Property("boolean", update=True, default=False),
        "waitTimeout": Property("integer", update=True, default=60, least=0),
        "destroyGraceSeconds": Property("integer", update=True, default=0, least=0),
        "removeVolumes": Property("boolean", update=True, default=True),
        "attach": NOT_THIS,
        "logs": NOT_THIS,
        "publishAllPorts": NOT_THIS,
        "stdinOpen": NOT_THIS,
        "tty": NOT_THIS,
    },
    ("bridge", "containerLogs", "exitCode", "networkDatas"),
    deleted_first=True,
)

SETTINGS = frozenset(["host", "version", "pluginDownloadURL"])
