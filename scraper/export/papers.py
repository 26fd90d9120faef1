"""What lies beside the data of every export: README.md, methods.md, CITATION.cff, ro-crate-metadata.json, the codebook.

Nothing in them tells the time of the export or the machine: the same archive and options give the same bytes.
"""

from __future__ import annotations

import json
import mimetypes
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from .. import __version__
from ..metadata import metadata
from . import codebook, methods
from .made import Made, date, title

_TYPES = {
    ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet",
    ".md": "text/markdown",
    ".cff": "text/yaml",
    ".db": "application/vnd.sqlite3",
    ".wacz": "application/wacz",
    ".gz": "application/gzip",
    ".sql": "application/sql",
}


def write_papers(folder: Path, made: Made) -> None:
    """Writes everything but SHA256SUMS."""
    book = f"Codebook: {title(made)}"
    papers = {
        "README.md": _readme(made, sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())),
        "methods.md": methods.text(made),
        "CITATION.cff": _citation(made),
        "codebook.md": codebook.markdown(made.tables, book),
        "codebook.html": codebook.html(made.tables, book),
    }
    for name, text in papers.items():
        (folder / name).write_text(text, encoding="utf-8")
    crate = json.dumps(_crate(folder, made), ensure_ascii=False, indent=2, sort_keys=True)
    (folder / "ro-crate-metadata.json").write_text(crate + "\n", encoding="utf-8")


def _readme(made: Made, data: list[str]) -> str:
    shown = "\n".join(f"| {name} | {count:,} |" for name, count in made.rows.items())
    listed = data if len(data) <= 60 else [*data[:60], f"... and {len(data) - 60:,} more, see SHA256SUMS"]
    files = "\n".join(f"- `{name}`" if not name.startswith("...") else f"- {name}" for name in listed)
    parts = [
        f"# {title(made)}",
        (
            f"The {made.edition} edition of an archive of {made.facts.site}, made with wdtk-archive {__version__}: "
            f"{made.requests:,} requests, as the site showed them up to {made.facts.last_at or 'an unknown day'} (UTC)."
        ),
        metadata()["description"].strip(),
        *made.notes,
        f"## Data\n\n{files}\n\n| table | rows |\n|---|---:|\n{shown}",
        (
            "## Beside the data\n\n"
            "- `codebook.md`, `codebook.html`: what every table and column means\n"
            "- `methods.md`: what was asked of the site, when, with what completeness; what is left out; text to paste\n"
            "- `CITATION.cff`: how to cite it\n"
            "- `ro-crate-metadata.json`: the same for machines (RO-Crate 1.1)\n"
            "- `SHA256SUMS`: checked by `sha256sum -c SHA256SUMS`"
        ),
        (
            "## Rights, and people\n\n"
            f"Licence: {metadata()['license']}. Quote what you need, with the link to the request, and ask before you publish "
            "texts or files whole. Real people wrote these letters and are named in them. Where the site or this archive "
            "withdraws something later, take it out of your copy too."
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _citation(made: Made) -> str:
    cited: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "Please cite the data like this, and single requests by their own addresses.",
        "type": "dataset",
        "title": f"{title(made)} ({made.edition} edition, {made.requests:,} requests)",
        "authors": [{"name": f"Users of {urlsplit(made.facts.site).netloc} and the public authorities that answered them"}],
        "abstract": f"{made.requests:,} requests archived with wdtk-archive {__version__}.",
        "url": made.facts.site,
        "keywords": ["freedom of information", "Alaveteli"],
    }
    if day := date(made):
        cited["date-released"] = day
        cited["version"] = day
    return yaml.safe_dump(cited, allow_unicode=True, sort_keys=False, width=1000)


def media_type(path: Path) -> str:
    return _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def _crate(folder: Path, made: Made) -> dict[str, Any]:
    """RO-Crate 1.1 (https://w3id.org/ro/crate/1.1)."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    parts = [
        {
            "@id": path.relative_to(folder).as_posix(),
            "@type": "File",
            "name": path.name,
            "encodingFormat": media_type(path),
            "contentSize": str(path.stat().st_size),
        }
        for path in files
    ]
    software = {"@id": "#wdtk-archive", "@type": "SoftwareApplication", "name": "wdtk-archive", "version": __version__}
    root: dict[str, Any] = {
        "@id": "./",
        "@type": "Dataset",
        "name": title(made),
        "description": f"{made.requests:,} requests, {made.edition} edition. {' '.join(metadata()['description'].split())}",
        "license": metadata()["license"],
        "isBasedOn": {"@id": made.facts.site},
        "hasPart": [{"@id": part["@id"]} for part in parts],
    }
    if day := date(made):
        root["datePublished"] = day
    create = {
        "@id": "#export",
        "@type": "CreateAction",
        "name": f"wdtk export {made.form} {' '.join(made.options)}".strip(),
        "instrument": {"@id": software["@id"]},
        "result": {"@id": "./"},
    }
    descriptor = {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        "about": {"@id": "./"},
    }
    site = {"@id": made.facts.site, "@type": "WebSite", "name": urlsplit(made.facts.site).netloc, "url": made.facts.site}
    return {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": [descriptor, root, *parts, software, create, site]}
