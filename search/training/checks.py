"""Whether a training fits a space and a task, before anything is trained."""

from __future__ import annotations

from search.measures import at_rates, coarser
from search.tasks.named import AnyTask
from search.training.augmentation import check_augmentation
from search.training.rates import check_roles
from search.training.settings import Training
from spaces import Space
from spaces.fitting import fitting


def check_training(training: Training, space: Space, task: AnyTask) -> None:
    """Check that the settings of a training fit the networks of a space and the examples of a task.

    Raises:
        ValueError: one does not; the message says which, and why.
    """
    if not isinstance(training, Training):
        raise ValueError(f"training is Training(epochs=20), say, not {training!r}")
    check_roles(space.template, training.rates)
    for group in training.possible("augment"):
        check_augmentation(group, task)
    check_coarse(tuple(training.default.coarse), space)


def check_coarse(factors: tuple[int, ...], space: Space) -> None:
    """Check that some architecture of the space can be sampled so many times more coarsely.

    Raises:
        ValueError: none can; the message says why.
    """
    architectures = fitting(space).fit if factors else []
    if not architectures or any(at_rates(architecture, factors) for architecture in architectures):
        return  # where nothing fits together, the preflight says so
    for factor in factors:
        try:
            coarser(architectures[0], factor)
        except ValueError as error:
            raise ValueError(
                f"coarse: no architecture of the space can be sampled {factor} times more coarsely ({error}); "
                "leave coarse out"
            ) from None
