"""Pulumi mocks that remember each registration whole: parent, protect, dependencies and hooks too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.stack import run_pulumi_func


@dataclass
class Registration:
    type: str
    name: str
    inputs: dict[str, Any]
    parent: str
    protect: bool
    provider: str
    depends_on: list[str]
    before_create: list[str]
    before_update: list[str]
    secret_inputs: set[str]


@dataclass
class Recorded:
    all: list[Registration] = field(default_factory=list)
    hooks: dict[str, pulumi.ResourceHook] = field(default_factory=dict)

    def of(self, kind: str) -> list[Registration]:
        """Registrations whose type ends so: Environment, RepositoryFile …"""
        return [one for one in self.all if one.type.rpartition(":")[2] == kind]

    def one(self, kind: str) -> Registration:
        (found,) = self.of(kind)
        return found


class _Mocks(mocks.Mocks):
    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        return {}, None

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return f"{args.name}-id", args.inputs


class _Monitor(mocks.MockMonitor):
    def __init__(self, recorded: Recorded) -> None:
        super().__init__(_Mocks())
        self.recorded = recorded

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - gRPC's name
        inputs = rpc.deserialize_properties(request.object)
        secret = {key for key, value in inputs.items() if rpc.is_rpc_secret(value)}
        plain = {key: rpc.unwrap_rpc_secret(value) for key, value in inputs.items()}
        hooks = request.hooks
        self.recorded.all.append(
            Registration(
                type=request.type, name=request.name, inputs=plain, parent=request.parent, protect=request.protect,
                provider=request.provider, depends_on=[urn.rpartition("::")[2] for urn in request.dependencies],
                before_create=list(hooks.before_create), before_update=list(hooks.before_update), secret_inputs=secret,
            )
        )  # fmt: skip
        return super().RegisterResource(request)


class _Callbacks:
    """Takes the hooks that the engine would call back."""

    def __init__(self, recorded: Recorded) -> None:
        self.recorded = recorded

    def register_resource_hook(self, hook: pulumi.ResourceHook) -> None:
        self.recorded.hooks[hook.name] = hook


def declare(program: Callable[[], object], stack: str = "staging") -> Recorded:
    """Runs `program` as a Pulumi program against the mocks, and returns what it registered."""
    recorded = Recorded()
    asyncio.set_event_loop(asyncio.new_event_loop())
    mocks.set_mocks(_Mocks(), project="golive", stack=stack, preview=False, monitor=_Monitor(recorded))
    settings.SETTINGS.callbacks = _Callbacks(recorded)
    asyncio.get_event_loop().run_until_complete(run_pulumi_func(program))
    return recorded
