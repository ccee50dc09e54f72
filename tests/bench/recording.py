"""What recording costs: the time that a run's processes spend in the recorder, as a fraction of their CPU.

    .venv/bin/python tests/bench/recording.py [NAME...]

Two runs side by side differ by more than recording costs, so it is measured inside one: a clock around
what the recorder does, and for each audit event, nearly all of which it passes over, what that takes in
a loop. Where a call waits for the disk, that counts, too.

Bar: at most 2% of a tutorial's CPU. Ends with status 1 above it.
"""

from __future__ import annotations

import argparse
import struct
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tutorial_engine import execute, recorder
from tutorial_engine.course import load_course
from tutorial_engine.settings import Settings

BAR = 0.02
_prepare = execute.kernel_environment
# Nanoseconds and calls go into a file mapped into memory: a kernel is ended without a last word.
_CLOCKED = """
import mmap, os, struct, sys, time

file = open(os.path.join({folder!r}, str(os.getpid())), "w+b")
file.write(bytes(16))
file.flush()
totals = mmap.mmap(file.fileno(), 16)
spent, events = [0], [0]


def keep():
    totals[:] = struct.pack("qq", spent[0], events[0])


def clocked(method, now=time.perf_counter_ns):
    def call(*arguments, **options):
        started = now()
        try:
            return method(*arguments, **options)
        finally:
            spent[0] += now() - started
            keep()

    return call


def counted(hook):
    def call(event, arguments):
        events[0] += 1
        if not events[0] % 1000:
            keep()
        return hook(event, arguments)

    return call


for name in ("asks", "find_spec", "hear", "shows", "variable"):
    setattr(recorder._Recorder, name, clocked(getattr(recorder._Recorder, name)))
add = sys.addaudithook
sys.addaudithook = lambda hook: add(counted(hook))
"""


def seconds_per_event(events: int = 500_000) -> float:
    """Return what an audit event that is passed over takes, with a hook like the recorder's."""

    def audit() -> float:
        started = time.perf_counter()
        for _ in range(events):
            sys.audit("bench.recording")
        return time.perf_counter() - started

    def hook(event: str, arguments: tuple, heard=recorder.HEARD) -> None:
        if event in heard:
            raise AssertionError(event)

    without = min(audit() for _ in range(3))
    sys.addaudithook(hook)
    return (min(audit() for _ in range(3)) - without) / events


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", default=["tensors", "first-network"])
    given = parser.parse_args()
    settings = Settings.load(ROOT)
    dear, ran = [], []
    for lesson in load_course(settings):
        if lesson.name not in given.names:
            continue
        with tempfile.TemporaryDirectory() as folder:

            def prepare(tutorial, settings, private, *own, folder=folder):
                environment = _prepare(tutorial, settings, private, *own)
                start = Path(environment["PYTHONPATH"], "sitecustomize.py")
                # Under the recorder's own name: it looks past its own frames for who asks.
                clocked = (
                    "from tutorial_engine import recorder\n"
                    f"exec(compile({_CLOCKED.format(folder=folder)!r}, recorder.__file__, 'exec'))\n"
                )
                start.write_text(clocked + start.read_text(encoding="utf-8"), encoding="utf-8")
                return environment

            execute.kernel_environment = prepare
            run = execute.Execution(lesson.tutorial, lesson.key, settings).run()
            totals = [struct.unpack("qq", each.read_bytes()) for each in Path(folder).iterdir()]
        ran.append((lesson.name, run.cpu_s, *map(sum, zip(*totals, strict=True))))
    per_event = seconds_per_event()  # last: a hook stays for as long as its process
    for name, cpu_s, nanoseconds, events in ran:
        fraction = (nanoseconds / 1e9 + events * per_event) / cpu_s
        print(
            f"{name:16} {events:,} events, {per_event * 1e6:.2f} µs each, and {nanoseconds / 1e9:.3f} s "
            f"in the recorder, of {cpu_s:.1f} CPU s: {fraction:.2%}"
        )
        if fraction > BAR:
            dear.append(name)
    sys.exit(f"recording costs more than {BAR:.0%} of {', '.join(dear)}" if dear else 0)


if __name__ == "__main__":
    main()
