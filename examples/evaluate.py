"""Load an exported network in a fresh process and measure it on the test data of rotated digits.

python examples/evaluate.py best
"""

import sys

import archspec
from search import digits, evaluate

model = archspec.load(sys.argv[1] if len(sys.argv) > 1 else "best")
task = digits(rotated=True)
assert task.test is not None
print(f"test accuracy {evaluate(model, task, task.test)['accuracy']:.10f}, loaded from its files")
