"""A proxy and slots on the real Docker engine, without Pulumi, and users who ask for the app all the time."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any
from uuid import uuid4

import urllib3

from components.entrypoints import INSIDE, arguments
from components.proxy import Proxy
from components.route import RouteProvider
from components.routefile import FOLDER, Served, Target, route_file
from components.sections import Traffic
from components.slots import Trial
from components.tls import SECURE
from components.wanted import Wanted
from components.way import SLOT_HEADER, Way
from tests.engine.ports import free_port

PROJECT = "trial-traffic"
LABELS = {"golive.project": PROJECT, "golive.stack": "test"}
VERSIONS = {"blue": "v1.0.0", "green": "v1.1.0"}


class Stage:
    """What a stack would have declared: network, volume, proxy; slots as they are wanted."""

    def __init__(self, engine: Any, proxy_image: str, wishes: Traffic | None = None, **proxy: Any) -> None:
        self.engine = engine
        self.stem = f"{PROJECT}-{uuid4().hex[:6]}"
        self.port = free_port()
        self.wishes = wishes or Traffic()
        self.url = self.plain = f"http://127.0.0.1:{self.port}"
        ports = {f"{INSIDE}/tcp": ("127.0.0.1", self.port)}
        if tls := self.wishes.tls:
            self.url = f"https://127.0.0.1:{tls.port}"
            ports[f"{SECURE}/tcp"] = ("127.0.0.1", tls.port)
        self.network = engine.networks.create(self.stem, labels=LABELS)
        self.volume = engine.volumes.create(f"{self.stem}-routes", labels=LABELS)
        self.made: list[Any] = []
        self.proxy = self._run(
            f"{self.stem}-proxy",
            image=proxy_image,
            command=arguments(self.wishes),
            ports=ports,
            volumes={self.volume.name: {"bind": FOLDER}, **proxy.pop("volumes", {})},
            **proxy,
        )
        self.health = "/health"

    def slot(self, slot: str, health: str = "/health", **environment: str) -> None:
        """A version in its slot, in place of what was there."""
        name = f"{self.stem}-{slot}"
        for old in [one for one in self.made if one.name == name]:
            old.remove(force=True)
            self.made.remove(old)
        self._run(name, image=f"golive-sample:{VERSIONS[slot]}", environment=environment)

    def _run(self, name: str, image: str, **more: Any) -> Any:
        made = self.engine.containers.run(image, name=name, detach=True, labels=LABELS, network=self.stem, **more)
        self.made.append(made)
        return made

    def close(self) -> None:
        """Takes away all of it."""
        for one in self.made:
            one.remove(force=True)
        self.network.remove()
        self.volume.remove(force=True)

    def props(
        self, live: str, *slots: str, canary: int = 0, trial: Trial | None = None,
        served: dict[str, Any] | None = None, **gate: Any,
    ) -> dict[str, Any]:  # fmt: skip
        """The inputs of the route with `live` live and `slots` beside it, as the engine hands them over."""
        served, trial = served or {}, trial or (Trial(canary) if canary else None)
        targets = {one: Target(f"{self.stem}-{one}", 8080, self.health) for one in sorted({live, *slots})}
        versions, way = {one: VERSIONS[one] for one in targets}, Way(self.wishes.host)
        wanted = Wanted(
            content=route_file(Served(live, targets, way, versions, trial, **served)), live=live, way=way,
            versions=versions, trial=trial, closed="closed" in served,
            targets=targets, proxy=self.proxy.name, url=self.url, **{"successes": 2, "deadline": 20, **gate},
        )  # fmt: skip
        containers = {one: self.engine.containers.get(f"{self.stem}-{one}").id for one in targets}
        return {**wanted.props(), "containers": containers, "proxyId": self.proxy.id}

    def create(self, props: dict[str, Any]) -> dict[str, Any]:
        """The first release."""
        return RouteProvider().create(props).outs

    def update(self, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
        """The next one."""
        return RouteProvider().update("id", olds, news).outs

    def refreshed(self, props: dict[str, Any]) -> dict[str, Any]:
        """As `pulumi refresh` sees it."""
        return RouteProvider().read("id", props).outs

    def by_hand(self, text: str) -> None:
        """Someone writes the file."""
        proxy = Proxy(None, self.proxy.name)
        proxy.place(text)
        proxy.close()

    def file(self) -> str:
        """The route file as it is."""
        return str(self.refreshed({"proxy": self.proxy.name})["content"])

    def shares(self, requests: int) -> dict[str, float]:
        """Which version answered how many percent of them, all from users without a cookie."""
        pool = urllib3.PoolManager()
        said = Counter(pool.request("GET", f"{self.url}/version").json()["version"] for _ in range(requests))
        return {version: 100 * count / requests for version, count in said.items()}

    def version(self, slot: str | None = None) -> str:
        """Which version answers, or the status if it is no good one."""
        headers = {SLOT_HEADER: slot} if slot else {}
        headers |= {"Host": self.wishes.host} if self.wishes.host else {}
        pool = urllib3.PoolManager(cert_reqs="NONE", retries=3)
        reply = pool.request("GET", f"{self.url}/version", headers=headers)
        return str(reply.json()["version"]) if reply.status == 200 else str(reply.status)


class Users:
    """Asks for the app from several threads, on new connections and kept ones, a quarter of it POSTs."""

    def __init__(self, url: str, threads: int = 4, host: str | None = None, **pool: Any) -> None:
        self.url, self.host = url, host
        # By which name the users ask, where it leads nowhere by itself.
        self.pool = {**pool, **({"server_hostname": host, "assert_hostname": host} if host else {})}
        self.answers: Counter[str] = Counter()
        self.slowest = 0.0  # seconds
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._ask, args=(number,), daemon=True) for number in range(threads)]

    def __enter__(self) -> Users:
        for one in self.threads:
            one.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        for one in self.threads:
            one.join(10)

    def _ask(self, number: int) -> None:
        pool = urllib3.PoolManager(retries=False, timeout=10, **self.pool)
        headers = {"Connection": "close"} if number % 2 else {}
        headers |= {"Host": self.host} if self.host else {}
        while not self.ended.is_set():
            post = sum(self.answers.values()) % 4 == 0
            began = time.monotonic()
            try:
                if post:
                    reply = pool.request("POST", f"{self.url}/echo", body=b"order", headers=headers)
                    said = "echo" if reply.status == 200 else f"{reply.status}"
                else:
                    reply = pool.request("GET", f"{self.url}/version", headers=headers)
                    said = reply.json()["version"] if reply.status == 200 else f"{reply.status}"
            except (urllib3.exceptions.HTTPError, ValueError) as error:
                said = type(error).__name__
            with self.lock:
                self.answers[said] += 1
                self.slowest = max(self.slowest, time.monotonic() - began)
            time.sleep(0.02)
