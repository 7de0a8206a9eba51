"""Draft, parse, check and retime the shots of a storyboard."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.works.review import length

TOTAL = 60.0
SHORTEST, MOST_SHOTS = 1.0, 40
COLUMNS = ("镜头序号", "画面描述", "旁白", "音效/音乐", "秒")
TO_WRITE = "请补画面："
CLOSE = 0.005  # seconds by which the sum may differ, for seconds typed with two digits

PROMPT = """请把下面的文章改写成一个 {total:g} 秒短视频的分镜表，共 {shots} 个镜头，节奏快，画面有冲击力。
只输出一个表格，列为：{columns}，用 | 分隔；最后一列是这个镜头的秒数，加起来正好 {total:g}。
旁白每秒不超过 4 个字。

文章：
{article}"""


@dataclass(frozen=True)
class Shot:
    """Describe one shot, in words, of at least 1 second."""

    picture: str
    voice: str
    sound: str
    seconds: float

    def __post_init__(self) -> None:
        try:
            seconds = float(self.seconds)
        except (TypeError, ValueError):
            seconds = float("nan")
        if not SHORTEST <= seconds <= 600:
            raise BadInput(
                asked=Words(f"a shot of {self.seconds!r} s", f"一个 {self.seconds!r} 秒的镜头"),
                found=Words("no length", "这不是时长"),
                todo=Words("1 to 600 seconds", "给 1 到 600 秒"),
            )
        if not str(self.picture).strip():
            raise BadInput(
                asked=Words("a shot", "一个镜头"),
                found=Words("nothing to see", "没有可看的画面"),
                todo=Words("say what is in the picture", "写明画面里有什么"),
            )
        object.__setattr__(self, "seconds", seconds)


@dataclass(frozen=True)
class Storyboard:
    """Keep shots whose seconds add up to `total`.

    Raises:
        BadInput: no shots, too many, or another sum; the message says by how much.
    """

    shots: tuple[Shot, ...]
    total: float = TOTAL

    def __post_init__(self) -> None:
        object.__setattr__(self, "shots", tuple(self.shots))
        if not 1 <= len(self.shots) <= MOST_SHOTS:
            raise BadInput(
                asked=Words(f"a storyboard of {len(self.shots)} shots", f"有 {len(self.shots)} 个镜头的分镜表"),
                found=Words("too many to follow", "太多了，看不过来")
                if self.shots
                else Words("nothing to see", "没有可看的"),
                todo=Words(f"1 to {MOST_SHOTS}", f"1 到 {MOST_SHOTS} 个"),
            )
        seconds = sum(shot.seconds for shot in self.shots)
        more = seconds - self.total
        if abs(more) > CLOSE:
            todo = Words(
                f"{'take away' if more > 0 else 'add'} {abs(more):g} s, or call balanced(...)",
                f"{'减去' if more > 0 else '加上'} {abs(more):g} 秒，或调用 balanced(...)",
            )
            raise BadInput(
                asked=Words(f"a storyboard of {self.total:g} s", f"{self.total:g} 秒的分镜表"),
                found=Words(f"the shots last {seconds:g} s", f"镜头一共 {seconds:g} 秒"),
                todo=todo,
            )

    @property
    def starts(self) -> tuple[float, ...]:
        """Say when each shot begins, in seconds."""
        return tuple(accumulate((shot.seconds for shot in self.shots[:-1]), initial=0.0))

    def table(self) -> list[dict[str, Any]]:
        """Lay out rows for a table, by COLUMNS."""
        return [
            dict(zip(COLUMNS, (number, *vars(shot).values()), strict=True)) for number, shot in enumerate(self.shots, 1)
        ]

    def subtitles(self) -> str:
        """Write the voice-over as WebVTT."""
        lines = ["WEBVTT", ""]
        for shot, start in zip(self.shots, self.starts, strict=True):
            if shot.voice.strip():
                words = " ".join(shot.voice.split()).replace("-->", "→").replace("&", "&amp;").replace("<", "&lt;")
                lines += [f"{_clock(start)} --> {_clock(start + shot.seconds)}", words, ""]
        return "\n".join(lines)

    def pictured(self, pictures: Sequence[str]) -> "Storyboard":
        """Say anew what is to be seen in every shot.

        Raises:
            BadInput: another number of descriptions, or an empty one.
        """
        if len(pictures) != len(self.shots):
            fault = Words(f"{len(pictures)} descriptions", f"有 {len(pictures)} 段描述")
            raise BadInput(
                asked=Words(f"the pictures of {len(self.shots)} shots", f"{len(self.shots)} 个镜头的画面"),
                found=fault,
                todo=Words("one for each shot", "每个镜头一段"),
            )
        shots = tuple(replace(s, picture=words) for s, words in zip(self.shots, pictures, strict=True))
        return replace(self, shots=shots)

    def retimed(self, spoken: Sequence[float], pause: float = 0.4) -> "Storyboard":
        """Give every shot at least the time of its voice.

        Args:
            spoken: seconds of voice of each shot.
            pause: seconds after each voice.

        Raises:
            BadInput: the voice alone is longer than the storyboard, or another number of lengths.
        """
        if len(spoken) != len(self.shots):
            fault = Words(f"{len(spoken)} voices", f"有 {len(spoken)} 段配音")
            raise BadInput(
                asked=Words(f"{len(self.shots)} shots", f"{len(self.shots)} 个镜头"),
                found=fault,
                todo=Words("one for each, 0 if none", "每个镜头一段，没有的写 0"),
            )
        least = [max(voice + pause if voice > 0 else 0.0, SHORTEST) for voice in spoken]
        if sum(least) > self.total:
            task = Words(f"a storyboard of {self.total:g} s", f"{self.total:g} 秒的分镜表")
            fault = Words(f"the voice alone takes {sum(least):.1f} s", f"光是配音就要 {sum(least):.1f} 秒")
            raise BadInput(
                asked=task, found=fault, todo=Words("shorten the voice-over, or speak faster", "缩短配音，或读得快一点")
            )
        room = [max(shot.seconds - low, 0.0) for shot, low in zip(self.shots, least, strict=True)]
        spare, share = self.total - sum(least), sum(room)
        more = [spare * (want / share if share else 1 / len(room)) for want in room]
        return _summing(self.shots, [low + extra for low, extra in zip(least, more, strict=True)], self.total, -1)


def from_rows(rows: Iterable[Mapping[str, Any]], total: float = TOTAL) -> Storyboard:
    """Build a storyboard from rows with keys of COLUMNS.

    Raises:
        BadInput: as `Storyboard` and `Shot`; the message says which shot.
    """
    shots = []
    for index, row in enumerate(rows, 1):
        try:
            shots.append(Shot(*(row[name] for name in COLUMNS[1:])))
        except KeyError as error:
            raise BadInput(
                asked=Words(f"shot {index}", f"第 {index} 个镜头"),
                found=Words(f"no column {error}", f"没有 {error} 这一列"),
                todo=Words(f"give {COLUMNS}", f"给出 {COLUMNS}"),
            ) from None
        except BadInput as error:
            raise BadInput(
                asked=Words(f"shot {index}: ", f"第 {index} 个镜头：") + error.told.asked,
                found=error.told.found,
                todo=error.told.todo,
            ) from None
    return Storyboard(tuple(shots), total)


def prompt(article: str, shots: int = 8, total: float = TOTAL) -> str:
    """Write what to ask a text engine for a storyboard."""
    return PROMPT.format(total=total, shots=shots, columns=" | ".join(COLUMNS), article=article.strip())


def parse(answer: str, total: float = TOTAL) -> Storyboard:
    """Read the table in a model's answer.

    The last cell says how long a shot lasts: `5`, `5秒`, `五秒左右`, `0:05`, `00:05`, or a span of time such as `0-7s`,
    `0:07～0:15`, of which the length is taken. Where several spans do not follow each other (`3-5秒`),
    they are read as from 3 to 5 seconds, and their middle is taken. Headers, rules and rows of sums (合计, 总计, total)
    are no shots. Seconds that do not add up are balanced, since models cannot count.

    Raises:
        BadInput: no table with such columns in it; a numbered row without a length, or a span that ends before it
            begins (its line is named).
    """
    shots: list[Shot] = []
    lengths = []
    for number, line in enumerate(answer.splitlines(), 1):
        cells = [cell.strip() for cell in line.strip().strip("|｜").replace("｜", "|").split("|")]
        if len(cells) != len(COLUMNS) or not cells[1] or _is_sum(cells):
            continue
        named = Words(f"line {number}: ", f"第 {number} 行：") + line.strip()[:60]
        length = _seconds(cells[-1], named)
        if length is not None:
            shots.append(Shot(cells[1], cells[2], cells[3], SHORTEST))
            lengths.append(length)
        elif re.search(r"[\d一二三四五六七八九十]", cells[0]) or (shots and not _IS_HEADER.search(cells[-1])):
            raise BadInput(
                asked=named,
                found=Words(f"no length in the last cell, {cells[-1]!r}", f"最后一格 {cells[-1]!r} 里没有时长"),
                todo=Words(
                    "write it there in seconds, such as 5秒, 0:05 or 0-5s", "用秒写在那里，例如 5秒、0:05 或 0-5s"
                ),
            )
    if not shots:
        fault = Words("no row of five cells that ends in seconds", "没有一行是五格、最后一格写着时长的")
        raise BadInput(
            asked=Words("a storyboard from an answer", "从一段回答读出分镜表"),
            found=fault,
            todo=Words("ask again, or take draft(article)", "再问一次，或用 draft(文章)"),
        )
    seconds = [min(max(each, SHORTEST), 600) for each in _lasting(lengths)]
    return balanced([replace(shot, seconds=each) for shot, each in zip(shots, seconds, strict=True)], total)


_IS_HEADER = re.compile(r"秒|时长|时间|长度|sec|duration|time|length|^[:：\s-]*-{2,}", re.I)
_NUMBER = r"(\d+(?:[.,]\d+)?)"
_TIME = rf"(?:(?:(\d{{1,2}})\s*[:：]\s*)?(\d{{1,3}})\s*[:：'′’]\s*)?{_NUMBER}\s*(?:秒钟?|s|sec(?:onds?)?|\"|″|”)?"
_SPAN = re.compile(rf"{_TIME}\s*(?:[-–—−~～→]+|->|到|至|to)\s*{_TIME}", re.I)
_MINUTES = re.compile(rf"(?:{_NUMBER}\s*(?:分钟?|min(?:utes?)?)\s*)(?:{_NUMBER}\s*(?:秒钟?|s)?)?", re.I)
_SUM = re.compile(r"^\W*(?:合计|总计|共计|总时长|小计|总和|total|sum\b)", re.I)
_ABOUT = r"每镜头?|[约大最多少后前时长第各每共]|大约|持续|about|approx\.?|ca\.|[~～≈]"
_NUMERALS = re.compile(r"[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九](?=[秒分])")


def _is_sum(cells: Sequence[str]) -> bool:
    """Tell a row of sums by its first words."""
    return bool(_SUM.match(cells[0]) or (not re.search(r"\d", cells[0]) and _SUM.match(cells[1])))


def _lasting(lengths: Sequence[float | tuple[float, float]]) -> list[float]:
    """Turn spans into lengths, ranges into their middles."""
    spans = [each for each in lengths if isinstance(each, tuple)]
    follow = [0 <= later[0] - earlier[1] <= 1 for earlier, later in pairwise(spans)]
    are_times = any(follow) or len(spans) == 1
    return [each if isinstance(each, float) else each[1] - each[0] if are_times else sum(each) / 2 for each in lengths]


def _seconds(cell: str, line: Words) -> float | tuple[float, float] | None:
    """Read how long a shot lasts, or None."""
    from cn2an import cn2an

    text = re.sub(r"(?<=.)\s*[（(][^（）()]*[)）]$", "", cell.strip("* "))  # a remark behind the time
    text = re.sub(rf"^(?:(?:{_ABOUT})\s*[:：]?\s*)+", "", text.strip("（）()[]【】 "))
    text = re.sub(r"\s*(?:左右|上下|以内|之内|/\s*镜头?|。)$", "", text.replace("第", ""))
    text = text.replace("半分钟", "30秒").replace("分半钟", "分30秒")
    text = _NUMERALS.sub(lambda match: str(cn2an(match[0], "normal")), text)
    if match := _SPAN.fullmatch(text):
        start, end = _clock_seconds(match.groups()[:3]), _clock_seconds(match.groups()[3:])
        if end <= start:
            raise BadInput(
                asked=line,
                found=Words(f"a span of {end - start:g} s", f"时长是 {end - start:g} 秒"),
                todo=Words("write the beginning before the end", "先写开始时间，再写结束时间"),
            )
        return start, end
    if match := re.fullmatch(_TIME, text, re.I):
        return _clock_seconds(match.groups())
    if match := re.fullmatch(rf"{_NUMBER}\s*(?:ms|毫秒)", text, re.I):
        return _plain(match[1]) / 1000
    if match := _MINUTES.fullmatch(text):
        return 60 * _plain(match[1]) + _plain(match[2] or "0")
    return None


def _plain(number: str) -> float:
    return float(number.replace(",", "."))


def _clock_seconds(groups: Sequence[str | None]) -> float:
    hours, minutes, seconds = (_plain(group or "0") for group in groups)
    return 3600 * hours + 60 * minutes + seconds


def balanced(shots: Sequence[Shot], total: float = TOTAL) -> Storyboard:
    """Scale seconds to add up, none under one second."""
    if len(shots) * SHORTEST > total:
        raise BadInput(
            asked=Words(f"{len(shots)} shots in {total:g} s", f"{total:g} 秒里有 {len(shots)} 个镜头"),
            found=Words("under a second each", "每个不到一秒"),
            todo=Words("take fewer", "减少镜头"),
        )
    extras = [shot.seconds - SHORTEST for shot in shots]
    spare = total - SHORTEST * len(shots)
    seconds = [SHORTEST + (spare * extra / sum(extras) if sum(extras) else spare / len(shots)) for extra in extras]
    hundredths = [round(value, 2) for value in seconds]
    return _summing(shots, seconds, total, hundredths.index(max(hundredths)))


def _summing(shots: Sequence[Shot], seconds: Sequence[float], total: float, patient: int) -> Storyboard:
    """Round seconds, `patient` being the shot that bears the difference."""
    hundredths = [round(value, 2) for value in seconds]
    hundredths[patient] = round(hundredths[patient] + total - sum(hundredths), 2)
    return Storyboard(tuple(replace(s, seconds=v) for s, v in zip(shots, hundredths, strict=True)), total)


def draft(article: str, shots: int = 8, total: float = TOTAL, pace: float = 4.0) -> Storyboard:
    """Draft a storyboard by rule: sentences in order, shortened.

    At most `shots` in `total` seconds; `pace` is the characters that the voice says in a second, 4 being calm. A rule
    cannot see pictures: it marks the column as still to be written (`TO_WRITE`), see `Storyboard.pictured`.

    Raises:
        BadInput: no text.
    """
    sentences = [piece.strip() for piece in re.findall(r"[^。！？!?\n]+[。！？!?]?[”’」]?", article) if length(piece)]
    if not sentences:
        raise BadInput(
            asked=Words("a storyboard", "一张分镜表"),
            found=Words("no sentence", "没有句子"),
            todo=Words("write the article first", "先把文章写好"),
        )
    count = min(shots, len(sentences))
    scenes = []
    for index, group in enumerate(_groups(sentences, count)):
        voice = _shortened(group, int(total * pace / count))
        sound = "江南风格，欢快的音乐进入" if index == 0 else "音乐渐弱，一声轻响" if index == count - 1 else "音乐继续"
        scenes.append(Shot(f"{TO_WRITE}{_scene(group[0])}", voice, sound, SHORTEST + length(voice)))
    return balanced(scenes, total)


def _scene(sentence: str, most: int = 24) -> str:
    """Describe a sentence by its clauses within `most` signs."""
    clauses = re.findall(r"[^，；：,;。！？!?]+[，；：,;。！？!?]*", sentence)
    phrase = _within(clauses, most, size=len).rstrip("，；：,;。！？!?”’」")
    return phrase if len(phrase) <= most else phrase[: most - 1] + "…"


def _groups(sentences: list[str], count: int) -> list[list[str]]:
    """Split sentences into `count` groups of about one length."""
    groups: list[list[str]] = [[] for _ in range(count)]
    size, spoken_length = sum(map(length, sentences)), 0
    for index, sentence in enumerate(sentences):
        empty = next((i for i, group in enumerate(groups) if not group), count)
        place = min(int(spoken_length / size * count), empty, count - 1)
        if len(sentences) - index <= count - empty:  # as many left as empty groups: one each
            place = empty
        groups[max(place, empty - 1, 0)].append(sentence)
        spoken_length += length(sentence)
    return groups


def _shortened(group: list[str], most: int) -> str:
    """Take the first sentences or clauses within `most` characters."""
    if length(group[0]) <= 1.5 * most:
        return _within(group, most)
    phrase = _within(re.findall(r"[^，；：,;]+[，；：,;]?", group[0]), most)
    return phrase.rstrip("，；：,;") + ("" if phrase[-1] in "。！？!?”" else "。")


def _within(pieces: list[str], most: float, size: Callable[[str], int] = length) -> str:
    """Join the first pieces, one at least, within a size."""
    phrase = ""
    for piece in pieces:
        if phrase and size(phrase + piece) > most:
            break
        phrase += piece
    return phrase


def _clock(seconds: float) -> str:
    whole = round(seconds * 1000)
    return f"{whole // 3600000:02}:{whole // 60000 % 60:02}:{whole // 1000 % 60:02}.{whole % 1000:03}"
