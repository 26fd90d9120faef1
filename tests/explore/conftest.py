"""Archives to look at, under names that are not the one in metadata.yml: an empty one, and one with everything in it."""

from pathlib import Path

import pytest
from datasette.app import Datasette

from scraper.archive.store import Archive
from scraper.urls import Site

from .making import filled


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("explore") / "councils.db"
    Archive.open(path, Site("http://127.0.0.1:1")).close()
    return path


@pytest.fixture(scope="session")
def filled_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(tmp_path_factory.mktemp("filled") / "dogs.db")


@pytest.fixture(scope="session")
def dogs(filled_archive: Path) -> Datasette:
    """The filled archive, served as `dogs`."""
    return Datasette([str(filled_archive)])
