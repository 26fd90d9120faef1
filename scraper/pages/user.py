"""A user: the block in a request's JSON, and `/user/<url_name>.json` (site-contract.md section 3.4)."""

from __future__ import annotations

from ..records import Capture, Reading, User
from ..urls import Site
from .fields import Fields


def user_of(fields: Fields) -> User:
    return User(
        id=fields.identifier("id"),
        url_name=fields.text("url_name"),
        name=fields.text("name"),
        about_me=fields.optional_text("about_me"),
    )


def read_user_json(capture: Capture, site: Site) -> Reading:
    return Reading("content", user_of(Fields.of(capture)))
