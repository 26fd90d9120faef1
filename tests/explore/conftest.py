"""An empty archive, made by the archive itself, under a name that is not the one in metadata.yml."""

from pathlib import Path

import pytest

from scraper.archive.store import Archive
from scraper.urls import Site


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("explore") / "councils.db"
    Archive.open(path, Site("http://127.0.0.1:1")).close()
    return path
