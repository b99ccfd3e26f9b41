"""Which symmetry pays on rotated digits? A search over groups, kernels, widths and depths, in about five minutes.

    python examples/rotated_digits.py

Ends with the front of accuracy against FLOPs, as found and as confirmed from three fresh seeds, as a table and as
runs/rotated_digits/front.png, and with the best network in best/. Interrupt it whenever you like: the same command goes
on.
"""

from archspec import (
    Activation,
    Architecture,
    Classifier,
    Conv,
    GroupPool,
    Image,
    Lift,
    Norm,
    Pool,
    Repeat,
    Residual,
    Siren,
    Table,
)
from search import Search, digits
from search.report.plot import draw_front
from search.report.progress import Watcher
from spaces import Space, choice, integer, order

group = choice("C1", "C4", "D4", name="group")
width = integer("width", 16, 48, step=16)  # channels × elements of the group: one width costs the same for every group
channels = width // order(group)


def residual(channels: object, kernel_size: object) -> Residual:
    """Norm, nonlinearity, convolution, and a shortcut around them."""
    kernel = choice(Table(), Siren())
    factorisation = choice("full", "depthwise_separable")
    return Residual(
        body=[
            Norm(),
            Activation(),
            Conv(channels=channels, kernel_size=kernel_size, kernel=kernel, factorisation=factorisation),
        ]
    )


space = Space(
    Architecture(
        input=Image(channels=1, size=(16, 16)),
        body=[
            Lift(group=group, channels=channels, kernel_size=choice(3, 5)),
            Pool(),
            Repeat(times=integer(1, 2), body=[residual(channels, choice(3, 5))]),
            Pool(),
            Repeat(times=integer(0, 2), body=[residual(2 * channels, 3)]),
            Norm(),
            Activation(),
            GroupPool(),
        ],
        head=Classifier(classes=10),
    )
)

search = Search(
    space,
    task=digits(rotated=True),
    objectives=["maximize accuracy", "minimize flops"],
    constraints=["flops <= 6M"],
    trials=30,
    epochs=20,
    seed=0,
)

if __name__ == "__main__":
    with Watcher() as watch:
        result = search.run("runs/rotated_digits", watch=watch)
    print(f"\nThe front as found, by validation accuracy:\n\n{result.front}\n")
    confirmation = result.confirm(seeds=3, watch=print)
    print(f"\nThe same networks trained anew:\n\n{confirmation}\n")
    print(f"drawn in {draw_front(result, 'runs/rotated_digits/front.png')}")
    best = result.best("accuracy_per_flop")
    print(
        f"trial {best.number} is the best for its FLOPs, test accuracy {best.test()['accuracy']:.10f}; "
        f"exported to {best.export('best')}/"
    )
