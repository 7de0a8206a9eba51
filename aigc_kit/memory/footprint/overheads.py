"""Hold the four fitted numbers that no trace can see."""

import json
from dataclasses import dataclass, fields
from pathlib import Path

from aigc_kit.core import paths
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Words

NEEDED = 6  # fields of a file; those kept before the others came have no more


@dataclass(frozen=True)
class Overheads:
    """Bridge what tensors need and what a GPU shows.

    Args:
        workspace: bytes of workspace per number in input and output of a convolution at work.
        reserve: bytes reserved by the allocator per byte of activations and workspace allocated, >= 1; where no replay
            was made.
        base: bytes allocated in any case (workspaces of the matrix library, which differ by card).
        context: bytes of the CUDA context, which only the driver sees.
        error: relative half-width of the interval around activations and workspace (weights are exact), of what is
            reserved.
        source: on what they were fitted.
        allocated_error: the same of what is allocated; None: as `error`.
        replay: bytes reserved per byte of the segments that a replay through torch's allocator takes.
    """

    workspace: float
    reserve: float
    base: int
    context: int
    error: float
    source: Words | str
    allocated_error: float | None = None
    replay: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", Words.of(self.source))
        bad = [f.name for f in fields(self)[:5] if not getattr(self, f.name) >= 0]
        if bad or self.reserve < 1 or not str(self.source):
            raise BadInput(
                asked=f"overheads {self}",
                found="a negative number, reserve below 1, or no source",
                todo="fit them again",
            )


def load_overheads(path: Path | None = None) -> Overheads:
    """Read overheads (default: the kit's), or raise a BadInput."""
    file = path or paths.assets() / "data" / "overheads.json"
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        own = [f.name for f in fields(Overheads)]
        return Overheads(**{name: content[name] for name in own if name in content or own.index(name) < NEEDED})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(
            asked=f"overheads of {file.name}",
            found=f"{type(error).__name__}: {error}",
            todo="run: python -m assets.fit",
        ) from None
