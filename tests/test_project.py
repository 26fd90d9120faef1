"""The project's frame: what a person meets first is there, is true, and fits together."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import yaml
from click import Group
from packaging.requirements import Requirement

from scraper import __version__
from scraper.cli import main

from .ci_skips import forbidden_skips
from .imports import circle, imports

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def locked() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return dict(line.lower().replace("_", "-").split("==") for line in lines if line and not line.startswith("#"))


def requirements() -> list[Requirement]:
    named = PROJECT["dependencies"] + [one for extra in PROJECT["optional-dependencies"].values() for one in extra]
    return [Requirement(one) for one in named]


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_the_lock_satisfies_what_is_required(requirement: Requirement) -> None:
    if requirement.name != PROJECT["name"]:
        assert requirement.specifier.contains(locked()[requirement.name.lower()])


def test_the_lock_is_exact_and_names_no_address() -> None:
    text = (ROOT / "constraints.txt").read_text()
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in text.splitlines() if not line.startswith("#"))


def test_the_entry_points_lead_somewhere() -> None:
    command = next(point for point in entry_points(group="console_scripts") if point.name == "wdtk")
    assert command.load() is main
    plugin = next(point for point in entry_points(group="datasette") if point.name == "wdtk_archive")
    assert callable(plugin.load().get_metadata)


def test_the_version_is_the_same_everywhere() -> None:
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == __version__


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)", document.read_text()):
        if not link.startswith(("http", "mailto")):
            assert (document.parent / link).exists(), link


@pytest.mark.parametrize("document", [path for path in DOCUMENTS if path.name != "CHANGELOG.md"], ids=lambda path: path.name)
def test_documents_name_only_what_there_is(document: Path) -> None:
    """Every `wdtk COMMAND`, its options and every `make TARGET` in a document exists."""
    assert isinstance(main, Group)
    text = document.read_text().replace("\\\n", " ")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^ {4}|`)(?:\w+=\S+ )*make ([a-z-]+)", text, re.MULTILINE)) <= targets
    common = {option for parameter in main.params for option in parameter.opts}
    for line in re.findall(r"(?:^ {4}|`)(?:[^\n`]*/|[^\n`]*&& )?wdtk ([^\n`]*)", text, re.MULTILINE):
        words = re.sub(r"'[^']*'", "X", line).split()
        name = next((word for word in words if word in main.commands), None)
        assert name is not None, line
        command = main.commands[name]
        # `wdtk export csv` and its like: the options are those of the form.
        forms = command.commands if isinstance(command, Group) else {}
        command = forms.get(next((word for word in words if word in forms), ""), command)
        known = common | {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert {word.split("=")[0] for word in words if word.startswith("--")} <= known, line


def test_every_command_has_help_with_an_example() -> None:
    assert isinstance(main, Group)
    for name, command in main.commands.items():
        assert f"wdtk {name}" in (command.help or ""), name


def test_the_command_starts_without_what_only_some_of_it_needs() -> None:
    """Scrapy and Datasette are 30 MB and a third of a second, which an export does without."""
    program = "import sys, scraper.cli; print(*sorted({'scrapy', 'twisted', 'datasette'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = imports(ROOT, ("scraper", "spiders"))
    assert "scraper.export.facts" in graph["scraper.export.made"]
    assert circle(graph) == []


def test_a_circle_is_found_however_it_is_hidden(tmp_path: Path) -> None:
    (tmp_path / "spiders").mkdir()
    package = tmp_path / "scraper" / "room"
    package.mkdir(parents=True)
    for folder in (package, package.parent, tmp_path / "spiders"):
        (folder / "__init__.py").touch()
    (package / "lower.py").write_text("if TYPE_CHECKING:\n    from spiders.thin import Spider\n")
    (package / "upper.py").write_text("from .lower import one\nfrom ..room import lower\n")
    (tmp_path / "spiders" / "thin.py").write_text("def start():\n    from scraper.room import upper\n")
    graph = imports(tmp_path, ("scraper", "spiders"))
    assert graph["scraper.room.upper"] == {"scraper.room.lower"}
    assert set(circle(graph)) == {"scraper.room.lower", "scraper.room.upper", "spiders.thin"}


REPORT = """<testsuites><testsuite>
<testcase classname="a" name="ran"/>
<testcase classname="a" name="far"><skipped type="pytest.skip" message="../shared is absent">x.py:1</skipped></testcase>
<testcase classname="a" name="page"><skipped type="pytest.skip" message="Chromium is not installed">x.py:2</skipped></testcase>
<testcase classname="a" name="other"><skipped type="pytest.skip" message="for Python 3.14">x.py:3</skipped></testcase>
</testsuite></testsuites>"""


def test_skips_that_prove_nothing_are_found(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text(REPORT)
    page = "a::page: Chromium is not installed"
    assert forbidden_skips(tmp_path / "report.xml", shared=True) == ["a::far: ../shared is absent", page]
    assert forbidden_skips(tmp_path / "report.xml", shared=False) == [page]
