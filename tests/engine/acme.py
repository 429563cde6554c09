"""Pebble, the small ACME server of Let's Encrypt, on this machine; for its own DNS server all names are loopback."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import time
from pathlib import Path
from typing import Any

import urllib3

from tests.authority import Authority
from tests.engine.ports import free_port
from toolchain.build import built
from toolchain.parts import PEBBLE, PEBBLE_DNS


class Acme:
    """Running within the block. `server`: its directory, as a container reaches it; `authority` signs its own address.

    Whoever proves to own a name does so on 127.0.0.1, at `port`.
    """

    def __init__(self, engine: Any, folder: Path) -> None:
        (here,) = engine.networks.get("bridge").attrs["IPAM"]["Config"]
        self.folder, self.authority, self.port = folder, Authority(), free_port()
        self.address, self.management, self.dns = (
            f"{here['Gateway']}:{free_port()}",
            f"127.0.0.1:{free_port()}",
            free_port(),
        )
        self.names = f"127.0.0.1:{free_port()}"
        self.server = f"https://{self.address}/dir"
        certificate, key = self.authority.pair(here["Gateway"], "127.0.0.1")
        (folder / "server.pem").write_text(certificate)
        (folder / "server.key").write_text(key)
        told = {
            "listenAddress": self.address, "managementListenAddress": self.management, "tlsPort": self.port,
            "httpPort": 1,
            "certificate": str(folder / "server.pem"), "privateKey": str(folder / "server.key"), "ocspResponderURL": "",
            "externalAccountBindingRequired": False,
        }  # fmt: skip
        (folder / "pebble.json").write_text(json.dumps({"pebble": told}))
        self.processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Acme:
        nothing = [f"-{one}=" for one in ("http01", "https01", "tlsalpn01", "doh", "defaultIPv6")]
        self._start(built(PEBBLE_DNS), f"-dnsserver=127.0.0.1:{self.dns}", f"-management={self.names}", *nothing)
        self._start(built(PEBBLE), "-config", str(self.folder / "pebble.json"), f"-dnsserver=127.0.0.1:{self.dns}")
        deadline = time.monotonic() + 10
        while True:
            try:
                self.root()
                return self
            except urllib3.exceptions.HTTPError:
                if time.monotonic() > deadline:
                    self.__exit__()
                    raise AssertionError(f"Pebble does not answer: {self.log()}") from None
                time.sleep(0.1)

    def __exit__(self, *_: object) -> None:
        for one in self.processes:
            one.terminate()
            one.wait(10)

    def lead(self, address: str) -> None:
        """Makes all names lead to `address`."""
        urllib3.request("POST", f"http://{self.names}/set-default-ipv4", json={"ip": address}, timeout=2)

    def root(self) -> str:
        """By which the certificates are trusted that it gives, in PEM."""
        pool = urllib3.PoolManager(ssl_context=self.authority.trusting(), retries=False, timeout=2)
        return pool.request("GET", f"https://{self.management}/roots/0").data.decode()

    def trusting(self) -> ssl.SSLContext:
        """For a client that trusts the certificates that it gives, and no other."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self.root())
        return context

    def log(self) -> str:
        """What it did."""
        return (self.folder / "log").read_text()

    def _start(self, *command: object) -> None:
        # It rejects and delays some of its answers on purpose, as a client must bear with; here that only costs time.
        environment = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}
        with (self.folder / "log").open("ab") as log:
            self.processes.append(subprocess.Popen(list(map(str, command)), stdout=log, stderr=log, env=environment))
