"""Keep what text encoders computed, by its bytes."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types.atoms import plain, shown
from aigc_kit.promptlab.caches.exact import Tally


class TensorCache:
    """Keep tensors that were used last, by their bytes.

    What is kept is a copy, and so is what is given: nobody changes what others read. A tuple larger than the whole
    cache is given, not kept.

    Args:
        limit: bytes, >= 1.
    """

    def __init__(self, limit: int) -> None:
        number = plain(limit)
        if not isinstance(number, int) or isinstance(number, bool) or number < 1:
            raise BadInput(
                asked=Words(f"a cache of {shown(limit)} bytes", f"{shown(limit)} 字节的缓存"),
                found=Words("not an integer >= 1", "不是大于等于 1 的整数"),
                todo=Words("give one, such as 64_000_000", "给一个，例如 64_000_000"),
            )
        self.limit, self.held, self.tally = number, 0, Tally()
        self._values: OrderedDict[str, tuple[Any, ...]] = OrderedDict()
        self._lock = Lock()

    def fetch(self, name: str, make: Callable[[], tuple[Any, ...]]) -> tuple[Any, ...]:
        """Give tensors, computed where they are not kept.

        Args:
            name: `exact.key` of text and model.
            make: gives a tuple of tensors, all with `clone` and `nbytes` (torch).
        """
        with self._lock:
            if name in self._values:
                self.tally.hits += 1
                self._values.move_to_end(name)
                return tuple(each.clone() for each in self._values[name])
            self.tally.misses += 1
        values = tuple(make())
        copy = tuple(each.detach().clone() for each in values)
        size = sum(each.nbytes for each in copy)
        with self._lock:
            if size <= self.limit:
                self._drop(name)
                self._values[name] = copy
                self.held += size
                while self.held > self.limit:
                    self._drop(next(iter(self._values)))
                    self.tally.dropped += 1
        return values

    def _drop(self, name: str) -> None:
        self.held -= sum(each.nbytes for each in self._values.pop(name, ()))
