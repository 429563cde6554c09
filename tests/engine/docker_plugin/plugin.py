"""The plugin as a process of its own, asked as the Pulumi engine asks it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from toolchain.docker_plugin.wire import SECRET, SIGNATURE, decode, encode

ROOT = Path(__file__).parents[3]
TOKENS = {
    "Network": "docker:index/network:Network",
    "Volume": "docker:index/volume:Volume",
    "RemoteImage": "docker:index/remoteImage:RemoteImage",
    "Container": "docker:index/container:Container",
    "Service": "docker:index/service:Service",
}


WELL = {"tests": ["CMD", "/app", "well"], "interval": "0.2s", "timeout": "2s", "retries": 1}
UNWELL = WELL | {"tests": ["CMD", "/app", "unwell"]}


def secret(value: Any) -> dict[str, Any]:
    return {SIGNATURE: SECRET, "value": value}


def urn(kind: str) -> str:
    return f"urn:pulumi:dev::trial-plugin::{TOKENS.get(kind, kind)}::it"


@dataclass
class RefusedError(Exception):
    """What the plugin answered instead; `left`: what it says is there, half made."""

    said: str
    left: Any = None


@dataclass
class Made:
    kind: str
    id: str
    inputs: struct_pb2.Struct
    outputs: struct_pb2.Struct

    @property
    def values(self) -> dict[str, Any]:
        return decode(self.outputs).values


def wanted(made: Made, **changed: Any) -> dict[str, Any]:
    """The inputs that it was made of, with some changed."""
    return {**decode(made.inputs).values, **changed}


class Plugin:
    """A running plugin. Inputs may hold UNKNOWN and secret()."""

    def __init__(self, host: str | None = None, *, configured: bool = True) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "toolchain.docker_plugin", "127.0.0.1:1"],
            cwd="/", env=environment, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout
        self.channel = grpc.insecure_channel(f"127.0.0.1:{self.process.stdout.readline().strip()}")
        self.stub = provider_pb2_grpc.ResourceProviderStub(self.channel)
        self.host = host
        if configured:
            self.configure()

    def stop(self) -> int:
        self.channel.close()
        self.process.terminate()
        return self.process.wait(10)

    def configure(self) -> Any:
        args = encode({"host": self.host})
        return self.ask(self.stub.Configure, provider_pb2.ConfigureRequest(args=args))

    def ask(self, method: Any, request: Any) -> Any:
        try:
            return method(request, timeout=120)
        except grpc.RpcError as error:
            raise RefusedError(error.details(), _left(error)) from None

    def check(self, kind: str, **inputs: Any) -> Any:
        return self.ask(self.stub.Check, provider_pb2.CheckRequest(urn=urn(kind), news=encode(inputs)))

    def create(self, kind: str, **inputs: Any) -> Made:
        checked = self.check(kind, **inputs)
        assert not checked.failures, checked.failures
        made = self.ask(self.stub.Create, provider_pb2.CreateRequest(urn=urn(kind), properties=checked.inputs))
        return Made(kind, made.id, checked.inputs, made.properties)

    def preview(self, kind: str, **inputs: Any) -> dict[str, Any]:
        request = provider_pb2.CreateRequest(urn=urn(kind), properties=encode(inputs), preview=True)
        return decode(self.ask(self.stub.Create, request).properties).values

    def diff(self, made: Made, **inputs: Any) -> Any:
        request = provider_pb2.DiffRequest(
            id=made.id, urn=urn(made.kind), olds=made.outputs, old_inputs=made.inputs, news=encode(inputs)
        )
        return self.ask(self.stub.Diff, request)

    def update(self, made: Made, **inputs: Any) -> Made:
        request = provider_pb2.UpdateRequest(
            id=made.id, urn=urn(made.kind), olds=made.outputs, old_inputs=made.inputs, news=encode(inputs)
        )
        return Made(made.kind, made.id, encode(inputs), self.ask(self.stub.Update, request).properties)

    def read(self, made: Made) -> Made | None:
        request = provider_pb2.ReadRequest(id=made.id, urn=urn(made.kind), properties=made.outputs, inputs=made.inputs)
        read = self.ask(self.stub.Read, request)
        return Made(made.kind, read.id, read.inputs, read.properties) if read.id else None

    def delete(self, made: Made) -> None:
        request = provider_pb2.DeleteRequest(id=made.id, urn=urn(made.kind), properties=made.outputs)
        self.ask(self.stub.Delete, request)


def _left(error: Any) -> Any:
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            detail = provider_pb2.ErrorResourceInitFailed()
            assert status_pb2.Status.FromString(value).details[0].Unpack(detail)
            return detail
    return None
