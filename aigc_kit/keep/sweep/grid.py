"""Say which requests a sweep runs: base and dials."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import FrozenMap, Request, Words


@dataclass(frozen=True)
class Grid:
    """Turn dials around a base request, the last one fastest.

    Args:
        base: what all requests share.
        axes: dial -> its values, each at least one.
    """

    base: Request
    axes: FrozenMap

    @property
    def shape(self) -> tuple[int, ...]:
        """Count the values of each dial."""
        return tuple(len(values) for values in self.axes.values())

    def __len__(self) -> int:
        return prod(self.shape)

    def __iter__(self) -> Iterator[tuple[FrozenMap, Request]]:
        """Yield dial -> value and the request of every cell."""
        for values in product(*self.axes.values()):
            point = FrozenMap(dict(zip(self.axes, values, strict=True)))
            settings = dict(point)
            if "size" in settings:
                settings["height"], settings["width"] = settings.pop("size")
            yield point, self.base.change(**settings)


def grid(base: Request, **axes: Iterable[Any]) -> Grid:
    """Build a grid around a request.

    Args:
        base: such as `text.plan_for(...).request`.
        axes: dial -> values. A dial is a field of `Request` ("seed", "guidance", "prompt"), a setting of the modality
            ("temperature"), or "size" for (height, width).

    Raises:
        BadInput: no dial, a dial without values or with a text in place of a list, or a value that `Request` refuses.
    """
    if not axes:
        raise BadInput(
            asked=Words("a grid", "一个参数网格"),
            found=Words("no dial", "没有旋钮"),
            todo=Words("name one, such as seed=range(4)", "写一个，例如 seed=range(4)"),
        )
    dials = {}
    for name, values in axes.items():
        dials[name] = () if isinstance(values, str) else tuple(values)
        if not dials[name]:
            raise BadInput(
                asked=f"{name}={values!r}",
                found=Words("no list of values", "这不是一列值"),
                todo=Words("give a list or a range", "给一个列表或 range"),
            )
    cells = Grid(base, FrozenMap(dials))
    for _ in cells:  # every request is built once here, so that a wrong value is told before anything runs
        pass
    return cells
