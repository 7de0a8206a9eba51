"""What the errors of a learner must say in Chinese, and how a sentence of English is told from code and names."""

import re
import sys
from pathlib import Path

FOLDERS = (
    *("core", "make", "media", "memory/plan", "memory/offload", "memory/footprint", "worlds", "works"),
    *("keep/record", "keep/sweep", "models", "promptlab", "teach/checks", "teach/labs", "teach/show"),
)
"""Folders whose errors a cell of a notebook can meet. The rest speaks to a terminal: cli, doctor, setup,
commands of classroom and notebooks, the X-ray's internals, the fit of a machine's overheads."""
TERMINAL = {
    "memory/footprint/fit.py",  # python -m assets.fit
    "memory/footprint/overheads.py",
    "teach/show/readme.py",  # pictures for the README
}
"""Files in these folders that only somebody who keeps the kit meets."""

_CODE = (
    r"\b(?:aigc|pip|uv|python|apt-get) [ -~]+",  # commands
    r"\n  .*",  # the learner's own line
    r"`[^`]*`|'[^']*'|\"[^\"]*\"|“[^”]*”",  # quoted
    r"原话）?：[\s\S]*",  # what another program said, as it is
    r"\([^()]*\)|\[[^][]*\]|\{[^{}]*\}",  # arguments, lists, mappings
    r"\S*[/\\=_.:<>*|-]\S*",  # paths, options, code
)


def enforced(file: str) -> bool:
    """Whether the errors of a file of the package (a path in it, with /) have to be in two languages."""
    return file not in TERMINAL and any(file.startswith(f"{folder}/") for folder in FOLDERS)


def has_chinese(text: str) -> bool:
    return bool(re.search(r"[\u4e00-\u9fff]", text))


def english(text: str, words: int = 3) -> str | None:
    """So many English words in a row, if there are; names, code and what others said are none."""
    for pattern in _CODE:
        text = re.sub(pattern, " · ", text)
    found = re.search(r"(?:\b[A-Za-z]+\b[ ,]+){" + str(words - 1) + r",}\b[A-Za-z]{2,}\b", text)
    return found and found[0]


def neutral(text: str) -> bool:
    """Whether a text is the same in every language: numbers, `name=`, `name(`, what is quoted."""
    return not re.search(r"[A-Za-z]{2,}", re.sub(r"\w+[=(\[]|`[^`]*`|'[^']*'", "", text))


def origin(depth: int) -> str | None:
    """The file of the package whose code made an error, `depth` calls above; None where it is elsewhere."""
    import aigc_kit

    package, frame = Path(aigc_kit.__file__).parent, sys._getframe(depth)
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(package) and path != package / "core" / "errors.py":
            return path.relative_to(package).as_posix()
        if not path.is_relative_to(package) and path.name != "functools.py":
            return None
        frame = frame.f_back
    return None


def faults(problem) -> list[str]:
    """What is wrong with the Chinese of an error of the kit."""
    wrong = []
    for label, words in zip(("要求", "发现", "怎么办"), problem.told, strict=True):
        if re.match(r"\w+=", words.zh):  # a setting as it was written: whatever it is, it is the learner's own
            continue
        sentence = english(words.zh, 3 if has_chinese(words.zh) else 2)
        if sentence:
            wrong.append(f"{label}：{words.zh}  (English: {sentence})")
    return wrong
