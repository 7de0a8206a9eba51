"""Measure what a diffusion pipeline gets wrong."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aigc_kit.make.train.lessons import Batch
from aigc_kit.make.train.losses import denoising

if TYPE_CHECKING:
    from torch import Tensor

TARGETS = {"epsilon": "epsilon", "v_prediction": "v"}


def noise_shares(pipe: Any) -> "tuple[Tensor, Tensor]":
    """Give the shares of signal and noise at each timestep.

    float32 (1000,) each, from the pipeline's scheduler; their squares sum to 1.
    """
    from diffusers import DDPMScheduler

    kept = DDPMScheduler.from_config(pipe.scheduler.config).alphas_cumprod.to(pipe.device)
    return kept.sqrt(), (1 - kept).sqrt()


def mistake(pipe: Any, control: Any = None) -> "Callable[[Batch], Tensor]":
    """Make the loss of a pipeline's U-Net.

    Under a ControlNet, if one is given.

    Returns:
        batch -> mean squared error of what the scheduler wants predicted, ().
    """
    signal, share = noise_shares(pipe)
    target = TARGETS[pipe.scheduler.config.prediction_type]

    def loss(batch: Batch) -> "Tensor":
        part, steps = batch.material, batch.timesteps
        columns = (-1, *[1] * (part.latents.ndim - 1))

        def predict(noisy: "Tensor") -> "Tensor":
            return predicted(pipe, noisy, batch, control)

        return denoising(
            target,  # type: ignore[arg-type]
            predict,
            part.latents,
            batch.noise,
            signal[steps].view(columns),
            share[steps].view(columns),
            part.weight,
        )

    return loss


def predicted(pipe: Any, noisy: "Tensor", batch: Batch, control: Any = None) -> "Tensor":
    """Ask the U-Net about noisy latents, float32 of their shape."""
    import torch

    part, steps = batch.material, batch.timesteps
    rows, columns = (side * pipe.vae_scale_factor for side in noisy.shape[2:])
    size = torch.tensor([rows, columns, 0, 0, rows, columns], dtype=part.pooled.dtype, device=noisy.device)
    added = {"text_embeds": part.pooled, "time_ids": size.repeat(len(noisy), 1)}
    residuals: dict[str, Any] = {}
    if control is not None:
        down, middle = control(
            noisy,
            steps,
            encoder_hidden_states=part.states,
            controlnet_cond=part.hints,
            added_cond_kwargs=added,
            return_dict=False,
        )
        residuals = {"down_block_additional_residuals": down, "mid_block_additional_residual": middle}
    answer = pipe.unet(
        noisy, steps, encoder_hidden_states=part.states, added_cond_kwargs=added, return_dict=False, **residuals
    )
    return answer[0].float()
