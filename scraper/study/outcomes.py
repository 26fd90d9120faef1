"""`outcomes` and `outcome_statements`: what users said became of a request, beside what the responses say. Pure.

Users' states are noisy: anybody signed in may classify an old request, nobody must, and a state is not undone when more
comes. The text's outcome is told from the last response that says anything of it; see `statements`.
"""

from __future__ import annotations

from .clock import responses, starts_and_stops
from .engaged import sentence
from .natures import ACKNOWLEDGEMENT
from .phrases import CLARIFICATION, COST_LIMIT, HELD, NOT_HELD, PARTLY, REFUSED
from .quoting import Document, Row, documents
from .reading import Request
from .statements import Statement, combined, statements

METHOD = "outcomes 3"
AGREEING: dict[str, frozenset[str]] = {
    "successful": frozenset({HELD}),
    "partially_successful": frozenset({PARTLY}),
    "rejected": frozenset({REFUSED, COST_LIMIT}),
    "not_held": frozenset({NOT_HELD}),
    "waiting_clarification": frozenset({CLARIFICATION}),
}
"""The user's state -> what the text may say to agree with it. Other states say nothing of an outcome."""


def rows(request: Request) -> dict[str, list[Row]]:
    """Table -> rows."""
    acknowledged = {
        one.message.id
        for one in responses(request, starts_and_stops(request.events)[1])
        if one.message is not None and one.nature == ACKNOWLEDGEMENT
    }
    said: list[Row] = []
    by_message: dict[int, list[tuple[Document, Statement]]] = {}
    for document in documents(request, frozenset({"response"})):
        if document.message_id in acknowledged:
            continue
        for one in statements(document.text):
            by_message.setdefault(document.message_id, []).append((document, one))
            said.append((request.id, one.outcome, *document.where(one.start, one.end, _quoted(document, one))))
    return {"outcomes": [_outcome(request, by_message, len(said))], "outcome_statements": said}


def _quoted(document: Document, one: Statement) -> tuple[int, int]:
    return sentence(document.text, one.start, one.end)


def _outcome(request: Request, by_message: dict[int, list[tuple[Document, Statement]]], count: int) -> Row:
    last = next((message for message in reversed(request.messages) if message.id in by_message), None)
    outcome, quote = None, None
    if last is not None:
        told = by_message[last.id]
        # The covering message speaks for itself; its files are asked where it says nothing.
        own = [(document, one) for document, one in told if document.file_id is None] or told
        outcome = combined({one.outcome for _, one in own})
        document, one = next(((d, o) for d, o in own if o.outcome == outcome), own[0])
        first, end = _quoted(document, one)
        quote = " ".join(document.text[first:end].split())
    expected = AGREEING.get(request.described_state or "")
    agrees = int(outcome in expected) if expected and outcome and not request.awaiting_description else None
    return (
        request.id,
        request.described_state,
        request.display_state,
        request.awaiting_description,
        outcome,
        agrees,
        count,
        last.id if last else None,
        last.anchor if last else None,
        quote,
    )
