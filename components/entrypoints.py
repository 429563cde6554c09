"""Where the proxy listens, and what else it is started with. Pure.

Source: https://doc.traefik.io/traefik/reference/install-configuration/configuration-options/
"""

from __future__ import annotations

from components import tls
from components.routefile import FOLDER
from components.sections import Traffic

INSIDE = 80  # where the proxy listens, in its container
METRICS = 8082  # where it tells its figures
ARGUMENTS = [
    f"--entrypoints.web.address=:{INSIDE}",
    # While it ends it lets nobody in, and by default waits 10 s for the last stream: an outage for everyone else.
    "--entrypoints.web.transport.lifecycle.gracetimeout=3s",
    # Its default cuts off an upload after a minute: as long as golive:release.drain may be, so that a slow one ends.
    "--entrypoints.web.transport.respondingtimeouts.readtimeout=1h",
    f"--providers.file.directory={FOLDER}",
    "--providers.file.watch=true",
    # Its default makes a second change within 2 s wait for the rest of them.
    "--providers.providersthrottleduration=100ms",
    "--log.level=WARN",
    "--accesslog=false",
    "--api=false",
    "--ping=false",
    "--global.checknewversion=false",
    "--global.sendanonymoususage=false",
]
MEASURING = [
    f"--entrypoints.metrics.address=:{METRICS}",
    "--metrics.prometheus=true",
    "--metrics.prometheus.entrypoint=metrics",
    # Fine where web apps answer, so that two versions can be told apart.
    "--metrics.prometheus.buckets=0.005,0.01,0.025,0.05,0.1,0.25,0.5,1,2.5,5,10",
]


def arguments(wishes: Traffic) -> list[str]:
    """What the proxy is started with."""
    measuring = MEASURING if wishes.metrics.port else []
    return [*ARGUMENTS, *measuring, *(tls.arguments(wishes.tls) if wishes.tls else [])]
