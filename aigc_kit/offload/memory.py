"""Out of memory: recognise it, and let go of what the failed run still holds."""

import gc
import sys
import traceback
from types import TracebackType

_SAID_BY_CPU = ("can't allocate memory", "not enough memory")  # DefaultCPUAllocator, on Linux and on Windows
_LAST = ("last_traceback", "last_value", "last_type", "last_exc")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that a device or the host had no memory left."""
    import torch

    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _SAID_BY_CPU)


def forget(error: BaseException | None = None) -> None:
    """Free what tracebacks keep alive, then return the allocator's unused memory to the driver.

    A traceback holds the frames of the failed call, and those hold its tensors; an interactive shell keeps the last one
    in `sys.last_traceback` besides. The frames are emptied, not the error: it can still be told and raised.

    Args:
        error: caught by the caller; its causes and contexts are emptied too.
    """
    seen: set[int] = set()
    waiting = [error, getattr(sys, "last_value", None), getattr(sys, "last_exc", None)]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        _empty(one.__traceback__)
        waiting += [one.__cause__, one.__context__]
    _empty(getattr(sys, "last_traceback", None))
    for name in _LAST:
        if hasattr(sys, name):
            delattr(sys, name)
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


def _empty(trace: TracebackType | None) -> None:
    if trace is not None:
        traceback.clear_frames(trace)  # frames that still run stay as they are
