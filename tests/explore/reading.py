"""Asking a Datasette in this process, and reading what it answers."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx
from bs4 import BeautifulSoup, Tag
from datasette.app import Datasette

EVENT = re.compile(r"^on", re.IGNORECASE)


def get(datasette: Datasette, path: str, **more: Any) -> httpx.Response:
    answer: httpx.Response = asyncio.run(datasette.client.get(path, **more))
    return answer


def page(datasette: Datasette, path: str, status: int = 200) -> BeautifulSoup:
    answer = get(datasette, path)
    assert answer.status_code == status, answer.text[-2000:]
    return BeautifulSoup(answer.text, "lxml")


def words(found: Tag | None) -> str:
    """The text of an element with single spaces."""
    assert found is not None
    return " ".join(found.get_text(" ").split())


def policy(answer: httpx.Response) -> dict[str, str]:
    """The directives of a Content-Security-Policy."""
    parts = answer.headers["content-security-policy"].split(";")
    return {name: rest for name, _, rest in (part.strip().partition(" ") for part in parts)}


def active(soup: BeautifulSoup) -> list[str]:
    """Everything in a page that could run or load what does not come from this very server; an empty list is wanted."""
    found = [str(tag)[:200] for tag in soup.find_all(["object", "embed", "base", "style", "math", "template"])]
    found += [str(tag)[:200] for tag in soup.find_all("script") if not str(tag.get("src", "")).startswith("/-/static-plugins/")]
    for tag in soup.find_all(True):
        for name, value in tag.attrs.items():
            address = str(value).strip().lower()
            outside = name in ("src", "srcdoc", "data", "poster", "background", "action") and not address.startswith("/")
            if EVENT.match(name) or name == "style" or outside:
                found.append(f"{tag.name} {name}={value}")
            if name in ("href", "xlink:href", "action", "formaction") and re.match(r"\s*(javascript|data|vbscript):", address):
                found.append(f"{tag.name} {name}={value}")
    return found
