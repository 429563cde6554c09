"""What a handler hands back or raises, in GitHub's terms, before it is HTTP."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

DOCUMENTATION = "https://docs.github.com/rest"
DEFAULT_PAGE = 30
LARGEST_PAGE = 100


@dataclass(frozen=True)
class Reply:
    """An answer: status, JSON body (None: no body at all) and headers beyond the usual ones."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):  # noqa: N818 — a refusal is a normal answer, not an error of the lab
    """An answer that is an error, with GitHub's body.

    Source: https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api
    """

    def __init__(self, status: int, message: str, errors: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = list(errors)

    def reply(self) -> Reply:
        """The refusal as an answer: message, documentation_url, status and, where there are any, errors."""
        body: dict[str, Any] = {"message": self.message, "documentation_url": DOCUMENTATION, "status": str(self.status)}
        if self.errors:
            body["errors"] = self.errors
        return Reply(self.status, body)


def not_found(message: str = "Not Found") -> Refusal:
    """The 404 that GitHub also uses for what the caller may not see."""
    return Refusal(404, message)


def invalid(resource: str, name: str, message: str, code: str = "invalid") -> Refusal:
    """The 422 for one wrong field of `resource`."""
    error = {"resource": resource, "field": name, "code": code, "message": message}
    return Refusal(422, "Validation Failed", [error])


def page(url: str, query: Mapping[str, str], items: Sequence[Any], key: str | None = None) -> Reply:
    """One page of `items`, with the Link header, under `key` with total_count, or as a bare list.

    Source: https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api
    """
    size = min(max(_number(query.get("per_page"), DEFAULT_PAGE), 1), LARGEST_PAGE)
    last = max(math.ceil(len(items) / size), 1)
    current = max(_number(query.get("page"), 1), 1)
    shown = list(items[(current - 1) * size : current * size])
    targets = {"prev": current - 1, "next": current + 1, "last": last, "first": 1}
    wanted = [
        rel
        for rel in targets
        if (rel in {"prev", "first"} and current > 1) or (rel in {"next", "last"} and current < last)
    ]
    links = [f'<{url}?{urlencode({**query, "page": str(targets[rel])})}>; rel="{rel}"' for rel in wanted]
    body = shown if key is None else {"total_count": len(items), key: shown}
    return Reply(200, body, {"link": ", ".join(links)} if links else {})


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() else otherwise
