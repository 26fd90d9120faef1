"""Which tests were skipped that must not be: `python -m tests.ci_skips REPORT.xml` reads pytest's JUnit report.

A skipped test proves nothing, and a run that skips all of them is as green as one that passes them. Where the
recordings are present (../shared) whatever needs them must have run, and the CI machine has every program that a test
needs. Ends with 1 and names them where one was skipped for want of either.
"""

import sys
from pathlib import Path
from xml.etree import ElementTree

MISSING = ("chromium", "not installed", "replayweb.page")
"""Words of the reason where a program is missing."""
SHARED = Path(__file__).parents[2] / "shared"


def forbidden_skips(report: Path, shared: bool) -> list[str]:
    """The tests that were skipped although what they need is there, with their reasons.

    Raises OSError or ElementTree.ParseError where there is no report.
    """
    found = []
    for case in ElementTree.parse(report).iter("testcase"):
        for skipped in case.iter("skipped"):
            reason = f"{skipped.get('message', '')} {skipped.text or ''}"
            if (shared and "shared" in reason) or any(word in reason.lower() for word in MISSING):
                found.append(f"{case.get('classname')}::{case.get('name')}: {skipped.get('message')}")
    return found


def main() -> int:
    report = Path(sys.argv[1])
    skipped = forbidden_skips(report, SHARED.is_dir())
    for line in skipped:
        print(f"skipped, and must not be: {line}", file=sys.stderr)
    return 1 if skipped else 0


if __name__ == "__main__":
    sys.exit(main())
