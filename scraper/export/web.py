"""WARC and WACZ as exports like the others: raw pages and files, as the site sent them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..archive.files import FileStore
from .codebook import records
from .making import Data, Order, Writer
from .opened import Source
from .selection import CannotExport
from .side_by_side import Progress
from .wacz import write_wacz
from .warc import Written, write_warc

_NOTES = {
    "warc": (
        "`wdtk-*.warc.gz` are the site's answers as WARC 1.1, a record each: a page or file that was fetched again and was the "
        "same is a *revisit*. Check them with `warcio check`; any program for web archives reads them. Request records are not "
        "in them, since what was sent was not kept byte for byte."
    ),
    "wacz": (
        "`wdtk.wacz` holds the site's answers with an index and a list of pages. Open it at https://replayweb.page/ or in its "
        "program: nothing of it is sent anywhere. Pages look plain, since the site's own styles and pictures were not fetched."
    ),
}
_LEFT_OUT = {
    "never_kept": "lists and batches, whose bytes are not kept",
    "no_longer_kept": "pages and files that a newer visit replaced, or that were withdrawn since",
    "mentions_withheld": "pages that link to a request which the site refuses at present",
    "damaged": "pages and files that are damaged (see wdtk check)",
}


def web_archive(form: str) -> Writer:
    """The writer of a form: "warc" or "wacz"."""
    write: Callable[..., Written] = {"warc": write_warc, "wacz": write_wacz}[form]

    def written(source: Source, files: FileStore, folder: Path, order: Order, progress: Progress) -> Data:
        if source.edition.hides:
            raise CannotExport(f"raw pages cannot be masked, so the public edition has no {form}; use --edition research")
        if order.sql is not None or order.selection.sample is not None:
            raise CannotExport(f"--sql and --sample make tables, and a {form} has none")

        def told(some: int, all_of_them: int) -> None:
            progress("pages and files", some, all_of_them)

        done = write(source.db, files, folder, source.chosen is not None, told)
        return Data(
            {"responses": done.responses, "revisits": done.revisits},
            (_NOTES[form],),
            tables=records(),
            left_out={_LEFT_OUT.get(why, f"fetches that ended as {why}"): count for why, count in sorted(done.left_out.items())},
        )

    return written
