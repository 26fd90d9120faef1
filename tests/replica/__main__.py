"""Serves the bundled site: ``python -m tests.replica [--port 0] [--seed 1] [--size demo|N] ...``.

Prints ``READY http://127.0.0.1:PORT`` once it listens, and runs until it is interrupted.
"""

from __future__ import annotations

import argparse
import gzip
import json
import signal
import threading
from pathlib import Path

from .server import Replica
from .world import DEMO_REQUESTS, World


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.replica", description="Serve the bundled site on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", default="demo", help="'demo' or a number of requests")
    parser.add_argument("--masking", choices=("ready", "self", "wait"), default="ready", help="what a file's first hit answers")
    parser.add_argument("--log", type=Path, help="append a JSON line for each request received")
    parser.add_argument("--faults", type=Path, help="a JSON file with a list of faults (see tests/replica/faults.py)")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--truth", type=Path, help="write what the site shows to this .json.gz file")
    args = parser.parse_args()
    size = DEMO_REQUESTS if args.size == "demo" else int(args.size)
    world = World.build(args.seed, size, masking=args.masking)
    faults = json.loads(args.faults.read_text()) if args.faults else []
    if args.truth:
        args.truth.write_bytes(gzip.compress(json.dumps(world.truth()).encode()))
    replica = Replica(world, port=args.port, faults=faults, latency=args.latency, log_file=args.log)
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    signal.signal(signal.SIGINT, lambda *_: stopped.set())
    print(f"READY {replica.start()}", flush=True)
    stopped.wait()
    replica.stop()


if __name__ == "__main__":
    main()
