"""Where a quotation stands, the same way for every table that quotes. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .reading import Request

LONGEST_QUOTE = 400
LONGEST_TEXT = 2_000_000
"""Characters read of one document; a spreadsheet's text can be longer than any book."""

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A message's text or a file's. `source` is the column or `file_text` that offsets count in."""

    source: str
    message_id: int
    anchor: str
    message_kind: str | None
    file_id: int | None
    sha256: str | None
    paged: bool
    text: str

    def where(self, start: int, end: int, quoted: tuple[int, int]) -> Row:
        """The columns of `tables._WHERE` for what stands at [start, end), with a quotation around it."""
        first, last = max(quoted[0], start - LONGEST_QUOTE), min(quoted[1], end + LONGEST_QUOTE)
        page = self.text.count("\f", 0, start) + 1 if self.paged else None
        quote = " ".join(self.text[first:last].split())
        cited = " ".join(self.text[start:end].split())
        return (
            self.source,
            self.message_id,
            self.anchor,
            self.message_kind,
            self.file_id,
            self.sha256,
            page,
            start,
            end - start,
            cited,
            quote,
        )


def documents(request: Request, kinds: frozenset[str] | None = None) -> Iterator[Document]:
    """The texts of a request: each message's own words, then the files'; of these kinds of message alone, if given."""
    for message in request.messages:
        if message.text is not None and (kinds is None or message.kind in kinds):
            text = message.text[:LONGEST_TEXT]
            yield Document(message.column, message.id, message.anchor, message.kind, None, None, False, text)
    for file in request.files:
        if kinds is None or file.kind in kinds:
            text = file.text[:LONGEST_TEXT]
            yield Document("file_text", file.message_id, file.anchor, file.kind, file.file_id, file.sha256, file.paged, text)
