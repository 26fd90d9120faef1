"""What a run did, what an archive holds, and what went wrong, for the person who looks in the morning.

Reads SQLite and nothing else; the one thing it writes is the table `coverage`, at a run's end, and the word of an
operator that a run is as it should be (`alarms.accept`). Times are UTC text, as everywhere in the archive.

- `alarms`: what makes a run fail that came to its end: no rows, a field that is no longer read, pages that cannot be.
- `coverage`: how often each field of each page kind was filled in a run.
- `run`, `archive`: the facts, as dataclasses; `sheets`: those facts in words; `words`: text and Markdown.
"""
