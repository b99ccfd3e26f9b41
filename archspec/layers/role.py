"""The roles that parameters have in training."""

from typing import Literal, get_args

Role = Literal["kernel", "window", "omega", "elements", "plain"]
ROLES: tuple[Role, ...] = get_args(Role)
