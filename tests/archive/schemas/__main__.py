"""Writes the schema of the newest migration step: ``python -m tests.archive.schemas``."""

from . import file_of, newest, steps

path = file_of(steps()[-1])
path.write_text(newest(), encoding="utf-8")
print(path)
