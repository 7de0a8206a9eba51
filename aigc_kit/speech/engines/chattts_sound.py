"""From ChatTTS's hidden states to a wave, one segment at a time, whole or in parts that fit together exactly.

The package decodes a batch padded to its longest row, which leaves a tail of junk on the others, and then removes every
sample below 1e-5 wherever it stands. When it streams more than four segments, it goes on counting the samples of the
group before and so loses the beginning of the next one. Here each segment is decoded alone, and nothing is removed.

Both decoder and vocoder are convolutions, so that a sample depends on the tokens near it alone. In a stream only
samples are given out whose tokens are all there; the parts joined are the wave that is decoded in one go.
Source: `model/dvae.py` of ChatTTS 0.2.5; `models.py` and `heads.py` of vocos 0.1.0.
"""

from typing import Any

import numpy as np

HOP = 256  # samples per mel frame
TOKEN = 2 * HOP  # samples per token: 46.875 tokens are a second at 24,000 Hz


def reach_of(chat: Any) -> int:
    """How many tokens before and after it a sample depends on, counted from the loaded layers; 53 in the real model."""
    from torch.nn import Conv1d

    layers = [*chat.decoder.modules(), *chat.vocos.backbone.modules()]
    frames = sum(m.dilation[0] * (m.kernel_size[0] // 2) for m in layers if isinstance(m, Conv1d))
    overlap = chat.vocos.head.istft.n_fft // 2 // HOP
    return -(-(frames + overlap) // 2) + 1


def decode(chat: Any, hidden: Any) -> np.ndarray:
    """The wave of some tokens.

    Args:
        chat: a loaded `ChatTTS.Chat`.
        hidden: torch float32 (n, 768), the states of n tokens.

    Returns:
        float32 (512 n - 256,); empty for no tokens.
    """
    if len(hidden) == 0:
        return np.zeros(0, dtype=np.float32)
    wave = chat._decode_to_wavs([hidden], True)[0]
    return np.ascontiguousarray(wave, dtype=np.float32)


class Stream:
    """The wave of one segment in parts, as its tokens come.

    Args:
        chat: a loaded `ChatTTS.Chat`.
        reach: of `reach_of`.
    """

    def __init__(self, chat: Any, reach: int) -> None:
        self._chat, self._reach = chat, reach
        self._done = 0  # samples given out

    def part(self, hidden: Any, last: bool) -> np.ndarray:
        """The samples that are sure by now and were not given out before.

        Args:
            hidden: torch float32 (n, 768), all tokens so far.
            last: no more tokens follow.

        Returns:
            float32 (m,); m may be 0.
        """
        count = len(hidden)
        sure = TOKEN * count - HOP if last else TOKEN * max(count - self._reach, 0)
        if sure <= self._done:
            return np.zeros(0, dtype=np.float32)
        first = max(self._done // TOKEN - self._reach, 0)
        window = decode(self._chat, hidden[first:])
        part = window[self._done - TOKEN * first : sure - TOKEN * first]
        self._done = sure
        return part
