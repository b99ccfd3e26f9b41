"""Reading and writing a safe subset of YAML, with the numbers of YAML 1.2, as JSON has them."""

from __future__ import annotations

import re
from typing import Any

from archspec.schema.mistakes import SpecError, shortened

MAX_DEPTH = 64
_EXPONENTIAL = re.compile(r"[-+]?\d+[eE][-+]?\d+$")
# In YAML 1.1, which the parser follows, 010 is eight, 1:10 is seventy and yes is true. Here they are text.
_PLAIN = {
    "null": (r"(?:~|null|Null|NULL|)$", [*"~nN", ""]),
    "bool": (r"(?:true|True|TRUE|false|False|FALSE)$", [*"tTfF"]),
    "int": (r"[-+]?(?:0|[1-9][0-9]*)$", [*"-+0123456789"]),
    "float": (
        r"[-+]?(?:(?:\.[0-9]+|(?:0|[1-9][0-9]*)\.[0-9]*)(?:[eE][-+]?[0-9]+)?|(?:0|[1-9][0-9]*)[eE][-+]?[0-9]+|\.(?:inf|Inf|INF))$"
        r"|\.(?:nan|NaN|NAN)$",
        [*"-+.0123456789"],
    ),
}


def read_yaml(text: str | bytes) -> Any:
    """The data of a YAML text.

    Raises:
        SpecError: it is not YAML, has tags, anchors, aliases or a key twice, or is nested more than 64 deep.
    """
    import yaml

    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            line = f"line {event.start_mark.line + 1}" if event.start_mark else "somewhere"
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise SpecError(f"{line}: anchors and aliases are not allowed; write it out")
            if tag := getattr(event, "tag", None):
                raise SpecError(f"{line}: the tag {shortened(tag)} is not allowed; remove it")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise SpecError(f"{line}: nested more than {MAX_DEPTH} deep; flatten it")
        return yaml.load(text, Loader=_reader())
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        if "nesting depth" in problem:  # newer parsers have a limit of their own, and read ahead of ours
            raise SpecError(f"{where}nested more than {MAX_DEPTH} deep; flatten it") from None
        raise SpecError(f"not YAML: {where}{problem}") from None
    except (ValueError, RecursionError) as error:
        raise error if isinstance(error, SpecError) else SpecError(f"not YAML: {error}") from None


def write_yaml(data: Any) -> str:
    """YAML text of plain data, which `read_yaml` reads back."""
    import yaml

    class Plain(yaml.CSafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    # Without a point, 2e-05 is text in YAML 1.1; here it is a number, as in JSON.
    Plain.add_implicit_resolver("tag:yaml.org,2002:float", _EXPONENTIAL, list("-+0123456789"))
    text: str = yaml.dump(data, Dumper=Plain, sort_keys=False, allow_unicode=True, width=100)
    return text


def _reader() -> Any:
    """A safe reader of YAML that knows the plain values of `_PLAIN`, and no key twice."""
    import yaml

    class Plain(yaml.CSafeLoader):
        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            seen: set[str] = set()
            for key, _ in node.value:
                line = f"line {key.start_mark.line + 1}"
                if not isinstance(key, yaml.ScalarNode):
                    raise SpecError(f"{line}: a key is a word; write it without brackets")
                if key.value in seen:
                    raise SpecError(f"{line}: {shortened(key.value)} is written twice; keep one")
                seen.add(key.value)
            return dict(super().construct_mapping(node, deep=deep))

    Plain.yaml_implicit_resolvers = {}
    for name, (pattern, first) in _PLAIN.items():
        Plain.add_implicit_resolver(f"tag:yaml.org,2002:{name}", re.compile(pattern), first)
    return Plain
