"""Learns by regression what the codec's decoder computes: from the codes around a frame to its spectrum.

The encoder keeps 112 axes and four codes of a frame, 10 dB. But the world has few frames, and the codes nearly name
them: a convolution over seven frames and one gated layer get back what the codes left out. It never hears the reader.
"""

import time

import numpy as np
import torch
from torch import Tensor, nn

from . import codec, paths

WIDTH, CONTEXT = codec.WIDTH, codec.KERNEL
BATCH, RATE = 48, 4e-3


class Regression(nn.Module):
    """z (B, T, AXES) -> coefficients (B, T, WIDTH): x = conv(z), x + s(I x) * (G x) * s(O x).

    This is the codec's LSTM when it forgets everything: its gates read the frame, and nothing is carried over.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(codec.AXES, WIDTH, CONTEXT, padding=CONTEXT // 2)
        self.gates = nn.Linear(WIDTH, 3 * WIDTH)

    def forward(self, z: Tensor) -> Tensor:
        x = self.conv(z.mT).mT
        enter, value, leave = self.gates(x).chunk(3, -1)
        return x + torch.sigmoid(enter) * value * torch.sigmoid(leave)

    @torch.no_grad()
    def begin(self, z: Tensor, wanted: Tensor, heavy: Tensor) -> None:
        """Set the convolution to the weighted linear regression."""
        around = nn.functional.pad(z, (0, 0, CONTEXT // 2, CONTEXT // 2)).unfold(1, CONTEXT, 1)
        rows, root = around.reshape(-1, codec.AXES * CONTEXT), heavy.reshape(-1, 1).sqrt()
        left, right = (rows * root).double(), (wanted.reshape(-1, WIDTH) * root).double()
        gram = left.T @ left + 0.1 * torch.eye(left.shape[1], dtype=torch.float64)
        weight = torch.linalg.solve(gram, left.T @ right).float()
        self.conv.weight.copy_(weight.T.reshape(WIDTH, codec.AXES, CONTEXT))
        self.conv.bias.zero_()


def learn(seconds: float) -> dict[str, float]:
    """Train for these seconds of the processor; the rates fall over the second half."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    _, waves = codec.everything()
    with np.load(paths.CODEC) as file, np.load(paths.CODES) as coded:
        books, codes = file["books"], coded["codes"].astype(np.int64)
    z = torch.from_numpy(sum(books[k][codes[:, k]] for k in range(codec.BOOKS)))
    spectra = codec.frames(waves) @ codec.transform()
    flat = spectra.reshape(-1, codec.HOP)
    weights = codec.evened((flat**2).sum(1))
    axes = codec.principal(flat, weights, WIDTH)
    wanted = torch.from_numpy(spectra @ axes)
    heavy = torch.from_numpy(weights.reshape(wanted.shape[:2]))[..., None]
    net = Regression()
    net.begin(z, wanted, heavy)
    optimiser = torch.optim.Adam(net.parameters(), RATE)
    began, losses = time.process_time(), []
    while (share := (time.process_time() - began) / seconds) < 1:
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, (len(losses) + 1) / 20, 2 * (1 - share))
        rows = torch.randint(0, len(z), (BATCH,))
        loss = ((net(z[rows]) - wanted[rows]) ** 2 * heavy[rows]).sum() / (wanted[rows] ** 2 * heavy[rows]).sum()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        losses.append(float(loss.detach()))
        if len(losses) % 200 == 0:
            print(len(losses), round(-10 * np.log10(np.mean(losses[-200:])), 2), "dB", flush=True)
    np.savez(paths.DECODER, axes=axes, **{name: value.numpy() for name, value in net.state_dict().items()})
    with torch.inference_mode():
        out = torch.cat([net(part) for part in z.split(64)])
    missed = (wanted - out).square().sum() + float((flat**2).sum()) - wanted.square().sum()
    return {"steps": len(losses), "dB": float(10 * torch.log10((flat**2).sum() / missed))}
