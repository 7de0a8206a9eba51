"""The U-Net and the noise schedule. Stock diffusers classes; only the attention processor differs while it trains."""

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aigc_kit.make.train import muon
from assets.train import session

from . import codec, text, tokens

SHAPE = {
    "sample_size": 16,
    "in_channels": codec.CHANNELS,
    "out_channels": codec.CHANNELS,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "block_out_channels": (48, 96, 128),
    "layers_per_block": 1,
    "transformer_layers_per_block": 1,
    "attention_head_dim": (2, 3, 4),  # the number of heads: the name is diffusers' own slip
    "cross_attention_dim": sum(text.WIDTHS),
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 32,
    "projection_class_embeddings_input_dim": text.PROJECTION + 6 * 32,
    "use_linear_projection": True,
    "norm_num_groups": 16,
    "resnet_time_scale_shift": "scale_shift",  # time and pooled text scale every channel, not only shift it
}
SCHEDULE = {
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "prediction_type": "v_prediction",
    "rescale_betas_zero_snr": True,
    "timestep_spacing": "trailing",
}


def build() -> nn.Module:
    """An untrained UNet2DConditionModel; every residual branch and the output start at zero."""
    from diffusers import UNet2DConditionModel
    from diffusers.models.attention_processor import AttnProcessor

    unet = UNet2DConditionModel(**SHAPE)
    for name, parameter in unet.named_parameters():
        if name.endswith(("conv2.weight", "proj_out.weight", "to_out.0.weight", "net.2.weight")):
            nn.init.zeros_(parameter)
        if name.startswith("conv_out"):
            nn.init.zeros_(parameter)
    unet.set_attn_processor(AttnProcessor())  # the backward pass of SDPA is slow on a CPU
    return unet.to(memory_format=torch.channels_last)


class Float32Norm(nn.GroupNorm):
    """A GroupNorm that computes in float32: under bfloat16 the CPU's own is three times slower."""

    def forward(self, x: Tensor) -> Tensor:
        return F.group_norm(x.float(), self.num_groups, self.weight, self.bias, self.eps).to(x.dtype)


def quicken(unet: nn.Module) -> nn.Module:
    """Make the norms fit for training under bfloat16; no parameter changes."""
    for module in unet.modules():
        if type(module) is nn.GroupNorm:
            module.__class__ = Float32Norm
    return unet


def twin(unet: nn.Module) -> nn.Module:
    """A frozen copy, for the running average."""
    return copy.deepcopy(unet).requires_grad_(False)


def alphas() -> tuple[Tensor, Tensor]:
    """(share of signal, share of noise) at each of the 1,000 timesteps, float32 (1000,); their squares sum to 1."""
    from diffusers import DDPMScheduler

    kept = {name: SCHEDULE[name] for name in ("beta_schedule", "beta_start", "beta_end", "rescale_betas_zero_snr")}
    cumulative = DDPMScheduler(**kept).alphas_cumprod
    return cumulative.sqrt(), (1 - cumulative).sqrt()


def padding_mask(count: int) -> Tensor:
    """The mask under which the last of the 29 packed states counts as the 49 padding states that it stands for.

    diffusers turns a mask m into the bias (1 - m) * -10000; log(49) is wanted on the last one.
    """
    mask = torch.ones(count, text.KEPT + 1)
    mask[:, -1] += torch.log(torch.tensor(float(tokens.LENGTH - text.KEPT))) / 10_000
    return mask


def predict(unet: nn.Module, noisy: Tensor, timesteps: Tensor, states: Tensor, pooled: Tensor) -> Tensor:
    """v for noisy latents (N, C, h, w), timesteps (N,), packed states (N, 29, 192), pooled (N, 128)."""
    rows, columns = noisy.shape[2] * codec.BLOCK, noisy.shape[3] * codec.BLOCK
    size = torch.tensor([rows, columns, 0, 0, rows, columns], dtype=torch.float32).repeat(len(noisy), 1)
    return unet(
        noisy.contiguous(memory_format=torch.channels_last),
        timesteps,
        states,
        added_cond_kwargs={"text_embeds": pooled, "time_ids": size},
        encoder_attention_mask=padding_mask(len(noisy)),
        return_dict=False,
    )[0]


def optimisers(network: nn.Module, matrix_lr: float, other_lr: float) -> list[torch.optim.Optimizer]:
    """[Muon for the matrices and convolutions inside, AdamW]: together they update every parameter once."""
    matrices, others = [], []
    for name, parameter in network.named_parameters():
        edge = name.startswith(("conv_in", "conv_out", "time_embedding", "add_embedding")) or "time_emb_proj" in name
        (others if parameter.ndim < 2 or edge else matrices).append(parameter)
    adam = torch.optim.AdamW(others, lr=other_lr, betas=(0.9, 0.98), weight_decay=0.0, eps=1e-8)
    return [muon(matrices, matrix_lr, decay=0.02, half=session.half_is_fast()), adam]
