"""Where files are read: by threads of this process, each with a child of its own, or by the workers of a Dask cluster.

Both are executors of `concurrent.futures`, and both run the same function on the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple

from .supervised import break_off, close_children


class NoCluster(Exception):
    """The Dask scheduler cannot be used; the message says what to do."""


class Pool(NamedTuple):
    """`width` is how many files are read at the same time."""

    executor: Executor
    width: int


@contextmanager
def local(workers: int) -> Iterator[Pool]:
    """A pool on this machine. Its children end with it."""
    executor = ThreadPoolExecutor(workers, thread_name_prefix="extract")
    try:
        yield Pool(executor, workers)
    except BaseException:
        break_off()
        raise
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        for thread in list(executor._threads):
            thread.join()
        close_children()


@contextmanager
def cluster(scheduler: str) -> Iterator[Pool]:
    """The workers of a Dask cluster, on which this package is installed too. Raises NoCluster."""
    try:
        import dask
        from distributed import Client
        from distributed.comm.core import CommClosedError
        from distributed.scheduler import KilledWorker
    except ImportError:
        raise NoCluster("--scheduler needs Dask: pip install 'wdtk-archive[dask]'") from None
    # Files travel with their tasks, and are as large as they are.
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"}):
        try:
            client = Client(scheduler, timeout=10, set_as_default=False)
        except OSError as error:
            raise NoCluster(f"no Dask scheduler answers at {scheduler}: {error}") from None
        with client:
            threads = sum(client.nthreads().values())
            if not threads:
                raise NoCluster(f"the Dask scheduler at {scheduler} has no workers yet")
            with client.get_executor(pure=False) as executor:
                try:
                    yield Pool(executor, threads)
                except (KilledWorker, CommClosedError) as error:
                    raise NoCluster(f"the Dask cluster lost its workers: {error}; what was read is kept") from None
                client.run(close_children)
