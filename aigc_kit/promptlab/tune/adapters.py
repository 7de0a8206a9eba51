"""Add LoRA to a language model, count it, exchange it."""

import copy
import hashlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, CannotLoad, echo

if TYPE_CHECKING:
    from torch import Tensor

RANK, ALPHA, TARGETS = 8, 16, ("q_proj", "v_proj")
BASE = "base"  # in a file's metadata: the fingerprint of the model that it was trained on


@contextmanager
def quiet_peft() -> Iterator[None]:
    """Keep what PEFT calls from warning about its own calls."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        yield


def lora_numbers(matrices: Sequence[tuple[int, int]], rank: int = RANK) -> int:
    """Count the numbers in a LoRA's A and B.

    Args:
        matrices: (out, in) of each that gets one.
        rank: of all.

    >>> lora_numbers([(192, 192), (192, 192)] * 5)
    30720
    """
    return sum(rank * (rows + columns) for rows, columns in matrices)


def with_lora(
    network: Any, name: str = "default", *, rank: int = RANK, targets: Sequence[str] = TARGETS, seed: int = 0
) -> Any:
    """Put a fresh LoRA around a copy of a model.

    Args:
        network: of transformers; stays as it is.
        name: of the adapter.
        rank: of A and B; what they give is scaled by alpha / rank, alpha twice the rank.
        targets: ends of the names of the matrices that get one.
        seed: of A; B starts at 0.

    Returns:
        A PeftModel; only A and B can learn.

    Raises:
        BadInput: no matrix has such a name.
    """
    import torch
    from peft import LoraConfig, get_peft_model

    own = copy.deepcopy(network)
    config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=list(targets), task_type="CAUSAL_LM")
    with torch.random.fork_rng(devices=[]), quiet_peft():
        torch.manual_seed(seed)
        try:
            return get_peft_model(own, config, adapter_name=name)
        except ValueError as error:
            linear = sorted({part.rpartition(".")[2] for part, each in own.named_modules() if _is_linear(each)})
            raise BadInput(
                asked=Words(f"LoRA on {list(targets)}", f"给 {list(targets)} 加 LoRA"),
                found=Words("no matrix of that name", "没有这个名字的矩阵"),
                todo=Words(f"choose from {linear}", f"从 {linear} 里选"),
            ) from error


def _is_linear(module: Any) -> bool:
    import torch

    return isinstance(module, torch.nn.Linear)


def fingerprint(network: Any) -> str:
    """Hash a model's own weights, whatever stands around them.

    Returns:
        16 hexadecimal digits; those of a model inside PEFT are those of the model alone.
    """
    digest = hashlib.sha256()
    for name, value in sorted(_own(network).items()):
        digest.update(name.encode())
        digest.update(value.detach().contiguous().cpu().numpy().tobytes())
    return digest.hexdigest()[:16]


def _own(network: Any) -> "dict[str, Tensor]":
    base = network.get_base_model() if hasattr(network, "get_base_model") else network
    return {name.replace(".base_layer", ""): value for name, value in base.state_dict().items() if ".lora_" not in name}


def merged(network: Any) -> Any:
    """Add B A to the weights of a copy."""
    return copy.deepcopy(network).merge_and_unload()


def save_adapter(network: Any, path: Path | str, name: str = "default") -> Path:
    """Write a LoRA as one safetensors file.

    The file says which model it belongs to.
    """
    from peft import get_peft_model_state_dict
    from safetensors.torch import save_file

    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    state = {key: value.contiguous() for key, value in get_peft_model_state_dict(network, adapter_name=name).items()}
    save_file(state, part, {BASE: fingerprint(network)})
    return part.replace(path)


def load_adapter(network: Any, path: Path | str, name: str) -> None:
    """Add a file's LoRA to a model that has one.

    Args:
        network: a PeftModel whose adapters have the same rank and targets.
        path: of `save_adapter`.
        name: of the new adapter; `network.set_adapter(name)` chooses it.

    Raises:
        BadInput: it was trained on another model. CannotLoad: the file is missing, cut short or something else.
    """
    from peft import set_peft_model_state_dict

    state, notes = read_tensors(path)
    if notes.get(BASE) != fingerprint(network):
        raise foreign(path, notes.get(BASE, "?"), fingerprint(network))
    if name not in network.peft_config:
        with quiet_peft():
            network.add_adapter(name, next(iter(network.peft_config.values())))
    set_peft_model_state_dict(network, state, adapter_name=name)


def read_tensors(path: Path | str) -> "tuple[dict[str, Tensor], Mapping[str, str]]":
    """Read a safetensors file: tensors and notes.

    Raises:
        CannotLoad: it is missing, cut short or something else.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (OSError, SafetensorError, ValueError) as error:
        raise CannotLoad(
            asked=Words(f"the tuned weights in {Path(path).name}", f"{Path(path).name} 里训练好的权重"),
            found=echo(error),
            todo=Words("save it again, or train anew", "重新保存一次，或者重新训练"),
        ) from error


def foreign(path: Path | str, theirs: str, own: str) -> BadInput:
    """Refuse weights that belong to another model."""
    return BadInput(
        asked=Words(f"to use {Path(path).name} on this model", f"把 {Path(path).name} 用在这个模型上"),
        found=Words(f"trained on the model {theirs}, this is {own}", f"它是在模型 {theirs} 上训练的，这个模型是 {own}"),
        todo=Words("load the model that it was trained on", "换成训练它时用的那个模型"),
    )
