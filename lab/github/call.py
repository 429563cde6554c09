"""One request as a handler sees it: who asks, for what, with which body, in which lab."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.github.reply import Refusal, Reply, invalid, not_found
from lab.github.sealed import Key
from lab.github.store import Row, Store


@dataclass(frozen=True)
class Lab:
    """What every request shares: the state, its folder, and the key the secrets are sealed for."""

    folder: Path
    store: Store
    key: Key
    token: str

    @property
    def plan(self) -> str:
        """The owner's plan: free, pro, team or enterprise."""
        return self.store.setting("plan", "team")

    @property
    def private(self) -> bool:
        """Whether the repositories are private."""
        return self.store.setting("visibility", "public") == "private"

    def git(self, repository: Row) -> Path:
        """The bare git repository of `repository`."""
        return self.folder.joinpath("repositories", repository["owner"], f"{repository['name']}.git")


@dataclass(frozen=True)
class Call:
    """One request: `actor` is the login of the token's user, None for a request without token."""

    lab: Lab
    actor: str | None
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    accept: str
    site: str

    @property
    def store(self) -> Store:
        """The lab's state."""
        return self.lab.store

    @property
    def api(self) -> str:
        """The REST API's base address, without a slash at the end."""
        return f"{self.site}/api/v3"

    def url(self, path: str) -> str:
        """The address of `path` under the REST API."""
        return f"{self.api}{path}"

    def require_actor(self) -> str:
        """The caller's login. Raises the 401 for a request without token."""
        if self.actor is None:
            raise Refusal(401, "Requires authentication")
        return self.actor

    def repository(self) -> Row:
        """The repository the path names. Raises the 404 where there is none, or none the caller may see."""
        found = self.store.row(
            "SELECT * FROM repositories WHERE owner = ? AND name = ?", self.path["owner"], self.path["repo"]
        )
        if found is None or (self.lab.private and self.actor is None):
            raise not_found()
        return found

    def environment(self) -> Row:
        """The environment the path names, of the repository the path names. Raises the 404."""
        repository = self.repository()
        found = self.store.row(
            "SELECT * FROM environments WHERE repository = ? AND name = ?", repository["id"], self.path["environment"]
        )
        if found is None:
            raise not_found()
        return found

    def fields(self) -> dict[str, Any]:
        """The JSON object in the body. Raises the 400 for what is no JSON object."""
        if not isinstance(self.body, dict):
            raise Refusal(400, "Body should be a JSON object")
        return self.body

    def text(self, resource: str, name: str) -> str:
        """The body's text field `name`. Raises the 422 where it is missing, empty or no text."""
        value = self.fields().get(name)
        if not isinstance(value, str) or not value:
            raise invalid(resource, name, f"{name} is required", "missing_field")
        return value


Handler = Callable[[Call], Reply]
Routes = list[tuple[str, str, Handler]]


def node_id(kind: str, number: int) -> str:
    """A global id in the shape of GitHub's, for the `number`th `kind`."""
    return f"{kind}_{number:08d}"
