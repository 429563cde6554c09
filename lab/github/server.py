"""The lab's GitHub as an ASGI application: every route, and how a handler's answer becomes HTTP."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from lab.github import accounts, commits, contents, environments, policies, repositories, rulesets, secrets
from lab.github.call import Call, Handler, Lab
from lab.github.gate import API, SLASH, Gate, Traffic, read_fault
from lab.github.git_http import GitHttp
from lab.github.page import render
from lab.github.reply import Refusal, Reply

PLANS = ("free", "pro", "team", "enterprise")
VISIBILITIES = ("public", "private")
AREAS = (accounts, repositories, environments, policies, secrets, rulesets, contents, commits)

Endpoint = Callable[[Request], Awaitable[Response]]


def application(lab: Lab) -> ASGIApp:
    """The whole server for one state folder."""
    traffic = Traffic()
    git = GitHttp(lab)
    routes = [
        Route("/", _page(lab)),
        Route("/healthz", _health(lab)),
        *_control(lab, traffic),
        Route(f"{API}/rate_limit", _rate_limit(traffic)),
        *(
            Route(API + path, _endpoint(lab, handler), methods=[method])
            for method, path, handler in _by_path([route for area in AREAS for route in area.ROUTES])
        ),
        Route("/{owner}/{name}.git/{rest:path}", git.serve, methods=["GET", "POST"]),
    ]
    handlers: Any = {HTTPException: _missing(traffic), Exception: _failed}
    return Gate(Starlette(routes=routes, exception_handlers=handlers), lab, traffic)


def _by_path(routes: list[tuple[str, str, Handler]]) -> list[tuple[str, str, Handler]]:
    """Fixed parts before parameters, so that `…/public-key` is not taken for a secret's name."""
    return sorted(routes, key=lambda route: [part.startswith("{") for part in route[1].split("/")])


def _endpoint(lab: Lab, handler: Handler) -> Endpoint:
    async def answer(request: Request) -> Response:
        raw = await request.body()
        try:
            call = Call(
                lab=lab,
                actor=request.scope["lab.actor"],
                path={name: str(value).replace(SLASH, "/") for name, value in request.path_params.items()},
                query=dict(request.query_params),
                body=_body(raw),
                accept=request.headers.get("accept", ""),
                site=str(request.base_url).rstrip("/"),
            )
            reply = await run_in_threadpool(handler, call)
        except Refusal as refusal:
            reply = refusal.reply()
        return _http(request, reply)

    return answer


def _body(raw: bytes) -> Any:
    if not raw.strip():
        return None
    try:
        return json.loads(raw)
    except ValueError:
        raise Refusal(400, "Problems parsing JSON") from None


def _http(request: Request, reply: Reply) -> Response:
    """The HTTP answer: compact JSON, an ETag over it, 304 where the caller has it already."""
    headers = dict(reply.headers)
    if reply.body is None:
        return Response(status_code=reply.status, headers=headers)
    raw = json.dumps(reply.body, separators=(",", ":")).encode()
    if reply.status in {200, 201}:
        headers["etag"] = f'W/"{hashlib.sha256(raw).hexdigest()}"'
        headers["cache-control"] = "private, max-age=0, must-revalidate"
        if request.method in {"GET", "HEAD"} and request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
    return Response(raw, reply.status, headers, "application/json; charset=utf-8")


def _missing(traffic: Traffic) -> Callable[[Request, HTTPException], Response]:
    """What no route takes: in the API a loud 501, remembered, so that no test passes by accident."""

    def answer(request: Request, _error: HTTPException) -> Response:
        path = str(request.scope["path"]).replace(SLASH, "%2F")
        if not path.startswith(API):
            return JSONResponse({"message": "Not Found"}, 404)
        traffic.unimplemented.append(f"{request.method} {path}")
        return JSONResponse({"message": f"The lab's GitHub does not implement {request.method} {path}"}, 501)

    return answer


def _failed(_request: Request, _error: Exception) -> Response:
    return JSONResponse({"message": "Server Error"}, 500)


def _page(lab: Lab) -> Endpoint:
    async def answer(request: Request) -> Response:
        markup = await run_in_threadpool(render, lab, str(request.base_url).rstrip("/"))
        policy = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}
        return HTMLResponse(markup, headers=policy)

    return answer


def _health(lab: Lab) -> Endpoint:
    async def answer(_request: Request) -> Response:
        return JSONResponse({"status": "ok", "instance": lab.store.setting("instance", ""), "pid": os.getpid()})

    return answer


def _rate_limit(traffic: Traffic) -> Endpoint:
    async def answer(request: Request) -> Response:
        limits = traffic.limits()
        return _http(request, Reply(200, {"resources": {"core": limits, "search": limits}, "rate": limits}))

    return answer


def _control(lab: Lab, traffic: Traffic) -> list[Route]:
    """The lab's own switches, for tests: /lab/faults, /lab/requests, /lab/unimplemented, /lab/settings."""

    async def faults(request: Request) -> Response:
        if request.method == "PUT":
            try:
                traffic.faults.append(read_fault(await request.body()))
            except (ValueError, TypeError, AttributeError) as error:
                return JSONResponse({"message": str(error)}, 400)
        elif request.method == "DELETE":
            traffic.faults.clear()
        return JSONResponse({"faults": [vars(one) for one in traffic.faults]})

    async def requests(request: Request) -> Response:
        since = request.query_params.get("since", "0")
        start = int(since) if since.isascii() and since.isdigit() else 0
        found = [one for one in traffic.requests if one["number"] > start]
        return JSONResponse({"requests": found, "last": traffic.number})

    async def unimplemented(_request: Request) -> Response:
        return JSONResponse({"unimplemented": traffic.unimplemented})

    async def settings(request: Request) -> Response:
        if request.method == "PUT":
            wanted = await request.json()
            known = {"plan": PLANS, "visibility": VISIBILITIES}
            if not isinstance(wanted, dict) or any(value not in known.get(key, ()) for key, value in wanted.items()):
                return JSONResponse({"message": f"plan: one of {PLANS}; visibility: one of {VISIBILITIES}"}, 400)
            for key, value in wanted.items():
                lab.store.set(key, value)
        return JSONResponse({"plan": lab.plan, "visibility": "private" if lab.private else "public"})

    return [
        Route("/lab/faults", faults, methods=["GET", "PUT", "DELETE"]),
        Route("/lab/requests", requests),
        Route("/lab/unimplemented", unimplemented),
        Route("/lab/settings", settings, methods=["GET", "PUT"]),
    ]
