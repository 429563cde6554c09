"""A registry for pulling: with one image of one empty file, and with those that are put there.

Source: https://distribution.github.io/distribution/spec/api/ and .../spec/manifest-v2-2/
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


class Registry:
    """Serves `NAME:TAG` of any name on a free loopback port, which Docker trusts without TLS."""

    def __init__(self) -> None:
        layer = _layer()
        config = json.dumps(
            {
                "architecture": "amd64",
                "os": "linux",
                "config": {"Labels": {"golive.project": "trial-plugin"}},
                "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
                "history": [{"created": "2026-01-01T00:00:00Z"}],
            }
        ).encode()
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, bytes] = {}
        self.digest = self.add("v1", config, [layer])
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.host = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def add(self, tag: str, config: bytes, layers: list[bytes]) -> str:
        """Has an image under `tag`, of whatever name. Its digest."""
        packed = [gzip.compress(one, mtime=0) for one in layers]
        self.blobs |= {_digest(one): one for one in (*packed, config)}
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": _entry("application/vnd.docker.container.image.v1+json", config),
                "layers": [_entry("application/vnd.docker.image.rootfs.diff.tar.gzip", one) for one in packed],
            }
        ).encode()
        self.manifests |= {tag: manifest, _digest(manifest): manifest}
        return _digest(manifest)

    def push(self, image: Any, tag: str) -> None:
        """Has what the Docker engine has as `image` (docker-py's), under `tag`."""
        with tarfile.open(fileobj=io.BytesIO(b"".join(image.save()))) as saved:
            (listed,) = json.load(saved.extractfile("manifest.json"))
            config, *layers = (saved.extractfile(one).read() for one in (listed["Config"], *listed["Layers"]))
        self.add(tag, config, layers)

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def _handler(registry: Registry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.answer(with_body=True)

        def do_HEAD(self) -> None:
            self.answer(with_body=False)

        def answer(self, *, with_body: bool) -> None:
            kind, _, reference = self.path.rpartition("/")
            body, form = registry.blobs.get(reference), "application/octet-stream"
            if kind.endswith("/manifests") and reference in registry.manifests:
                body, form = registry.manifests[reference], MANIFEST
            elif self.path == "/v2/":
                body = b"{}"
            missing = b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}'
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Type", form if body is not None else "application/json")
            self.send_header("Content-Length", str(len(body or missing)))
            if body is not None:
                self.send_header("Docker-Content-Digest", _digest(body))
            self.end_headers()
            if with_body:
                self.wfile.write(body if body is not None else missing)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def _layer() -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("empty"))
    return held.getvalue()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _entry(form: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": form, "size": len(content), "digest": _digest(content)}
