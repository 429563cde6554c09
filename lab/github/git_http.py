"""`git clone` and `git push` over HTTP, by git's own http-backend run once a request.

Source: https://git-scm.com/docs/git-http-backend
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from lab.github import git
from lab.github.call import Lab
from lab.github.gate import identify
from lab.github.reply import Refusal

SERVED = frozenset(["info/refs", "git-upload-pack", "git-receive-pack"])
ROOT = Path(__file__).resolve().parents[2]  # where the push check finds this package
CHALLENGE = {"www-authenticate": 'Basic realm="GitHub"'}


class GitHttp:
    """The git side of one lab."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    async def serve(self, request: Request) -> Response:
        """One request of a git client: reads of a public repository need no token, everything else does."""
        rest, service = request.path_params["rest"], request.query_params.get("service")
        try:
            actor = identify(self.lab, request.headers.get("authorization"))
        except Refusal as refusal:
            return PlainTextResponse(refusal.message, 401, CHALLENGE)
        writes = "git-receive-pack" in {rest, service}
        if actor is None and (writes or self.lab.private):
            return PlainTextResponse("Authentication required", 401, CHALLENGE)
        row = self.lab.store.row(
            "SELECT id, owner, name FROM repositories WHERE owner = ? AND name = ?",
            request.path_params["owner"], request.path_params["name"],
        )  # fmt: skip
        if row is None or rest not in SERVED:
            return PlainTextResponse("Repository not found.", 404)
        body = await request.body()
        variables = {
            "GIT_PROJECT_ROOT": str(self.lab.folder / "repositories"), "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{row['owner']}/{row['name']}.git/{rest}", "REQUEST_METHOD": request.method,
            "QUERY_STRING": request.url.query, "CONTENT_TYPE": request.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(body)), "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
            "GIT_PROTOCOL": request.headers.get("git-protocol", ""), "REMOTE_USER": actor or "",
            "REMOTE_ADDR": "127.0.0.1",
            "GIT_COMMITTER_EMAIL": git.PERSON[1], "LAB_PYTHON": sys.executable, "PYTHONPATH": str(ROOT),
            "LAB_STATE": str(self.lab.folder), "LAB_REPOSITORY": str(row["id"]), "LAB_ACTOR": actor or "",
        }  # fmt: skip
        return await _backend(variables, body)


async def _backend(variables: dict[str, str], body: bytes) -> Response:
    process = await asyncio.create_subprocess_exec(
        "git", "http-backend",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env=git.environment(variables),
    )  # fmt: skip
    output, _ = await process.communicate(body)
    head, _, content = output.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if ": " in line)
    status = int(headers.pop("Status", "200" if headers else "500").split()[0])
    return Response(content, status, headers)
