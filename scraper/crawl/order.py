"""What a person ordered: targets, dates and what to leave out, as the job that fetches it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ..archive.agenda import Want
from ..archive.store import Archive
from ..config import Config, check_may_touch
from .job import CrawlJob, Options, start
from .targets import BadTarget, Target, parse, seeds


@dataclass(frozen=True, slots=True)
class Order:
    """An order of `wdtk crawl`. Two orders with the same `reason` are the same job: one goes on with the other."""

    targets: tuple[Target, ...]
    since: date | None = None
    until: date | None = None
    attachments: bool = True

    @classmethod
    def of(cls, texts: Sequence[str], config: Config, since: date | None, until: date | None, attachments: bool) -> Order:
        """An order as typed. Raises BadTarget."""
        if not texts:
            raise BadTarget("what shall be archived? Give a target, such as batch:1024 or an address of the site")
        if since and until and since > until:
            raise BadTarget(f"--since {since} is later than --until {until}")
        targets = dict.fromkeys(parse(text, config.site) for text in texts)
        return cls(tuple(targets), since, until, attachments)

    @property
    def reason(self) -> str:
        if all(target.kind == "authorities" for target in self.targets):
            return "crawl authorities"  # neither days nor files have anything to do with it
        words = [target.text for target in self.targets]
        words += [f"--{name} {day}" for name, day in (("since", self.since), ("until", self.until)) if day]
        return " ".join(["crawl", *words] + ([] if self.attachments else ["--no-attachments"]))

    def open(self, config: Config) -> Archive:
        """The archive to crawl into. Raises NotPermitted before anything is written or touched, and ArchiveError."""
        check_may_touch(config)
        return Archive.open(config.archive, config.site, config.files)

    def begin(self, archive: Archive, config: Config) -> CrawlJob:
        """Begins a run of it."""
        options = Options(
            attachments=self.attachments,
            everything=any(target.kind == "everything" for target in self.targets) and self.since is None and self.until is None,
        )
        job = start(archive, config, "crawl", self.reason, self._seeds(config.clock.now().date()), options)
        # A job that goes on began with the lists of its own first day.
        began = date.fromisoformat(job.run.job.started_at[:10])
        options.seeds = frozenset(want.ref for want in self._seeds(began))
        return job

    def _seeds(self, today: date) -> list[Want]:
        return [want for target in self.targets for want in seeds(target, today, self.since, self.until)]
