"""``python -m tests.rehearsal``: prints what a month of nights costs and finds. Exit code 1 where a goal is missed."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from .law import LAWS
from .measure import Measured, compare, measure, table
from .nights import Plan, rehearsing
from .trouble import Troubled, unlike


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.rehearsal", description=__doc__)
    parser.add_argument("--threads", type=int, default=20_000, help="requests that the site has at first")
    parser.add_argument("--changes", type=int, default=200, help="changes a night, one in ten of them in no list")
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--budget-share", type=float, default=0.04, help="requests a night, as a share of the threads")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--law", choices=sorted(LAWS), default="steep", help="how much more often young and open threads change")
    parser.add_argument("--runs", default="ranked,round-robin,trouble", help="which of these, with commas between")
    parser.add_argument("--work", type=Path, help="a folder that keeps the first archive, for another rehearsal of its kind")
    args = parser.parse_args()
    budget = round(args.threads * args.budget_share)
    plan = Plan(args.threads, args.changes, args.nights, budget, args.seed, LAWS[args.law])
    if args.work is not None:
        args.work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=args.work) as scratch:
        kept = args.work or Path(scratch)
        base = kept / f"first-{plan.threads}-{plan.seed}-{plan.start:%Y%m%d}"
        print(
            f"{plan.threads:,} threads, {plan.changes} changes and {budget} requests a night, {plan.nights} nights, "
            f"seed {plan.seed}, law {args.law}",
            flush=True,
        )
        return _run(plan, base, Path(scratch), args.runs.split(","))


def _run(plan: Plan, base: Path, scratch: Path, runs: list[str]) -> int:
    good = True
    if "ranked" in runs:
        ranked = _nights(plan, base, scratch / "ranked", "scraper")
        round_robin = ranked
        if "round-robin" in runs:
            round_robin = _nights(plan, base, scratch / "round-robin", "tests.rehearsal.round_robin")
        rows = compare(ranked, round_robin, plan.budget)
        print(table(rows, ("ranked", "round-robin")), flush=True)
        good &= all(row.met is not False for row in rows)
    if "trouble" in runs:
        good &= _trouble(plan, base, scratch / "trouble")
    return 0 if good else 1


def _nights(plan: Plan, base: Path, folder: Path, module: str) -> Measured:
    with rehearsing(plan, base, folder, module) as rehearsal:
        for night in range(1, plan.nights + 1):
            rehearsal.healthy(night)
            print(f"\r{folder.name}: night {night}", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        return measure(rehearsal)


def _trouble(plan: Plan, base: Path, folder: Path) -> bool:
    """The same with trouble: exit codes, what was lost, and whether the archive is sound."""
    with rehearsing(plan, base, folder) as rehearsal:
        troubled = Troubled(rehearsal)
        troubled.run()
        told = measure(rehearsal)
        left = unlike(rehearsal)
        code, said = troubled.check()
    print("\nWith trouble")
    for mishap in troubled.mishaps:
        codes = ", ".join(str(code) for code in mishap.codes)
        kept = "" if mishap.as_it_was is None else ", nothing stored" if mishap.as_it_was else ", THE ARCHIVE CHANGED"
        print(f"night {mishap.night:3}  {mishap.what:42} exit {codes}{kept}{'' if mishap.right else '  WRONG'}")
    lost = told.listed.all - told.listed.found
    print(f"changes that a list shows: {told.listed.all:,}; the same night {told.listed.share:.1%}; never found {lost}")
    print(f"changes that no list shows: {told.hidden.all:,}; found {told.hidden.found:,}")
    print(
        f"threads listed at the end: {left.listed:,}; a message that a list showed is lacking in {left.lost}, one that none "
        f"showed in {left.hidden}; not up to date in some fact {left.stale}"
    )
    print(f"wdtk check --quick: exit {code}{'' if code == 0 else ': ' + said}")
    return all(mishap.right for mishap in troubled.mishaps) and lost == left.lost == code == 0


if __name__ == "__main__":
    sys.exit(main())
