"""The lookout: while a search runs on a Ray cluster, it watches what Ray does not tell of."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping

from search.backends.cluster import Node, answers, nodes, probe
from search.backends.environment import ray
from search.backends.nodes import Kit
from search.backends.resources import Resources, told
from search.errors import RunError
from search.events import Notice

PERIOD = 2.0  # seconds between two looks
MISSES = 3  # looks in a row at which the head does not answer
# Seconds after which what waits is told (later where there is room, as a worker takes its time to start), and again.
AFTER, STARTS, AGAIN = 6.0, 30.0, 60.0
# Seconds for which a search with no node that may train waits for one to join.
JOINS = 120.0


class Lookout:
    """Tells of nodes that join and cannot train, of those that are lost, of what waits, and of a head that is gone.

    It ends the search, too, when all nodes that have room for a candidate were refused and no other joins.

    Args:
        kit: what workers get.
        needs: what each candidate takes.
        counts: the numbers of candidates that wait for a worker, and that are in training.
        tell: takes what is to be told; after a `RunError` nothing more comes.
        avoided: takes the ids of nodes that nothing is trained on, and why.
    """

    def __init__(
        self,
        kit: Kit,
        needs: Resources,
        counts: Callable[[], tuple[int, int]],
        tell: Callable[[Notice | RunError], None],
        avoided: dict[str, str],
    ) -> None:
        self.kit, self.counts, self.tell, self.avoided = kit, counts, tell, avoided
        self.known = {node.id: node for node in nodes()}
        self.lost = False
        self._waiting, self._stranded = Waiting(needs), Stranded(needs)
        self._closing = threading.Event()
        context = ray.get_runtime_context()
        host, _, port = context.gcs_address.rpartition(":")
        own = self.known.get(context.get_node_id())
        self._needed = [(host.strip("[]"), int(port)), *([(own.address, own.port)] if own else [])]
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def begin(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self._closing.set()

    def avoid(self, id_: str, reason: str) -> None:
        """Train nothing more on a node, and say so."""
        if id_ not in self.avoided:
            self.avoided[id_] = reason
            self.tell(Notice(f"{reason}; nothing is trained there until then"))

    def gone(self, id_: str | None) -> bool:
        """Whether a node is lost, as Ray has given it up, or as it does not answer any more."""
        if id_ is None:
            return False
        node = self.known.get(id_)
        return node is None or not answers(node.address, node.port)

    def _watch(self) -> None:
        misses = 0
        while not self._closing.wait(PERIOD):
            if not all(answers(*each) for each in self._needed):
                misses += 1
                if misses == MISSES:
                    self._give_up()
                    return
                continue
            misses = 0
            with contextlib.suppress(Exception):  # a cluster that ends raises any; the next look says whether it has
                self._look()

    def _give_up(self) -> None:
        self.lost = True
        self.tell(
            RunError(
                "the head of the Ray cluster, or this machine's part of it, does not answer any more; start the "
                "cluster again, and run the same again: it resumes"
            )
        )

    def _look(self) -> None:
        now = {node.id: node for node in nodes()}
        for node in [node for id_, node in self.known.items() if id_ not in now]:
            self.tell(Notice(f"Ray's node {node.name} is lost; what it trained goes on elsewhere from its last epoch"))
        new = [node for id_, node in now.items() if id_ not in self.known]
        self.known = now
        for id_, reason in probe(self.kit, new).items():
            self.avoid(id_, reason)
        used, when = [node for node in now.values() if node.id not in self.avoided], time.monotonic()
        if (text := self._waiting.tell(when, *self.counts(), used, ray.available_resources())) is not None:
            self.tell(Notice(text))
        if (why := self._stranded.why(when, self.counts()[1], now.values(), self.avoided)) is not None:
            self._closing.set()
            self.tell(RunError(f"no node of the Ray cluster can train: {why}, and run the same again: it resumes"))


class Stranded:
    """Whether a search can only wait for ever, as its nodes were refused after it had begun."""

    def __init__(self, needs: Resources) -> None:
        self.needs = needs
        self._since: float | None = None
        self._seen: set[str] = set()

    def why(self, now: float, busy: int, there: Iterable[Node], refused: Mapping[str, str]) -> str | None:
        """Why the last node was refused, of those that are there; None while one may train or has just joined.

        Args:
            now: the time, in seconds.
            busy: how many candidates are in training.
            there: the nodes that are alive.
            refused: why, by the ids of those that were.
        """
        able = [node for node in there if self.needs.fit([node.resources])]
        ids = {node.id for node in able}
        if busy or not able or not ids <= set(refused):
            self._since = None
        elif self._since is None or not ids <= self._seen:
            self._since = now
        self._seen = ids
        if self._since is None or now - self._since < JOINS:
            return None
        return [why for id_, why in list(refused.items()) if id_ in ids][-1]  # other threads refuse, too


class Waiting:
    """What a person is told about candidates that wait for room, and how often."""

    def __init__(self, needs: Resources) -> None:
        self.needs = needs
        self._since: float | None = None
        self._busy = 0
        self._last: tuple[float, str] | None = None

    def tell(self, now: float, waiting: int, busy: int, there: list[Node], free: dict[str, float]) -> str | None:
        """The sentence that is to be told now, of so many that wait and train, and what is free by Ray's names.

        None if nothing is: nothing has waited for seconds, or it was told. It is told again after a minute; while
        others train, only if it has changed.
        """
        if not waiting or busy > self._busy:
            self._since = None
        elif self._since is None:
            self._since = now
        self._busy = busy
        room = self.needs.fit(node.resources for node in there)
        if self._since is None or now - self._since < (AFTER if waiting + busy > room else STARTS):
            return None
        text = self._sentence(there, free)
        if text is None or (self._last and (now - self._last[0] < AGAIN or (busy and text == self._last[1]))):
            return None
        self._last = now, text
        return text

    def _sentence(self, there: list[Node], free: dict[str, float]) -> str | None:
        """What is waited for; None if there is room, and a worker is on its way."""
        missing = self.needs.missing(node.resources for node in there)
        for name, wanted in self.needs.amounts.items():
            has = free.get(name, 0.0)
            if has < wanted or missing:
                count = f"{len(there)} node{'s' if len(there) != 1 else ''}"
                short_of = f", {missing}" if missing and there and any(n.resources.get(name) for n in there) else ""
                return f"waiting for {told(name, wanted)}; the cluster has {has:.3g} free, {count}{short_of}"
        return None
