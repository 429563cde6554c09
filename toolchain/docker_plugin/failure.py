"""What can go wrong on a Docker engine, said in one line: what failed, whose it is, what to do next."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from transport import ssh

AGAIN = "then run `pulumi up` again"
TAKEN = re.compile(r"port is already allocated|address already in use")
ADDRESS = re.compile(r"(?:Bind for |listen (?:tcp|udp)[46]? )\[?([0-9a-fA-F.:]*?)\]?:(\d+)[ :]")


class DockerError(Exception):
    """One line for the user."""


class NotUpError(DockerError):
    """The container is there, as `id` with `properties`, but did not get up: the state should know it."""

    def __init__(self, reason: str, container_id: str, properties: Mapping[str, Any]) -> None:
        super().__init__(reason)
        self.id = container_id
        self.properties = dict(properties)


def port_in_use(said: str, container: str) -> str | None:
    """The sentence for the engine's `said` about a taken port; None where it said something else."""
    if not TAKEN.search(said):
        return None
    found = ADDRESS.search(said)
    return port_taken(container, found[1] if found else "", int(found[2]) if found else None)


def port_taken(container: str, address: str, port: int | None) -> str:
    """The sentence for a port that something else has. `address`: of the host; "" for all of them."""
    number = "PORT" if port is None else str(port)
    where = f"{address}:{number}" if address else number
    return (
        f"container {container} cannot start: port {where} is in use. `docker ps --filter publish={number}` names "
        f"the container that has it, `ss -ltnp 'sport = :{number}'` another process; stop that or choose another port, "
        f"{AGAIN}"
    )


def no_answer(host: str, reason: str) -> str:
    """The sentence for an engine that cannot be reached at `host`; behind ssh, `reason` has the remedy in it."""
    if ssh.is_ssh(host):
        return f"the Docker engine at {host} does not answer: {reason}, {AGAIN}"
    if "ermission denied" in reason:
        return (
            f"the Docker engine at {host} refuses this user: add the user to the group docker "
            f"(`sudo usermod -aG docker $USER`, and log in again), {AGAIN}"
        )
    remedy = "start it (`sudo systemctl start docker`) or name another host (docker:host, or DOCKER_HOST)"
    return f"the Docker engine at {host} does not answer ({reason}): {remedy}, {AGAIN}"


def one_line(text: str) -> str:
    """`text` with every run of white space as one space."""
    return " ".join(text.split())


def scrub(text: str, secrets: Iterable[str]) -> str:
    """`text` without any of the `secrets`: a program may have printed what it was given."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "[secret]")
    return text


@contextmanager
def said_by_engine(what: str, host: str) -> Iterator[None]:
    """Makes one line of an error that the Docker API answers while doing `what`. Raises DockerError."""
    import docker.errors  # noqa: PLC0415 - slow to import: see __main__.py
    import requests.exceptions  # noqa: PLC0415

    try:
        yield
    except docker.errors.APIError as error:
        raise DockerError(f"{what}: {explained(error)}") from error
    except requests.exceptions.Timeout as error:
        raise DockerError(no_answer(host, _told(host, Exception("it took too long")))) from error
    except (requests.exceptions.ConnectionError, docker.errors.DockerException, OSError) as error:
        raise DockerError(no_answer(host, _told(host, error))) from error


def _told(host: str, error: Exception) -> str:
    return ssh.why(host, error) if ssh.is_ssh(host) else one_line(str(error))


def explained(error: Any) -> str:
    """What the Docker API said, without the address that was asked."""
    return one_line(str(error.explanation or error)).rstrip(".")
