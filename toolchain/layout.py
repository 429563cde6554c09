"""The commands of this clone: `.venv/bin/pulumi` and, for an engine that was built, what has to lie beside it.

The engine looks for its language host beside itself and for plugins in its home, so each clone has its own binary (a
hard link where the file system allows it) and home. An official CLI keeps its own.
"""

from __future__ import annotations

import compileall
import os
import shlex
import shutil
from importlib import metadata
from pathlib import Path

from toolchain.folders import ENGINE, LAB, ROOT, STATE, VENV, passphrase

BIN = ENGINE / "bin"
HOME = ENGINE / "home"
PYTHON = VENV / "bin" / "python"
PROGRAM = ("components", "toolchain", "transport")  # what Python loads of this clone for every command

WRAPPER = """\
#!/bin/sh
# Pulumi's CLI with this clone's defaults; each one gives way to what the environment sets. Made by `make up`.
{home}if [ -z "${{PULUMI_BACKEND_URL-}}" ] &&
  ! grep -qs '"current": *"[^"]' "${{PULUMI_HOME:-$HOME/.pulumi}}/credentials.json"; then
  export PULUMI_BACKEND_URL={backend}
fi
if [ -z "${{PULUMI_CONFIG_PASSPHRASE+set}}${{PULUMI_CONFIG_PASSPHRASE_FILE-}}" ] && [ -r {passphrase} ]; then
  export PULUMI_CONFIG_PASSPHRASE_FILE={passphrase}
fi
if [ -z "${{GITHUB_ENTERPRISE_TOKEN-}}" ] && [ -r {token} ]; then
  GITHUB_ENTERPRISE_TOKEN=$(cat {token})
  export GITHUB_ENTERPRISE_TOKEN
fi
export PULUMI_SKIP_UPDATE_CHECK="${{PULUMI_SKIP_UPDATE_CHECK-true}}"
exec {cli} "$@"
"""


def built(cli: Path, github: Path) -> None:
    """Lays out an engine that was built: `cli` and the GitHub plugin are binaries in the cache."""
    BIN.mkdir(parents=True, exist_ok=True)
    engine = BIN / "pulumi"
    _linked(cli, engine)
    ours = f"PYTHONPATH={_q(ROOT)} exec {_q(PYTHON)} -P -m"
    _script(BIN / "pulumi-language-python", f'{ours} toolchain.language_host "$@"')
    _script(BIN / "pulumi-resource-pulumi-python", f'exec {_q(PYTHON)} -u -m pulumi.dynamic "$@"')
    _linked(github, _plugin("github") / "pulumi-resource-github")
    _script(_plugin("docker") / "pulumi-resource-docker", f'{ours} toolchain.docker_plugin "$@"')
    wrapper(engine, f'export PULUMI_HOME="${{PULUMI_HOME:-{HOME}}}"\n')


def wrapper(cli: Path, home: str = "") -> None:
    """Writes `.venv/bin/pulumi` for `cli`; `home` is the line that sets PULUMI_HOME, where it is not Pulumi's own."""
    text = WRAPPER.format(
        home=home,
        backend=_q(f"file://{STATE}"),
        passphrase=_q(passphrase()),
        token=_q(LAB / "token"),
        cli=_q(cli),
    )
    STATE.mkdir(parents=True, exist_ok=True)
    _written(VENV / "bin" / "pulumi", text)


def compiled() -> None:
    """Compiles what has changed of the program, as `uv sync` does with the packages.

    Python does that by itself only where it may write beside the sources and PYTHONDONTWRITEBYTECODE is not set, as it
    often is in containers: every command then compiled all of it, and took twice as long.
    """
    for folder in PROGRAM:
        compileall.compile_dir(ROOT / folder, quiet=2)
    compileall.compile_file(ROOT / "__main__.py", quiet=2)


def _plugin(name: str) -> Path:
    folder = HOME / "plugins" / f"resource-{name}-v{metadata.version(f'pulumi-{name}')}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _linked(source: Path, target: Path) -> None:
    """`target` is `source`: a hard link, or a copy on another file system."""
    if target.exists() and (target.samefile(source) or _alike(target, source)):
        return
    beside = target.with_name(f".{target.name}.new")
    beside.unlink(missing_ok=True)
    try:
        os.link(source, beside)
    except OSError:
        shutil.copy2(source, beside)
    beside.replace(target)


def _alike(target: Path, source: Path) -> bool:
    """Whether `target` is a copy of `source`: a copy keeps the time, too."""
    one, other = target.stat(), source.stat()
    return (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)


def _script(target: Path, command: str) -> None:
    _written(target, f"#!/bin/sh\n{command}\n")


def _written(target: Path, text: str) -> None:
    if target.is_file() and target.read_text(encoding="utf-8") == text:
        return
    beside = target.with_name(f".{target.name}.new")
    beside.write_text(text, encoding="utf-8")
    beside.chmod(0o755)
    beside.replace(target)


def _q(path: object) -> str:
    return shlex.quote(str(path))
