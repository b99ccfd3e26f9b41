"""What the source of the project does, read from its syntax: who asks for a class, and who reaches into a library."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGES = ("archspec", "spaces", "search")
FAMILIES = ("archspec/blocks", "archspec/kernels", "archspec/layers")
DOORS = {"Block", "Kernel", "Layer"}  # what everybody's own derives from as well: to ask for these names no class


@cache
def modules(root: Path) -> dict[str, ast.Module]:
    """Every file of the three packages, parsed, by its path from the root."""
    paths = sorted(path for package in PACKAGES for path in (root / package).rglob("*.py"))
    return {path.relative_to(root).as_posix(): ast.parse(path.read_text()) for path in paths}


def imported(tree: ast.Module) -> dict[str, str]:
    """What each name stands for that a file imports: `Conv` for `archspec.blocks.conv.conv.Conv`."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.asname or alias.name.split(".")[0]: alias.name for alias in node.names}
    return found


# --- classes of a family that are asked for outside of it ---


def homes(files: dict[str, ast.Module]) -> dict[str, set[str]]:
    """Of each class of a block, kernel or layer the folders that define one of its name."""
    found: dict[str, set[str]] = {}
    for path, tree in files.items():
        if path.startswith(FAMILIES):
            for node in tree.body:
                if isinstance(node, ast.ClassDef) and node.name not in DOORS:
                    found.setdefault(node.name, set()).add(path.rsplit("/", 1)[0])
    return found


def asked_for(tree: ast.Module) -> Iterator[ast.expr]:
    """Every class that `isinstance`, `issubclass`, a comparison with `type(…)` or a `case` asks for."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[_, wanted]):
                yield from alternatives(wanted)
            case ast.Compare(left=ast.Call(func=ast.Name(id="type")), comparators=[wanted]):
                yield from alternatives(wanted)
            case ast.MatchClass(cls=wanted):
                yield wanted


def alternatives(wanted: ast.expr) -> Iterator[ast.expr]:
    match wanted:
        case ast.Tuple(elts=parts) | ast.Set(elts=parts) | ast.List(elts=parts):
            for part in parts:
                yield from alternatives(part)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            yield from alternatives(left)
            yield from alternatives(right)
        case _:
            yield wanted


def foreign_checks(files: dict[str, ast.Module]) -> set[tuple[str, str]]:
    """(file, class): a class of a block, kernel or layer that is asked for outside the folder of its family."""
    defined = homes(files)
    found = set()
    for path, tree in files.items():
        names = imported(tree)
        for wanted in asked_for(tree):
            full = ast.unparse(wanted)
            first, _, rest = full.partition(".")
            full = names.get(first, first) + (f".{rest}" if rest else "")
            module, _, name = full.rpartition(".")
            folders = {home for home in defined.get(name, ()) if module.replace(".", "/").startswith(home)}
            folders = folders or defined.get(name, set())
            if folders and not any(path.startswith(f"{home}/") for home in folders):
                found.add((path, name))
    return found


# --- what a library keeps to itself ---


# Of named tuples and of `os`: public, whatever they are called.
DOCUMENTED = {"_replace", "_asdict", "_fields", "_exit"}


def defined(tree: ast.Module) -> set[str]:
    """Names of functions, classes, variables and attributes that a file defines."""
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                found.add(name)
    return found


def private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__") and name not in DOCUMENTED


def reaches_into_libraries(files: dict[str, ast.Module]) -> set[tuple[str, str]]:
    """(file, name): a private name that is read from an object and not defined in the file, or imported."""
    found = set()
    for path, tree in files.items():
        ours = defined(tree)
        for node in ast.walk(tree):
            match node:
                case ast.Attribute(value=ast.Name(id="self" | "cls")):
                    continue
                case ast.Attribute(attr=name) if private(name) and name not in ours:
                    found.add((path, name))
                case ast.ImportFrom(module=str(module), names=aliases):
                    parts = [*module.split("."), *(alias.name for alias in aliases)]
                    found |= {(path, part) for part in parts if private(part)}
                case ast.Import(names=aliases):
                    parts = [part for alias in aliases for part in alias.name.split(".")]
                    found |= {(path, part) for part in parts if private(part)}
    return found
