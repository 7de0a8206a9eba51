"""Record what cards say of their models, family by family."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aigc_kit.core.types import FrozenMap


@dataclass(frozen=True)
class TextFacts:
    """Hold facts about a language model.

    Args:
        languages: that it speaks: "zh", "en", "zh-verse" (classical verse in the poem model's form), "zh-shop" (only
            questions about messages to a small shop, a closed world).
        engines: that run it, the preferred one first.
        max_context: tokens that it sees at once, the prompt included.
        layers, kv_heads, head_dim: of its attention; 0 where nothing is reckoned from them.
    """

    languages: tuple[str, ...]
    engines: tuple[str, ...] = ("transformers",)
    max_context: int = 2048
    layers: int = 0
    kv_heads: int = 0
    head_dim: int = 0


@dataclass(frozen=True)
class VoiceFacts:
    """Hold facts about a voice.

    Args:
        languages: that it speaks.
        longest: characters that it speaks in one go.
        commercial: its licence allows commercial use.
        voices: names of its speakers; empty where they are sampled.
        ranges: control -> (lowest, highest) that it can do, where that is less than the kit's.
        peak: bytes that the process grew by; measured once.
        rtf: seconds of work per second of sound, on one idle core.
        cuda, half: it can use a GPU; in float16.
        dtype: of its weights.
    """

    languages: tuple[str, ...]
    longest: int
    commercial: bool = True
    voices: tuple[str, ...] = ()
    ranges: Mapping[str, tuple[float, float]] = FrozenMap()
    peak: int | None = None
    rtf: float | None = None
    cuda: bool = False
    half: bool = False
    dtype: str = "float32"


@dataclass(frozen=True)
class DiffusionFacts:
    """Hold facts about a pipeline of diffusers.

    Args:
        languages: that its text encoders read.
        max_tokens: that they read, special ones left out for CLIP.
        multiple: height and width divide by it.
        max_pixels: of one picture or frame.
        ladder: (height, width) that it was made for or still draws well, largest first.
        frame_step: frames are 1 more than a multiple of it; 1 for pictures.
        frames_ladder: numbers of frames that a plan tries, longest first.
        max_frames: None: the first of the ladder.
        smallest: shortest side; None: 8 times `multiple`.
        max_steps: levels of noise that its scheduler tells apart (num_train_timesteps).
        variant: of the files, such as "fp16".
        vae_upcast: its decoder overflows in float16 and is lifted to float32.
        half: it works in half precision.
        world: the closed world in whose words prompts are said, such as "tinyworld".
        scale: the sizes of the model that it stands for are this many times as large; 1: it draws them.
        full_ladder: sizes of that model, for advice.
        weighted: weights in a prompt can be applied to its embeddings.
        empty_negative: what stands for no negative prompt; None: zeros.
        package: that its tokenizer needs besides.
        options: arguments of `from_pretrained` that it is loaded with; None for a part that stays away.
        pixel_bytes: live bytes a pixel and frame, for small models that were not traced; None: the planner's own.
        pace: seconds of a denoising step, of each pixel and frame in a step, and of each pixel and frame decoded, on
            two idle cores; measured once. None: nobody did.
    """

    languages: tuple[str, ...]
    max_tokens: int
    multiple: int
    max_pixels: int
    ladder: tuple[tuple[int, int], ...]
    frame_step: int = 1
    frames_ladder: tuple[int, ...] = (1,)
    max_frames: int | None = None
    smallest: int | None = None
    max_steps: int = 1000
    variant: str | None = None
    vae_upcast: bool = True
    half: bool = True
    world: str | None = None
    scale: int = 1
    full_ladder: tuple[tuple[int, int], ...] = ()
    weighted: bool = True
    empty_negative: str | None = None
    package: str | None = None
    options: Mapping[str, Any] = FrozenMap()
    pixel_bytes: int | None = None
    pace: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class ListenerFacts:
    """Hold facts about a model that writes down speech.

    Args:
        languages: that it understands.
        longest: seconds that it hears in one go.
    """

    languages: tuple[str, ...]
    longest: int


@dataclass(frozen=True)
class MusicFacts:
    """Hold facts about a music model.

    Args:
        languages: that its prompts are in.
        parameters: counted on its class.
        positions, rows, cache_width: of its cache: places, rows in a batch (two with guidance), numbers in each place
            for keys, over all layers.
        overhead: bytes that the process grows by besides.
        traced: instead of these, bytes that the X-ray predicts for a piece of 30 s: on a card in float16, with the
            context; on a CPU in float32.
        rate: of the sound that it makes itself, Hz; 0 for tunes.
        guidance: that a model of sound takes where the request leaves it open; 1 is none.
        commercial: its licence allows commercial use.
        cuda: it can use a GPU.
    """

    languages: tuple[str, ...]
    parameters: int
    positions: int
    rows: int
    cache_width: int
    overhead: int
    traced: tuple[int, int] | None = None
    rate: int = 0
    guidance: float = 3.0
    commercial: bool = True
    cuda: bool = False


@dataclass(frozen=True)
class ClipFacts:
    """Hold facts about a model that puts pictures beside texts.

    Args:
        languages: that its text tower reads.
        width: numbers of a vector.
        side: pixels that its picture tower sees, along each side.
        tokens: that its text tower reads at most.
        world: the closed world that it knows, or None.
    """

    languages: tuple[str, ...]
    width: int
    side: int
    tokens: int
    world: str | None = None
