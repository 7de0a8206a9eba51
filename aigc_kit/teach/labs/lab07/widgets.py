"""Show players, dials, a keyboard, a blind vote."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.types import Take
from aigc_kit.make.music.job import tune_in
from aigc_kit.make.music.settings import check_motif
from aigc_kit.make.speech.measures import loudness
from aigc_kit.media.wav import RATE
from aigc_kit.teach.labs.lab03.widgets import compressed
from aigc_kit.teach.show.embed import beside, uri
from aigc_kit.teach.show.markup import GREY, Html, table
from aigc_kit.teach.show.page import TIER_ZH, titled
from aigc_kit.teach.show.plots import Form, follow
from aigc_kit.worlds.sounds import SOUND_NAMES, SOUND_TITLES
from aigc_kit.worlds.tunes import CHOICES, NAMES, TITLES, Tune, jianpu, tune_of

_CARD = "border:1px solid #8885;border-radius:8px;padding:.6em 1em;margin:.3em 0;flex:1 1 26em;max-width:46em"
_WIDTH, _HEIGHT = 640, 150  # of a roll, in its own units
_INK, _LINE, _HEAD = "#2a6f97", "#8a8f98", "#d9822b"
_KEYS = (
    ("1", 60),
    ("2", 62),
    ("3", 64),
    ("4", 65),
    ("5", 67),
    ("6", 69),
    ("7", 71),
    ("1'", 72),
    ("2'", 74),
    ("3'", 76),
)
_LENGTHS = {"半拍": 2, "一拍": 4, "一拍半": 6, "两拍": 8}

HISTORY = (
    (
        "MuseNet",
        "2019",
        "OpenAI",
        "Transformer（Sparse Transformer），自回归",
        "MIDI 事件",
        "openai.com/index/musenet，已下线",
    ),
    (
        "AIVA",
        "2016 起",
        "AIVA Technologies",
        "公司没有公开论文",
        "乐谱，可导出 MIDI",
        "aiva.ai；作品以公司名义登记，条款随套餐变",
    ),
    ("WaveNet", "2016", "DeepMind", "因果扩张卷积，自回归", "一个一个样点", "arXiv:1609.03499"),
    (
        "MusicGen",
        "2023",
        "Meta",
        "Transformer，自回归，EnCodec 词元",
        "四本码书的词元",
        "arXiv:2306.05284；权重 CC BY-NC 4.0",
    ),
    ("AudioLDM 2", "2023", "萨里大学等", "AudioMAE 特征 + 潜在扩散", "梅尔频谱的潜变量", "arXiv:2308.05734"),
)


def player(take: Take, title: str = "") -> Html:
    """Play one piece, its roll with a playhead.

    The head needs a page that runs scripts; picture and player work without. Rows: {"title", "seconds", "loudness"}.
    """
    loud = loudness(take.data)
    seconds = len(take.data) / RATE
    figures = f"{seconds:.1f} 秒" + (f"，{loud:.1f} LUFS" if loud is not None else "") + "（实测）"
    by = f"AI 生成 · {take.labels.get('model')} · {TIER_ZH[take.plan.card.tier]}"
    picture, moves = "", ""
    if "notes" in take.labels:
        picture = roll_svg(tune_in(take))
        moves = (
            "var h=this.parentNode.querySelector('.head');"
            f"if(h&&this.duration){{var x={_WIDTH}*this.currentTime/this.duration;"
            "h.setAttribute('x1',x);h.setAttribute('x2',x)}"
        )
    html = (
        f'<div style="{_CARD}"><b>{escape(title)}</b>{picture}'
        f'<audio controls preload="metadata" style="width:100%" ontimeupdate="{escape(moves)}" '
        f'src="{uri(*compressed(take.data))}"></audio>'
        f'<div style="{GREY}">{escape(figures)}<br>{escape(by)}</div></div>'
    )
    row = {"title": title, "seconds": seconds, "loudness": loud}
    return Html(html, f"♪ {title} [{figures}; {by}]", [row])


def players(takes: Sequence[Take], titles: Sequence[str] = ()) -> Html:
    """Play several pieces, as `player` does each."""
    return beside([player(take, title) for take, title in titled(takes, titles)])


def roll_svg(tune: Tune) -> str:
    """Draw a tune as SVG, its head at 0."""
    pitches = [note.pitch for note in tune.notes if note.pitch is not None]
    low, high = min(pitches, default=60) - 1, max(pitches, default=72) + 1
    whole = max(1, sum(note.length for note in tune.notes))
    step = _HEIGHT / (high - low + 1)
    shapes, now = [], 0
    for number, bar in enumerate(tune.bars, 1):
        for note in bar:
            if note.pitch is not None:
                x, width = _WIDTH * now / whole, _WIDTH * note.length / whole * 0.92
                y = (high - note.pitch) * step
                shapes.append(
                    f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{step:.1f}" rx="2" fill="{_INK}"/>'
                )
            now += note.length
        thick = 2 if number in tune.ends else 0.6
        x = _WIDTH * now / whole
        shapes.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{_HEIGHT}" stroke="{_LINE}" stroke-width="{thick}"/>'
        )
    head = f'<line class="head" x1="0" x2="0" y1="0" y2="{_HEIGHT}" stroke="{_HEAD}" stroke-width="2.5"/>'
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="钢琴卷帘，{len(pitches)} 个音" '
        f'style="width:100%;display:block;margin:.4em 0">{"".join(shapes)}{head}</svg>'
    )


def asked(take: Take) -> Html:
    """Show what was asked beside what was read.

    Rows: {"what", "asked", "heard", "right"}.
    """
    heard = take.labels["heard"]
    wished = {name: value for _, name, value in take.words[0].kept}
    titles, names = (TITLES, NAMES) if "notes" in take.labels else (SOUND_TITLES, SOUND_NAMES)
    rows: list[dict[str, Any]] = []
    for name, title in titles.items():
        wish, found = wished.get(name), heard.get(name)
        right = None if wish is None else wish == found
        rows.append({"what": title.zh, "asked": _zh(names, wish), "heard": _zh(names, found), "right": right})
    lines = [(r["what"], r["asked"], r["heard"], {True: "✓", False: "✗", None: ""}[r["right"]]) for r in rows]
    dropped = "、".join(word for word, _ in take.words[0].dropped)
    note = "听音的小网络从声音读出；它没听过这个模型"
    if "notes" in take.labels:
        note = f"小节对 {take.labels['bars_right']:.0%}，在音阶内 {take.labels['in_scale']:.0%}（程序从音符读出）"
    return table(lines, ("", "要求", "读回", ""), note + (f"；没有读懂：{dropped}" if dropped else ""), rows)


def _zh(names: Mapping[str, Words], value: str | None) -> str:
    return names[value].zh if value is not None and value in names else "—"


def dials(text: str = "江南风格", **values: Any) -> None:
    """Show dials, their tune, and what is read."""
    import ipywidgets as widgets

    from aigc_kit.make import music

    wide = {"width": "24em"}
    style = {"description_width": "6em"}
    boxes: dict[str, Any] = {
        name: widgets.Dropdown(
            options=[(NAMES[value].zh, value) for value in CHOICES[name]],
            description=TITLES[name].zh,
            layout=wide,
            style=style,
        )
        for name in ("mode", "tempo", "density")
    }
    boxes["tempo"].value, boxes["density"].value = "moderate", "even"
    heat: Any = {"min": 0.1, "max": 1.6, "step": 0.1, "continuous_update": False, "layout": wide, "style": style}
    boxes["temperature"] = widgets.FloatSlider(0.7, description="温度 T", **heat)
    takes: list[Take] = []

    def play() -> Html:
        settings = {name: box.value for name, box in boxes.items()}
        takes[:] = [music.make(text, card="tunes", **settings | values)]
        return player(takes[0], jianpu(tune_in(takes[0]).notes[:12]) + " …")

    follow(tuple(boxes.values()), play, lambda: asked(takes[0]))


class Keyboard(Form):
    """Let a learner play a motif on ten keys.

    `motif` is what the model goes on from; until a key is pressed it is the example.

    Args:
        example: notes as tokens, such as "60:4 62:4".
    """

    def __init__(self, example: str = "67:4 64:2 67:2 72:4 69:4") -> None:
        import ipywidgets as widgets

        self.example = example
        check_motif(example)
        self.tokens: list[str] = []
        self.length = widgets.ToggleButtons(options=list(_LENGTHS), value="一拍", description="长度")
        keys = [widgets.Button(description=name, layout={"width": "3.4em", "height": "3.2em"}) for name, _ in _KEYS]
        for key, (_, pitch) in zip(keys, _KEYS, strict=True):
            key.on_click(lambda _, pitch=pitch: self.press(pitch))
        rest = widgets.Button(description="0 休止", layout={"width": "5em", "height": "3.2em"})
        rest.on_click(lambda _: self.press(None))
        clear = widgets.Button(description="清空")
        clear.on_click(lambda _: self.clear())
        self.widget = widgets.VBox([self.length, widgets.HBox([*keys, rest]), clear])
        self.views = (self.html,)

    @property
    def motif(self) -> str:
        """Give the notes as tokens."""
        return " ".join(self.tokens) if any(token[0] != "r" for token in self.tokens) else self.example

    def press(self, pitch: int | None) -> None:
        """Add a note or a rest, 24 at most."""
        if len(self.tokens) < 24:
            self.tokens.append(f"{'r' if pitch is None else pitch}:{_LENGTHS[self.length.value]}")
        self.redraw()

    def clear(self) -> None:
        """Begin anew."""
        self.tokens = []
        self.redraw()

    def html(self) -> Html:
        """Show the motif as a roll and as 简谱."""
        tune = tune_of(self.motif.split())
        whose = "你弹的动机" if self.motif != self.example else "示例动机（人写的，按键就换成你的）"
        words = f"{whose}：{jianpu(tune.notes)}"
        return Html(
            f'<div style="{_CARD}">{roll_svg(tune)}<div>{escape(words)}</div></div>', words, [{"motif": self.motif}]
        )


class Vote(Form):
    """Let a listener vote blindly between pairs of pieces.

    Args:
        pairs: (name, take) twice for each pair, the same names in each.
        seed: which of a pair is called 甲.
    """

    def __init__(self, pairs: Sequence[tuple[tuple[str, Take], tuple[str, Take]]], seed: int = 0) -> None:
        import ipywidgets as widgets

        flips = np.random.default_rng(seed).integers(0, 2, len(pairs))
        self.pairs = [pair[::-1] if flip else pair for pair, flip in zip(pairs, flips, strict=True)]
        self.choices: list[str] = []
        self.buttons = [widgets.Button(description=f"{name} 更好听") for name in "甲乙"]
        for index, button in enumerate(self.buttons):
            button.on_click(lambda _, index=index: self.choose(index))
        self.widget = widgets.HBox(self.buttons)
        self.views = (self.html,)

    def choose(self, index: int) -> None:
        """Vote for 甲 (0) or 乙 (1)."""
        if len(self.choices) < len(self.pairs):
            self.choices.append(self.pairs[len(self.choices)][index][0])
        for button in self.buttons:
            button.disabled = len(self.choices) == len(self.pairs)
        self.redraw()

    def counts(self) -> Mapping[str, int]:
        """Count the votes by name."""
        return {name: self.choices.count(name) for name, _ in self.pairs[0]}

    def html(self) -> Html:
        """Show the present pair, or who was who."""
        done = len(self.choices)
        if done == len(self.pairs):
            words = (
                "；".join(f"{name} {count} 票" for name, count in self.counts().items()) + "。几票之差说明不了什么。"
            )
            return Html(f'<div style="font-size:16px">{escape(words)}</div>', words, [dict(self.counts())])
        pair = self.pairs[done]
        sounds = "".join(
            f'<div style="{_CARD}"><b>{name}</b><audio controls preload="metadata" style="width:100%" '
            f'src="{uri(*compressed(take.data))}"></audio>{_loudness(take)}</div>'
            for name, (_, take) in zip("甲乙", pair, strict=True)
        )
        words = f"第 {done + 1} 对，共 {len(self.pairs)} 对；投完才揭晓"
        html = f'<div style="display:flex;gap:1em;flex-wrap:wrap">{sounds}</div><div>{words}</div>'
        return Html(html, words, [{"pair": done + 1}])


def _loudness(take: Take, parts: int = 60) -> str:
    """Draw loudness over the length of a piece."""
    wave = np.abs(np.asarray(take.data, np.float32)).ravel()
    peaks = [float(part.max(initial=0.0)) for part in np.array_split(wave, parts)]
    top = max(peaks) or 1.0
    bars = "".join(
        f'<rect x="{k}" y="{20 - 18 * peak / top:.1f}" width=".7" height="{36 * peak / top:.1f}"/>'
        for k, peak in enumerate(peaks)
    )
    return f'<svg viewBox="0 0 {parts} 40" role="img" aria-label="音量随时间的变化" fill="currentColor">{bars}</svg>'


def history() -> Html:
    """Show five music models with their sources. Rows: by column."""
    head = ("名字", "年份", "谁", "怎样生成", "生成的是", "出处")
    return table(HISTORY, head, "年份和出处照原文；我们没有运行 MuseNet 和 AIVA")
