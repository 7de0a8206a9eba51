"""Show players, tables and sliders of the speech lab."""

import time
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np

from aigc_kit.core.errors import MissingExtra
from aigc_kit.core.types import Step, Take
from aigc_kit.make.speech import measures as measured
from aigc_kit.make.speech.settings import LEVELS, NORMAL_SPEED, RATIOS
from aigc_kit.media import wav
from aigc_kit.media.encode import ffmpeg
from aigc_kit.media.wav import RATE
from aigc_kit.teach.labs.lab03.figures import sound
from aigc_kit.teach.show.embed import beside, uri
from aigc_kit.teach.show.markup import GREY, Html, Place, table
from aigc_kit.teach.show.page import TIER_ZH, progress, titled
from aigc_kit.teach.show.plots import follow, show_widget

NAMES_ZH: Mapping[str, str] = {
    "oral": "口语化 oral",
    "laugh": "笑声 laugh",
    "breaks": "停顿 break",
    "speed": "语速 speed",
    "pitch": "音高 pitch",
    "energy": "能量 energy",
    "intonation": "起伏 intonation",
}
WHOSE_ZH = {"model": "模型自带", "kit": "本工具的换算", "none": "没有"}
BITRATE, LONG_BITRATE, LONG = "24k", "16k", 20  # of MP3; the second for sounds longer than so many seconds
_DOTS = {True: "#2e9e5b", False: "#d9822b"}  # right and wrong answers
_CARD = "border:1px solid #8885;border-radius:8px;padding:.6em 1em;margin:.3em 0;max-width:30em;flex:1 1 22em"
SHOWN = ("oral", "laugh", "breaks", "speed", "pitch", "intonation")

if TYPE_CHECKING:
    from aigc_kit.make.speech.engines.base import Engine
    from aigc_kit.make.speech.frontend import Normalised, Syllable


def changes(made: "Normalised") -> Html:
    """Show what is said otherwise than it is written.

    And what nobody will hear. Rows: the changes, then what is unspoken.
    """
    lines = [(c.before, c.after or "（停顿）", c.why) for c in made.changes]
    lines += [(u.text, "（不读）", u.why) for u in made.unspoken]
    rows = (*made.changes, *made.unspoken)
    return table(lines, ("写的是", "读成", "为什么"), f"读出来的全文：{made.spoken}", rows)


def controls(engine: "Engine") -> Html:
    """Show each control: its range, its effect on an engine.

    Rows: {"name", "low", "high", "control"}.
    """
    lines, rows, ranges = [], [], {**LEVELS, **RATIOS}
    for name, control in engine.has.items():
        low, high = ranges[name]
        lines.append((NAMES_ZH[name], f"{low:g}～{high:g}", WHOSE_ZH[control.whose], control.why_zh))
        rows.append({"name": name, "low": low, "high": high, "control": control})
    return table(lines, ("控制", "取值", "谁的", "说明"), f"声音：{engine.card.name}", rows)


def measures(takes: Mapping[str, Take]) -> Html:
    """Show several sounds in numbers. Rows: `make.speech.measures.Sound`."""
    rows = measured.reports(takes)
    forms = {"seconds": ".2f", "real_time_factor": ".2f", "silence": ".0%", "pitch": ".0f"}
    forms |= {"pitch_range": ".1f", "loudness": ".1f", "clipped": ".1%"}
    lines = [(row.name, *(_or_dash(getattr(row, name), form) for name, form in forms.items())) for row in rows]
    head = ("", "时长（秒）", "实时率 RTF", "静音占比", "基频中位数（Hz）", "起伏（半音）", "响度（LUFS）", "削波")
    return table(lines, head, "全部实测；RTF = 合成用时 ÷ 声音时长，小于 1 就比说话快", rows)


def readings(said: "list[Syllable]", dictionary: "list[Syllable]") -> Html:
    """Show syllables as in a dictionary, and as said.

    Rows: {"character", "dictionary", "said"}.
    """
    pairs = zip(said, dictionary, strict=True)
    rows = [{"character": voice.character, "dictionary": entry.text, "said": voice.text} for voice, entry in pairs]
    lines = [(*row.values(), "变调" if row["said"] != row["dictionary"] else "") for row in rows]
    return table(lines, ("字", "字典", "读", ""), rows=rows)


def handled(take: Take) -> Html:
    """Show what a run changed or left out.

    Rows: {"what", "did", "why"}.
    """
    labels = take.labels
    rows = [(before, after or "（停顿）", why) for before, after, why in labels.get("changed", ())]
    rows += [(text, "（不读）", why) for text, why in labels.get("unspoken", ())]
    rows += [(NAMES_ZH.get(name, name), "（没有作用）", why) for name, why in labels.get("ignored", ())]
    return table(
        rows, ("写的是", "怎样了", "为什么"), rows=[dict(zip(("what", "did", "why"), row, strict=True)) for row in rows]
    )


class Abx:
    """Let a listener tell two sounds apart blindly.

    Each of `trials` times X is one of A and B, drawn by `seed`; two buttons say which. `hits` counts, `.chance()` is
    the probability of so many hits, or more, by mere guessing.
    """

    def __init__(self, a: Take, b: Take, trials: int = 8, seed: int = 0) -> None:
        self.answers: list[bool] = []  # whether each was right
        self.trials = trials
        self._sounds = [uri(*compressed(take.data)) for take in (a, b)]
        self._hidden = np.random.default_rng(seed).integers(0, 2, trials)
        self._place: Place | None = None
        self._buttons: list[Any] = []

    @property
    def hits(self) -> int:
        """Count right answers."""
        return sum(self.answers)

    def chance(self) -> float:
        """Give the probability of as many hits by guessing."""
        from math import comb

        count = len(self.answers)
        return sum(comb(count, k) for k in range(self.hits, count + 1)) / 2**count

    def show(self) -> None:
        """Show the sounds and the buttons."""
        import ipywidgets as widgets

        self._place = Place(self._page())
        wide: Any = {"width": "9em", "height": "2.4em"}
        self._buttons = [widgets.Button(description=f"X 是 {name}", layout=wide) for name in "AB"]
        for index, button in enumerate(self._buttons):
            button.on_click(lambda _, index=index: self.answer(index))
        show_widget(widgets.HBox(self._buttons))

    def answer(self, index: int) -> None:
        """Say that X is A (0) or B (1)."""
        if len(self.answers) < self.trials:
            self.answers.append(bool(self._hidden[len(self.answers)] == index))
        for button in self._buttons:
            button.disabled = len(self.answers) == self.trials
        if self._place is not None:
            self._place.put(self._page())

    def _page(self) -> Html:
        done = len(self.answers)
        sounds = [("A", self._sounds[0]), ("B", self._sounds[1])]
        if done < self.trials:
            sounds.append((f"X（第 {done + 1} 次，共 {self.trials} 次）", self._sounds[self._hidden[done]]))
        players = "".join(
            f'<div style="{_CARD}"><b>{escape(name)}</b><audio controls preload="metadata" style="width:100%" '
            f'src="{source}"></audio></div>'
            for name, source in sounds
        )
        dots = "".join(
            f'<circle cx="{14 + 24 * at}" cy="12" r="9" fill="{_DOTS[self.answers[at]] if at < done else "none"}" '
            f'stroke="#8a8f98"/>'
            for at in range(self.trials)
        )
        score = f"对 {self.hits} 次，共 {done} 次" + (f"；瞎猜也能这么准的机会是 {self.chance():.0%}" if done else "")
        html = (
            f'<div style="display:flex;gap:1em;flex-wrap:wrap">{players}</div>'
            f'<svg width="{28 + 24 * self.trials}" height="24">{dots}</svg><div style="font-size:16px">{score}</div>'
        )
        return Html(html, score, [{"trials": done, "hits": self.hits}])


class Progress:
    """Show a bar that grows with a run's segments.

    What stays is how many there were and how long they took. Give it to `speech.run` as `on_step`; `seconds` are the
    moments at which the segments were there.
    """

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._start = time.perf_counter()
        self._place = Place()

    def __call__(self, step: Step) -> None:
        """Note the time of a segment, and show it."""
        self.seconds.append(time.perf_counter() - self._start)
        self._place.put(progress(step, f"第 {step.index + 1}/{step.total} 段，{self.seconds[-1]:.1f} 秒"))


def _or_dash(value: float | None, form: str) -> str:
    return "—" if value is None else format(value, form)


def player(take: Take, title: str = "") -> Html:
    """Play one sound, as `players` does."""
    return players([take], [title])


def players(takes: Sequence[Take], titles: Sequence[str] = ()) -> Html:
    """Play several sounds, each with title, length, loudness and maker.

    Rows: {"title", "seconds", "loudness" (LUFS or None)}.
    """
    return beside([_player(take, title) for take, title in titled(takes, titles)])


def ab(a: Take, b: Take, titles: tuple[str, str] = ("A", "B")) -> Html:
    """Play two sounds, with a button that changes over.

    It does so at the same share of their length. Rows: as in `players`. The button needs a page that runs scripts (a
    trusted notebook); the two players work without.
    """
    name = f"ab{uuid4().hex[:8]}"
    players = [_player(take, title, f'id="{name}{i}"') for i, (take, title) in enumerate(titled((a, b), titles))]
    swap = (
        f"var p=document.getElementById('{name}0'),q=document.getElementById('{name}1');"
        "if(p.paused&&!q.paused){var t=p;p=q;q=t}"
        "var s=p.duration?p.currentTime/p.duration:0;p.pause();if(s>=1)s=0;q.currentTime=s*q.duration;q.play()"
    )
    button = f'<button style="align-self:center;padding:.4em 1em" onclick="{escape(swap)}">A ⇄ B 切换</button>'
    return beside(players, more=button)


def compressed(wave: np.ndarray) -> tuple[str, bytes]:
    """Encode a sound for a page as (MIME type, bytes).

    MP3 of 24 kbit/s, a long sound of 16; WAV where ffmpeg cannot be run. `wave`: float32 (N,) in [-1, 1] at 24000 Hz.
    """
    data = wav.to_bytes(wave)
    rate = BITRATE if len(wave) < LONG * RATE else LONG_BITRATE
    words = ["-v", "error", "-f", "wav", "-i", "-", "-b:a", rate, "-map_metadata", "-1", "-f", "mp3", "-"]
    try:
        process = ffmpeg.run(words, data)
    except (MissingExtra, OSError):
        return "audio/wav", data
    return ("audio/mpeg", process.stdout) if process.returncode == 0 and process.stdout else ("audio/wav", data)


def _player(take: Take, title: str, attributes: str = "") -> Html:
    loud = measured.loudness(take.data)
    seconds = len(take.data) / RATE
    figures = f"{seconds:.2f} 秒" + (f"，{loud:.1f} LUFS" if loud is not None else "") + "（实测）"
    labels = take.labels
    by = f"AI 生成 · {labels.get('voice') or labels.get('model')} · {TIER_ZH[take.plan.card.tier]}"
    source = uri(*compressed(take.data))
    html = (
        f'<div style="{_CARD}"><b>{escape(title)}</b>'
        f'<audio {attributes} controls preload="metadata" style="width:100%" src="{source}"></audio>'
        f'<div style="{GREY}">{escape(figures)}<br>{escape(by)}</div></div>'
    )
    return Html(html, f"♪ {title} [{figures}; {by}]", [{"title": title, "seconds": seconds, "loudness": loud}])


def play(engine: "Engine", text: str) -> None:
    """Show sliders for the controls, their sound and its picture.

    A control that the voice does not have is disabled, and says why.
    """
    import ipywidgets as widgets

    from aigc_kit.make import speech

    ranges = {**LEVELS, **RATIOS, **dict(engine.card.facts.ranges)}
    sliders = {name: _slider(name, ranges[name], engine) for name in SHOWN}
    voices = widgets.Dropdown(options=engine.voices or ("default",), description="声音", layout={"width": "30em"})
    why = {name: widgets.HTML(f'<span style="{GREY}">{engine.has[name].why_zh}</span>') for name in SHOWN}
    rows = [widgets.HBox([slider, why[name]]) for name, slider in sliders.items()]
    takes: list[Take] = []

    def say() -> Html:
        values: dict[str, Any] = {name: s.value for name, s in sliders.items() if not s.disabled}
        plan = speech.plan_for(text, card=engine.card.name, voice=voices.value if engine.voices else None, **values)
        takes[:] = [speech.run(plan, using=engine)]
        return player(takes[0], text)

    box = widgets.VBox([voices, *rows] if engine.voices else rows)
    follow((voices, *sliders.values()), say, lambda: sound(takes[0]), box=box)


def _slider(name: str, limits: tuple[float, float], engine: "Engine") -> Any:
    import ipywidgets as widgets

    common = {
        "description": NAMES_ZH[name],
        "continuous_update": False,
        "disabled": engine.has[name].whose == "none",
        "style": {"description_width": "8em"},
        "layout": {"width": "24em"},
    }
    low, high = limits
    if name in LEVELS:
        return widgets.IntSlider(NORMAL_SPEED if name == "speed" else 0, min=low, max=high, **common)
    return widgets.FloatSlider(1.0, min=low, max=high, step=0.05, **common)
