"""The app's instruments: how many requests each slot answered, how many badly, and how fast, as the proxy counts them.

Source: https://doc.traefik.io/traefik/reference/install-configuration/observability/metrics/ (service metrics)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

import urllib3
from prometheus_client.parser import text_string_to_metric_families

from components.slots import SLOTS, Slot

REQUESTS = "traefik_service_requests_total"
SECONDS = "traefik_service_request_duration_seconds_bucket"
BAD = "5"  # the first digit of a status that is the server's fault
TIMEOUT = 5  # seconds for one reading


class InstrumentsError(Exception):
    """The figures cannot be read. The message says why, in one line."""


@dataclass(frozen=True)
class Reading:
    """What a slot has done since the proxy started, or between two readings.

    `buckets`: how many answers took at most so many seconds, all that were faster included.
    """

    requests: float = 0
    bad: float = 0
    buckets: Mapping[float, float] = field(default_factory=dict)

    def since(self, before: Reading) -> Reading:
        """Between `before` and this one. A proxy that was started anew in between has counted from nothing."""
        if before.requests > self.requests:
            return self
        buckets = {limit: count - before.buckets.get(limit, 0) for limit, count in self.buckets.items()}
        return Reading(self.requests - before.requests, self.bad - before.bad, buckets)

    @property
    def error_rate(self) -> float:
        """The share of answers with a status of 500 and above, from 0 to 1; 0 where there were none."""
        return self.bad / self.requests if self.requests else 0.0

    def quantile(self, share: float) -> float | None:
        """The seconds within which `share` (0 to 1) of the answers came, as Prometheus estimates it from its buckets.

        None where there were none. What took longer than the last bucket counts as that one's limit.
        Source: https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile
        """
        limits = sorted(self.buckets)
        if not limits or not self.buckets[limits[-1]]:
            return None
        rank, lower, below = share * self.buckets[limits[-1]], 0.0, 0.0
        for limit in limits:
            count = self.buckets[limit]
            if count >= rank:
                if limit == inf:
                    return lower
                return lower + (limit - lower) * (rank - below) / (count - below) if count > below else limit
            lower, below = limit, count
        return lower


def read(url: str, service: str = "") -> dict[Slot, Reading]:
    """Each slot's figures from the proxy's metrics at `url`, the stack's output `metrics`. `service`: one of several.

    Raises InstrumentsError.
    """
    try:
        answer = urllib3.request("GET", url, timeout=TIMEOUT, retries=False)
    except urllib3.exceptions.HTTPError as error:
        raise InstrumentsError(f"The proxy's metrics at {url} cannot be read: {type(error).__name__}.") from None
    if answer.status != 200:  # noqa: PLR2004
        raise InstrumentsError(f"The proxy's metrics at {url} cannot be read: the answer was {answer.status}.")
    return parsed(answer.data.decode("utf-8", errors="replace"), service)


def parsed(text: str, service: str = "") -> dict[Slot, Reading]:
    """The same from the text of the metrics; a slot without a request yet has a Reading of nothing.

    Raises InstrumentsError where it is no such text.
    """
    requests, bad = dict.fromkeys(SLOTS, 0.0), dict.fromkeys(SLOTS, 0.0)
    buckets: dict[Slot, dict[float, float]] = {slot: {} for slot in SLOTS}
    try:
        samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    except ValueError:
        raise InstrumentsError("What the proxy answers are no metrics.") from None
    called = {f"{service}-{slot}@file" if service else f"{slot}@file": slot for slot in SLOTS}
    for sample in samples:
        slot = called.get(sample.labels.get("service", ""))
        if slot and sample.name == REQUESTS:
            requests[slot] += sample.value
            bad[slot] += sample.value if sample.labels["code"].startswith(BAD) else 0
        elif slot and sample.name == SECONDS:
            limit = float(sample.labels["le"])
            buckets[slot][limit] = buckets[slot].get(limit, 0) + sample.value
    return {slot: Reading(requests[slot], bad[slot], buckets[slot]) for slot in SLOTS}
