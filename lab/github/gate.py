"""What every request passes before its handler: whose it is, planned faults, the request log, rate-limit headers.

Source: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import json
import re
import time
import uuid
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lab.github.accounts import ADMINISTRATOR
from lab.github.call import Lab
from lab.github.reply import Refusal

API = "/api/v3"
SLASH = "\ufdd0"  # stands for an escaped slash inside one path part until the route is found
HOSTS = frozenset(["127.0.0.1", "localhost"])  # a page elsewhere must not reach the lab through a name of its own
KEPT = 10_000  # requests in the log
PER_HOUR = 5000
HOUR = 3600  # seconds
WRITES = frozenset(["POST", "PUT", "PATCH", "DELETE"])


@dataclass(frozen=True)
class Fault:
    """One planned failure: `count` requests (None: all) wait, then get `status` (None: the usual answer).

    `headers` go with the status: a retry-after, for one.
    """

    method: str
    path_regex: str
    status: int | None = None
    hang_seconds: float = 0
    count: int | None = None
    message: str = "Planned fault"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Traffic:
    """What the server remembers while it runs: requests, what it lacks, planned faults, this hour's use."""

    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT))
    unimplemented: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    number: int = 0
    used: int = 0
    reset: int = 0

    def record(self, method: str, path: str) -> dict[str, Any]:
        """Adds one request to the log the moment it comes, with status 0 until it is answered.

        Bodies and queries are never kept.
        """
        self.number += 1
        entry = {"number": self.number, "method": method, "path": path, "status": 0}
        self.requests.append(entry)
        return entry

    def count(self) -> None:
        """Counts one request against the hour's allowance; the lab shows it and never refuses by it."""
        if time.time() >= self.reset:
            self.used, self.reset = 0, int(time.time()) + HOUR
        self.used += 1

    def limits(self) -> dict[str, Any]:
        """The allowance as GET /rate_limit shows it."""
        reset = self.reset or int(time.time()) + HOUR
        return {"limit": PER_HOUR, "remaining": max(PER_HOUR - self.used, 0), "reset": reset, "used": self.used}

    def fault(self, method: str, path: str) -> Fault | None:
        """The planned fault for this request, if any; each use takes one from its count."""
        for position, one in enumerate(self.faults):
            if one.method in {"*", method} and re.search(one.path_regex, path):
                if one.count is not None:
                    self.faults[position] = replace(one, count=one.count - 1)
                    if one.count <= 1:
                        del self.faults[position]
                return one
        return None


class Gate:
    """The ASGI layer around the routes."""

    def __init__(self, app: ASGIApp, lab: Lab, traffic: Traffic) -> None:
        self.app, self.lab, self.traffic = app, lab, traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through, or answers it here."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = unquote(
            scope["raw_path"].split(b"?")[0].decode("ascii", "replace").replace("%2F", SLASH).replace("%2f", SLASH)
        )
        shown = path.replace(SLASH, "%2F")
        scope = {**scope, "path": path}
        if Headers(scope=scope).get("host", "").partition(":")[0] not in HOSTS:
            await JSONResponse({"message": "The lab answers on 127.0.0.1 only"}, 421)(scope, receive, send)
        elif path == "/healthz" or path.startswith("/lab/"):
            await self.app(scope, receive, send)
        else:
            await self._counted(scope, shown, receive, send)

    async def _counted(self, scope: Scope, path: str, receive: Receive, send: Send) -> None:
        entry = self.traffic.record(scope["method"], path)
        api = path.startswith(API + "/")

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry["status"] = message["status"]
                if api:
                    self._head(message, message["status"])
            await send(message)

        answer = await self._answer(scope, path, api=api)
        await (answer or self.app)(scope, receive, watched)

    async def _answer(self, scope: Scope, path: str, *, api: bool) -> Response | None:
        """The answer where the request ends here: a planned fault, a wrong token, an unknown repository."""
        fault = self.traffic.fault(scope["method"], path)
        if fault:
            await asyncio.sleep(fault.hang_seconds)
            if fault.status is not None:
                body = {"message": fault.message, "status": str(fault.status)}
                return JSONResponse(body, fault.status, fault.headers)
        if not api:
            return None
        try:
            scope["lab.actor"] = identify(self.lab, Headers(scope=scope).get("authorization"))
            if scope["lab.actor"] is None and scope["method"] in WRITES:
                raise Refusal(401, "Requires authentication")
            scope["path"] = by_name(self.lab, scope["path"])
        except Refusal as refusal:
            return JSONResponse(refusal.reply().body, refusal.status)
        return None

    def _head(self, message: Message, status: int) -> None:
        if status != 304:
            self.traffic.count()
        headers = MutableHeaders(raw=message["headers"])
        for name, value in self.traffic.limits().items():
            headers[f"x-ratelimit-{name}"] = str(value)
        headers["x-ratelimit-resource"] = "core"
        headers["x-github-media-type"] = "github.v3; format=json"
        headers["x-github-request-id"] = uuid.uuid4().hex.upper()


def identify(lab: Lab, authorization: str | None) -> str | None:
    """The login behind an Authorization header, None without one. Raises the 401 for a wrong token."""
    if not authorization:
        return None
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            given = ""
    if scheme.lower() in {"basic", "bearer", "token"} and hmac.compare_digest(
        given.strip().encode(), lab.token.encode()
    ):
        return ADMINISTRATOR
    raise Refusal(401, "Bad credentials")


def by_name(lab: Lab, path: str) -> str:
    """`/api/v3/repositories/{id}/…` as `/api/v3/repos/{owner}/{repo}/…`. Raises the 404 for an unknown id."""
    found = re.fullmatch(rf"{API}/repositories/(\d{{1,18}})(/.*)?", path)
    if not found:
        return path
    row = lab.store.row("SELECT owner, name FROM repositories WHERE id = ?", int(found[1]))
    if row is None:
        raise Refusal(404, "Not Found")
    return f"{API}/repos/{row['owner']}/{row['name']}{found[2] or ''}"


def read_fault(body: bytes) -> Fault:
    """A fault from its JSON. Raises ValueError for what is none."""
    fields = json.loads(body)
    if not isinstance(fields, dict):
        raise TypeError("a fault is a JSON object")
    fault = Fault(**fields)
    re.compile(fault.path_regex)
    if fault.status is not None and not 400 <= fault.status <= 599:
        raise ValueError("status must be 400 to 599")
    return replace(fault, method=fault.method.upper())
