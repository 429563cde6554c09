"""`make bench-release`: what releases, flips, canaries, failures and crashes cost the users of stack dev under load.

The last line of the output is one JSON object. The stack file is put back as it was.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import docker
import urllib3

from lab import stacks
from lab.load import Load, Request, quantile, within
from toolchain import build
from toolchain.parts import VEGETA
from toolchain.progress import StepError, say

STACK = "dev"
RELEASES = FLIPS = 20
QUIET_FLIPS = 5
SHARES = (10, 25, 50, 100)
ASKED = 10_000  # requests by which a share is measured
CALM = 5.0  # seconds of load before and after, and after each crash
SOON = 1.0  # seconds: a good answer that takes longer is none to a user who waits for it
STEM = f"golive-{STACK}"
SLOT_HEADER = "X-Golive-Slot"


@dataclass
class Story:
    """What happened when: the windows of each phase, in seconds since the epoch."""

    windows: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    shares: dict[int, float] = field(default_factory=dict)  # measured, by the one declared, in percent

    def phase(self, name: str, act: Callable[[], None]) -> None:
        """Does it, and notes from when to when."""
        since = time.time()
        act()
        until = time.time()
        self.windows.setdefault(name, []).append((since, until))
        say(f"{name} {len(self.windows[name])}: {until - since:.1f} s")

    def seconds(self, name: str) -> float:
        """The median."""
        return round(statistics.median(until - since for since, until in self.windows[name]), 2)

    def touched(self, name: str, requests: list[Request]) -> list[Request]:
        """The requests that were under way while it happened."""
        return [one for since, until in self.windows[name] for one in within(requests, since, until)]

    def failed(self, name: str, requests: list[Request]) -> int:
        """How many of those were not served."""
        return sum(not one.good for one in self.touched(name, requests))


def pulumi(*words: str, fails: bool = False) -> None:
    """A command on the stack. Raises StepError where it does not end as it must."""
    done = subprocess.run(
        [stacks.PULUMI, *words, "--stack", STACK, "--non-interactive"],
        cwd=stacks.stack_file(STACK).parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if (done.returncode != 0) is not fails:
        raise StepError(f"pulumi {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def configure(**values: str) -> None:
    """Sets keys below golive:, a __ standing for a dot."""
    for key, value in values.items():
        pulumi("config", "set", "--path", f"golive:{key.replace('__', '.')}", value)


def up(*, fails: bool = False) -> None:
    """One update, without preview."""
    pulumi("up", "--yes", "--skip-preview", fails=fails)


def live() -> Any:
    """The container that the users get."""
    return docker.from_env().containers.get(f"{STEM}-{stacks.outputs(STACK)['release']['live']}")


def measured(url: str, version: str) -> float:
    """The percentage of users who get `version`, each of whom comes for the first time."""
    pool = urllib3.PoolManager()
    got = sum(pool.request("GET", f"{url}/version").json()["version"] == version for _ in range(ASKED))
    return float(round(100 * got / ASKED, 2))


def releases(story: Story, url: str) -> None:
    """New containers in turn in one slot and the other; then the same two again, warm; then a canary, and a failure."""
    for number in range(RELEASES):
        configure(service__env__RELEASE=f"r{number}")
        story.phase("release", up)
    for number in range(FLIPS):
        configure(service__env__RELEASE=f"r{RELEASES - 2 + number % 2}")
        story.phase("flip", up)
    configure(version="v1.1.0")
    for share in SHARES:
        configure(canary=str(share))
        story.phase("canary", up)
        story.shares[share] = measured(url, "v1.1.0")
        say(f"{share} % declared, {story.shares[share]} % of {ASKED:,} requests without a cookie")
    configure(version="v0.0.0-broken", service__health__deadline="5")
    story.phase("failed_release", lambda: up(fails=True))
    # The version that failed has taken the warm slot: one that works, so that there is something to fall back on.
    configure(version="v1.0.0", service__env__RELEASE="after")
    up()


def crash(story: Story, name: str, act: Callable[[], object], mend: Callable[[], object]) -> None:
    """What the users notice of it in the seconds after."""

    def happen() -> None:
        act()
        time.sleep(CALM)

    story.phase(name, happen)
    mend()
    time.sleep(CALM)  # until the proxy has seen that it is well again


def crashes(story: Story, url: str) -> None:
    """The proxy is restarted by the engine; then the live slot's app is killed, hangs, and says that it is not well."""
    story.phase("proxy_restart", lambda: docker.from_env().containers.get(f"{STEM}-proxy").restart(timeout=10))
    time.sleep(CALM)
    app = live()
    crash(story, "kill", lambda: app.kill("KILL"), app.start)
    crash(story, "hang", app.pause, app.unpause)
    crash(story, "error", lambda: switch(url, app, failing=True), lambda: switch(url, app, failing=False))


def switch(url: str, app: Any, *, failing: bool) -> None:
    """The app says from now on that it is not healthy, or that it is."""
    headers = {SLOT_HEADER: app.labels["golive.slot"]}
    urllib3.request("POST", f"{url}/switch", json={"fail_health": failing}, headers=headers, timeout=5)


def crashed(story: Story, name: str, requests: list[Request]) -> dict[str, float]:
    """Seconds until users got good answers again, soon, and how many were not served."""
    since, until = story.windows[name][0]
    touched = within(requests, since, until)
    late = [one.began for one in touched if not one.stream and (not one.good or one.took > SOON)]
    return {
        "back_s": round(max(0.0, max(late, default=since) - since), 2),
        "lost": sum(not one.good for one in touched),
        "under_way": len(within(requests, since, since)),
    }


def quiet_flips(story: Story) -> None:
    """Flips back and forth while nobody asks for anything, so that nothing else has the processors."""
    configure(service__env__RELEASE="quiet")
    up()
    for number in range(QUIET_FLIPS):
        configure(service__env__RELEASE=("after", "quiet")[number % 2])
        story.phase("quiet_flip", up)


def where_the_time_goes(story: Story) -> None:
    """Of a flip without load: the command line's own start, an update that changes nothing, and the move itself."""
    began = time.time()
    subprocess.run([stacks.PULUMI, "version"], check=True, capture_output=True)
    started = time.time()
    up()
    nothing = time.time() - started
    flip = story.seconds("quiet_flip")
    say(
        f"A flip of {flip} s without load: {started - began:.2f} s the command line's start, "
        f"{nothing - (started - began):.2f} s program, plugins and state, {flip - nothing:.2f} s the move."
    )


def run() -> dict[str, Any]:
    """The story under load, in figures."""
    story, url = Story(), stacks.outputs(STACK)["url"]
    configure(service__env__SWITCHES="1", service__env__RELEASE="begin")
    up()
    with Load(build.built(VEGETA), url) as load:
        story.phase("steady", lambda: time.sleep(CALM * 2))
        releases(story, url)
        crashes(story, url)
    requests = load.requests
    for name in story.windows:
        for reason, count in Counter(one.error for one in story.touched(name, requests) if not one.good).items():
            say(f"not served during {name}: {count} × {reason}")
    quiet_flips(story)
    where_the_time_goes(story)
    return {
        "requests": len(requests),
        "failed": {
            name: story.failed(name, requests)
            for name in ("release", "flip", "canary", "failed_release", "proxy_restart")
        },
        "p99_ms": {
            "steady": quantile(story.touched("steady", requests), 0.99),
            "during": quantile([*story.touched("release", requests), *story.touched("flip", requests)], 0.99),
        },
        "release_s": story.seconds("release"),
        "flip_s": story.seconds("flip"),
        "flip_quiet_s": story.seconds("quiet_flip"),
        "share_percent": story.shares,
        "crash": {name: crashed(story, name, requests) for name in ("kill", "hang", "error")},
    }


def main() -> int:
    """Exit codes: 0 measured, 1 not (said why), 130 Ctrl-C."""
    file = stacks.stack_file(STACK)
    before = file.read_bytes()
    try:
        found = run()
    except StepError as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        file.write_bytes(before)
        up()
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
