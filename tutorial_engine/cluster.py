"""An executor whose tasks run on the workers of a Dask cluster: the one module that knows of Dask.

Dask itself runs again elsewhere what was running on a worker that died. Added here: a worker may refuse
a task, which is then offered to the others; and cancelling a future ends what it runs.
"""

from __future__ import annotations

import itertools
import pickle
import platform
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeAlias

from .errors import Refused
from .parcel import ENGINE, Parcel, refusal
from .run import Run

if TYPE_CHECKING:
    from distributed import Client

# A run, or a worker's address and why it refuses.
Answer: TypeAlias = "Run | tuple[str, str]"
# What a task calls, as text: Dask shuts a worker down that cannot load what its task holds.
_RUN_PACKED = f"__import__({__name__!r}, fromlist=['cluster']).run_packed"
_CONNECT_S = 10
_LOOK_EVERY_S = 5.0
# So long a task waits for a worker that has not refused it, once those are gone that had not.
_PATIENCE_S = 60


@dataclass(eq=False)
class _Task:
    """A parcel on its way.

    Args:
        function: what runs it.
        future: what the caller holds.
        order: tasks of a lower number go first.
        asked: when it was handed over.
        refusals: why workers refused it, by their address.
        offered: the future of the latest offer.
        choice: the workers to which that offer was limited; empty for all.
        alone_since: when none of those was left; 0 while there is one.
    """

    function: Callable[..., Run]
    parcel: Parcel
    order: int
    future: Future[Run] = field(default_factory=Future)
    asked: float = field(default_factory=time.monotonic)
    refusals: dict[str, str] = field(default_factory=dict)
    offered: Future[Answer] | None = None
    choice: frozenset[str] = frozenset()
    alone_since: float = 0.0

    def fail(self, error: BaseException) -> None:
        if self.future.set_running_or_notify_cancel():
            self.future.set_exception(error)

    def withdraw(self) -> None:
        if self.offered:
            self.offered.cancel()

    def fail_as_refused(self) -> None:
        lines = [f"  {address}: {why}" for address, why in sorted(self.refusals.items())]
        self.fail(refusal(self.parcel, "\n".join(["every worker refuses to run it", *lines])))


class Cluster(Executor):
    """Runs parcels on the workers of a Dask cluster, those handed over first before the others.

    The function that runs one is told, beside it, how to ask whether it is still wanted. Where it raises
    `Refused`, another worker is tried.

    Args:
        address: of the scheduler, `tcp://host:8786`; connected to when there is something to run.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._client: Client | None = None
        self._unreachable: tuple[float, Exception | None] = 0.0, None
        self._order = itertools.count()
        self._tasks: set[_Task] = set()
        # What is to be done next, one by one, in a thread that may wait for Dask's.
        self._next: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="cluster", daemon=True)
        self._thread.start()

    # Of all that an executor may be given, parcels alone.
    def submit(  # type: ignore[override]
        self, function: Callable[..., Run], /, parcel: Parcel
    ) -> Future[Run]:
        """Hand a parcel over; cancelling its future ends the run, also when it has begun."""
        task = _Task(function, parcel, next(self._order))
        self._next.put(partial(self._offer, task))
        task.future.add_done_callback(lambda _: self._next.put(partial(self._forget, task)))
        return task.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster; it ends what still runs for us."""
        self._next.put(None)
        self._thread.join(_CONNECT_S)

    def _work(self) -> None:
        while True:
            try:
                step = self._next.get(timeout=_LOOK_EVERY_S)
            except Empty:
                step = self._look
            if step is None:
                break
            try:
                step()
            except Exception as error:  # Dask gave up: nobody must wait for an answer
                for task in tuple(self._tasks):
                    task.fail(error)
        if self._client:
            self._client.close()

    def _connected(self, asked: float) -> Client:
        """Return a client; what was asked before a scheduler did not answer is not asked of it again."""
        if self._client and self._client.status != "closed":
            return self._client
        since, error = self._unreachable
        if error is None or asked > since:
            try:
                from distributed import Client

                self._client = Client(self._address, timeout=_CONNECT_S, set_as_default=False)
                return self._client
            except ImportError:
                error = ImportError("a cluster needs distributed: pip install distributed")
            except (OSError, ValueError) as failure:
                error = ConnectionError(f"no Dask scheduler at {self._address}: {failure}")
            self._unreachable = time.monotonic(), error
        raise error

    def _offer(self, task: _Task) -> None:
        if task.future.cancelled():
            return
        try:
            client = self._connected(task.asked)
            limits = {"workers": sorted(task.choice)} if task.choice else {}
            offered = task.offered = client.get_executor(**limits).submit(
                eval,
                f"{_RUN_PACKED}(engine, packed)",
                {"engine": ENGINE, "packed": pickle.dumps((task.function, task.parcel))},
                key=f"{task.parcel.tutorial.name}-{uuid.uuid4()}",
                priority=-task.order,
            )
        except Exception as error:
            task.fail(error)
            return
        self._tasks.add(task)
        offered.add_done_callback(lambda _: self._next.put(partial(self._settle, task)))

    def _forget(self, task: _Task) -> None:
        self._tasks.discard(task)
        if task.future.cancelled():
            task.withdraw()

    def _settle(self, task: _Task) -> None:
        """Hand on what an offer came to, or make the next one."""
        offered = task.offered
        if offered is None or task.future.done() or not offered.done():
            return
        if offered.cancelled():
            task.fail(ConnectionError(f"the Dask scheduler at {self._address} was lost"))
            return
        if error := offered.exception():
            is_lacking = isinstance(error, (ImportError, AttributeError))
            lacking = self._lacking() if is_lacking else {}
            if not lacking:
                task.fail(error)
                return
            task.refusals |= lacking
        else:
            answer = offered.result()
            if not isinstance(answer, tuple):
                if task.future.set_running_or_notify_cancel():
                    task.future.set_result(answer)
                return
            worker, task.refusals[worker] = answer
        self._offer_to_others(task)

    def _offer_to_others(self, task: _Task) -> None:
        task.choice = frozenset(self._workers() - set(task.refusals))
        if task.choice:
            self._offer(task)
        else:
            task.fail_as_refused()

    def _lacking(self) -> dict[str, str]:
        """Return the workers that have no such engine, with what they say."""
        if self._client is None:
            return {}
        answers = self._client.run(eval, f"{_RUN_PACKED} and None", on_error="return")
        return {
            worker: f"no such tutorial_engine ({answer})"
            for worker, answer in answers.items()
            if isinstance(answer, (ImportError, AttributeError))
        }

    def _look(self) -> None:
        """Offer again what waits for workers that are gone."""
        limited = [task for task in self._tasks if task.choice and not task.future.done()]
        workers = self._workers() if limited else set()
        for task in limited:
            if task.choice & workers:
                task.alone_since = 0.0
                continue
            task.alone_since = task.alone_since or time.monotonic()
            if workers - set(task.refusals):
                task.withdraw()
                self._offer_to_others(task)
            elif time.monotonic() > task.alone_since + _PATIENCE_S:
                task.withdraw()
                task.fail_as_refused()

    def _workers(self) -> set[str]:
        return set(self._client.scheduler_info()["workers"]) if self._client else set()


def run_packed(engine: str, packed: bytes) -> Answer:
    """Run a parcel on a worker; return its run, or the worker's address and why it refuses."""
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def is_wanted() -> bool:
        # Dask goes on with what it has begun, and only notes that nobody waits for it.
        task = worker.state.tasks.get(key)
        return task is not None and task.state == "executing"

    if engine != ENGINE:
        return worker.address, f"{platform.node()} has tutorial_engine {ENGINE} instead of {engine}"
    try:
        function, parcel = pickle.loads(packed)
    except Exception as error:  # whatever other versions make of it
        return worker.address, f"{platform.node()} cannot read it: {type(error).__name__}: {error}"
    try:
        run: Run = function(parcel, is_wanted)
        return run
    except Refused as error:
        return worker.address, error.message
