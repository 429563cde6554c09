"""The service that runs a Python program for the engine.

The engine starts it with its own address as last argument, reads a port from the first line of output, and calls the
gRPC service LanguageRuntime there. It runs the program in this process, as the Automation API does.

Every command starts it twice: once only to ask which plugins the program needs. So it loads the SDK when it is to run.
Source: proto/pulumi/language.proto of https://github.com/pulumi/pulumi
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import grpc
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from toolchain.protocol import all_of_it

TRACKED = ("pulumi", "pulumi-docker", "pulumi-github")


class Host(language_pb2_grpc.LanguageRuntimeServicer):
    """Runs the program of a project's folder. `engine`: the address of the engine that asks."""

    def __init__(self, engine: str) -> None:
        self.engine = engine

    def Handshake(self, request: Any, context: Any) -> Any:
        """The engine says where it is once more; nothing to answer."""
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        """The version is the SDK's, with which it is one."""
        return plugin_pb2.PluginInfo(version=metadata.version("pulumi"))

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        """The resource plugins that the installed SDKs name in their pulumi-plugin.json."""
        return language_pb2.GetRequiredPackagesResponse(
            packages=[
                plugin_pb2.PackageDependency(name=one["name"], kind="resource", version=f"v{one['version']}")
                for one in required_plugins()
            ]
        )

    def GetRequiredPlugins(self, request: Any, context: Any) -> Any:
        """The same, as engines before 3.141 ask for it."""
        return language_pb2.GetRequiredPluginsResponse(
            plugins=[
                plugin_pb2.PluginDependency(name=one["name"], kind="resource", version=f"v{one['version']}")
                for one in required_plugins()
            ]
        )

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[Any]:
        """uv has installed them: `uv sync`."""
        yield language_pb2.InstallDependenciesResponse(stdout=b"The dependencies come from uv.lock: uv sync\n")

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        """For `pulumi about`."""
        found = [language_pb2.DependencyInfo(name=name, version=metadata.version(name)) for name in TRACKED]
        return language_pb2.GetProgramDependenciesResponse(dependencies=found)

    def Run(self, request: Any, context: Any) -> Any:
        """Runs the program; an error that is the user's to mend is shown without a trace."""
        all_of_it()
        from pulumi.automation._server import LanguageServer  # noqa: PLC0415
        from pulumi.runtime import settings  # noqa: PLC0415

        folder = request.info.program_directory or request.pwd
        os.chdir(request.pwd or folder)
        sys.path.insert(0, folder)
        sys.argv = [folder, *request.args]
        request.args[:] = [self.engine]

        def program() -> None:
            settings.SETTINGS.root_directory = request.info.root_directory or folder
            runpy.run_path(folder, run_name="__main__")

        done = LanguageServer(program).Run(request, context)  # type: ignore[no-untyped-call]
        # What went wrong is logged by then; in the answer it would be shown a second time.
        return language_pb2.RunResponse(bail=True) if done.error else done

    def Cancel(self, request: Any, context: Any) -> Any:
        """The engine stops: what runs in the plugins ends there, this process has nothing to finish."""
        os._exit(0)


def required_plugins() -> list[dict[str, Any]]:
    """What the SDKs beside `pulumi` need at run time: name and version."""
    packages = Path(grpc.__file__).parent.parent
    found = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(packages.glob("*/pulumi-plugin.json"))]
    return [one for one in found if one.get("resource")]
