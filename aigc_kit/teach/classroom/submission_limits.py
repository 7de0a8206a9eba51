"""Limit what a submission may hold, packed and unpacked."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from aigc_kit.core.types import FrozenMap
from aigc_kit.core.units import KB, MB
from aigc_kit.works.parts import MOST_BYTES

FORMAT = 1
MANIFEST = "submission.json"
FILES = 1000
TOTAL_BYTES = 200 * MB
NAME_BYTES = 120  # of one part of a path
DEPTH = 6
DIRECTORY_BYTES = 400 * KB  # of the archive's list of files
JSON_BYTES = 16 * MB
PERSON = 60  # characters of a learner's name

# Data that a teacher can look at. Models, programs, archives and pickles are none of a learner's works.
# A story takes its media up to MOST_BYTES of their kind, so they can be handed in up to there.
ENDINGS: Mapping[str, int] = FrozenMap(
    {
        **dict.fromkeys((".json", ".txt", ".md", ".csv"), 20 * MB),
        **dict.fromkeys((".png", ".jpg", ".jpeg", ".webp", ".gif"), MOST_BYTES["image"]),
        **dict.fromkeys((".wav", ".mp3", ".ogg"), MOST_BYTES["audio"]),
        **dict.fromkeys((".mp4", ".webm"), MOST_BYTES["video"]),
        ".html": 40 * MB,
    }
)
"""Ending -> most bytes of one such file."""

# What operating systems and office programs leave beside files
SYSTEM_NAMES = re.compile(
    r"__macosx|(?:eh)?thumbs(?:_vista)?\.db|desktop\.ini|icon\r|\$recycle\.bin|system volume information|@eadir|"
    r"__pycache__|network trash folder|~\$.*|~wr[ld]\d+\.tmp|.*~|\.(?!\.?$).+",  # and what is hidden
    re.I,
)


def is_system_file(name: str) -> bool:
    """Tell files that no person put there, or hidden ones.

    >>> [is_system_file(n) for n in ("a/.DS_Store", "__MACOSX/._a.txt", "works/~$a.txt", "works/a.txt", "../a.txt")]
    [True, True, True, False, False]
    """
    return any(SYSTEM_NAMES.fullmatch(part) for part in PurePosixPath(name).parts)


def most_bytes(name: str) -> int:
    """Give the largest size that a name may have.

    >>> most_bytes("works/film.WEBM"), most_bytes("works/model.bin")
    (60000000, 0)
    """
    return ENDINGS.get(PurePosixPath(name.lower()).suffix, 0)
