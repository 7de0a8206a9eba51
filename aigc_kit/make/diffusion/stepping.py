"""A function that reports through a callback, turned into a generator.

A pipeline of diffusers runs to its end and calls back after each step. Here it runs in a thread of its own that waits
after every report until the next one is asked for, so only one of the two ever works. Leaving the generator early ends
the function at its next report, and what it holds is freed.
"""

from collections.abc import Callable, Generator
from queue import SimpleQueue
from threading import Thread
from typing import Any


class Stopped(BaseException):
    """Raised inside the function when nobody wants its next step. No Exception, so that no handler takes it."""


def stepwise(work: Callable[[Callable[[Any], None]], Any]) -> Generator[Any, None, Any]:
    """Run `work(report)`; yields what it reports, returns what it returns, raises what it raises."""
    reports: SimpleQueue[tuple[str, Any]] = SimpleQueue()
    wanted: SimpleQueue[bool] = SimpleQueue()

    def report(item: Any) -> None:
        reports.put(("step", item))
        if not wanted.get():
            raise Stopped

    def body() -> None:
        try:
            reports.put(("result", work(report)))
        except Stopped:
            reports.put(("stopped", None))
        except BaseException as error:  # told to the caller, whatever it is
            reports.put(("error", error))

    thread = Thread(target=body, name="aigc-diffusion", daemon=True)
    thread.start()
    try:
        while True:
            kind, value = reports.get()
            if kind == "step":
                yield value
                wanted.put(True)
            elif kind == "error":
                raise value
            else:
                return value
    finally:
        if thread.is_alive():
            wanted.put(False)
        thread.join()
