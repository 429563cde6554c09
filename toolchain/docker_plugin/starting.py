"""Whether a container that was started gets up: it runs, and it becomes healthy where that is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolchain.docker_plugin.engine import Engine
from toolchain.docker_plugin.failure import AGAIN, DockerError, one_line

LOOKED_AT = 0.5  # seconds: one that does not live that long never ran
LOG_LINES = 10
REMEDIES = {
    "executable file not found": "correct command or entrypoints, or the image",
    "no such file or directory": "correct command or entrypoints, or the image",
    "permission denied": "make the program in the image executable",
    "no such image": "build, load or pull the image",
}


def get_up(engine: Engine, identity: str, inputs: Mapping[str, Any]) -> None:
    """Returns when the container is up. Raises DockerError, with what it last wrote, when it is not."""
    name = inputs["name"]
    if inputs.get("wait"):
        _become_healthy(engine, identity, name, inputs.get("waitTimeout", 60))
    elif inputs.get("mustRun", True) and engine.until(lambda: _ended(_state(engine, identity, name)), LOOKED_AT):
        raise DockerError(f"{_end_of(engine, identity, name)} Correct what it complains of, {AGAIN}")


def told(said: str) -> str:
    """What the engine `said` about a failed start, with a remedy where the cause is a known one."""
    for sign, remedy in REMEDIES.items():
        if sign in said.lower():
            return f"{said}: {remedy}"
    return said


def health_of(state: Mapping[str, Any]) -> str:
    """What the last health check of a container said, in one line."""
    log = (state.get("Health") or {}).get("Log") or []
    if not log:
        return "no health check has ended yet"
    said = one_line(log[-1].get("Output") or "") or "nothing"
    return f"the last health check ended with {log[-1].get('ExitCode')} and said: {said}"


def _become_healthy(engine: Engine, identity: str, name: str, seconds: int) -> None:
    state: dict[str, Any] = {}

    def settled() -> bool:
        state.clear()
        state.update(_state(engine, identity, name))
        return _ended(state) or (state.get("Health") or {}).get("Status") == "healthy"

    if not engine.until(settled, seconds):
        raise DockerError(
            f"container {name} was not healthy within {seconds} s: {health_of(state)}.{_log(engine, identity)} "
            f"Correct what it complains of or raise waitTimeout, {AGAIN}"
        )
    if _ended(state):
        raise DockerError(f"{_end_of(engine, identity, name)} Correct what it complains of, {AGAIN}")


def _state(engine: Engine, identity: str, name: str) -> dict[str, Any]:
    import docker.errors  # noqa: PLC0415

    with engine.doing(f"container {name} cannot be read"):
        try:
            return dict(engine.api.inspect_container(identity)["State"])
        except docker.errors.NotFound as error:
            raise DockerError(f"container {name} ended and was removed, as rm asks: leave rm out to see why") from error


def _ended(state: Mapping[str, Any]) -> bool:
    return not state["Running"] and not state["Restarting"]


def _end_of(engine: Engine, identity: str, name: str) -> str:
    state = _state(engine, identity, name)
    killed = " (out of memory: raise memory)" if state.get("OOMKilled") else ""
    code = f"{state['ExitCode']}{killed}"
    return f"container {name} ended right after its start with exit code {code}.{_log(engine, identity)}"


def _log(engine: Engine, identity: str) -> str:
    """The last lines that the container wrote, as one; "" where its log driver keeps none."""
    import docker.errors  # noqa: PLC0415

    try:
        written = engine.api.logs(identity, tail=LOG_LINES).decode(errors="replace")
    except docker.errors.APIError:
        return ""
    lines = [one_line(one) for one in written.splitlines() if one.strip()]
    return f" Its last lines: {' | '.join(lines)}." if lines else " It wrote nothing."
