"""The command line: `python -m lab.github serve` and `python -m lab.github create-repository`."""

from __future__ import annotations

import argparse
import errno
import json
import os
import re
import secrets
import signal
import socket
import sys
from pathlib import Path

import uvicorn

from lab.github import accounts, repositories
from lab.github.call import Lab
from lab.github.git import GitError
from lab.github.process import ANNOUNCEMENT, find
from lab.github.sealed import read_key, write_private
from lab.github.server import PLANS, VISIBILITIES, application
from lab.github.store import Store

ADDRESS = "127.0.0.1"
PORT = 8470
ORGANIZATION = "acme"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,98}")
GRACE = 3  # seconds that requests under way get at the end


class Sorry(Exception):  # noqa: N818 — its message is what the person reads
    """What stops the command, in one line with the remedy."""


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; 0, or 1 with one line on stderr."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "serve":
            serve(options.state, options.port, options.plan, options.visibility)
        else:
            create_repository(options.state, options.owner, options.name, options.source)
    except Sorry as sorry:
        print(f"lab.github: {sorry}", file=sys.stderr)
        return 1
    return 0


def open_lab(state: Path) -> Lab:
    """The lab in `state`; makes folder, token and key on first use."""
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        token = state / "token"
        if not token.exists():
            write_private(token, f"ghp_{secrets.token_hex(18)}\n".encode())
        store = Store(state.resolve())
        if not store.setting("instance", ""):
            store.set("instance", secrets.token_hex(8))
        return Lab(state.resolve(), store, read_key(state / "key"), token.read_text().strip())
    except (OSError, ValueError) as error:
        raise Sorry(f"can not use {state}: {error}; give another folder by --state") from None


def serve(state: Path, port: int, plan: str | None, visibility: str | None) -> None:
    """Serves until SIGTERM or SIGINT. Raises Sorry where the port or the folder is in use."""
    running = find(state)
    if running:
        raise Sorry(f"{state} is served at {running.url} already: use that one, or give another folder by --state")
    listener = _listen(port)
    lab = open_lab(state)
    accounts.seed(lab.store, ORGANIZATION)
    for key, value in (("plan", plan), ("visibility", visibility)):
        if value is not None:
            lab.store.set(key, value)
    url = f"http://{ADDRESS}:{listener.getsockname()[1]}/"
    announcement = lab.folder / ANNOUNCEMENT
    said = {"url": url, "pid": os.getpid(), "instance": lab.store.setting("instance", "")}
    fresh = announcement.with_suffix(".new")
    fresh.write_text(json.dumps(said))
    fresh.replace(announcement)
    # The server ends by these signals and then sends them again; the second time there is nothing left to do.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    config = uvicorn.Config(
        application(lab), access_log=False, log_level="warning", lifespan="off", timeout_graceful_shutdown=GRACE,
        server_header=False,
    )  # fmt: skip
    print(f"GitHub of the lab: {url}", flush=True)
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        announcement.unlink(missing_ok=True)
        lab.store.close()


def create_repository(state: Path, owner: str, name: str, source: Path | None) -> None:
    """Makes owner/name with one commit of the folder `source`; one that is there stays as it is."""
    if not NAME.fullmatch(owner) or not NAME.fullmatch(name) or name.endswith(".git"):
        raise Sorry(f"{owner}/{name} is no repository name: use letters, digits, '-', '_' and '.'")
    if source is not None and not source.is_dir():
        raise Sorry(f"{source} is no folder: give the folder to commit by --from")
    try:
        made = repositories.create(open_lab(state), owner, name, source)
    except (GitError, OSError) as error:
        raise Sorry(f"can not make {owner}/{name}: {error}") from None
    print(f"{owner}/{name}: {'made' if made else 'is there already'}")


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((ADDRESS, port))
        listener.listen()
    except OSError as error:
        listener.close()
        if error.errno != errno.EADDRINUSE:
            raise Sorry(
                f"can not listen on {ADDRESS}:{port}: {error.strerror}; choose another port by --port"
            ) from None
        raise Sorry(f"port {port} on {ADDRESS} is in use: stop what uses it or choose another by --port") from None
    return listener


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab.github", description="A GitHub on loopback.")
    commands = parser.add_subparsers(dest="command", required=True)
    server = commands.add_parser("serve", help="serve the REST API, git and a web page on 127.0.0.1")
    server.add_argument("--port", type=int, default=PORT, help=f"default {PORT}; 0 takes a free one")
    server.add_argument("--plan", choices=PLANS, help="the owner's plan (first time: team)")
    server.add_argument("--visibility", choices=VISIBILITIES, help="of the repositories (first time: public)")
    creation = commands.add_parser("create-repository", help="make a repository with one commit of a folder")
    creation.add_argument("--owner", required=True)
    creation.add_argument("--name", required=True)
    creation.add_argument("--from", dest="source", type=Path, help="the folder; without it the repository is empty")
    for command in (server, creation):
        command.add_argument("--state", type=Path, required=True, help="the folder that keeps everything")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
