"""GitHub's own OpenAPI description: traffic with the lab is held against it.

It comes from the npm package @octokit/openapi, once, into the user's cache folder. It has no `/repositories/{id}`
paths: those are the `/repos/{owner}/{repo}` ones by number, and are held against them.
"""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from openapi_schema_validator import OAS30Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

VERSION = "23.0.2"
MEMBER = "package/generated/api.github.com.json"
PROBLEM = "#/components/schemas/basic-error"
# GitHub takes and shows these; its description does not have them yet.
UNDESCRIBED = {("put", "/repos/{owner}/{repo}/environments/{environment_name}"): {"can_admins_bypass"}}


def obtain() -> Path:
    """The description's file; fetched by npm where the cache has none. Raises RuntimeError where that fails."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "golive" / "openapi"
    kept = cache / f"api.github.com-{VERSION}.json"
    if kept.exists():
        return kept
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        try:
            command = ["npm", "pack", "--silent", f"@octokit/openapi@{VERSION}"]
            name = subprocess.run(command, cwd=scratch, check=True, capture_output=True, text=True, timeout=300).stdout
            with tarfile.open(Path(scratch) / name.strip()) as archive:
                member = archive.extractfile(MEMBER)
                (Path(scratch) / "description.json").write_bytes(member.read() if member else b"")
        except (OSError, subprocess.SubprocessError, tarfile.TarError, KeyError) as error:
            said = getattr(error, "stderr", "") or error
            raise RuntimeError(
                f"GitHub's API description can not be had: npm must reach its registry ({said})"
            ) from None
        (Path(scratch) / "description.json").replace(kept)
    return kept


def mend(document: dict[str, Any]) -> dict[str, Any]:
    """The description where it contradicts itself or GitHub, and nothing else, put right."""
    # Overlapping alternatives under oneOf: no body could fit exactly one of them.
    conflict = document["paths"]["/repos/{owner}/{repo}/contents/{path}"]["put"]["responses"]["409"]
    schema = conflict["content"]["application/json"]["schema"]
    schema["anyOf"] = schema.pop("oneOf")
    # `nullable` beside `oneOf` without a type says nothing in OpenAPI 3.0; GitHub answers null for a stranger's commit.
    for person in ("author", "committer"):
        document["components"]["schemas"]["commit"]["properties"][person]["oneOf"].append({"enum": [None]})
    # A folder is a list, which has no property to discriminate by.
    shown = document["paths"]["/repos/{owner}/{repo}/contents/{path}"]["get"]["responses"]["200"]["content"]
    del shown["application/json"]["schema"]["discriminator"]
    # A ruleset's objections come as plain sentences.
    errors = document["components"]["schemas"]["validation-error"]["properties"]["errors"]
    errors["items"] = {"anyOf": [errors["items"], {"type": "string"}]}
    return document


class Description:
    """The description, with one compiled validator per schema that is used."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        resource = Resource.from_contents(document, default_specification=DRAFT4)
        self._registry: Registry[Any] = Registry().with_resource("urn:github", resource)
        patterns = ((path, re.sub(r"\\\{[^}]*\\\}", "([^/]+)", re.escape(path))) for path in document["paths"])
        self._paths = [
            (
                path,
                re.compile(
                    pattern.replace("contents/([^/]+)", "contents/(.*)").replace("git/ref/([^/]+)", "git/ref/(.*)")
                ),
            )
            for path, pattern in sorted(patterns, key=lambda one: one[0].count("{"))
        ]

    def request(self, method: str, path: str, body: Any) -> list[str]:
        """What is wrong with a request, in sentences; empty: nothing."""
        template, operation = self._operation(method, path)
        if "requestBody" not in operation:
            return [] if body is None else [f"{method} {template} takes no body"]
        extra = UNDESCRIBED.get((method.lower(), template), set())
        shown = {key: value for key, value in body.items() if key not in extra} if isinstance(body, dict) else body
        return self._wrong(
            f"#/paths/{_pointer(template)}/{method.lower()}/requestBody/content/application~1json/schema", shown
        )

    def response(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """What is wrong with an answer; an error the operation does not name must be GitHub's general one."""
        template, operation = self._operation(method, path)
        place = f"#/paths/{_pointer(template)}/{method.lower()}/responses/{status}"
        found = operation["responses"].get(str(status))
        if found is None:
            return self._wrong(PROBLEM, body) if status >= 400 else [f"{method} {template} never answers {status}"]
        if "$ref" in found:
            place = found["$ref"]
            found = self.document["components"]["responses"][place.rpartition("/")[2]]
        if "application/json" not in found.get("content", {}):
            return [] if body is None or status >= 300 else [f"{method} {template} {status} has no body"]
        return self._wrong(f"{place}/content/application~1json/schema", body)

    def _operation(self, method: str, path: str) -> tuple[str, dict[str, Any]]:
        plain = re.sub(r"^/repositories/\d+", "/repos/o/r", path.split("?", maxsplit=1)[0])
        for template, pattern in self._paths:
            operation = self.document["paths"][template].get(method.lower())
            if operation and pattern.fullmatch(plain):
                return template, operation
        raise AssertionError(f"GitHub has no {method} {unquote(path)}")

    def _wrong(self, place: str, body: Any) -> list[str]:
        return [f"{error.json_path}: {error.message[:300]}" for error in self._validator(place).iter_errors(body)]

    @functools.cache  # noqa: B019 — one description lives as long as the test session
    def _validator(self, place: str) -> OAS30Validator:
        return OAS30Validator({"$ref": f"urn:github{place}"}, registry=self._registry)


def _pointer(path: str) -> str:
    return path.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


@functools.cache
def load() -> Description:
    """The description, read once."""
    return Description(mend(json.loads(obtain().read_bytes())))
