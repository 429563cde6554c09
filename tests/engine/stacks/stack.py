"""One stack of golive in a project folder of its own, driven by the real CLI as a person would."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import yaml

from lab.github.process import Running
from tests.engine.ports import free_port

ROOT = Path(__file__).resolve().parents[3]
PULUMI = ROOT / ".venv" / "bin" / "pulumi"
PASSPHRASE = "correct horse"
LONGEST = 180  # seconds for one command


@dataclass(frozen=True)
class Said:
    """What a command said. `text`: both outputs, without colours."""

    code: int
    text: str
    seconds: float


@dataclass
class Stack:
    """A stack named `name` in `folder`, on the lab's GitHub `github`. Each command writes `config` first."""

    name: str
    folder: Path
    github: Running
    config: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
        project["main"] = os.path.relpath(ROOT, self.folder)
        project["runtime"]["options"]["virtualenv"] = str(ROOT / ".venv")
        (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
        app, monitor = free_port(), free_port()
        self.config = {
            "golive:github": {"owner": "acme", "repository": "shop", "baseUrl": self.github.url},
            "golive:deployFrom": {"branch": self.name},
            "golive:environment": {"variables": {"GREETING": "Hello"}},
            "golive:protection": {"enforcement": "active"},
            "golive:pipeline": {"workflows": True},
            "golive:version": "v1.0.0",
            "golive:image": "golive-sample",
            "golive:service": {
                "health": {"successes": 1, "deadline": 6}, "env": {"SHUTDOWN_DELAY_S": "0"}, "readOnly": True,
            },
            "golive:traffic": {"port": app},
            "golive:monitor": {"port": monitor, "interval": 5},
        }  # fmt: skip
        self.environment = {
            "PULUMI_BACKEND_URL": f"file://{self.folder}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "GITHUB_ENTERPRISE_TOKEN": self.github.token,
        }
        assert self.run("stack", "init", self.name).code == 0

    @property
    def file(self) -> Path:
        return self.folder / f"Pulumi.{self.name}.yaml"

    @property
    def port(self) -> int:
        return int(self.config["golive:traffic"]["port"])

    def write(self) -> None:
        """Puts `config` into the stack file; the salt stays, and so does what is encrypted there."""
        there = (yaml.safe_load(self.file.read_text()) or {}) if self.file.exists() else {}
        self.file.write_text(yaml.safe_dump({**there, "config": self.config}, sort_keys=False))

    def up(self, **environment: str) -> Said:
        self.write()
        return self.run("up", "--yes", "--skip-preview", **environment)

    def must_up(self) -> Said:
        """`up`, which must succeed; what it said is shown where it does not."""
        said = self.up()
        assert said.code == 0, said.text
        return said

    def run(self, *words: str, typed: str | None = None, **environment: str) -> Said:
        """`pulumi …` for this stack; `typed`: what it reads from its standard input."""
        stack = [] if words[0] == "stack" else ["--stack", self.name]
        command = [str(PULUMI), *words, *stack, "--non-interactive", "--color", "never"]
        started = time.monotonic()
        done = subprocess.run(
            command, cwd=self.folder, env={**os.environ, **self.environment, **environment}, text=True,
            input=typed, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LONGEST, check=False,
        )  # fmt: skip
        return Said(done.returncode, done.stdout, time.monotonic() - started)

    def secret(self, path: str, value: str) -> None:
        """Encrypts `value` in the stack file, as the docs say to."""
        self.write()
        assert self.run("config", "set", "--secret", "--path", path, typed=value).code == 0
        self.config = yaml.safe_load(self.file.read_text())["config"]

    def answers(self, path: str = "/version", headers: Mapping[str, str] | None = None) -> str:
        """The version that the users get; "" where nobody answers."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=dict(headers or {}))
        try:
            with urllib.request.urlopen(request, timeout=3) as answer:
                text = answer.read().decode()
        except (OSError, urllib.error.URLError):
            return ""
        return str(json.loads(text)["version"]) if path == "/version" else text

    def writes(self, since: int) -> list[str]:
        """The requests since then that change something at GitHub."""
        return [
            f"{one['method']} {one['path']}"
            for one in self.requests(since)
            if one["method"] in {"PUT", "POST", "PATCH", "DELETE"}
        ]

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.github.url}lab/requests?since={since}", timeout=5) as answer:
            found: list[dict[str, Any]] = json.load(answer)["requests"]
        return found

    def api(self, method: str, path: str, body: object = None) -> Any:
        """The lab's GitHub, asked by its own token. None for an empty answer; the status where it is an error."""
        request = urllib.request.Request(
            f"{self.github.url}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.github.token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            return error.code
        return json.loads(text) if text else None

    def last_request(self) -> int:
        return max((one["number"] for one in self.requests()), default=0)

    def remove(self) -> None:
        """Everything of the stack, however it was left."""
        self.run("destroy", "--yes", "--skip-preview", "--refresh")
        for left in self.on_the_engine():
            left.remove(**({"force": True} if hasattr(left, "logs") else {}))

    def on_the_engine(self) -> list[Any]:
        """Containers, networks and volumes with this stack's label."""
        engine = docker.from_env()
        mine = {"label": [f"golive.stack={self.name}"]}
        return [
            *engine.containers.list(all=True, filters=mine),
            *engine.networks.list(filters=mine),
            *engine.volumes.list(filters=mine),
        ]


def error_line(said: Said, pattern: str) -> str:
    """The one line that tells it. Fails where there is none, or where a trace is shown instead."""
    assert "Traceback" not in said.text, said.text
    found = [line.strip() for line in said.text.splitlines() if re.search(pattern, line)]
    assert found, f"no line with {pattern!r} in:\n{said.text}"
    return found[0]
