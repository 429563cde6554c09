"""A client of the lab that holds every request and every answer against GitHub's description."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from nacl.public import PublicKey, SealedBox

from lab.github.process import Running
from tests.engine.lab import description


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: Message


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """303 is an answer to look at, not to follow."""

    def redirect_request(self, *_: Any) -> None:
        return None


OPENER = urllib.request.build_opener(NoRedirect)


@dataclass(frozen=True)
class Client:
    running: Running
    token: str | None = field(repr=False)
    repository: str = "/repos/acme/shop"

    def __call__(
        self, method: str, path: str, body: Any = None, *, valid: bool = True, described: bool = True, **headers: str
    ) -> Answer:
        """One call; `valid` False sends what the description forbids, `described` False asks what it has not."""
        if described and valid:
            wrong = description.load().request(method, path, body)
            assert not wrong, f"{method} {path} sends {wrong}"
        answer = self.raw(method, f"api/v3{path}", body, **headers)
        if described and answer.status != 304:
            wrong = description.load().response(method, path, answer.status, answer.body)
            assert not wrong, f"{method} {path} answers {answer.status}: {wrong}"
        return answer

    def raw(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.running.url}{path}", data, sent, method=method)
        try:
            with OPENER.open(request, timeout=30) as answer:
                return _answer(answer.status, answer.read(), answer.headers)
        except urllib.error.HTTPError as error:
            return _answer(error.code, error.read(), error.headers)

    def of(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """A call below the sample repository."""
        return self(method, f"{self.repository}{path}", body, **more)

    def seal(self, environment: str, value: str) -> dict[str, str]:
        key = self.of("GET", f"/environments/{environment}/secrets/public-key").body
        sealed = SealedBox(PublicKey(base64.b64decode(key["key"]))).encrypt(value.encode())
        return {"encrypted_value": base64.b64encode(sealed).decode(), "key_id": key["key_id"]}


def _answer(status: int, raw: bytes, headers: Message) -> Answer:
    is_json = "json" in (headers.get("content-type") or "")
    return Answer(status, json.loads(raw) if is_json else (raw.decode() or None), headers)
