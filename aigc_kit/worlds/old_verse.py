"""Hold 诗经 and 楚辞, which the poem model never saw.

The model was trained on lines of five and seven characters alone. Lines of 诗经 have four, and in
楚辞 there is 兮: what tuning does, and what it makes the model forget, is seen at a glance and told by a program.
"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aigc_kit.core import paths
from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, CannotLoad, echo
from aigc_kit.worlds import verse
from aigc_kit.worlds.prompt_task import TEXT, Item, Mark, share

FORMS = ("诗经", "楚辞")
HELD = 40  # stanzas of a form that "held" draws from; no "train" item is among them


@dataclass(frozen=True)
class Stanza:
    """Hold a stanza: its form, the poem's title, its text."""

    form: str
    title: str
    text: str

    def lines(self, count: int | None = None) -> str:
        """Give its first lines, all of them without a count.

        >>> Stanza("诗经", "关雎", "关关雎鸠，在河之洲。窈窕淑女，君子好逑。").lines(2)
        '关关雎鸠，在河之洲。'
        """
        return "".join(
            f"{line}{'，。'[number % 2]}" for number, line in enumerate(verse.lines_of(self.text)[: count or None])
        )


def stanzas(form: str, path: Path | None = None) -> tuple[Stanza, ...]:
    """Read the stanzas of a form.

    Args:
        form: "诗经" (156 stanzas of eight lines of four characters) or "楚辞" (268 of four lines with 兮).
        path: of another file of that kind.

    Raises:
        BadInput: no such form. CannotLoad: the file is missing, cut short or something else.

    Source: npm chinese-poetry 2.0.1 (MIT); the texts are in the public domain. `assets/train/poem/old_verse.py` chose.
    """
    if form not in FORMS:
        raise BadInput(
            asked=Words(f"stanzas of {form!r}", f"{form!r} 的诗节"),
            found=Words("no such form", "没有这种诗体"),
            todo=Words(f"choose from {', '.join(FORMS)}", f"从 {'、'.join(FORMS)} 里选"),
        )
    file = paths.assets() / "data" / "old_verse.json" if path is None else Path(path)
    return tuple(stanza for stanza in _read(file) if stanza.form == form)


@cache
def _read(path: Path) -> tuple[Stanza, ...]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["poems"]
        return tuple(Stanza(row["form"], row["title"], row["text"]) for row in rows)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CannotLoad(
            asked=Words(f"the old verse in {path.name}", f"{path.name} 里的古诗"),
            found=echo(error),
            todo=Words("use assets/data/old_verse.json of the kit", "用教学包自己的 assets/data/old_verse.json"),
        ) from error


def kept(text: str, form: str) -> float:
    """Tell which share of a text's lines keeps the form.

    Args:
        text: any text; what stands before <诗> is left out.
        form: "诗经": lines of four characters; "楚辞": lines with 兮.

    Returns:
        0..1, 0 of a text without lines.

    >>> kept("关关雎鸠，在河之洲。床前明月光，疑是地上霜。", "诗经")
    0.5
    """
    lines = verse.lines_of(verse.body_of(text))
    right = [len(line) == 4 if form == "诗经" else "兮" in line for line in lines]
    return sum(right) / len(right) if right else 0.0


@dataclass(frozen=True)
class OldVerse:
    """Write old verse on a title, as a `PromptTask`.

    Args:
        form: "诗经" or "楚辞".
        lines: of a stanza that count; None: all.
    """

    form: str = "诗经"
    lines: int | None = None
    about: str = "按题目写一节古诗"
    metric: str = "每一行都合这种诗体的比例"
    labels: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name the task by form and lines."""
        return f"old-verse-{'odes' if self.form == '诗经' else 'songs'}-{self.lines or 'all'}"

    @property
    def instruction(self) -> str:
        """Ask as the poem model was taught to be asked."""
        return f"<五绝>{TEXT}<诗>"

    def items(self, count: int, *, split: str = "train", seed: int = 0) -> list[Item]:
        """Draw different stanzas, the same at every call.

        Raises:
            BadInput: another split than "train" and "held", or more than there are.
        """
        rows = list(enumerate(stanzas(self.form)))
        random.Random(0).shuffle(rows)
        parts = {"train": rows[:-HELD], "held": rows[-HELD:]}
        if split not in parts or not 0 <= count <= len(parts[split]):
            most = ", ".join(f"{name} {len(part)}" for name, part in parts.items())
            raise BadInput(
                asked=Words(f"{count} stanzas of the split {split!r}", f"{split!r} 里的 {count} 节"),
                found=Words(f"there are {most}", f"一共有 {most} 节"),
                todo=Words("ask for fewer, of train or held", '少要几节，split 写 "train" 或 "held"'),
            )
        chosen = random.Random(f"{self.form} {split} {seed}").sample(parts[split], count)
        return [
            Item(f"{self.form}-{number}", stanza.title, stanza.lines(self.lines), self.form)
            for number, stanza in chosen
        ]

    def prompt(self, instruction: str, item: Item, shots: Sequence[Item] = ()) -> str:
        """Put the title into the instruction.

        Raises:
            BadInput: examples, for the poem model reads none.
        """
        if shots:
            raise BadInput(
                asked=Words("a stanza after examples", "先给例子、再写一节"),
                found=Words("the poem model reads none", "诗歌模型不读例子"),
                todo=Words("leave shots empty", "不给 shots"),
            )
        return instruction.replace(TEXT, item.text)

    def check(self, item: Item, answer: str) -> Mark:
        """Judge whether every line keeps the form."""
        part = kept(answer, self.form)
        return Mark(part == 1, "" if part == 1 else f"只有 {part:.0%} 的行合{self.form}的体裁")

    def score(self, marks: Sequence[Mark]) -> float:
        """Return the share of texts that keep it."""
        return share(marks)
