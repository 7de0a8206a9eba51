"""Record a model's answers, for machines that lack it.

A recording is one small JSON file that says which model answered what, with which settings, when and where. Whatever
comes from it is marked as recorded, and what was not asked then has no answer.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aigc_kit.core import paths
from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, CannotLoad, NotOnDisk, unknown_name
from aigc_kit.promptlab.ask.asking import Asker
from aigc_kit.promptlab.ask.backends import How, Reply

LARGEST = 400_000  # bytes of a recording
ENDING = ".json"


@dataclass(frozen=True)
class Recording:
    """Hold recorded answers.

    Args:
        model: who answered.
        identity: its bytes, engine and dtype.
        where: machine and versions, in words.
        at: date, ISO 8601.
        how: settings of every answer.
        answers: prompt -> [text, tokens or None, seconds].
        labels: that were scored; empty where none were.
        scores: prompt -> log-probabilities of the labels.
    """

    model: str
    identity: Mapping[str, Any]
    where: str
    at: str
    how: How
    answers: Mapping[str, Sequence[Any]]
    labels: tuple[str, ...] = ()
    scores: Mapping[str, Sequence[float]] | None = None

    def save(self, path: Path) -> Path:
        """Write it, and give the path.

        Raises:
            BadInput: more than 400 kB: recordings ship with the kit and stay small.
        """
        text = json.dumps(asdict(self), ensure_ascii=False, indent=0, sort_keys=True) + "\n"
        if len(text.encode()) > LARGEST:
            size = len(text.encode())
            raise BadInput(
                asked=Words(f"a recording of {self.model}", f"{self.model} 的录制"),
                found=Words(f"{size:,} bytes", f"有 {size:,} 字节"),
                todo=Words(
                    f"record fewer prompts, for at most {LARGEST:,} bytes", f"少录几条提示词，不超过 {LARGEST:,} 字节"
                ),
            )
        return paths.write_atomically(path, text)


class RecordedBackend:
    """Answer from a recording, and from nothing else."""

    origin, batch = "recorded", 1

    def __init__(self, recording: Recording) -> None:
        self.recording, self.model, self.identity = recording, recording.model, recording.identity

    def answers(self, prompts: Sequence[str], how: How) -> list[Reply]:
        """Give what was answered then.

        Raises:
            NotOnDisk: a prompt was not recorded, or with other settings.
        """
        fits = how == self.recording.how
        self._check(prompts, self.recording.answers if fits else {})
        return [Reply(*self.recording.answers[prompt]) for prompt in prompts]

    def scores(self, prompts: Sequence[str], labels: Sequence[str], how: How) -> np.ndarray:
        """Give the scores of then, float64 (prompts, labels)."""
        scores = self.recording.scores or {}
        self._check(prompts, scores if tuple(labels) == tuple(self.recording.labels) else {})
        return np.array([scores[prompt] for prompt in prompts], dtype=np.float64)

    def _check(self, prompts: Sequence[str], rows: Mapping[str, Any]) -> None:
        missing = [prompt for prompt in prompts if prompt not in rows]
        if missing:
            raise NotOnDisk(
                asked=Words(
                    f"{len(prompts)} recorded answers of {self.model}", f"{self.model} 录下的 {len(prompts)} 个回答"
                ),
                found=Words(
                    f"{len(missing)} of them were never recorded, such as {missing[0][:40]!r}",
                    f"其中 {len(missing)} 个没有录过，例如 {missing[0][:40]!r}",
                ),
                todo=Words(
                    f"ask the model itself: aigc fetch {self.model}, then ask.model({self.model!r})",
                    f"问模型本身：先运行 aigc fetch {self.model}，再写 ask.model({self.model!r})",
                ),
            )


def folder() -> Path:
    """Name the folder of the shipped recordings."""
    return paths.assets() / "data" / "recorded"


def read(name: str) -> Recording:
    """Read a recording.

    Args:
        name: of one that ships with the kit.

    Raises:
        UnknownName: there is none of that name.
        CannotLoad: its file is damaged.
    """
    names = sorted(path.stem for path in folder().glob(f"*{ENDING}"))
    asked = Words(f"the recording {name!r}", f"录制 {name!r}")
    if name not in names:
        raise unknown_name(asked, name, names or ["(none ships)"], Words("recording", "录制"))
    try:
        values = json.loads((folder() / f"{name}{ENDING}").read_text(encoding="utf-8"))
        how = How(**values.pop("how"))
        return Recording(**{**values, "how": how, "labels": tuple(values["labels"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CannotLoad(
            asked=asked,
            found=Words(f"damaged: {error}", f"文件坏了（原话：{error}）"),
            todo=Words("restore the file from the repository", "从仓库里恢复这个文件"),
        ) from error


def record(asker: Asker, prompts: Sequence[str], *, where: str, at: str, labels: Sequence[str] = ()) -> Recording:
    """Ask a model, and hold its answers as recording.

    Args:
        asker: of a model that runs here; its settings are recorded too.
        prompts: to ask.
        where, at: machine and date.
        labels: to score as well.
    """
    answers = {prompt: [each.text, each.tokens, round(each.seconds, 3)] for prompt, each in _asked(asker, prompts)}
    scores = None
    if labels:
        rows = asker.scores(prompts, labels).round(4).tolist()
        scores = dict(zip(prompts, rows, strict=True))
    return Recording(asker.model, dict(asker.backend.identity), where, at, asker.how, answers, tuple(labels), scores)


def _asked(asker: Asker, prompts: Sequence[str]) -> list[tuple[str, Any]]:
    return list(zip(prompts, asker.answers(prompts), strict=True))
