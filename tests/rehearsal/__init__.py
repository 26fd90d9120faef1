"""A month of nights against the bundled site, measured: ``python -m tests.rehearsal``, or ``make rehearsal``.

The site changes every day, in ways that a list shows and in ways that none does; each night the real command goes out
over real HTTP with a small budget. What it found is told by comparing the archive with the site, fact by fact.
"""
