"""Train networks step by step.

Here are loops that a caller drives, the losses they need, and their optimiser.

training = Training(network, [muon(matrices, 0.02), torch.optim.AdamW(others, 0.002)], average=0.998)
for progress in train(training, batches, loss):       # (step, loss, seconds): plot it, save, or stop
    ...
write_weights(training.averaged.state_dict(), "out/trained.safetensors")

`loss(batch)` returns a tensor, or several of which the gradients add up: `denoising` and `next_token` are there.
"""

from aigc_kit.make.train.contrast import contrast, learn_clip, new_clip
from aigc_kit.make.train.control import controlled, learn_control, load_control, new_control, save_control
from aigc_kit.make.train.lessons import Batch, Material, batches, material
from aigc_kit.make.train.loop import Progress, Training, read_weights, save_checkpoint, train, write_weights
from aigc_kit.make.train.lora import learn_lora, load_lora, save_lora
from aigc_kit.make.train.losses import denoising, next_token
from aigc_kit.make.train.muon import muon, orthogonalise
from aigc_kit.make.train.teaching import mistake

__all__ = [
    "Batch",
    "Material",
    "Progress",
    "Training",
    "batches",
    "contrast",
    "controlled",
    "denoising",
    "learn_clip",
    "learn_control",
    "learn_lora",
    "load_control",
    "load_lora",
    "material",
    "mistake",
    "muon",
    "new_clip",
    "new_control",
    "next_token",
    "orthogonalise",
    "read_weights",
    "save_checkpoint",
    "save_control",
    "save_lora",
    "train",
    "write_weights",
]
