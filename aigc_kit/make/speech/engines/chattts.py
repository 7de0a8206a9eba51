"""Wrap ChatTTS 0.2.5 so that nothing is lost.

text -> its alphabet (`chattts_text`) -> [refine: the model rewrites it] -> codes (GPT) -> mel (DVAE) -> wave (Vocos)

Code AGPL-3.0-or-later, weights CC BY-NC 4.0. The package's `infer` is not called: it cuts only behind `。`, joins all
sentences into one wave, leaves junk behind the shorter rows of a batch, drops samples, changes the parameter objects
that it was given, and ends a segment silently at 2,048 tokens. What it is made of (`_refine_text`, `_infer_code`,
`_decode_to_wavs`) is called instead, each time with fresh parameters.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from aigc_kit.core.errors import BadInput, CannotLoad
from aigc_kit.core.types import Card, FrozenMap, Words
from aigc_kit.make.speech import controls, speaker_store, speakers, split
from aigc_kit.make.speech.engines.base import Control, Segment, Spoken
from aigc_kit.make.speech.engines.chattts_files import load_chat, manifest_of, require_package
from aigc_kit.make.speech.engines.chattts_text import Ready, homophones_of, ready
from aigc_kit.make.speech.frontend import Change
from aigc_kit.make.speech.settings import Settings
from aigc_kit.make.speech.speakers import Speaker
from aigc_kit.media.wav import RATE

HOP = 256  # samples per mel frame
TOKEN = 2 * HOP  # samples per token: 46.875 tokens are a second at 24,000 Hz
MOST_TOKENS = 2048  # of one segment: 43.7 s of sound
TRIES = 5
_AT_ONCE = (
    Words(f"it ended at once, with nothing said, with {TRIES} seeds", f"试了 {TRIES} 个种子，模型都是一开口就结束"),
    Words("try another seed", "换一个种子"),
)
BATCH = 4
DEFAULT_SEED = 2  # of the speaker when none is named
_NO_PITCH = "ChatTTS 没有音高控制：换一个说话人"


def reach_of(chat: Any) -> int:
    """Count the tokens around a sample that it depends on.

    To either side, from the loaded layers; 53 in the real model.
    """
    from torch.nn import Conv1d

    layers = [*chat.decoder.modules(), *chat.vocos.backbone.modules()]
    frames = sum(m.dilation[0] * (m.kernel_size[0] // 2) for m in layers if isinstance(m, Conv1d))
    overlap = chat.vocos.head.istft.n_fft // 2 // HOP
    return -(-(frames + overlap) // 2) + 1


def decode(chat: Any, hidden: Any) -> np.ndarray:
    """Decode the states of n tokens, torch float32 (n, 768).

    Returns:
        float32 (512 n - 256,); empty for no tokens.
    """
    if len(hidden) == 0:
        return np.zeros(0, dtype=np.float32)
    wave = chat._decode_to_wavs([hidden], True)[0]
    return np.ascontiguousarray(wave, dtype=np.float32)


class Stream:
    """Give out a segment's wave as its tokens come."""

    def __init__(self, chat: Any, reach: int) -> None:
        self._chat, self._reach = chat, reach
        self._done = 0  # samples given out

    def part(self, hidden: Any, last: bool) -> np.ndarray:
        """Give out the samples that are sure by now.

        Args:
            hidden: torch float32 (n, 768), all tokens so far.
            last: no more tokens follow.

        Returns:
            float32 (m,); m may be 0.
        """
        sure = TOKEN * len(hidden) - HOP if last else TOKEN * max(len(hidden) - self._reach, 0)
        if sure <= self._done:
            return np.zeros(0, dtype=np.float32)
        first = max(self._done // TOKEN - self._reach, 0)
        start, self._done = self._done - TOKEN * first, sure
        return decode(self._chat, hidden[first:])[start : sure - TOKEN * first]


class ChatTTSEngine:
    """Speak by ChatTTS, as `engines.base.Engine`.

    Args:
        card: of the model; its files are in the folder, with `asset/`.
        dtype: "float32".
        device: "cpu" or "cuda".
        threads: of torch on the CPU; None leaves them.

    Raises:
        MissingExtra: the package is not installed.
        NotOnDisk, WrongBytes: a file is missing, or is not the one that the card names.
        CannotLoad: the package refuses the files.
    """

    kind = "chattts"
    voices: tuple[str, ...] = ()
    reads_english = True
    places = False
    inline: tuple[str, ...] = controls.INLINE
    has: Mapping[str, Control] = FrozenMap(
        oral=Control("model", "改写文字时的口语化程度（refine 提示词里的 [oral_0-9]）"),
        laugh=Control("model", "改写文字时加多少笑声（refine 提示词里的 [laugh_0-2]）"),
        breaks=Control("model", "改写文字时加多少停顿（refine 提示词里的 [break_0-7]）"),
        speed=Control("model", "语速（发声提示词里的 [speed_0-9]），默认 5"),
        pitch=Control("none", _NO_PITCH),
        energy=Control("none", "ChatTTS 没有响度控制"),
        intonation=Control("none", _NO_PITCH),
    )

    def __init__(
        self, card: Card, folder: Path, *, dtype: str = "float32", device: str = "cpu", threads: int | None = None
    ) -> None:
        if dtype != "float32":
            raise CannotLoad(
                asked=Words(f"ChatTTS in {dtype}", f"用 {dtype} 运行 ChatTTS"),
                found=Words("the package loads float32", "这个软件包载入的是 float32"),
                todo=Words('say "float32"', '写 "float32"'),
            )
        self.card = card
        self._chat: Any = load_chat(card, folder, device)
        if threads and device == "cpu":
            import torch

            torch.set_num_threads(threads)
        self._homophones = homophones_of(require_package())
        self._reach = reach_of(self._chat)
        self.most_tokens = MOST_TOKENS
        self._default: Speaker | None = None
        self._note = manifest_of(folder).get("label")
        self._code = ""  # of the speaker who spoke last

    @property
    def labels(self) -> Mapping[str, Any]:
        """Tell licences, weights and the last speaker for a Take."""
        licence = "none: not a trained model" if self._note else "CC BY-NC 4.0: not for commercial use"
        weights = {"weights": self._note or "ChatTTS, as published", "weights_licence": licence}
        return FrozenMap({"code_licence": "ChatTTS: AGPL-3.0-or-later", **weights, "speaker": self._code})

    def speak(self, segment: Segment, settings: Settings, *, seed: int = 0) -> Spoken:
        """Speak one segment, the same way for the same seed.

        Raises:
            BadInput: a control at the wrong layer, nothing in ChatTTS's alphabet, an unknown speaker, or a text that
                the model does not come to an end with.
        """
        return next(self.speak_all([segment], settings, seed=seed))

    def speak_all(self, segments: Sequence[Segment], settings: Settings, *, seed: int = 0) -> Iterator[Spoken]:
        """Speak segments in order, four at a time."""
        for voice, run in groupby(segments, key=lambda segment: segment.voice):
            code, same = self.speaker(voice).code, list(run)
            for start in range(0, len(same), BATCH):
                texts = ready(self._chat, self._homophones, same[start : start + BATCH], settings, seed)
                for text, row in zip(texts, self._rows(texts, settings, code, seed), strict=True):
                    yield _spoken(self._finish(text, row, settings, code, seed), text)

    def stream(self, segment: Segment, settings: Settings, *, seed: int = 0) -> Iterator[Spoken]:
        """Speak one segment in parts, which joined are `speak`'s wave.

        A segment that reaches the limit of tokens cannot be taken back and said in halves: that is an error.
        """
        texts = ready(self._chat, self._homophones, [segment], settings, seed)
        code, text = self.speaker(segment.voice).code, texts[0]
        for attempt in range(TRIES):
            parts, rows = Stream(self._chat, self._reach), None
            for rows in self._generate([text.text], settings, code, seed + attempt):
                wave = parts.part(rows[0], last=False)
                if len(wave):
                    yield Spoken(wave, last=False)
            if rows is None:
                continue
            if len(rows[0]) >= self.most_tokens:
                raise self._capped(text.text)
            _tell_seed(texts, seed, attempt)
            yield _spoken(parts.part(rows[0], last=True), text)
            return
        raise _no_end(text.text, *_AT_ONCE)

    def refine(self, text: str, settings: Settings, *, seed: int = 0) -> str:
        """Rewrite a text by the model, as the settings ask."""
        (result,) = ready(self._chat, self._homophones, [Segment(text, text)], settings, seed)
        return result.text

    def sample_speaker(self, name: str, seed: int) -> Speaker:
        """Draw a random speaker, for `speech.speaker_store.keep`."""
        stat = self._chat.speaker
        mean, std = (part.cpu().numpy() for part in (stat.mean, stat.std))
        return Speaker(name, "chattts", speakers.encode(speakers.sample(mean, std, seed)))

    def speaker(self, voice: str | None) -> Speaker:
        """Find a speaker by name, or by ChatTTS's string.

        None is one that stays the same.

        Raises:
            BadInput, UnknownName: there is none, or it belongs to another model.
        """
        if voice is None:
            self._default = self._default or self.sample_speaker("default", DEFAULT_SEED)
            return self._default
        is_code = len(voice) > speakers.LONGEST_NAME
        speaker = Speaker("imported", "chattts", voice) if is_code else speaker_store.get(voice)
        dim = int(self._chat.config.gpt.hidden_size)
        if speaker.engine != "chattts" or len(speaker.vector) != dim:
            raise BadInput(
                asked=Words(f"the speaker {speaker.name!r} on ChatTTS", f"在 ChatTTS 上用说话人 {speaker.name!r}"),
                found=Words(f"it is one of {speaker.engine}", f"它属于 {speaker.engine}")
                if speaker.engine != "chattts"
                else Words("it has other dimensions", "它的维数不同"),
                todo=Words(
                    "sample one: engine.sample_speaker(name, seed), then keep it",
                    "抽一个：engine.sample_speaker(名字, 种子)，再保存它",
                ),
            )
        return speaker

    def close(self) -> None:
        """Free the model (calling it twice is fine)."""
        self._chat = None

    def _generate(self, texts: list[str], settings: Settings, code: str, seed: int) -> Iterator[list[Any]]:
        """Yield each row's hidden states so far, float32 (n, 768).

        They come after every 24 tokens and at the end; nothing where one of the rows ends with its first token.
        """
        speed = settings.speed if settings.speed is not None else 5
        sampling = {"temperature": settings.temperature, "top_P": settings.top_p, "top_K": settings.top_k}
        params = self._chat.InferCodeParams(
            prompt=controls.show({"speed": speed}, "code"),
            spk_emb=code,
            max_new_token=self.most_tokens,
            show_tqdm=False,
            ensure_non_empty=False,  # its own way is to recurse until Python gives up
            manual_seed=seed % 2**63,
            **{name: value for name, value in sampling.items() if value is not None},
        )
        self._code = code
        for output in self._chat._infer_code(list(texts), True, self._chat.device, True, params):
            yield list(output.hiddens)

    def _rows(self, group: Sequence[Ready], settings: Settings, code: str, seed: int) -> list[Any]:
        """Compute each text's hidden states, where need be reseeding."""
        texts = [entry.text for entry in group]
        for attempt in range(TRIES):
            rows = deque(self._generate(texts, settings, code, seed + attempt), maxlen=1)
            if rows:
                _tell_seed(group, seed, attempt)
                return rows[0]
            if len(group) > 1:  # one of them ended at once, which ends the batch
                return [self._rows([entry], settings, code, seed)[0] for entry in group]
        raise _no_end(texts[0], *_AT_ONCE)

    def _finish(self, text: Ready, row: Any, settings: Settings, code: str, seed: int, depth: int = 0) -> np.ndarray:
        """Decode a row, saying what was capped again in halves."""
        if len(row) < self.most_tokens:
            return decode(self._chat, row)
        both = split.halves(text.text) if depth < 3 else None
        if both is None:
            raise self._capped(text.text)
        why = f"到了 {self.most_tokens} 个 token 的上限（{self.most_tokens * 512 / RATE:.1f} 秒）还没说完，分成两半重说"
        text.changes.append(Change(text.text, " | ".join(both), why))
        halves = [Ready(half, text.changes, text.unspoken) for half in both]
        rows = (self._rows([half], settings, code, seed)[0] for half in halves)  # one after the other
        pairs = zip(halves, rows, strict=True)
        return np.concatenate([self._finish(half, row, settings, code, seed, depth + 1) for half, row in pairs])

    def _capped(self, text: str) -> BadInput:
        seconds = self.most_tokens * 512 / RATE
        why = Words(
            f"the model did not end within {self.most_tokens} tokens ({seconds:.1f} s)",
            f"模型在 {self.most_tokens} 个词元（{seconds:.1f} 秒）之内没有读完",
        )
        todo = Words(
            "try another seed or shorter sentences; with stream=False it is said in halves",
            "换一个种子，或把句子写短；写 stream=False 会分成两半来读",
        )
        return _no_end(text, why, todo)


def _spoken(wave: np.ndarray, text: Ready) -> Spoken:
    return Spoken(wave, changes=tuple(text.changes), unspoken=tuple(text.unspoken))


def _tell_seed(texts: Sequence[Ready], seed: int, attempt: int) -> None:
    if attempt:
        why = f"用种子 {seed} 模型一开口就结束，这一段用了种子 {seed + attempt}"
        texts[0].changes.append(Change(texts[0].text, texts[0].text, why))


def _no_end(text: str, why: Words, todo: Words) -> BadInput:
    return BadInput(
        asked=Words(f"speech of {text[:40]!r} by ChatTTS", f"用 ChatTTS 朗读 {text[:40]!r}"), found=why, todo=todo
    )
