"""metadata.yml: what every table and column means. One file; the wheel carries it beside this module."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

ARCHIVE = "archive"
"""The name under which metadata.yml describes an archive, whatever its file is called."""

ARCHIVE_TABLES = frozenset({"archive_info", "requests", "captures", "agenda"})
"""The tables by which a database is known to be an archive."""


def metadata_path() -> Path:
    """Where metadata.yml lies: beside this module in an installed package, at the top of a checkout.

    Raises FileNotFoundError where it is in neither place.
    """
    here = Path(__file__).parent
    for path in (here / "metadata.yml", here.parents[1] / "metadata.yml"):
        if path.is_file():
            return path
    raise FileNotFoundError(f"metadata.yml is neither in {here} nor in {here.parents[1]}: the installation is incomplete")


@cache
def metadata() -> dict[str, Any]:
    """The file's content. Shared: copy before changing anything in it.

    Raises FileNotFoundError where there is none, yaml.YAMLError where it is no YAML.
    """
    content: dict[str, Any] = yaml.safe_load(metadata_path().read_text(encoding="utf-8"))
    return content


@cache
def study_tables() -> dict[str, Any]:
    """What the tables and views mean that `wdtk study` makes, in the form of metadata.yml's tables. Shared, too."""
    described: dict[str, Any] = yaml.safe_load((Path(__file__).parents[1] / "study" / "metadata.yml").read_text(encoding="utf-8"))
    return dict(described["tables"])
