"""Check counts, holes, gluing, three exercises, and the page.

The genus is checked on meshes whose numbers are known by hand; the page is read by the standard library's parser.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from html.parser import HTMLParser
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from aigc_kit.teach.checks import check

HOLES = {"咖啡杯": 1, "碗": 0, "双耳锅": 2, "甜甜圈": 1, "没有镜片的眼镜框": 2, "实心球": 0}
STEPS = ("首先", "然后", "接着", "最后", "第一步", "第二步", "第三步", "随后", "接下来")
CONCEPT = re.compile(r"讲清楚一件事：([^。\n]+)")
FASTEST = 5.5  # characters a second; faster cannot be followed


@check("05", "a", title="不数棱也知道亏格", expects="一个函数 f(v, f)，用顶点数和三角形数算出亏格")
def a(function: Callable[[int, int], int]) -> bool | str:
    """Compare with meshes whose edges are counted."""
    tetrahedron = np.array([(0, 1, 2), (0, 3, 1), (0, 2, 3), (1, 3, 2)])
    cases = (
        ("四面体", 4, tetrahedron, 0),
        ("圆环（3×3 个方格）", 9, _grid(3, 3), 1),
        ("圆环（5×7）", 35, _grid(5, 7), 1),
    )
    for name, count, faces, genus in (*cases, ("双环（20 个顶点）", 20, np.zeros((44, 3)), 2)):
        answer = function(count, len(faces))
        if answer == genus:
            continue
        if answer == 2 - 2 * genus:
            return f"{name}：得到 {answer}，这是 V − E + F。再从 2 − 2 × 亏格 里解出亏格。"
        if answer == 1 - (count - 3 * len(faces) + len(faces)) / 2:
            return f"{name}：得到 {answer:g}。每个三角形有三条棱，可是每条棱属于几个三角形？"
        return f"{name}（V = {count}，F = {len(faces)}）：得到 {answer!r}，不对。先想：F 个三角形一共有几条棱？"
    return True


@check("05", "b", title="身边的亏格", expects=f"一个字典：{'、'.join(HOLES)} 各有几个洞")
def b(answer: Mapping[str, int]) -> bool | str:
    """Compare the numbers of holes of six things."""
    missing = [name for name in HOLES if name not in answer]
    if missing:
        return f"还差 {'、'.join(missing)}。"
    wrong = [name for name, holes in HOLES.items() if int(answer[name]) != holes]
    if not wrong:
        return True
    return f"{'、'.join(wrong)} 不对。问自己：能让一根绳子穿过去、系成圈而取不下来的地方有几处？凹坑不算洞。"


@check("05", "c", title="两个甜甜圈何时粘上", expects="(之前的 t, 之后的 t)，相差不超过 0.05")
def c(before: float, after: float) -> bool | str:
    """Ask for an interval round the moment of touch."""
    low, high = float(before), float(after)
    if not 0 <= low < high <= 1:
        return "两个 t 都要在 0 和 1 之间，而且前一个更小。"
    if high - low > 0.05 + 1e-9:
        return f"相差 {high - low:.3f}，还可以更准：每次取中点，看亏格像哪一边。"
    # the rings' outer radius is 0.70, their centres stand at 0.9 - 0.4 t: they touch where both are equal
    touch = (0.9 - 0.70) / 0.4
    if low - 0.13 <= touch <= high + 0.13:  # the grid sees a gap only from about a cell on
        return True
    return f"在 t = {low:.2f} 和 {high:.2f} 之间，亏格并没有变。两端各数一次，先确认它们不同。"


@check("05", "d", title="练习一：另一个概念", expects="你的提示词，和照着它得到的文章（两个字符串）")
def d(prompt: str, text: str) -> bool | str:
    """Ask for a filled prompt and a clean article."""
    return _prompt_hint(str(prompt).strip()) or _article_hint(str(prompt), str(text).strip()) or True


@check(
    "05", "e", title="练习二：同一个风格的三张图", expects="两个列表：系列的三张图，随便的三张图，每张 uint8 (H, W, 3)"
)
def e(series: Sequence[np.ndarray], others: Sequence[np.ndarray]) -> bool | str:
    """Ask for three pictures nearer in colour than random ones."""
    if len(series) != 3 or len(others) != 3:
        return f"收到 {len(series)} 张和 {len(others)} 张，各要三张。"
    if any(np.array_equal(first, second) for first, second in combinations(series, 2)):
        return "系列里有两张图一模一样：风格要同，内容要变。"
    own, apart = _apart(series), _apart(others)
    if own < apart:
        return True
    words = f"系列内部的平均距离 {own:.2f}，不比随便的三张（{apart:.2f}）小"
    return f"{words}。把风格、颜色、场景写成固定的一段，只换主体。"


@check("05", "f", title="练习三：60 秒分镜", expects="分镜表：每行一个字典，有 画面描述、旁白、秒")
def f(rows: Sequence[Mapping[str, Any]]) -> bool | str:
    """Ask for five speakable shots that fill 60 s."""
    if len(rows) < 5:
        return f"只有 {len(rows)} 个镜头；节奏要快，至少 5 个。"
    total = sum(float(row["秒"]) for row in rows)
    if abs(total - 60) > 0.01:
        return f"合计 {total:.2f} 秒，应该是 60 秒。"
    for index, row in enumerate(rows, 1):
        if not str(row["画面描述"]).strip():
            return f"镜头 {index} 没有画面。"
        signs = len(re.findall(r"[\u4e00-\u9fff]", str(row["旁白"])))
        if signs > FASTEST * float(row["秒"]):
            return f"镜头 {index}：{signs} 个字要在 {float(row['秒']):.1f} 秒里说完，太快了。删字，还是加时间？"
    same = any(str(before["画面描述"]) == str(after["画面描述"]) for before, after in pairwise(rows))
    return not same or "有两个相邻镜头的画面一模一样。"


@check("05", "g", title="一个文件的作品", expects="网页的路径")
def g(path: str | Path) -> bool | str:
    """Ask for a whole page, labelled, with nothing from elsewhere."""
    file = Path(path)
    if not file.is_file():
        return f"没有找到 {file.name}。先用 write_page 写出网页。"
    page = _Page(file.read_text(encoding="utf-8"))
    if page.outside:
        return f"网页要从别处取东西：{page.outside[0][:60]}。这样断网就坏了。"
    hints = (
        ("h1" not in page.tags, "网页里还没有标题。"),
        ("article" not in page.tags, "网页里还没有文章。"),
        ("img" not in page.tags, "网页里还没有图片。"),
        (page.blind, "有一张图没有 alt 文字：看不见的人怎么知道它画了什么？"),
        (not {"audio", "video"} & page.tags, "还没有声音，也没有视频。放进旁白或者变形的动画。"),
        (not page.labels, "没有写明哪些部分是 AI 生成的、哪些不是。"),
    )
    return next((hint for wrong, hint in hints if wrong), True)


class _Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.outside: list[str] = []
        self.blind = False
        self.labels = "AI 生成" in html or "非模型生成" in html
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag, and what it would load."""
        values = dict(attrs)
        self.tags.add(tag)
        self.blind |= tag == "img" and not (values.get("alt") or "").strip()
        places = [values.get(name) or "" for name in ("src", "href", "poster", "data")]
        self.outside += [place for place in places if place and not place.startswith(("data:", "#"))]


def _prompt_hint(prompt: str) -> str:
    """Say what is wrong with a prompt, or nothing."""
    hole = re.search(r"\{\w+\}", prompt)
    if hole:
        return f"提示词里的 {hole[0]} 还没有填。"
    if "甜甜圈" in prompt:
        return "提示词里还有甜甜圈：例子、比喻和步骤也要跟着新概念一起换。"
    return "" if CONCEPT.search(prompt) else "提示词里看不到要讲的概念。用 story.feynman(concept=…, …) 填好每一个槽。"


def _article_hint(prompt: str, body: str) -> str:
    """Say what is wrong with an article, or nothing."""
    about = CONCEPT.findall(prompt)[0]
    names = re.findall(r"[\u4e00-\u9fffA-Za-z0-9-]+", about)
    signs, steps = len(re.findall(r"[\u4e00-\u9fff]", body)), [word for word in STEPS if word in body]
    left = re.findall(r"\[cite[^\]]*\]?|\]\(@ref\)|【[^】]*】|TODO|\*\*|^#+ |\{\w+\}", body, re.M)
    hints = (
        (not any(piece in body for word in names for piece in _pieces(word)), f"文章里没有提到“{about[:20]}”。"),
        (not 300 <= signs <= 500, f"文章有 {signs} 个汉字，目标约 400（300 到 500 都可以）。"),
        (len(steps) < 3, f"步骤只看到 {len(steps)} 个提示词。每一步用一个词起头：首先、然后、接着、最后。"),
        (bool(left), f"文章里有没清理的残留：{left[:1]}（勘误 E59 就是这样来的）。"),
        (not body.endswith(tuple("。！？!?”』」")), "文章的最后一句没有写完。"),
    )
    return next((hint for wrong, hint in hints if wrong), "")


def _pieces(word: str) -> set[str]:
    """Split a long word into parts of four signs."""
    return {word[i : i + 4] for i in range(len(word) - 3)} or {word}


def _apart(pictures: Sequence[np.ndarray]) -> float:
    """Measure the pairs' mean distance in colour, 0 to 1."""
    shares = []
    for picture in pictures:
        red, green, blue = (np.asarray(picture, np.int64) // 64).reshape(-1, 3).T
        counts = np.bincount(16 * red + 4 * green + blue, minlength=64)
        shares.append(counts / counts.sum())
    return float(np.mean([1 - np.minimum(*pair).sum() for pair in combinations(shares, 2)]))


def _grid(rows: int, columns: int) -> np.ndarray:
    """Make the triangles of a torus of squares."""
    here = np.arange(rows * columns).reshape(rows, columns)
    right, down, across = (np.roll(here, shift, (0, 1)) for shift in ((0, -1), (-1, 0), (-1, -1)))
    return np.stack([here, down, across, here, across, right], axis=-1).reshape(-1, 3)
