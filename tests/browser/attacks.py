"""What a stranger may write or send to get into a reader's browser, and an archive that is full of it.

All of it points to a lure, a server on this machine: whoever comes there was led out of the archive.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from pathlib import Path

from scraper.pages.files import media_type_of
from tests.explore.making import SHA, add, attachment
from tests.explore.test_hostile import WRITTEN

RUN = "window.__pwned=1;alert(1);fetch('{lure}/fetch')"
MARKUP = (
    "<script>{run}</script><script src='{lure}/script'></script><img src='{lure}/img' onerror=\"{run}\">"
    '<svg onload="{run}"><image href=\'{lure}/svg\'/></svg>"><svg/onload={run}>\'><details open ontoggle="{run}">'
    "</title></textarea></style></script></pre></code></template><iframe src='{lure}/iframe'></iframe>"
    "<iframe srcdoc=\"<script>{run}</script>\"></iframe><object data='{lure}/object'></object><embed src='{lure}/embed'>"
    "<link rel=stylesheet href='{lure}/link'><base href='{lure}/base/'><meta http-equiv=refresh content='0;url={lure}/refresh'>"
    "<form action='{lure}/form'><button autofocus onfocus=\"{run}\">x</button></form><video poster='{lure}/poster'></video>"
    "<a href='javascript:{run}' ping='{lure}/ping' style='position:fixed;inset:0;z-index:9'>x</a><body onload=\"{run}\">"
)
STYLE = (
    "<style>@import url({lure}/import);*{{background:url({lure}/background)!important;display:none}}</style>"
    '<p style="background:url(\'{lure}/inline\');position:fixed;inset:0">x</p>");}}*{{background:url({lure}/broken)}}/*'
    "[x]({lure}/markdown)![x]({lure}/image)<!--<math><mtext></form><mglyph><style></math><img src onerror={run}>-->"
)
TEXTS = {
    "markup": MARKUP,
    "style": STYLE,
    "javascript": "javascript:{run}//http://example.org/",
    "data": "data:text/html,<script>{run}</script>",
    "template": "{{{{ 7 * 7 }}}}{{% raw %}}${{7*7}}&lt;script&gt;{run}&lt;/script&gt;",
    "signs": "\u202etxt.exe\u2066\u2069\u200f \x00\x1b[31m\x07\ufeff\u2028 Z\u0351\u036b\u0343" + "\u0300" * 200,
    "length": "A" * 10_000,
}
"""Name of a kind of attack -> the text that stands in every column of an archive."""

PDF_SCRIPT = "app.alert(1);this.submitForm('{lure}/pdf');app.launchURL('{lure}/pdf-launch')"


def text(kind: str, lure: str) -> str:
    run = RUN.format(lure=lure)
    return TEXTS[kind].format(run=run, lure=lure)


def files(lure: str) -> dict[str, bytes]:
    """Files that are, or are also, something that runs."""
    run = RUN.format(lure=lure)
    html = (
        f"<!doctype html><html><body><script>{run}</script><img src='{lure}/file-img' onerror=\"{run}\"></body></html>".encode()
    )
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' onload=\"{run}\"><script>{run}</script></svg>".encode()
    return {
        "page.html": html,
        "page.pdf": b"<!-- %PDF-1.7 -->" + html,
        "drawing.svg": svg,
        "drawing.png": svg + b"\n",
        "xml.xhtml": b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><script>"
        + run.encode()
        + b"</script></html>",
        "gif-and-script.gif": b"GIF89a/*\x01\x00\x01\x00\x80\x00\x00" + html + b"*/=1;" + run.encode(),
        "png-and-html.html": b"\x89PNG\r\n\x1a\n" + html,
        "pdf-and-html.html": _pdf(lure) + html,
        "leading.pdf": _pdf(lure, f"<< /S /URI /URI ({lure}/pdf-open) >>"),
        "words.txt": b"Dear Ann,\n\n" + html,
        "script.pdf": _pdf(lure),
    }


def _pdf(lure: str, action: str | None = None) -> bytes:
    """A PDF of one empty page. What it does when it is opened, a script unless told, and what it leads to from its page."""
    action = action or f"<< /S /JavaScript /JS ({PDF_SCRIPT.format(lure=lure)}) >>"
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R /OpenAction {action} >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /AA << /O << /S /URI /URI ({lure}/pdf-uri) >> >> >>",
    ]
    made, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj {content} endobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    start = len(made)
    return (
        made + f"xref\n0 4\n0000000000 65535 f \n{table}trailer << /Size 4 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    )


def attacked(base: Path, folder: Path, kind: str, lure: str) -> Path:
    """A copy of the archive `base` named after the attack, with the attack in every column."""
    copy = folder / f"{kind}.db"
    shutil.copy(base, copy)
    shutil.copytree(base.with_suffix(".files"), copy.with_suffix(".files"))
    db = sqlite3.connect(copy)
    _keep(db, copy.with_suffix(".files"), files(lure))
    # The files keep their types: those are told from the bytes.
    types = db.execute("select id, media_type from files").fetchall()
    for statement in WRITTEN.split(";"):
        db.execute(statement, {"it": text(kind, lure), "pdf": SHA["answer.pdf"]})
    db.executemany("update files set media_type = :type where id = :id", [{"id": row[0], "type": row[1]} for row in types])
    db.commit()
    db.close()
    return copy


def _keep(db: sqlite3.Connection, folder: Path, kept: dict[str, bytes]) -> None:
    for number, (name, content) in enumerate(kept.items(), 100):
        sha256 = hashlib.sha256(content).hexdigest()
        add(db, "files", id=number, sha256=sha256, size=len(content), media_type=media_type_of(content), text_status="due")
        attachment(db, number, 2, name, file_id=number)
        place = folder / sha256[:2] / sha256[2:4] / sha256
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
