"""What is built from published Go modules where no binary can be had: one module of our own each, with its go.sum."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from toolchain.folders import MODULES, cache

MAIN = "."  # the module's own main.go


@dataclass(frozen=True)
class Part:
    """`package`: what `go build` is asked for. `pinned`: the module whose version is the part's. `variables`: set at
    link time, {version} being replaced. `static`: for an image FROM scratch. `minutes`: a cold build on two cores."""

    name: str
    package: str
    pinned: str
    minutes: int
    variables: tuple[str, ...] = ()
    static: bool = False

    @property
    def module(self) -> Path:
        """The folder with its go.mod."""
        return MODULES / self.name

    @property
    def version(self) -> str:
        """As go.mod requires it, such as v3.259.0; v1 for what is all our own."""
        if not self.pinned:
            return "v1"
        found = re.search(rf"^\s*(?:require )?{re.escape(self.pinned)} (v\S+)", self._go_mod(), re.MULTILINE)
        if not found:
            raise ValueError(f"{self.module / 'go.mod'} does not require {self.pinned}")
        return found[1]

    @property
    def go(self) -> tuple[int, ...]:
        """The oldest Go that builds it."""
        found = re.search(r"^go (\d+(?:\.\d+)+)", self._go_mod(), re.MULTILINE)
        if not found:
            raise ValueError(f"{self.module / 'go.mod'} has no go line")
        return tuple(int(one) for one in found[1].split("."))

    @property
    def place(self) -> Path:
        """Where the binary is kept: a change of anything it is made from is another place."""
        digest = hashlib.sha256(" ".join(self.command("")).encode())
        for file in sorted(self.module.iterdir()):
            digest.update(file.name.encode() + file.read_bytes())
        return cache() / f"{self.name}-{self.version.removeprefix('v')}-{digest.hexdigest()[:12]}" / self.binary

    @property
    def binary(self) -> str:
        """The file's name."""
        return "pulumi-resource-github" if self.name == "github" else self.name

    def command(self, target: str) -> list[str]:
        """What `go` is called with, in the module's folder."""
        flags = ["-s", "-w", *(f"-X {one}" for one in self.variables)]
        linked = " ".join(flags).replace("{version}", self.version)
        return ["build", "-trimpath", "-mod=readonly", "-ldflags", linked, "-o", target, self.package]

    def _go_mod(self) -> str:
        return (self.module / "go.mod").read_text(encoding="utf-8")


PULUMI = Part(
    "pulumi",
    package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    pinned="github.com/pulumi/pulumi/pkg/v3",
    minutes=4,
    # Without its version the Automation API refuses the CLI.
    variables=("github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={version}",),
)
GITHUB = Part("github", package=MAIN, pinned="github.com/integrations/terraform-provider-github/v6", minutes=1)
TRAEFIK = Part(
    "traefik",
    package="github.com/traefik/traefik/v3/cmd/traefik",
    pinned="github.com/traefik/traefik/v3",
    minutes=5,
    static=True,
    variables=("github.com/traefik/traefik/v3/pkg/version.Version={version}",),
)
GATUS = Part("gatus", package="github.com/TwiN/gatus/v5", pinned="github.com/TwiN/gatus/v5", minutes=1, static=True)
ACTIONLINT = Part(
    "actionlint",
    package="github.com/rhysd/actionlint/cmd/actionlint",
    pinned="github.com/rhysd/actionlint",
    minutes=1,
)
VEGETA = Part("vegeta", package="github.com/tsenart/vegeta/v12", pinned="github.com/tsenart/vegeta/v12", minutes=1)
PEBBLE, PEBBLE_DNS = (
    Part(
        "pebble",
        package=f"github.com/letsencrypt/pebble/v2/cmd/{command}",
        pinned="github.com/letsencrypt/pebble/v2",
        minutes=1,
        static=True,
    )
    for command in ("pebble", "pebble-challtestsrv")
)
COREUTILS = Part("coreutils", package=MAIN, pinned="", minutes=1, static=True)
