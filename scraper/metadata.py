"""metadata.yml: what every table and column means. One file; the wheel carries it beside this module."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

ARCHIVE = "archive"
"""The name under which metadata.yml describes an archive, whatever its file is called."""

SQLAR = "sqlar"
SQLAR_MEANING = {
    "description": "One row per file: its bytes, in the format of SQLite's archiver.",
    "source": "the files that the site served",
    "hidden": True,
    # A page of this table would take fifty files into memory; their own pages send them piece by piece.
    "allow": False,
}
"""The table with the files' bytes that an export may have, and what metadata.yml would say of it."""

ARCHIVE_TABLES = frozenset({"archive_info", "requests", "messages"})
"""The tables by which a database is known to be an archive."""


def metadata_path() -> Path:
    """Where metadata.yml lies: beside this module in an installed package, at the top of a checkout.

    Raises FileNotFoundError where it is in neither place.
    """
    here = Path(__file__).parent
    for path in (here / "metadata.yml", here.parent / "metadata.yml"):
        if path.is_file():
            return path
    raise FileNotFoundError(f"metadata.yml is neither in {here} nor in {here.parent}: the installation is incomplete")


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
    described: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "study" / "metadata.yml").read_text(encoding="utf-8"))
    return dict(described["tables"])
