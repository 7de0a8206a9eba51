"""A real EncodecModel. Its encoder is set, not trained: a lapped transform, its principal axes, and k-means.

Encoder: `encoder.layers` are space-to-depth by 10 and by 8, then the MDCT of 1,280 samples on its 112 principal axes as
one convolution of stride 8; the LSTM is zero. ELU lets everything through because the signal is made so small before it
(2 ** -12) that exp(x) - 1 is x to 1e-3. Four books of 256 by k-means on what the books before leave; quiet frames weigh
more than their energy. The decoder is the transpose after what `decoder.py` has learned by regression.
"""

import numpy as np
import torch
from torch import Tensor
from transformers import EncodecConfig, EncodecModel

from aigc_kit.worlds.sounds.sound_world import HOP, OWN_RATE, TONICS, render, wishes

from . import paths

AXES, BOOKS, SIZE, SMALL = 112, 4, 256, 2.0**-12
WIDTH, KERNEL = 160, 7
"""Of the decoder: axes of its synthesis, frames that it looks at."""
STRIDES = (10, 8, 8)
EVENNESS = 0.5
"""Of the weight of a frame: its energy to the power of minus this."""
FORGET = -30.0


def transform(half: int = HOP) -> np.ndarray:
    """MDCT with a sine window, float32 (2 * half, half); its frames overlap by half and add up to the signal.

    Source: Princen, Johnson, Bradley 1987.
    """
    n, k = np.arange(2 * half)[:, None], np.arange(half)[None]
    window = np.sin(np.pi * (n + 0.5) / (2 * half))
    return (np.sqrt(2 / half) * window * np.cos(np.pi / half * (n + 0.5 + half / 2) * (k + 0.5))).astype(np.float32)


def frames(waves: np.ndarray) -> np.ndarray:
    """(B, N) -> (B, N / 640, 1280), half a hop of silence before and after."""
    padded = np.pad(waves, ((0, 0), (HOP // 2, HOP // 2)))
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * HOP, axis=1)[:, ::HOP]


def evened(energy: np.ndarray) -> np.ndarray:
    """Weights of frames, mean 1, from their energies."""
    even = (energy + 1e-3 * energy.mean()) ** -EVENNESS
    return (even / even.mean()).astype(np.float32)


def principal(spectra: np.ndarray, weights: np.ndarray, count: int) -> np.ndarray:
    """The first principal axes of weighted rows, float32 (D, count)."""
    return np.linalg.eigh((spectra * weights[:, None]).T @ spectra)[1][:, ::-1][:, :count].astype(np.float32)


def kmeans(points: Tensor, weights: Tensor, size: int, seed: int, rounds: int = 25) -> Tensor:
    """Centres (size, D) of Lloyd's algorithm; empty ones move to the worst points."""
    draw = torch.Generator().manual_seed(seed)
    centres = points[torch.multinomial(weights, size, generator=draw)].clone()
    for _ in range(rounds):
        nearest = (2 * points @ centres.T - centres.square().sum(1)).argmax(1)
        counts = torch.zeros(size).index_add_(0, nearest, weights)
        sums = torch.zeros_like(centres).index_add_(0, nearest, points * weights[:, None])
        centres = torch.where(counts[:, None] > 0, sums / counts.clamp_min(1e-9)[:, None], centres)
        empty = (counts == 0).nonzero()[:, 0]
        if len(empty):
            far = ((points - centres[nearest]).square().sum(1) * weights).topk(len(empty)).indices
            centres[empty] = points[far]
    return centres


def everything() -> tuple[list, np.ndarray]:
    """Every wish of the world with every tonic, and their waves float32 (B, 48000)."""
    whole = [(wish, tonic) for wish in wishes() for tonic in range(TONICS)]
    return whole, np.stack([render(wish, tonic) for wish, tonic in whole])


def fit(clips: int = 400) -> dict[str, float]:
    """Set axes and books on some of the world's clips; says how many dB each book gains."""
    torch.set_num_threads(1)
    _, waves = everything()
    rng = np.random.default_rng(0)
    chosen = waves[rng.choice(len(waves), clips, replace=False)]
    spectra = (frames(chosen) @ transform()).reshape(-1, HOP)
    weights = evened((spectra**2).sum(1))
    axes = principal(spectra, weights, AXES)
    points = torch.from_numpy(spectra @ axes)
    rest, books, report = points.clone(), [], {}
    report["axes"] = 10 * np.log10((spectra**2).sum() / ((spectra**2).sum() - float(points.square().sum())))
    for number in range(BOOKS):
        book = kmeans(rest, torch.from_numpy(weights), SIZE, number)
        rest = rest - book[(2 * rest @ book.T - book.square().sum(1)).argmax(1)]
        books.append(book.numpy())
        report[f"book {number + 1}"] = 10 * float(torch.log10(points.square().sum() / rest.square().sum()))
    paths.RUN.mkdir(exist_ok=True)
    np.savez(paths.CODEC, axes=axes, books=np.stack(books))
    return report


def config() -> EncodecConfig:
    return EncodecConfig(
        target_bandwidths=[OWN_RATE / HOP * BOOKS * (SIZE.bit_length() - 1) / 1000],
        sampling_rate=OWN_RATE,
        audio_channels=1,
        normalize=False,
        hidden_size=AXES,
        num_filters=WIDTH // 8,
        num_residual_layers=0,
        upsampling_ratios=list(STRIDES[::-1]),
        kernel_size=KERNEL,
        last_kernel_size=1,
        use_causal_conv=False,
        pad_mode="constant",
        num_lstm_layers=1,
        codebook_size=SIZE,
        codebook_dim=AXES,
    )


@torch.no_grad()
def build(learned: bool = True) -> EncodecModel:
    """The codec as transformers' EncodecModel, float32; its decoder learned, or the transpose of the encoder."""
    with np.load(paths.CODEC) as file:
        axes, books = torch.from_numpy(file["axes"]), torch.from_numpy(file["books"])
    model = EncodecModel(config()).eval()
    _set_encoder(model, torch.from_numpy(transform()) @ axes)
    known = {"axes": axes}
    if learned:
        with np.load(paths.DECODER) as file:
            known = {name: torch.from_numpy(file[name]) for name in file.files}
    _set_decoder(model, known)
    for layer, book in zip(model.quantizer.layers, books, strict=True):
        layer.codebook.embed.copy_(book)
        layer.codebook.embed_avg.copy_(book)
        layer.codebook.inited.fill_(True)
    return model


def _set_encoder(model: EncodecModel, basis: Tensor) -> None:
    convs = [layer for layer in model.encoder.layers if hasattr(layer, "conv")]
    one = torch.zeros_like(convs[0].conv.weight)
    one[:, 0, KERNEL // 2] = SMALL
    _set(convs[0], one)
    _set(convs[1], unfolding(convs[1].conv.weight.shape, STRIDES[0], 1))
    _set(convs[2], unfolding(convs[2].conv.weight.shape, STRIDES[1], STRIDES[0]))
    _set(convs[3], lapped(basis))
    out = torch.zeros_like(convs[4].conv.weight)
    out[:, :AXES, 0] = torch.eye(AXES) / SMALL
    _set(convs[4], out)
    _set_lstm(model.encoder, torch.zeros(3 * WIDTH, WIDTH), torch.zeros(3 * WIDTH))


def _set_decoder(model: EncodecModel, known: dict[str, Tensor]) -> None:
    convs = [layer for layer in model.decoder.layers if hasattr(layer, "conv")]
    first = torch.zeros_like(convs[0].conv.weight)
    if "conv.weight" in known:
        first.copy_(known["conv.weight"])
        convs[0].conv.bias.copy_(known["conv.bias"] * SMALL)
        _set_lstm(model.decoder, known["gates.weight"], known["gates.bias"])
    else:
        first[:AXES, :, KERNEL // 2] = torch.eye(AXES)
        _set_lstm(model.decoder, torch.zeros(3 * WIDTH, WIDTH), torch.zeros(3 * WIDTH))
    _set(convs[0], first * SMALL, None if "conv.bias" not in known else known["conv.bias"] * SMALL)
    _set(convs[1], lapped(torch.from_numpy(transform()) @ known["axes"]))
    _set(convs[2], unfolding(convs[2].conv.weight.shape, STRIDES[1], STRIDES[0]))
    _set(convs[3], unfolding(convs[3].conv.weight.shape, STRIDES[0], 1))
    last = torch.zeros_like(convs[4].conv.weight)
    last[0, 0] = 1 / SMALL
    _set(convs[4], last)


def unfolding(shape: torch.Size, stride: int, inside: int) -> Tensor:
    """Kernel (channels, fewer, 2 * stride) that turns `stride` steps of `inside` channels into one step of all."""
    kernel = torch.zeros(shape)
    for step in range(stride):
        for channel in range(inside):
            kernel[step * inside + channel, channel, stride // 2 + step] = 1
    return kernel


def lapped(basis: Tensor) -> Tensor:
    """Basis (1280, N) as a kernel (WIDTH, WIDTH / 2, 16) over steps of 80 samples."""
    block = STRIDES[0] * STRIDES[1]
    kernel = torch.zeros(WIDTH, WIDTH // 2, 2 * HOP // block)
    kernel[: basis.shape[1], :block] = basis.reshape(-1, block, basis.shape[1]).permute(2, 1, 0)
    return kernel


def _set(layer: torch.nn.Module, weight: Tensor, bias: Tensor | None = None) -> None:
    """Weight as length and direction: small ones keep their digits in float16, rows of zeros have some direction."""
    norm = weight.flatten(1).norm(dim=1)[:, None, None]
    parts = layer.conv.parametrizations.weight
    parts.original0.copy_(norm)
    parts.original1.copy_(torch.where(norm > 0, weight / norm.clamp_min(1e-12), 0.1))
    layer.conv.bias.zero_() if bias is None else layer.conv.bias.copy_(bias)


def _set_lstm(part: torch.nn.Module, weight: Tensor, bias: Tensor) -> None:
    """Gates (enter, value, leave) that read signals made SMALL; what was before is forgotten."""
    lstm = next(layer.lstm for layer in part.layers if hasattr(layer, "lstm"))
    for parameter in lstm.parameters():
        parameter.zero_()
    enter, value, leave = weight.chunk(3)
    lstm.weight_ih_l0.copy_(torch.cat([enter / SMALL, torch.zeros_like(enter), value, leave / SMALL]))
    start, amount, end = bias.chunk(3)
    lstm.bias_ih_l0.copy_(torch.cat([start, torch.full_like(start, FORGET), amount * SMALL, end]))


def encode() -> int:
    """Write the codes of every clip of the world, by the real model: int16 (B, 4, 75)."""
    model = build(learned=False)
    _, waves = everything()
    rows = []
    with torch.inference_mode():
        for part in torch.from_numpy(waves).split(48):
            rows.append(model.encode(part[:, None]).audio_codes[0].to(torch.int16))
    codes = torch.cat(rows).numpy()
    np.savez(paths.CODES, codes=codes)
    return len(codes)
