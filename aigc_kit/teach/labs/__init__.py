"""Find the labs.

Each is a folder labNN with its record, figures, widgets and checks. A theme that fills two sittings is two labs, whose
numbers differ by a letter: "02" asks for lab02a and lab02b.
"""

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from string import ascii_lowercase

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import UnknownName


@dataclass(frozen=True)
class Exhibit:
    """Name a work of a lab that the gallery shows.

    Args:
        file: below the lab's folder of the output: a record ("04_clip.json"), a work that joins modalities
            ("05_story/work.json") or a picture ("01_verse.png").
        title: in Chinese.
        chosen: how it was chosen, in Chinese. What its record says (`record.save(chosen=)`) comes before it.
    """

    file: str
    title: str
    chosen: str


@dataclass(frozen=True)
class Lab:
    """Describe a notebook of the course.

    Args:
        number: "01" .. "15", with a letter where a theme has several labs ("02a").
        notebook: file name in notebooks/.
        title: in Chinese.
        cards: card names that the tiny tier reads, in the order of preference.
        full: card names that the full tier reads.
        core: part of `make labs`.
        budget_seconds: longest time that its headless run may take in the tiny tier on 2 cores.
        exhibits: what the gallery shows of it, the best first; without any, every work and every record with a label.
    """

    number: str
    notebook: str
    title: str
    cards: tuple[str, ...]
    full: tuple[str, ...]
    core: bool
    budget_seconds: int
    exhibits: tuple[Exhibit, ...] = ()


@cache
def every() -> tuple[Lab, ...]:
    """Find the labs of this package, by their numbers."""
    names = sorted(each.name for each in iter_modules(__path__) if each.ispkg and each.name.startswith("lab"))
    return tuple(import_module(f"{__name__}.{name}").LAB for name in names)


def get(number: str) -> Lab:
    """Give the lab of that number.

    Raises:
        UnknownName: there is none, or it has parts.
    """
    labs = numbered(number)
    if len(labs) > 1:
        names = [lab.number for lab in labs]
        raise UnknownName(
            asked=Words(f"one lab {number!r}", f"一个实验 {number!r}"),
            found=Words(f"it has {len(labs)} parts", f"它有 {len(labs)} 个部分"),
            todo=Words(f"choose from {names}", f"从 {names} 里选"),
        )
    return labs[0]


def numbered(number: str) -> tuple[Lab, ...]:
    """List the lab of that number, or its parts.

    Args:
        number: such as "1", "01", "02" (every part of it) or "02a".

    Raises:
        UnknownName: there is none.
    """
    wanted = str(number).rjust(3 if str(number)[-1:].isalpha() else 2, "0")
    labs = tuple(lab for lab in every() if wanted in (lab.number, lab.number.rstrip(ascii_lowercase)))
    if not labs:
        todo = Words(f"choose from {[lab.number for lab in every()]}", f"从 {[lab.number for lab in every()]} 里选")
        raise UnknownName(
            asked=Words(f"lab {number!r}", f"实验 {number!r}"),
            found=Words("no lab of that number", "没有这个编号的实验"),
            todo=todo,
        )
    return labs
