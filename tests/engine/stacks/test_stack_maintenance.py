"""A page of one's own while the doors are closed, driven by the real CLI."""

from __future__ import annotations

import docker
import pytest
import urllib3

from tests.engine.stacks.stack import Stack, error_line

pytestmark = pytest.mark.engine
PAGE = "<!doctype html><title>Back soon</title><p>Wir sind gleich zurück.\n"
CLOSED = {"enabled": True, "retryAfter": 120, "page": "maintenance.html"}


def asked(stack: Stack, method: str = "GET", path: str = "/", **headers: str) -> urllib3.BaseHTTPResponse:
    body = b"an order" if method == "POST" else None
    url = f"http://127.0.0.1:{stack.port}{path}"
    return urllib3.request(method, url, body=body, headers=headers, retries=False, timeout=5)


def test_users_see_the_page_whatever_they_ask_for_and_testers_see_the_app(stack: Stack):
    (stack.folder / "maintenance.html").write_text(PAGE)
    stack.config["golive:maintenance"] = {**CLOSED, "enabled": False}
    stack.must_up()
    assert stack.answers() == "v1.0.0"
    stack.config["golive:maintenance"] = CLOSED
    closed = stack.must_up()
    assert "docker:index" not in closed.text  # the route alone has moved

    for method, path in (
        ("GET", "/"),
        ("POST", "/echo"),
        ("GET", "/a/deep/path?q=1"),
        ("PUT", "/version"),
        ("HEAD", "/"),
    ):
        reply = asked(stack, method, path)
        assert reply.status == 503
        assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
        assert (reply.headers["Retry-After"], reply.headers["Cache-Control"]) == ("120", "no-store")
        assert reply.data.decode() == ("" if method == "HEAD" else PAGE)
    etag = {"If-None-Match": "*", "Range": "bytes=0-3", "Accept-Encoding": "gzip"}
    assert asked(stack, **etag).data.decode() == PAGE
    assert "ETag" not in asked(stack).headers
    assert stack.answers(headers={"X-Golive-Slot": "blue"}) == "v1.0.0"
    assert stack.up().text.count("updated") == 0

    (stack.folder / "maintenance.html").write_text(PAGE.replace("gleich", "bald"))
    stack.must_up()
    assert "bald" in asked(stack).data.decode()

    docker.from_env().containers.get(f"golive-{stack.name}-pages").stop(timeout=1)
    bare = asked(stack)
    assert (bare.status, bare.headers["Retry-After"]) == (503, "120")

    del stack.config["golive:maintenance"]
    stack.must_up()
    assert stack.answers() == "v1.0.0"
    assert [one.name for one in stack.on_the_engine() if "pages" in one.name] == []


def test_a_page_that_cannot_be_shown_is_refused_before_anything_changes(stack: Stack):
    stack.config["golive:maintenance"] = {"page": "nowhere.html"}
    refused = stack.up()
    assert refused.code != 0
    error_line(refused, r"golive:maintenance\.page: nowhere\.html is not there\. Set a path from the folder of")
    assert stack.on_the_engine() == []
