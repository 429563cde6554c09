"""What a stack file's values hang on beside the file: the pages that it names, and whether a certificate is of use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from components import tls
from components.appsections import Maintenance, OneOfSeveral
from components.complaints import Complaint
from components.sections import Traffic

LONGEST = 256 * 1024  # bytes of a page: it is kept in the state, each time anew


def certificate(found: Mapping[str, Any], placed: Callable[[], Mapping[str, Any]]) -> Iterator[Complaint]:
    """What keeps one's own certificate from being used today, for all hosts. `placed`: tells the present one."""
    traffic = found.get("traffic")
    if not isinstance(traffic, Traffic) or not traffic.tls or not traffic.tls.certificate or not traffic.tls.key:
        return
    own, now = traffic.tls, datetime.now(UTC)
    several: Mapping[str, OneOfSeveral] = found.get("services") or {}
    hosts = tls.hosts([one.host or traffic.host for one in several.values()] or [traffic.host])
    if not tls.proven(own, hosts, placed()):
        for name, sentence in tls.problems(own, hosts, now):
            yield ("traffic", "tls", name), sentence


def pages(found: dict[str, Any], folder: Path) -> Iterator[Complaint]:
    """Puts the text of each page into the place of its path from `folder`, and tells those that cannot be read."""
    for path, name, maintenance in list(_maintained(found)):
        try:
            text = beside(folder, maintenance.page or "")
        except ValueError as error:
            yield (*path, "maintenance", "page"), f"{maintenance.page} {error}"
            continue
        read = maintenance.model_copy(update={"page": text})
        if name is None:
            found["maintenance"] = read
        else:
            found["services"][name] = found["services"][name].model_copy(update={"maintenance": read})


def _maintained(found: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str | None, Maintenance]]:
    """Where one is, of which service (None: of all), and what it says; those without a page are left out."""
    several: Mapping[str, OneOfSeveral] = found.get("services") or {}
    every: list[tuple[tuple[str, ...], str | None, Maintenance | None]] = [((), None, found.get("maintenance"))]
    every += [(("services", name), name, one.maintenance) for name, one in several.items()]
    for path, name, one in every:
        if isinstance(one, Maintenance) and one.page is not None:
            yield path, name, one


def beside(folder: Path, name: str) -> str:
    """The text of the file `name`, a path from `folder`. Raises ValueError: a sentence that goes on from the name."""
    try:
        with (folder / name).open("rb") as file:
            data = file.read(LONGEST + 1)
        if len(data) > LONGEST:
            raise ValueError("is larger than 256 KiB. Make it smaller: what it shows can come from elsewhere.")
        text = data.decode()
    except FileNotFoundError:
        raise ValueError("is not there. Set a path from the folder of the stack file.") from None
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror}). Set a path from the folder of the stack file.") from None
    except UnicodeDecodeError:
        raise ValueError("is no text in UTF-8. Save it as such.") from None
    if not text.strip():
        raise ValueError("is empty. Fill it, or delete the key.")
    return text
