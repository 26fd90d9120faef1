"""/version.json: what the site runs and counts (site-contract.md section 2.9)."""

from __future__ import annotations

from ..records import Capture, Reading, SiteTotals
from ..urls import Site
from .fields import Fields


def read_version(capture: Capture, site: Site) -> Reading:
    fields = Fields.of(capture)
    fields.integer("visible_request_count")
    return Reading("content", SiteTotals(version=fields.optional_text("alaveteli_version"), counts=fields.integers()))
