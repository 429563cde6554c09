"""`python -m toolchain`: has an engine, its plugins, a Docker engine and the images on this machine."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from toolchain import build, docker_engine, images, layout, official
from toolchain.parts import ACTIONLINT, GITHUB, PEBBLE, PEBBLE_DNS, PULUMI, VEGETA
from toolchain.progress import StepError, say


def engine() -> None:
    """The official CLI and plugins where they can be had, else built ones."""
    layout.compiled()
    cli = official.cli()
    if cli and official.plugins(cli):
        layout.wrapper(cli)
        return
    layout.built(build.built(PULUMI), build.built(GITHUB))


WANTED: dict[str, Callable[[], None]] = {
    "docker": docker_engine.ensure,
    "engine": engine,
    "images": images.ensure,
    "actionlint": lambda: say(str(build.built(ACTIONLINT))),
    "pebble": lambda: say(f"{build.built(PEBBLE)} {build.built(PEBBLE_DNS)}"),
    "vegeta": lambda: say(str(build.built(VEGETA))),
}


def main() -> int:
    """Sets up what is asked for, in order. Exit codes: 0 done, 1 something is missing (said in a line), 130 Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m toolchain",
        description="Sets up what golive runs on. What is there is used as it is.",
        epilog=f"{official.SOURCE}=official or =built chooses where the engine comes from; unset: what can be had.",
    )
    parser.add_argument("what", nargs="*", help=f"{', '.join(WANTED)} (default: docker, engine, images)")
    asked = parser.parse_args().what or ["docker", "engine", "images"]
    for name in asked:
        if name not in WANTED:
            parser.error(f"{name} is not known: choose from {', '.join(WANTED)}")
    try:
        for name in asked:
            WANTED[name]()
        build.forget_sources()
    except StepError as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        say("Stopped. What is built already is kept; run it again to go on.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
