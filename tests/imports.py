"""Which modules of the project import which, told by their source: within functions and for types alone, too."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path


def imports(root: Path, packages: tuple[str, ...]) -> dict[str, set[str]]:
    """Module -> the modules of these packages that it names. A package's `__init__.py` is the package."""
    files = {_name(path.relative_to(root)): path for package in packages for path in sorted((root / package).rglob("*.py"))}
    return {name: set(_named(name, path, files)) - {name} for name, path in files.items()}


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Modules that import each other in a circle, the first again at the end; none where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as found:
        return list(found.args[1])
    return []


def _name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _named(name: str, path: Path, files: Mapping[str, Path]) -> Iterator[str]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name in files)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for each in node.names:
                if f"{base}.{each.name}" in files:
                    yield f"{base}.{each.name}"
                elif base in files:
                    yield base
