"""What became of the prompt, what the clip checker reads, what was measured, how far a run is."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_kit.core.types import Step, Take
from aigc_kit.make.diffusion.denoise import seconds_left
from aigc_kit.make.video import measures as measured
from aigc_kit.media.fonts import label
from aigc_kit.teach.labs.lab04.clip_players import Clip, frames_of
from aigc_kit.teach.show.page import Html, table
from aigc_kit.teach.show.plots import BLUE, GREEN, ORANGE, RED, Picture, canvas

ATTRIBUTES_ZH: Mapping[str, str] = {
    "subject": "主体",
    "colour": "颜色",
    "scene": "背景",
    "light": "光照",
    "motion": "运动",
}
WHY_ZH: Mapping[str, str] = {
    "unknown": "小世界里没有",
    "grammar": "不影响画面的词",
    "second": "已经有一个",
    "elsewhere": "别的东西的颜色",
    "negated": "说的是不要",
    "unfit": "这个主体做不了",
}
COLOURS = (BLUE, ORANGE, GREEN, RED, "#8e5bd0")
NAMES = (("difference", "帧间差", "difference"), ("warping", "光流误差", "warping"), ("flicker", "闪烁", "flicker"))


if TYPE_CHECKING:
    from aigc_kit.teach.show.page import Shown


def words(take: Take) -> Html:
    """The prompt as the model was told it: what was kept, what was dropped and why."""
    labels = take.labels
    if "phrase" not in labels:
        said = f"模型读到的就是原文，共 {labels['tokens']} 个 token，最多 {labels['token_limit']} 个"
        return table([("原文", labels["prompt_read"])], ("", "提示词"), said)
    rows = [(text, ATTRIBUTES_ZH.get(name, name), "留下") for text, name, _ in labels["kept"]]
    rows += [(text, "", f"丢掉：{WHY_ZH.get(why, why)}") for text, why in labels["dropped"] if why != "grammar"]
    return table(rows, ("写的是", "说的是", "结果"), f"小模型读到的：{labels['phrase'] or '（空）'}")


def readings(clips: Mapping[str, Clip]) -> Html:
    """What an independent reader of clips sees in each; it shares no weight with the model."""
    from aigc_kit.worlds.tinyworld.captions import clip_canonical
    from aigc_kit.worlds.tinyworld.checker import read_clips
    from aigc_kit.worlds.tinyworld.motion import ClipSpec

    found = read_clips([frames_of(clip)[0] for clip in clips.values()])
    rows = []
    for name, reading in zip(clips, found, strict=True):
        labels = dict(reading.labels)
        try:
            said = clip_canonical(ClipSpec(**labels), "zh")
        except ValueError:  # a subject and a motion that do not go together
            said = "，".join(labels.values())
        sure = min(reading.confidence.values())
        rows.append((name, said if reading.valid else "不像小世界里的短片", f"{sure:.0%}", f"{reading.validity:.0%}"))
    caption = "由独立的读片网络读出（它只看 5 帧，与生成模型没有共用的权重）"
    return table(rows, ("短片", "读到", "最没把握的一项", "像小世界的程度"), caption)


def measures(clips: Mapping[str, Clip], prompt: str = "") -> Html:
    """Consistency of several clips in numbers; with a prompt also the similarity, where the small CLIP is here."""
    from aigc_kit.make.video.measures import frame_words, text_similarity
    from aigc_kit.worlds.tinyworld import clip as miniclip

    judged = bool(prompt) and miniclip.available() and bool(frame_words(prompt))
    rows = []
    for name, clip in clips.items():
        frames, _ = frames_of(clip)
        found = measured.consistency(frames)
        row: list[Any] = [name, f"{found.difference:.4f}", f"{found.warping:.4f}", f"{found.flicker:.4f}"]
        rows.append([*row, f"{text_similarity(frames, [prompt])[0]:.2f}"] if judged else row)
    head = ["短片", "帧间差", "光流误差", "闪烁"] + (["图文相似度"] if judged else [])
    return table(rows, head, "全部实测，取值 0～1（相似度 −1～1）；光流误差 = 顺着运动挪过去之后还剩的差")


class Progress:
    """A bar that grows with the steps of a run, the time left, and a few frames of what the model has in mind.

    Give it to `video.run` as `on_step`; `steps` are the steps so far.

    Args:
        every: show the frames at every so manieth step; 0 never (decoding them takes as long as the clip's own).
        decode: seconds that decoding is known to take.
    """

    def __init__(self, every: int = 0, decode: float = 0.0) -> None:
        self.steps: list[Step] = []
        self.previews: dict[int, Any] = {}
        self._every, self._decode = every, decode
        self._shown: Shown | None = None

    def __call__(self, step: Step) -> None:
        """A step is done."""
        from aigc_kit.teach.show.page import Shown

        self.steps.append(step)
        done, total = step.index + 1, step.total
        if self._every and step.phase == "denoise" and step.index % self._every == 0:
            self.previews[step.index] = step.preview.pixels()  # type: ignore[attr-defined]
        left = seconds_left(self.steps, self._decode)
        words = f"第 {done}/{total} 步" + (f"，还要约 {left:.0f} 秒" if left and left >= 0.5 else "")
        bar = Html(f'<progress value="{done}" max="{total}" style="width:20em"></progress> {words}', words)
        if self._shown is None:
            self._shown = Shown(bar)
        else:
            self._shown.replace(bar)


def brightness(clips: Mapping[str, Clip]) -> Picture:
    """Mean brightness of every frame: a smooth line is calm, a saw flickers."""
    figure, axes = canvas(width=9, height=2.6)
    axis = axes[0]
    for place, (name, clip) in enumerate(clips.items()):
        frames, fps = frames_of(clip)
        values = frames.mean(axis=(1, 2, 3)) / 255
        axis.plot(np.arange(len(frames)) / fps, values, "o-", ms=3, color=COLOURS[place % 5], label=name)
    axis.set_xlabel(label("时间（秒）", "time (s)"))
    axis.set_ylabel(label("平均亮度", "mean brightness"))
    axis.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return Picture(figure, label("每一帧的平均亮度：", "mean brightness: ") + "、".join(clips))


def consistency(clips: Mapping[str, Clip]) -> Picture:
    """The three measures of every clip, one panel each."""
    found = {name: measured.consistency(frames_of(clip)[0]) for name, clip in clips.items()}
    figure, axes = canvas(1, 3, width=9.5, height=0.5 + 0.36 * len(found))
    for axis, (field, zh, en) in zip(axes, NAMES, strict=True):
        values = [getattr(one, field) for one in found.values()]
        places = range(len(values))[::-1]
        axis.barh(list(places), values, color=[COLOURS[k % 5] for k in range(len(values))], height=0.6)
        for place, value in zip(places, values, strict=True):
            axis.text(value, place, f" {value:.3f}", va="center", fontsize=9)
        axis.set_title(label(zh, en), fontsize=11)
        axis.set_yticks(list(places), list(found) if axis is axes[0] else [""] * len(found), fontsize=10)
        axis.set_xlim(0, max([*values, 1e-3]) * 1.3)
    return Picture(figure, label("三项一致性指标：", "consistency: ") + "、".join(found))
