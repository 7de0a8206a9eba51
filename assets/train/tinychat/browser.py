"""Export for a browser: the shipped weights as one ONNX file, for runtimes that know no torch."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModelForCausalLM

from . import paths
from .tokens import LONGEST

OPSET = 18
FILE = paths.RUN / "tinychat.onnx"


class Step(nn.Module):
    """One step of writing, with what an explainer shows of it."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """ids: int64 (1, time) -> (next logits (1, vocabulary), attention (layers, 1, heads, time, time))."""
        told = self.model(input_ids=ids, use_cache=False, output_attentions=True)
        return told.logits[:, -1], torch.stack(told.attentions)


def step(folder: Path = paths.MODEL) -> Step:
    """The shipped model as that step, in float32, with attention that keeps its weights."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    return Step(model).eval()


@torch.no_grad()
def export(target: Path = FILE, folder: Path = paths.MODEL) -> Path:
    """Write the file, for 2 to 512 tokens; needs the packages onnx and onnxscript."""
    target.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        step(folder),
        (torch.arange(5, 29)[None],),
        str(target),
        input_names=["ids"],
        output_names=["logits", "attention"],
        dynamic_shapes={"ids": {1: torch.export.Dim("time", min=2, max=LONGEST)}},
        dynamo=True,
        external_data=False,
        opset_version=OPSET,
        verbose=False,
    )
    return target
