"""The clone's stacks in the lab: their passphrase, their beginning and their end, by Pulumi's own commands."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
from pathlib import Path
from typing import Any

import yaml

from toolchain.folders import LAB, ROOT, STATE, VENV, passphrase
from toolchain.progress import StepError, say, step

PULUMI = VENV / "bin" / "pulumi"
STACKS = ("dev", "staging", "production")
CHOSEN = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")
PORT = 8470
LAB_URL = f"http://127.0.0.1:{PORT}/"


def ensure_passphrase() -> None:
    """Makes a random passphrase in the user's own folder, unless there is one or another was chosen."""
    file = passphrase()
    if any(os.environ.get(name) for name in CHOSEN) or file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(secrets.token_urlsafe(32))
    say(f"Made a passphrase for the secrets of this clone's stacks: {file}")


def ensure_stacks() -> None:
    """The three stacks are known to the backend; those that are there stay as they are."""
    known = listed()
    for stack in STACKS:
        if stack not in known:
            with step(f"Making stack {stack}"):
                _pulumi("stack", "init", stack, "--no-select")
    if not any(one.get("current") for one in known.values()):
        _pulumi("stack", "select", "dev")


def listed() -> dict[str, dict[str, Any]]:
    """The backend's stacks of this project, by name."""
    said = _pulumi("stack", "ls", "--json")
    return {one["name"].rpartition("/")[2]: one for one in json.loads(said)}


def up(stack: str) -> None:
    """Makes the stack what its file says, showing Pulumi's own progress. Raises StepError where that fails."""
    done = subprocess.run(
        [PULUMI, "up", "--yes", "--skip-preview", "--suppress-outputs", "--stack", stack], cwd=ROOT, check=False
    )
    if done.returncode:
        raise StepError(f"Stack {stack} could not be brought up: see above. Then run `make up` again.")


def outputs(stack: str) -> dict[str, Any]:
    """What the stack exports."""
    found: dict[str, Any] = json.loads(_pulumi("stack", "output", "--json", "--stack", stack))
    return found


def destroy(stack: str, *, empty: bool = False) -> None:
    """Takes away what the stack has made (`empty`: nothing), and its record; its file stays. Raises StepError."""
    command = [str(PULUMI), "destroy", "--yes", "--skip-preview", "--stack", stack]
    if not empty and subprocess.run(command, cwd=ROOT, check=False).returncode:
        raise StepError(f"Stack {stack} could not be taken away: see above. Then run `make down` again.")
    # `destroy --remove` would delete the stack file, too.
    _pulumi("stack", "rm", stack, "--yes", "--preserve-config")


def on_the_lab(stack: str) -> bool:
    """Whether the stack's file says that it lives on the lab's GitHub, and so cannot outlive it."""
    try:
        config = yaml.safe_load(stack_file(stack).read_text(encoding="utf-8")).get("config") or {}
        return bool((config.get("golive:github") or {}).get("baseUrl", "").rstrip("/") == LAB_URL.rstrip("/"))
    except (OSError, AttributeError, yaml.YAMLError):
        return False


def local() -> bool:
    """Whether the state is kept in this clone. A backend that someone chose is theirs to clean."""
    said = json.loads(_pulumi("whoami", "--json"))
    return bool(said.get("url", "").rstrip("/") == f"file://{STATE}".rstrip("/"))


def forget_salt(stack: str) -> None:
    """Takes out of the stack file what `pulumi stack init` wrote there; a file with encrypted values keeps it."""
    file = stack_file(stack)
    if not file.exists():
        return
    text = file.read_text(encoding="utf-8")
    if "secure:" not in re.sub(r"#.*", "", text):
        file.write_text(re.sub(r"^encryptionsalt: .*\n", "", text, flags=re.MULTILINE), encoding="utf-8")


def stack_file(stack: str) -> Path:
    """Pulumi.<stack>.yaml."""
    return ROOT / f"Pulumi.{stack}.yaml"


def _pulumi(*words: str) -> str:
    done = subprocess.run([PULUMI, *words, "--non-interactive"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise StepError(f"pulumi {' '.join(words)} failed: {reason[-1] if reason else 'no reason given'}")
    return done.stdout


__all__ = [
    "LAB", "LAB_URL", "PORT", "STACKS", "destroy", "ensure_passphrase", "ensure_stacks", "forget_salt", "listed",
    "local", "on_the_lab", "outputs", "stack_file", "up",
]  # fmt: skip
