"""`mentions`: where the terms of the lexicons stand, in messages' own words and in files. Pure; see `lexicon`.

A mention is words, not a fact: a request that asks about a system mentions it too, which is why `message_kind` is
beside it, and a response may say that a system is not used. Annotations are read as well.
"""

from __future__ import annotations

from collections.abc import Sequence

from .engaged import sentence
from .lexicon import Lexicon, hits
from .quoting import Row, documents
from .reading import Request

METHOD = "mentions 3"


def rows(request: Request, lexicons: Sequence[Lexicon]) -> dict[str, list[Row]]:
    """Table -> rows."""
    found: list[Row] = []
    for document in documents(request):
        for lexicon in lexicons:
            for hit in hits(lexicon, document.text):
                quoted = sentence(document.text, hit.start, hit.end)
                found.append(
                    (
                        request.id,
                        request.authority_id,
                        request.batch_id,
                        lexicon.name,
                        hit.term.term,
                        hit.term.kind,
                        hit.term.supplier,
                        *document.where(hit.start, hit.end, quoted),
                    )
                )
    return {"mentions": found}
