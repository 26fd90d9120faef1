"""`exemptions`: provisions that responses, and the files they brought, cite. Pure; the method is in `citations`, `engaged`."""

from __future__ import annotations

from .citations import citations
from .engaged import engaged, sentence
from .law import law_of
from .quoting import Row, documents
from .reading import Request

METHOD = "exemptions 3"
ANSWERS = frozenset({"response"})


def rows(request: Request) -> dict[str, list[Row]]:
    """Table -> rows."""
    law = law_of(request.law_used, request.nation)
    found: list[Row] = []
    for document in documents(request, ANSWERS):
        text = document.text
        for one in citations(text, law.name if law else None):
            quoted = sentence(text, one.start, one.end)
            where = document.where(one.start, one.end, quoted)
            found.append((request.id, one.provision, one.statute.name, int(engaged(text, one)), *where))
    return {"exemptions": found}
