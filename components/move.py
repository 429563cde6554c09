"""Moves the route to a slot so that at every step the users are served by something that works.

Start the slot, show it to the probe alone, ask it until it is ready, move everyone, see that the proxy does it.
Whatever fails, the file is as it was before. Stopped dead at any moment, what is there is one of these files, whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from components import routefile, routereading
from components.daemon import EngineError
from components.draining import LOST, SETTLED, drained
from components.probe import Answer, Waiting, wait
from components.progress import Tell, silent
from components.routefile import Target
from components.slots import Slot
from components.wanted import Wanted

if TYPE_CHECKING:
    from components.proxy import Proxy  # at run time it is handed in

SERVED = 15  # seconds at most until the proxy serves a new file; it takes some 0.1 s
LOOK = 0.02  # seconds between two looks whether it does: everyone waits for that, and nothing is proven by waiting


@dataclass
class Move:
    """One move of the route. `ask`: one request through the proxy, a path and a slot, or None for the way users go.

    `fallback`: the file of the last update, "" if there was none, for when the present one cannot be read. `leaving`:
    the slots of the last update that are not to be there any more.
    """

    proxy: Proxy
    wanted: Wanted
    ask: Callable[[str, Slot | None], Answer]
    fallback: str = ""
    leaving: Mapping[Slot, Target] = field(default_factory=dict)
    tell: Tell = silent
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    before: str = field(default="", init=False)
    was: Slot | None = field(default=None, init=False)
    slot: Slot = field(default="blue", init=False)  # the one that is being asked
    new: tuple[Slot, ...] = field(default=(), init=False)  # those that get users and had none

    @property
    def version(self) -> str:
        """What is to get users, in words."""
        return f"{self.wanted.versions[self.slot]} in slot {self.slot}"

    def run(self) -> None:
        """Moves the route, or leaves it as it was and raises EngineError with what a person needs to know."""
        found = self.proxy.present()
        self.before = self._readable(found)
        self.was = routereading.live_slot(self.before)
        had, serving = routereading.serving(self.before), routereading.serving(self.wanted.content)
        self.new = tuple(slot for slot in serving if slot not in had)
        self.slot = self.wanted.live
        for name in (name for slot in serving for name in self.wanted.targets[slot].names):
            self.proxy.start(name)
        if found == self.wanted.content:
            self._served()  # only the containers are others: nothing to write, but see that they answer
            return
        try:
            for slot in self.new:
                self.slot = slot
                self._ready()
            self.proxy.place(self.wanted.content)
            self._served()
        except BaseException as error:  # an interruption too
            self._put_back(error)
            raise
        for target in self.leaving.values():
            drained(self.proxy, target, self.wanted.drain, self.tell, clock=self.clock, sleep=self.sleep)

    def _put_back(self, error: BaseException) -> None:
        """The file as it was. Without one there is nothing to put back: a candidate alone leads no user anywhere."""
        if not self.was:
            return
        try:
            self.proxy.place(self.before)
        except EngineError as again:
            raise EngineError(f"{error}\nThe route of before could not be put back: {again}") from None

    def _readable(self, found: str) -> str:
        """The file; where someone has broken it, the one the proxy still goes by."""
        try:
            routereading.parsed(found)
        except ValueError:
            return self.fallback
        return found

    def _ready(self) -> None:
        """Step by step to readiness: shown to the probe alone, while everyone else stays where they are.

        A warm slot is shown to testers already, and all that is left is to ask.
        """
        wanted, target = self.wanted, self.wanted.targets[self.slot]
        text = self.before
        if not routefile.shows(text, self.slot, target, wanted.way):
            text = routefile.with_candidate(self.before, self.slot, target, wanted.way)
            self.proxy.place(text)
        try:
            self._wait(
                self._renewing(text, partial(self._candidate, target)),
                partial(self._is_candidate, routereading.revision(text)),
                successes=wanted.successes * target.replicas,  # the proxy asks one after the other
                deadline=wanted.deadline,
                hopeless=lambda: next(filter(None, map(self.proxy.ended, target.names)), ""),
            )
        except Waiting as vain:
            why = vain.given_up or f"the last answer was {vain.last}"
            what = f"{self.version} did not become ready within {wanted.deadline} s: {target.health}, {why}."
            self._fail(what, target.name)

    def _served(self) -> None:
        """Until the proxy serves the new file and the users get good answers by it."""
        wanted, target = self.wanted, self.wanted.targets[self.slot]
        expected = routereading.revision(wanted.content)

        tester = self._renewing(wanted.content, partial(self.ask, target.health, self.slot))

        def ask() -> Answer:
            answer = tester()
            if answer.route == expected:
                if where := self.proxy.behind(expected, target.health, self.slot, wanted.way):
                    return Answer(0, words=f"the old route on {where}")
                return answer if wanted.closed else self.ask(target.health, None)
            return Answer(0, words=f"the old route, which says {answer}")

        # Where no slot is new, nobody has asked whether they are ready.
        deadline = SERVED if self.new else max(SERVED, wanted.deadline)
        try:
            self._wait(ask, lambda answer: answer.good, successes=1, deadline=deadline, pause=LOOK)
        except Waiting as vain:
            self._fail(
                f"The proxy at {wanted.url} does not serve {self.version} by the new route: {vain.last}.",
                wanted.proxy if "old route" in vain.last.words else target.name,
            )

    def _candidate(self, target: Target) -> Answer:
        """Its answer through the proxy, once it has all that it needs."""
        answer = self.ask(target.health, self.slot)
        lacking = self.proxy.lacking(target) if answer.good else ""
        return Answer(0, words=lacking) if lacking else answer

    def _renewing(self, text: str, ask: Callable[[], Answer]) -> Callable[[], Answer]:
        """`ask`, with `text` put in its place again now and then until the answers are by it."""
        expected, placed, times = routereading.revision(text), self.clock(), 0

        def asked() -> Answer:
            nonlocal placed, times
            answer = ask()
            if answer.route != expected and self.clock() - placed >= LOST:
                times += 1
                # The same once more is no news to a proxy that has read it and does not go by it.
                self.proxy.place(routefile.renewed(text, times))
                self.sleep(SETTLED)
                self.proxy.place(text)
                placed = self.clock()
            return answer

        return asked

    def _is_candidate(self, revision: str, answer: Answer) -> bool:
        return answer.good and answer.slot == self.slot and answer.route == revision

    def _wait(self, ask: Callable[[], Answer], good: Callable[[Answer], bool], **how: Any) -> None:
        path = self.wanted.targets[self.slot].health

        def tell(answer: Answer, gone: float) -> None:
            self.tell(f"waiting for {self.version}: {path} {answer}, {gone:.0f} s of {how['deadline']} s")

        wait(ask, good, tell=tell, clock=self.clock, sleep=self.sleep, **how)

    def _fail(self, what: str, name: str) -> NoReturn:
        """`name`: the container that may know why."""
        lines = self.proxy.last_words(name)
        said = [f"Its last log lines ({self.proxy.logs} {name}):", *(f"  {line}" for line in lines)] if lines else []
        now = self._still_live()
        raise EngineError("\n".join([what, *said, now]))

    def _still_live(self) -> str:
        wanted = self.wanted
        if self.was is None:
            return "Nothing was live before, and nothing is now. Mend it and run pulumi up again."
        if self.was == self.slot:
            return "The route is as it was. Mend what is wrong and run pulumi up again."
        version = wanted.versions.get(self.was, "the version before")
        return (
            f"{version} in slot {self.was} is live as before. Mend {wanted.versions[self.slot]} and run pulumi up "
            f"again, or set {wanted.key} back to {version}."
        )
