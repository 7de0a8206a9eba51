"""What a video run is set to beyond the fields of a request. Parsed from its `extra`, validated here."""

from dataclasses import dataclass

from aigc_kit.diffusion.settings import check_switches, read
from aigc_kit.errors import BadInput
from aigc_kit.types import Request
from aigc_kit.types.base import shown


@dataclass(frozen=True)
class Settings:
    """How a clip is made.

    Args:
        first_block_cache: skip the other blocks of the transformer in steps in which what its first block adds changed
            by less than this share (0.02 to 0.2 are usual; higher is faster and further off). None: never.
            Source: diffusers' FirstBlockCacheConfig, after ParaAttention.
        follow: on a CPU, follow live tensors for true peaks (it costs time). A GPU's allocator always counts.

    Raises:
        BadInput: a value outside these ranges.
    """

    first_block_cache: float | None = None
    follow: bool = False

    def __post_init__(self) -> None:
        share = self.first_block_cache
        number = isinstance(share, (int, float)) and not isinstance(share, bool)
        if share is not None and not (number and 0 < share < 1):
            todo = "choose 0 < share < 1, such as 0.05, or leave it out"
            raise BadInput(asked=f"first_block_cache={shown(share)}", found="not a share between 0 and 1", todo=todo)
        check_switches(self, "follow")

    @classmethod
    def of(cls, request: Request) -> "Settings":
        """The settings in a request's `extra`; None there leaves the default.

        Raises:
            UnknownName: a setting that does not exist. BadInput: a value out of range.
        """
        return read(cls, request, "a clip")
