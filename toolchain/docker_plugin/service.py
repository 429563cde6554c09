"""The gRPC service ResourceProvider for Docker: what the official plugin answers, for the types in properties.py.

Source: proto/pulumi/provider.proto of https://github.com/pulumi/pulumi
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from toolchain.docker_plugin import container, image, network, swarm_service, volume
from toolchain.docker_plugin.answering import answering
from toolchain.docker_plugin.canonical import same
from toolchain.docker_plugin.checking import refusals, refused_settings, refused_type
from toolchain.docker_plugin.difference import DEFAULTS, difference
from toolchain.docker_plugin.engine import Engine
from toolchain.docker_plugin.ports import refuse_taken
from toolchain.docker_plugin.properties import CONTAINER, NETWORK, REMOTE_IMAGE, VOLUME, Resource
from toolchain.docker_plugin.swarm_properties import SERVICE
from toolchain.docker_plugin.wire import UNKNOWN, Properties, decode, encode

VERSION = "5.2.0"
RESOURCES: Mapping[str, Resource] = {one.token: one for one in (NETWORK, VOLUME, REMOTE_IMAGE, CONTAINER, SERVICE)}
KINDS = {
    "add": ("ADD", "ADD_REPLACE"),
    "delete": ("DELETE", "DELETE_REPLACE"),
    "update": ("UPDATE", "UPDATE_REPLACE"),
}
Made = tuple[str, dict[str, Any]]


class Hands(NamedTuple):
    """What is done on the engine for one type. `update` is None where every change is a replacement."""

    create: Callable[[Engine, Mapping[str, Any]], Made]
    read: Callable[[Engine, str, Mapping[str, Any], Mapping[str, Any]], Made | None]
    update: Callable[[Engine, str, Mapping[str, Any]], dict[str, Any]] | None
    delete: Callable[[Engine, str, Mapping[str, Any]], None]


HANDS = {
    NETWORK.token: Hands(network.create, network.read, None, network.delete),
    VOLUME.token: Hands(volume.create, volume.read, None, volume.delete),
    REMOTE_IMAGE.token: Hands(image.create, image.read, image.update, image.delete),
    CONTAINER.token: Hands(container.create, container.read, container.update, container.delete),
    SERVICE.token: Hands(swarm_service.create, swarm_service.read, swarm_service.update, swarm_service.delete),
}


class Docker(provider_pb2_grpc.ResourceProviderServicer):
    """One plugin process: one Docker engine.

    GetSchema stays unimplemented: the engine keeps an answer by name and version, and would find it where the official
    plugin is used later on.
    """

    def __init__(self) -> None:
        self.engine = Engine()

    def Handshake(self, request: Any, context: Any) -> Any:
        """Secrets come marked as such; resources and outputs come as their plain values."""
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        """The version of the official plugin that this one stands in for."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def CheckConfig(self, request: Any, context: Any) -> Any:
        """Refuses settings that are not implemented."""
        found = refused_settings(decode(request.news).values)
        return provider_pb2.CheckResponse(
            inputs=request.news,
            failures=[provider_pb2.CheckFailure(property=one.path, reason=one.reason) for one in found],
        )

    def DiffConfig(self, request: Any, context: Any) -> Any:
        """A changed setting changes the provider, and none of its resources."""
        changed = decode(request.olds).values != decode(request.news).values
        response = provider_pb2.DiffResponse
        return response(changes=response.DIFF_SOME if changed else response.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> Any:
        """Takes the host, and sees that a Docker engine is there."""
        host = decode(request.args).values.get("host")
        with answering(context, "Configure", Properties({})):
            if host is not UNKNOWN:
                self.engine.settle(host)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: Any, context: Any) -> Any:
        """Refuses types and properties that are not implemented, and names what has no name."""
        token = _token(request.urn)
        if token not in RESOURCES:
            return provider_pb2.CheckResponse(
                inputs=request.news, failures=[provider_pb2.CheckFailure(reason=refused_type(token))]
            )
        inputs = struct_pb2.Struct()
        inputs.CopyFrom(request.news)
        with answering(context, f"Check of {token}", Properties({})):
            if RESOURCES[token].autonamed and "name" not in inputs.fields:
                inputs["name"] = _name(request)
                inputs[DEFAULTS] = ["name"]
            found = refusals(RESOURCES[token], decode(inputs).values)
        return provider_pb2.CheckResponse(
            inputs=inputs,
            failures=[provider_pb2.CheckFailure(property=one.path, reason=one.reason) for one in found],
        )

    def Diff(self, request: Any, context: Any) -> Any:
        """Compares what was last seen of the resource with what is wanted."""
        resource, wanted = RESOURCES[_token(request.urn)], decode(request.news)
        found = difference(
            resource,
            decode(request.olds).values,
            decode(request.old_inputs).values,
            wanted.values,
            {path.split(".")[0].split("[")[0] for path in request.ignoreChanges},
        )
        if resource is CONTAINER and "ports" in found.changes:
            with answering(context, "Diff of ports", wanted):
                refuse_taken(self.engine, request.id, wanted.values)
        response, kinds = provider_pb2.DiffResponse, provider_pb2.PropertyDiff
        return response(
            changes=response.DIFF_SOME if found.changes else response.DIFF_NONE,
            diffs=list(found.changes),
            replaces=found.replaces,
            deleteBeforeReplace=found.deleted_first,
            hasDetailedDiff=True,
            detailedDiff={
                name: kinds(kind=kinds.Kind.Value(KINDS[change.way][change.replaces]))
                for name, change in found.changes.items()
            },
        )

    def Create(self, request: Any, context: Any) -> Any:
        """Makes the resource; in a preview, says what it would be."""
        token, inputs = _token(request.urn), decode(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=encode(_foreseen(RESOURCES[token], inputs), inputs.secret))
        with answering(context, f"Create of {token}", inputs):
            identity, properties = HANDS[token].create(self.engine, _plain(inputs))
        return provider_pb2.CreateResponse(id=identity, properties=encode(properties, inputs.secret))

    def Read(self, request: Any, context: Any) -> Any:
        """The resource as it is now; no ID where it is gone. Without properties: an import, by its ID."""
        token, known, inputs = _token(request.urn), decode(request.properties), decode(request.inputs)
        if token not in HANDS:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, refused_type(token))
        secret = known.secret | inputs.secret
        with answering(context, f"Read of {token}", known):
            found = HANDS[token].read(self.engine, request.id, _plain(known), inputs.values)
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=found[0],
            properties=encode(found[1], secret),
            inputs=encode(_as_inputs(RESOURCES[token], inputs.values, found[1]), secret),
        )

    def Update(self, request: Any, context: Any) -> Any:
        """Changes the resource in place; in a preview, says what it would be."""
        token, wanted, before = _token(request.urn), decode(request.news), decode(request.olds)
        if request.preview:
            kept = {name: one for name, one in before.values.items() if name in RESOURCES[token].outputs}
            return provider_pb2.UpdateResponse(properties=encode({**kept, **_plain(wanted)}, wanted.secret))
        with answering(context, f"Update of {token}", wanted):
            update = HANDS[token].update
            properties = update(self.engine, request.id, _plain(wanted)) if update else before.values | wanted.values
        return provider_pb2.UpdateResponse(properties=encode(properties, wanted.secret))

    def Delete(self, request: Any, context: Any) -> Any:
        """Removes the resource; that it is gone already is fine."""
        token, known = _token(request.urn), decode(request.properties)
        with answering(context, f"Delete of {token}", known):
            HANDS[token].delete(self.engine, request.id, known.values)
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:
        """Ends all waiting."""
        self.engine.cancelled.set()
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:
        """No function is implemented."""
        return provider_pb2.InvokeResponse(failures=[provider_pb2.CheckFailure(reason=refused_type(request.tok))])


def register(service: Docker, server: Any) -> None:
    """Lets `server` answer by `service`."""
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(service, server)


def _token(urn: str) -> str:
    """The type of `urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME`."""
    return urn.split("::")[2].rpartition("$")[2]


def _name(request: Any) -> str:
    """The name it has; else the one that the engine proposes; else its own with seven random digits."""
    had = decode(request.olds).values.get("name")
    if had:
        return str(had)
    if request.HasField("autonaming") and request.autonaming.proposed_name:
        return str(request.autonaming.proposed_name)
    # not a secret: the seed makes a preview and its update agree
    digits = random.Random(request.randomSeed or None)  # noqa: S311
    return f"{request.urn.rpartition('::')[2]}-{digits.getrandbits(28):07x}"


def _plain(sent: Properties) -> dict[str, Any]:
    return {name: one for name, one in sent.values.items() if not name.startswith("__")}


def _foreseen(resource: Resource, inputs: Properties) -> dict[str, Any]:
    """What a new resource will be: its inputs, its defaults, and UNKNOWN for what the engine will choose."""
    chosen: dict[str, Any] = dict.fromkeys(resource.outputs, UNKNOWN)
    for name, one in resource.properties.items():
        chosen[name] = UNKNOWN if one.computed else one.default
    return {**chosen, **_plain(inputs)}


def _as_inputs(resource: Resource, inputs: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs with what was changed by hand; for an import, those that are not as they would be by themselves."""
    if not inputs:
        return {
            name: now[name]
            for name, one in resource.properties.items()
            if name in now and not one.computed and (one.required or not same(one, now[name], None))
        }
    known = resource.properties
    return {
        name: now.get(name) if name in known and not same(known[name], value, now.get(name)) else value
        for name, value in inputs.items()
    }
