"""`python -m lab up`: stack dev, running on this machine. `python -m lab down`: all of it gone again."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

from lab import sample_image, stacks
from lab.github import process
from lab.github.process import LabError
from lab.sample_image import SOURCE
from toolchain import docker_engine, go, images
from toolchain.folders import ENGINE, LAB, OWN, ROOT, STATE, VENV, passphrase
from toolchain.progress import StepError, say, step

OLDEST_GO = (1, 21)
REPOSITORY = ("acme", "shop")


def up() -> None:
    """Everything that stack dev needs, then the stack. What is there already is left as it is."""
    stacks.ensure_passphrase()
    github()
    sample_image.build(go=str(go.toolchain(OLDEST_GO)))
    stacks.ensure_stacks()
    stacks.up("dev")
    show()


def github() -> process.Running:
    """The lab's GitHub with the sample app's repository; started again where it stands still."""
    owner, name = REPOSITORY
    if not (LAB / "git").exists() and not process.find(LAB):
        with step("Making the lab's GitHub"):
            _create(owner, name)
    return process.start(LAB, stacks.PORT)


def _create(owner: str, name: str) -> None:
    command = [sys.executable, "-m", "lab.github", "create-repository", "--state", str(LAB)]
    done = subprocess.run(
        [*command, "--owner", owner, "--name", name, "--from", str(SOURCE)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise StepError(done.stderr.strip())


def show() -> None:
    """Where to look and what to do next."""
    found = stacks.outputs("dev")
    owner, name = REPOSITORY
    release = found.get("release") or {}
    sys.stdout.write(
        f"""
dev runs {release.get("version", "nothing")}.
  app          {found.get("url")}/
  status page  {found.get("status")}/
  repository   {stacks.LAB_URL}   (a GitHub of your own; git clone {stacks.LAB_URL}{owner}/{name}.git)

Next:
  source .venv/bin/activate
  pulumi config set golive:version v1.1.0 -s dev && pulumi up -s dev
  pulumi up -s staging
"""
    )


def down() -> None:
    """Stacks, images, the lab and the passphrase. What lives elsewhere than on the lab is left, and said."""
    if not (VENV / "bin" / "pulumi").exists():
        say("Nothing is up.")
        return
    left = _stacks_down() if STATE.exists() else []
    if left:
        say(f"Left: {', '.join(left)}, with the state in {STATE} and the passphrase: they do not live on the lab.")
    running = process.find(LAB)
    if running:
        running.stop()
    if docker_engine.answers() is None:
        _images_down()
    shutil.rmtree(LAB, ignore_errors=True)
    if not left:
        passphrase().unlink(missing_ok=True)
        _remove_empty(passphrase().parent, passphrase().parent.parent)
        (VENV / "bin" / "pulumi").unlink(missing_ok=True)
        shutil.rmtree(ENGINE, ignore_errors=True)
        shutil.rmtree(OWN, ignore_errors=True)
    say("Down. Left for the next time: .venv, and what was built or downloaded (`make purge` takes these too).")


def _remove_empty(*folders: Path) -> None:
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _images_down() -> None:
    """Removes the images that were made here, but for those that a container still uses."""
    for remove in (sample_image.remove, images.remove):
        try:
            remove()
        except StepError as error:
            say(f"Left an image: {error}")


def _stacks_down() -> list[str]:
    """Destroys the stacks that live on the lab; those that do not are returned."""
    if not stacks.local():
        return ["the stacks of the backend that you chose"]
    known = stacks.listed()
    if any(stacks.on_the_lab(stack) for stack in known):
        github()  # the stacks' resources there are taken away by its API
    left = []
    for stack, about in known.items():
        if about.get("resourceCount") and not stacks.on_the_lab(stack):
            left.append(f"stack {stack}")
            continue
        stacks.destroy(stack, empty=not about.get("resourceCount"))
        stacks.forget_salt(stack)
    return left


def main() -> int:
    """Exit codes: 0 done, 1 something is missing or failed (said in a line), 130 Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    parser.add_argument("what", choices=["up", "down", "github"], help="github: only the lab's GitHub, for tests")
    asked = parser.parse_args().what
    try:
        if asked == "up":
            up()
        elif asked == "down":
            down()
        else:
            running = github()
            sys.stdout.write(json.dumps({"url": running.url, "pid": running.pid}) + "\n")
    except (StepError, LabError) as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        say("Stopped. Run it again to go on from here.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
