"""What a strategy keeps of a run whose history it cannot learn from as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from archspec.graph.cost import Cost
from search.events import Event, Finished, Proposed, Rejected
from search.objectives import Objective, loss_of
from search.ranks import ranks
from search.record.history import finished
from search.trial import Trial

# Number of draws that are kept, rejected ones among them.
MOST = 500
# Of these, past that number: scored ones that few others beat, and the most recent of the others.
BEST, RECENT = 200, 200


def losses(trial: Trial, objectives: Sequence[Objective]) -> tuple[float, ...]:
    """What strategies learn of a scored trial: the number told for each objective, negated where it is maximised."""
    cost = trial.cost or Cost()
    return tuple(loss_of(objective, cost, trial.scores) for objective in objectives)


class Kept:
    """The draws that a model is made from: all of them, or once they are more than `MOST`, those that tell most.

    Whenever there is one too many, it keeps the `BEST` scored ones by non-dominated rank, recent ones first, and the
    `RECENT` last drawn of the others. It follows from the order of the events, so that it is the same in a resumed run.

    Attributes:
        trials: what is kept, by number, in the order in which it was drawn.
        forgot: how many times draws were forgotten.
    """

    def __init__(self, objectives: Sequence[Objective]) -> None:
        self.objectives = tuple(objectives)
        self.trials: dict[int, Trial] = {}
        self.forgot = 0

    def observe(self, event: Event) -> None:
        """Keep what was drawn, and its outcome once it is told."""
        if isinstance(event, Proposed | Rejected):
            self.trials[event.number] = event.trial
            if len(self.trials) > MOST:
                self._forget()
        elif isinstance(event, Finished) and event.number in self.trials:
            self.trials[event.number] = finished(self.trials[event.number], event.outcome)

    def _forget(self) -> None:
        scored = [trial for trial in self.trials.values() if trial.feasible]
        found = ranks([losses(trial, self.objectives) for trial in scored]).tolist()
        order = sorted(zip(found, scored, strict=True), key=lambda pair: (pair[0], -pair[1].number))
        best = {trial.number for _, trial in order[:BEST]}
        others = [number for number in self.trials if number not in best]
        kept = best | set(others[-RECENT:])
        self.trials = {number: trial for number, trial in self.trials.items() if number in kept}
        self.forgot += 1
