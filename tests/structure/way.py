"""Follow one warm run through the files of the kit."""

import sys
import tempfile
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

from tests.structure.house import PACKAGE, inside, room

# What every room stands on; a glance at a type or a unit is no change of room. "core", or what it was made of
GROUND = {"core", "errors", "labs", "paths", "redact", "types", "units"}
ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "text": ("<五绝>春晓<诗>", {"card": "poem", "max_new_tokens": 3}),
    "speech": ("今天的天气真不错。", {}),
    "image": ("一只红色的小猫", {"steps": 2}),
    "video": ("一只小狗在月球上跳舞", {"steps": 2, "frames": 9}),
}


def calls(work: Callable[[], object]) -> list[str]:
    """List the files whose functions are called, call by call.

    All threads count, in the order of the events; a file of the kit stands in the list once for every call.
    """
    places, top = list[str](), f"{PACKAGE}/"

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(top):
            places.append(frame.f_code.co_filename)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]
    return places


def changes(places: list[str]) -> int:
    """Count how often the place is another one than before.

    >>> changes(["plan", "plan", "fetch", "plan"])
    2
    """
    return sum(one != other for one, other in pairwise(places))


def make_and_save(kind: str, folder: Path) -> None:
    """Make what is asked of a modality, and save it."""
    from aigc_kit import image, record, speech, text, video

    modality = {"text": text, "speech": speech, "image": image, "video": video}[kind]
    prompt, values = ASKED[kind]
    if hasattr(modality, "make"):
        take = modality.make(prompt, seed=1, **values)
    else:
        plan = modality.plan_for(prompt, seed=1, **values)
        take = modality.run(plan.request, plan)
    record.save(take, folder)


def way(kind: str) -> dict[str, int]:
    """Measure a modality's second run in this process.

    Returns:
        files: of the kit that were entered. changes: of room, what lies in the ground left out. folder_changes: the
        same with the folder of a file as its room. all_changes: of room, the ground counted. calls: of functions.
    """
    with tempfile.TemporaryDirectory() as folder:
        make_and_save(kind, Path(folder))
        paths = [Path(name) for name in calls(lambda: make_and_save(kind, Path(folder)))]
    above = [path for path in paths if room(path) not in GROUND]
    return {
        "files": len(set(paths)),
        "changes": changes([room(path) for path in above]),
        "folder_changes": changes([inside(path.parent) if path.parent != PACKAGE else room(path) for path in above]),
        "all_changes": changes([room(path) for path in paths]),
        "calls": len(paths),
    }
