"""Which symmetry pays, at which budget? A search over group, factorisation, kernel size, width and depth.

    python examples/which_symmetry.py

Rotated handwritten digits (bundled with scikit-learn): plain networks, C2, C4, D4 and C8, dense and separable, tables
and sine networks as kernels. Ends with the front, the report that says which symmetry paid at which budget
(runs/which_symmetry/report.md), and the best network exported with its certificate.
"""

from search import Search, digits
from search.report.progress import Watcher
from search.report.report import report, write_report
from spaces import rotated_images

search = Search(
    rotated_images(channels=1, size=(16, 16), classes=10),
    task=digits(rotated=True),
    constraints=["flops <= 12M"],
    trials=48,
    epochs=15,
    seed=0,
)

if __name__ == "__main__":
    with Watcher() as watch:
        result = search.run("runs/which_symmetry", watch=watch)
    print(f"\n{report(result)}")
    print(f"written to {write_report(result, 'runs/which_symmetry/report.md')}")
    print(f"exported to {result.best('accuracy_per_flop').export('runs/which_symmetry/best')}")
