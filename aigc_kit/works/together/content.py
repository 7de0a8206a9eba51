"""Make one prompt's facts in several media, each read back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.media.wav import RATE
from aigc_kit.works.together.makers import MAKERS, Maker, Piece, Reading
from aigc_kit.works.together.sayable import MEDIA_ZH, Facts, check_medium, facts_of
from aigc_kit.works.work import Work

MOST_DRAWS = 3
_KINDS = {"text": "text", "image": "image", "audio": "audio", "video": "video", "speech": "audio"}


@dataclass(frozen=True)
class Draws:
    """Hold what one medium made, draw by draw.

    Args:
        medium: of `sayable.MEDIA`.
        facts: that it can say.
        pieces: one to three, in their order.
        level: fidelity that was asked.
    """

    medium: str
    facts: Mapping[str, str]
    pieces: tuple[Piece, ...]
    level: float

    def fidelity(self, draw: int) -> float | None:
        """Give the share of its facts read back, 0-1.

        None where nobody reads it, or the prompt says nothing that it could say.
        """
        return fidelity(self.pieces[draw].reading, self.facts)

    @property
    def best(self) -> int:
        """Number the draw that is kept."""
        marks = [self.fidelity(draw) or 0.0 for draw in range(len(self.pieces))]
        return marks.index(max(marks))

    @property
    def missed(self) -> bool:
        """Tell whether even the best draw is below the level."""
        mark = self.fidelity(self.best)
        return mark is not None and mark < self.level


def fidelity(reading: Reading | None, facts: Mapping[str, str]) -> float | None:
    """Give the share of facts that a reading finds, 0-1."""
    if reading is None or not facts:
        return None
    return sum(reading.right(name, value) for name, value in facts.items()) / len(facts)


def consistency(readings: Mapping[str, tuple[Reading, Mapping[str, str]]]) -> float | None:
    """Give the share of pairs that are read alike, 0-1.

    A pair is two media and a fact that both can say. What both show wrong in the same way is alike: consistent is not
    true.

    Args:
        readings: medium -> what was read, and the facts that it can say.

    Returns:
        None without such a pair.
    """
    alike = [
        one.values.get(name) is not None and one.values.get(name) == other.values.get(name)
        for (one, first), (other, second) in combinations(readings.values(), 2)
        for name in first
        if name in second
    ]
    return sum(alike) / len(alike) if alike else None


@dataclass(frozen=True)
class MultimodalContent:
    """Hold one prompt's works.

    Args:
        facts: of the prompt.
        media: what each made, in the order that was asked.
        level: fidelity that was asked of each.
    """

    facts: Facts
    media: tuple[Draws, ...]
    level: float

    def fidelities(self, *, first: bool = False) -> dict[str, float | None]:
        """Give each medium's fidelity, of first or kept draws."""
        return {each.medium: each.fidelity(0 if first else each.best) for each in self.media}

    def consistency(self, *, first: bool = False) -> float | None:
        """Compare what the media say, of first or kept draws."""
        rows: dict[str, tuple[Reading, Mapping[str, str]]] = {}
        for each in self.media:
            reading = each.pieces[0 if first else each.best].reading
            if reading is not None:
                rows[each.medium] = (reading, each.facts)
        return consistency(rows)

    @property
    def missed(self) -> tuple[str, ...]:
        """List the media whose best draw is below the level."""
        return tuple(each.medium for each in self.media if each.missed)

    def says(self) -> str:
        """Say in Chinese whether the level was reached."""
        marks = self.fidelities()
        told = [f"{MEDIA_ZH[name]} {'没有读回' if mark is None else f'{mark:.0%}'}" for name, mark in marks.items()]
        if not self.missed:
            return f"要求每种模态至少 {self.level:.0%}，都达到了：{'，'.join(told)}。"
        names = "、".join(MEDIA_ZH[name] for name in self.missed)
        return f"要求每种模态至少 {self.level:.0%}，{names}没有达到（最多抽 {MOST_DRAWS} 次）：{'，'.join(told)}。"

    def kept(self, medium: str) -> Piece:
        """Give the piece that is kept of a medium.

        Raises:
            BadInput: it was not asked for.
        """
        check_medium(medium)
        for each in self.media:
            if each.medium == medium:
                return each.pieces[each.best]
        names = [each.medium for each in self.media]
        raise BadInput(
            asked=Words(f"the {medium}", f"取{MEDIA_ZH[medium]}"),
            found=Words(f"only {', '.join(names)} were made", f"这次只做了 {'、'.join(names)}"),
            todo=Words(f"add {medium!r} to output_modalities", f"在 output_modalities 里加上 {medium!r}，再做一次"),
        )

    def get_text(self) -> str:
        """Give the text that is kept."""
        return str(self.kept("text").content)

    def get_image(self) -> np.ndarray:
        """Give the picture that is kept, uint8 (H, W, 3)."""
        return np.asarray(self.kept("image").content)

    def get_audio(self) -> tuple[np.ndarray, int]:
        """Give the sound, float32 (N,), and its rate in Hz."""
        return np.asarray(self.kept("audio").content), RATE

    def get_speech(self) -> tuple[np.ndarray, int]:
        """Give the voice: float32 (N,), and its rate in Hz."""
        return np.asarray(self.kept("speech").content), RATE

    def get_video(self) -> np.ndarray:
        """Give the kept clip, uint8 (T, H, W, 3)."""
        return np.asarray(self.kept("video").content)

    def work(self, title: str = "") -> Work:
        """Put all kept pieces into a work, for `works.page`."""
        work = Work(self.facts.prompt, title)
        for each in self.media:
            piece = each.pieces[each.best]
            mark = each.fidelity(each.best)
            read = f"读回 {mark:.0%}，第 {each.best + 1} 次抽" if mark is not None else "没有读回"
            words: dict[str, Any] = {"title": f"{MEDIA_ZH[each.medium]}（{read}）"}
            if each.medium == "audio" and piece.take is not None:
                credit = f"{piece.take.plan.card.name}；{piece.note}"
                work.add("audio", (piece.content, RATE), "mixed", credit=credit, keep=True, **words)
            elif piece.take is not None:
                work.take(piece.take, keep=True, **words)
            else:
                words |= {"alt": self.facts.prompt} if each.medium in ("image", "video") else {}
                kind: Any = _KINDS[each.medium]
                work.add(kind, _addable(each.medium, piece), "computed", keep=True, **words)
        return work


def generate_multimodal_content(
    prompt: str,
    output_modalities: Sequence[str] = ("text", "image", "audio"),
    consistency_level: float = 0.8,
    *,
    seed: int = 0,
    makers: Mapping[str, Maker] = MAKERS,
) -> MultimodalContent:
    """Make what a prompt says in several media.

    Each is drawn until its reader finds `consistency_level` of the facts that this medium can say, three times at most;
    the best is kept, and the result says where the level was missed. Since the reader chooses, first draws stay beside.

    Args:
        prompt: in Chinese or English.
        output_modalities: of `MEDIA`, one or more, none twice.
        consistency_level: fidelity asked of each medium, 0-1.
        seed: of the first draw; the next ones follow.
        makers: medium -> what makes and reads it; others for tests.

    Raises:
        BadInput: no fact known in the prompt, no level, or no modalities. UnknownName: no such modality.
        NotOnDisk: a model is not on this machine.
    """
    level, names = _checked_level(consistency_level), _checked_names(output_modalities)
    facts = facts_of(prompt)
    media = []
    for name in names:
        own = facts.of(name)
        pieces: list[Piece] = []
        while len(pieces) < MOST_DRAWS:
            pieces.append(makers[name](facts, seed + len(pieces)))
            mark = fidelity(pieces[-1].reading, own)
            if mark is None or mark >= level:
                break
        media.append(Draws(name, own, tuple(pieces), level))
    return MultimodalContent(facts, tuple(media), level)


def _checked_level(level: Any) -> float:
    if isinstance(level, bool) or not isinstance(level, (int, float)) or not 0 <= level <= 1:
        raise BadInput(
            asked=f"consistency_level={level!r}",
            found=Words("no share", "这不是比例"),
            todo=Words("give a number from 0 to 1, such as .8", "给一个 0 到 1 的数，例如 0.8"),
        )
    return float(level)


def _checked_names(names: Any) -> list[str]:
    some = [names] if isinstance(names, str) else list(names)
    for name in some:
        check_medium(name)
    if not some or len(set(some)) < len(some):
        raise BadInput(
            asked=f"output_modalities={some}",
            found=Words("none, or one twice", "一种也没有，或有一种写了两次"),
            todo=Words('give such as ["text", "image"]', '写成 ["text", "image"] 这样'),
        )
    return some


def _addable(medium: str, piece: Piece) -> Any:
    if medium in ("audio", "speech"):
        return piece.content, RATE
    return (piece.content, 16) if medium == "video" else piece.content
