"""The child process: reads files one after another, each with its own clocks, until its input ends.

Run as ``python -P -m scraper.text.child MEMORY OPEN_FILES``. It is given a file's bytes and hands back text; it opens no
path, and what it says is taken as data (JSON and bytes), never as objects. After anything that its reader did not
foresee it says so and dies, so that a process in doubt reads no other file.
"""

from __future__ import annotations

import json
import os
import sys
from typing import BinaryIO

from .limits import Limits, begin_file, bind_child, end_file, peak_memory
from .reading import read_file, reason
from .registry import Options
from .result import Outcome


def main() -> None:
    memory, open_files = int(sys.argv[1]), int(sys.argv[2])
    # Libraries print now and then: the pipe is for answers alone.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    questions = os.fdopen(os.dup(0), "rb")
    os.close(0)
    from .formats import pdf  # noqa: F401  # most files are PDF: before the limits, and before the first file's clock

    _say(answers, {"network": bind_child(memory, open_files)})
    while (order := _next(questions)) is not None:
        _serve(order, questions, answers)


def _next(questions: BinaryIO) -> dict[str, object] | None:
    head = questions.read(8)
    if len(head) < 8:
        return None
    order: dict[str, object] = json.loads(questions.read(int.from_bytes(head, "big")))
    return order


def _serve(order: dict[str, object], questions: BinaryIO, answers: BinaryIO) -> None:
    size, limits, languages = order["size"], order["limits"], order["languages"]
    assert isinstance(size, int)
    assert isinstance(limits, dict)
    assert languages is None or isinstance(languages, str)
    options = Options(Limits(**limits), languages)
    data = questions.read(size)
    begin_file(options.limits.cpu_s, options.limits.wall_s)
    try:
        outcome = read_file(data, options)
    except MemoryError:
        _answer(answers, Outcome("failed", error="needs more memory than a file is given"), ends=True)
        raise
    except BaseException as error:
        _answer(answers, Outcome("failed", error=f"{type(error).__name__}: {reason(error)}"), ends=True)
        raise
    end_file()
    _answer(answers, outcome)


def _answer(answers: BinaryIO, outcome: Outcome, ends: bool = False) -> None:
    text = outcome.text.encode() if outcome.text is not None else None
    members = [(member.path, None if member.data is None else len(member.data), member.reason) for member in outcome.members]
    head: dict[str, object] = {
        "status": outcome.status,
        "media_type": outcome.media_type,
        "method": outcome.method,
        "page_count": outcome.page_count,
        "error": outcome.error,
        "text": None if text is None else len(text),
        "members": members,
        "peak": peak_memory(),
        "ends": ends,
    }
    _say(answers, head, [text or b"", *(member.data or b"" for member in outcome.members)])


def _say(answers: BinaryIO, head: dict[str, object], blobs: list[bytes] | None = None) -> None:
    packed = json.dumps(head).encode()
    answers.write(len(packed).to_bytes(8, "big") + packed)
    for blob in blobs or ():
        answers.write(blob)
    answers.flush()


if __name__ == "__main__":
    main()
