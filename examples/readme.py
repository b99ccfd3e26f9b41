"""The example of the README, word for word."""

from archspec import Activation, Architecture, Classifier, Conv, Gaussian, GroupPool, Image, Lift, Magnet, Norm, Repeat, Residual
from search import Search, digits
from spaces import Space, choice, integer

width = integer("width", 8, 32, step=8)
space = Space(Architecture(
    input=Image(channels=1, size=(16, 16)),
    body=[
        Lift(group=choice("C1", "C4", "D4", name="group"), channels=width, kernel_size=choice(3, 5, 7)),
        Repeat(times=integer(1, 4), body=[
            Residual(body=[
                Norm(), Activation(),
                Conv(channels=width, kernel_size=choice(3, 5, 7, 9), kernel=Magnet(), window=Gaussian()),
            ]),
        ]),
        GroupPool(),
    ],
    head=Classifier(classes=10),
))

search = Search(space, task=digits(rotated=True), objectives=["maximize accuracy", "minimize flops"],
                constraints=["params <= 50k", "flops <= 20M"], trials=40, seed=0)

if __name__ == "__main__":
    result = search.run("runs/digits", backend="local")          # or backend="ray", address="auto"
    print(result.front)
    result.best("accuracy_per_flop").export("best/")
