"""Building a part once, for every clone: interrupted builds leave nothing, and two at once wait for each other."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from toolchain import go
from toolchain.folders import cache
from toolchain.parts import Part
from toolchain.progress import StepError, step

ROOM = 12 * 1024**3  # bytes that the sources and the compiler's cache of all parts together take, at most
LAST_LINES = 5
# Where there is no network Go tries for minutes; a refusal is known much sooner.
PATIENCE = 3600  # seconds for one part


def built(part: Part) -> Path:
    """The part's binary, built now if it was not. Raises StepError with what Go said last."""
    if part.place.exists():
        return part.place
    with _alone(part):
        if not part.place.exists():
            _build(part)
    return part.place


def _build(part: Part) -> None:
    place = part.place
    compiler = go.toolchain(part.go)
    environment = _environment(compiler)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".build-") as beside:
        target = Path(beside) / part.binary
        about = f"about {part.minutes} min" if part.minutes > 1 else "about a minute"
        with step(f"Building {part.name} {part.version} from its modules, once ({about} on two cores)"):
            done = _run([str(compiler), *part.command(str(target))], part.module, environment, static=part.static)
        if done.returncode:
            said = "\n  ".join(done.stderr.strip().splitlines()[-LAST_LINES:])
            raise StepError(f"{part.name} {part.version} could not be built. Go said:\n  {said}\n{_remedy(said)}")
        target.replace(place)


def _run(
    command: list[str], folder: Path, environment: dict[str, str], *, static: bool
) -> subprocess.CompletedProcess[str]:
    """Runs Go in a session of its own, so that Ctrl-C ends it and all the compilers it has started."""
    process = subprocess.Popen(
        command, cwd=folder, env={**environment, **({"CGO_ENABLED": "0"} if static else {})}, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        _, said = process.communicate(timeout=PATIENCE)
    except BaseException:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        raise
    return subprocess.CompletedProcess(command, process.returncode, "", said)


def _environment(compiler: Path) -> dict[str, str]:
    """Go's own settings, apart from what would make the result depend on the machine."""
    work = cache() / "work"
    environment = {
        **os.environ,
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "PATH": f"{compiler.parent}:{os.environ['PATH']}",
    }
    environment["GOFLAGS"] = "-modcacherw"  # or the sources could not be removed once all is built
    environment.setdefault("GOMODCACHE", str(work / "modules"))
    environment.setdefault("GOCACHE", str(work / "compiled"))
    free = shutil.disk_usage(cache()).free
    if not work.exists() and free < ROOM:
        raise StepError(
            f"{cache()} has {free / 1024**3:.0f} GB free, a build takes up to {ROOM // 1024**3} GB for a while. "
            "Free some, or set XDG_CACHE_HOME to a larger disk."
        )
    return environment


def forget_sources() -> None:
    """Removes sources and compiled packages: only the binaries are worth keeping."""
    shutil.rmtree(cache() / "work", ignore_errors=True)


@contextmanager
def _alone(part: Part) -> Iterator[None]:
    """One build at a time on this machine: they share a cache and the cores. The lock goes with its process."""
    part.place.parent.mkdir(parents=True, exist_ok=True)
    with (cache() / "lock").open("w") as lock:
        with step("Waiting for another build on this machine"):
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remedy(said: str) -> str:
    if "no space left" in said:
        return "Free some room on the disk, and run it again: what is built already is kept."
    if any(one in said for one in ("dial tcp", "lookup", "proxyconnect", "i/o timeout", "connection refused")):
        return "Check the network, or set GOPROXY to a Go module proxy that can be reached, and run it again."
    if "checksum mismatch" in said or "SECURITY ERROR" in said:
        return "What was downloaded is not what go.sum names: do not go on. Check GOPROXY."
    return "Run it again: what is built already is kept."
