"""Which kernel pays on sequences? A search over kinds of kernels, their sizes, widths and depths, in a few minutes.

    python examples/continuous_sequences.py

The task is made, not loaded: eight classes of band-limited signals that differ in the order of short motifs. Ends with
the front of accuracy against FLOPs, and the best network tested, unchanged, at three other resolutions.
"""

from archspec import Architecture, SignalError
from search import Result, Search, evaluate, waves
from search.report.plot import draw_front
from search.report.progress import Watcher
from spaces import sequences

search = Search(
    sequences(channels=1, length=64, classes=8, groups=("C1",)),
    task=waves(length=64),
    constraints=["flops <= 4M"],
    trials=32,
    epochs=12,
    seed=0,
)


def has_other_lengths(architecture: Architecture) -> bool:
    """Whether its kernels are functions; a table has weights at its own taps only."""
    try:
        return bool(architecture.at_resolution(256).graph.nodes)
    except SignalError:
        return False


def at_other_lengths(result: Result) -> None:
    """The most accurate network of the front that has no table in it, at lengths it was not trained on."""
    for trial in sorted(result.front, key=lambda t: -t.scores["accuracy"]):
        if trial.architecture is not None and has_other_lengths(trial.architecture):
            model = trial.model()
            print(f"\ntrial {trial.number}, trained at 64 points, tested unchanged:")
            for length in (64, 96, 128, 256):
                task = waves(length=length)
                assert task.test is not None
                there = model if length == 64 else model.at_resolution(length)
                print(f"  {length:>4} points: test accuracy {evaluate(there, task, task.test)['accuracy']:.4f}")
            return
    print("\nevery network of this front has a table in it")


if __name__ == "__main__":
    with Watcher() as watch:
        result = search.run("runs/continuous_sequences", watch=watch)
    print(f"\nThe front (validation accuracy):\n\n{result.front}\n")
    print(f"drawn in {draw_front(result, 'runs/continuous_sequences/front.png')}")
    at_other_lengths(result)
