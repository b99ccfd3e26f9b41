"""A space as data: written, read, compared."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Self

from archspec.architecture import Architecture
from archspec.schema.data import from_data, to_data
from archspec.schema.document import SpecError, parsed, read_json, read_yaml, write_json, write_yaml
from archspec.schema.mistakes import FieldError
from spaces.parameters import Parameter


class Written:
    """The base class of `Space`. Two spaces are equal if they are written alike, with the same decisions."""

    template: Architecture

    @abstractmethod
    def __init__(self, template: Architecture) -> None: ...

    @abstractmethod
    def _begin(self, template: Architecture) -> None:
        """Set the template, and what follows from it."""

    @abstractmethod
    def parameters(self) -> list[Parameter]:
        """Every decision of the space."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Written) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[str, str]:
        # One hole without a name twice in an expression is one decision, and is written as two.
        decisions = [[parameter.name, to_data(parameter.hole)] for parameter in self.parameters()]
        return self.to_json(), write_json(decisions)

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """What follows from the template is not taken from a pickle, which may be of an earlier version."""
        self._begin(state["template"])
        own = vars(self)
        own.update({name: value for name, value in state.items() if name not in own})

    def to_json(self) -> str:
        """The space as JSON text: the architecture with its holes as data."""
        return write_json(to_data(self.template))

    def to_yaml(self) -> str:
        """The space as YAML text."""
        return write_yaml(to_data(self.template))

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read JSON text; SpecError, with the path of the mistake, if it is not a space."""
        return cls.from_data(read_json(text))

    @classmethod
    def from_yaml(cls, text: str | bytes) -> Self:
        """Read YAML text; errors as `from_json`."""
        return cls.from_data(read_yaml(text))

    @classmethod
    def from_data(cls, data: Any) -> Self:
        """Read plain data; errors as `from_json`."""
        try:
            fields = from_data(data)
            return cls(Architecture(**fields) if isinstance(fields, dict) else parsed(Architecture, fields))
        except FieldError as error:
            raise SpecError(error.reason) from None
        except SpecError:
            raise
        except (ValueError, TypeError) as error:
            raise SpecError(str(error)) from None
