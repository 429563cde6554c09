"""The properties of a swarm's services that this plugin implements; properties.py says how they are meant.

Sources: the Python SDK pulumi-docker 5.2.0; internal/provider/resource_docker_service.go of
https://github.com/kreuzwerker/terraform-provider-docker, where all but the name is changed in place.
"""

from __future__ import annotations

from toolchain.docker_plugin.properties import FLAG, LABELS, MOUNT, NEEDED, SPAN, TEXTS, Property, Resource

ROLLING = {
    "parallelism": Property("integer", default=1, least=0),
    "delay": SPAN,
    "failureAction": Property("string", default="pause", pattern="pause|continue|rollback"),
    "monitor": Property("string", default="5s", duration=True),
    "maxFailureRatio": Property("string", default="0.0", decimal=True, pattern=r"[01](\.\d+)?"),
    "order": Property("string", default="stop-first", pattern="stop-first|start-first"),
}
CONTAINER_SPEC = {
    "image": NEEDED,
    "commands": Property("strings"),
    "args": Property("strings"),
    "env": Property("map"),
    "labels": LABELS,
    "readOnly": FLAG,
    "mounts": Property("objects", unordered=True, fields=MOUNT),
    "stopGracePeriod": Property("string", duration=True),
}
TASK_SPEC = {
    "containerSpec": Property("object", required=True, fields=CONTAINER_SPEC),
    "resources": Property(
        "object",
        fields={
            "limits": Property(
                "object",
                fields={
                    "nanoCpus": Property("integer", default=0, least=0),
                    "memoryBytes": Property("integer", default=0, least=0),
                },
            )
        },
    ),
    "restartPolicy": Property(
        "object",
        fields={
            "condition": Property("string", pattern="none|on-failure|any"),
            "delay": Property("string", duration=True),
        },
    ),
    "placement": Property("object", fields={"constraints": TEXTS}),
    "networksAdvanceds": Property("objects", unordered=True, fields={"id": NEEDED, "aliases": TEXTS}),
    "logDriver": Property("object", fields={"name": NEEDED, "options": Property("map")}),
}
SERVICE_PORT = {
    "targetPort": Property("integer", required=True, least=1),
    "publishedPort": Property("integer", required=True, least=1),
    "protocol": Property("string", default="tcp", pattern="tcp|udp|sctp"),
    "publishMode": Property("string", default="ingress", pattern="host|ingress"),
}
# A mode that is changed from replicated to global is an update too, which the engine then refuses.
SERVICE = Resource(
    "docker:index/service:Service",
    "service",
    {
        "name": NEEDED,
        "labels": Property("objects", update=True, computed=True, unordered=True, fields=LABELS.fields),
        "taskSpec": Property("object", update=True, required=True, fields=TASK_SPEC),
        "mode": Property(
            "object",
            update=True,
            computed=True,
            fields={
                "global": FLAG,
                "replicated": Property("object", fields={"replicas": Property("integer", default=1, least=0)}),
            },
        ),
        "updateConfig": Property("object", update=True, fields=ROLLING),
        "rollbackConfig": Property("object", update=True, fields=ROLLING),
        "endpointSpec": Property(
            "object",
            update=True,
            computed=True,
            fields={
                "mode": Property("string", default="vip", pattern="vip|dnsrr"),
                "ports": Property("objects", unordered=True, fields=SERVICE_PORT),
            },
        ),
    },
    (),
)
