"""Build a pipeline's parts on the meta device from configs."""

import importlib
import json
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from inspect import signature
from pathlib import Path
from typing import Any

from aigc_kit.core import paths
from aigc_kit.core.errors import BadInput, CannotLoad, UnknownName
from aigc_kit.memory.footprint.bytes import COMPUTE_DTYPES, full_name
from aigc_kit.memory.footprint.model_facts import PartFacts, Role
from aigc_kit.models import cards, compat

_NOT_A_MODULE = re.compile(
    r"(Tokenizer|TokenizersBackend|TokenizerFast|Scheduler|Processor|ProcessorFast|Extractor|Watermarker)$"
)
_TEXT = re.compile("text_encoder|^t5|^llm")
_DECODE = re.compile("^vae|^vqvae|^movq|^vocoder|decoder$")
# These load their decoder in float32 whatever the rest is in (the example in the docstring of each).
_FLOAT32_DECODER = tuple(
    f"{name}Pipeline"
    for name in (
        "Wan", "WanImageToVideo", "WanVideoToVideo", "WanVACE", "LucyEdit", "Allegro", "ChronoEdit", "Helios",
        "HeliosPyramid", "SkyReelsV2", "SkyReelsV2ImageToVideo", "SkyReelsV2DiffusionForcing",
        "SkyReelsV2DiffusionForcingImageToVideo", "SkyReelsV2DiffusionForcingVideoToVideo",
    )
)  # fmt: skip
MUSICGEN = "MusicgenForConditionalGeneration"


@dataclass
class Part:
    """Hold a part on the meta device, and its config.

    Args:
        packed: whether its weights are kept in fewer bits.
    """

    name: str
    module: Any
    config: Mapping[str, Any]
    role: Role
    dtype: str
    packed: bool = False

    @property
    def cls(self) -> str:
        """Name its class."""
        return type(self.module).__name__

    def sizes(self) -> list[int]:
        """List the bytes of its weights, unless packed.

        Published runs with packed weights show no rests of segments.
        """
        return [] if self.packed else [t.nbytes for t in (*self.module.parameters(), *self.module.buffers())]


@dataclass
class Pipeline:
    """Hold the parts of a pipeline, and its model_index.json."""

    name: str
    cls: str
    parts: dict[str, Part]
    index: Mapping[str, Any]
    folder: Path

    def of(self, role: Role) -> list[Part]:
        """List the parts of one role, in index order."""
        return [part for part in self.parts.values() if part.role == role]


def find(model: str | Path) -> Path:
    """Find a known model's configs, or the folder named.

    Raises:
        UnknownName: neither a known model nor a folder.
        BadInput: a folder without model_index.json.
    """
    shelf, folder = paths.assets() / "configs", Path(model).expanduser()
    if re.fullmatch(r"[\w.-]+", str(model)) and (shelf / str(model)).is_dir():
        folder = shelf / str(model)
    if not folder.is_dir() or not str(model):
        names = sorted(path.name for path in shelf.iterdir() if path.is_dir())
        raise UnknownName(
            asked=f"the X-ray of {str(model)!r}",
            found="neither a model that is known here nor a folder",
            todo=f"name one of {names}, or the folder of a diffusers pipeline",
        )
    return folder


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object of a file.

    Raises:
        BadInput: the file is missing, is not JSON (truncated, say), or holds no object.
    """
    refuse = partial(BadInput, asked=f"{path.parent.name}/{path.name}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise refuse(
            found="no such file: this folder holds no configs of a diffusers pipeline",
            todo="give the folder that has model_index.json and one folder with config.json for each part",
        ) from None
    except (ValueError, OSError) as error:
        raise refuse(found=f"cannot be read as JSON: {error}", todo="fetch the file again; it may be cut off") from None
    if not isinstance(content, dict):
        raise refuse(found="no JSON object", todo="fetch the file again")
    return content


def load(model: str | Path, dtype: str, dtypes: Mapping[str, str] | None = None) -> Pipeline:
    """Build all parts of a pipeline on the meta device.

    Args:
        model: a known model, which has the parts that its card loads, or a folder with model_index.json and
            */config.json, which has all that it names.
        dtype: "float32" | "float16" | "bfloat16".
        dtypes: part -> dtype, over what the published pipeline does.

    Raises:
        UnknownName, BadInput: see `find` and `read_json`; a name in `dtypes` that is no part.
        CannotLoad: a part whose class is not in the installed libraries, or that its config does not build.
    """
    folder = find(model)
    index = read_json(folder / "model_index.json")
    away = left_out(model)
    cls = str(index.get("_class_name", ""))
    parts: dict[str, Part] = {}
    for name, entry in index.items():
        if name.startswith("_") or not isinstance(entry, list) or len(entry) != 2 or not entry[1] or name in away:
            continue
        if not _NOT_A_MODULE.search(str(entry[1])):
            config = read_json(folder / name / "config.json")
            role = role_of(name)
            own = "float32" if loads_float32(cls, name) else dtype
            own = full_name((dtypes or {}).get(name, own), COMPUTE_DTYPES)
            module = build(name, str(entry[0]), str(entry[1]), config, own)
            complete = config if hasattr(module, "config_class") else dict(module.config)  # with its defaults
            parts[name] = Part(name, module, complete, role, own)
    join_motion(parts)
    if not parts:
        raise BadInput(asked=f"the parts of {folder.name}", found="model_index.json lists none", todo="fetch it again")
    unknown = sorted(set(dtypes or {}) - set(parts))
    if unknown:
        raise BadInput(asked=f"dtypes of {unknown}", found=f"the parts are {sorted(parts)}", todo="name one of these")
    return Pipeline(folder.name, cls, parts, index, folder)


def loads_float32(pipeline: str, part: str) -> bool:
    """Tell whether a published pipeline loads this in float32."""
    if part == "image_encoder":
        return pipeline in {"WanImageToVideoPipeline", "ChronoEditPipeline"}
    return role_of(part) == "decode" and pipeline in _FLOAT32_DECODER


def join_motion(parts: dict[str, Part]) -> None:
    """Join a UNet and a motion adapter, as AnimateDiff does."""
    import torch

    unet, motion = parts.get("unet"), parts.get("motion_adapter")
    if unet is None or motion is None or unet.cls != "UNet2DConditionModel":
        return
    from diffusers import UNetMotionModel

    try:
        with torch.device("meta"), torch.no_grad():
            joined = UNetMotionModel.from_unet2d(unet.module, motion.module, load_weights=False)
    except (ValueError, RuntimeError) as error:
        raise CannotLoad(
            asked="a UNet and a motion adapter joined",
            found=f"{type(error).__name__}: {str(error)[:200]}",
            todo="give the motion adapter that was made for this UNet",
        ) from error
    parts["unet"] = Part("unet", cast(joined, unet.dtype).eval(), dict(joined.config), "denoise", unet.dtype)
    del parts["motion_adapter"]


def left_out(model: str | Path) -> set[str]:
    """Name parts that a known model's card leaves out."""
    card = cards.ALL.get(str(model))
    options = getattr(card.facts, "options", {}) if card else {}
    return {name for name, value in options.items() if value is None}


def role_of(name: str) -> Role:
    """Tell what a part of this name does."""
    if _TEXT.search(name):
        return "text"
    if _DECODE.search(name):
        return "decode"
    return "denoise" if name.startswith(("unet", "transformer", "prior")) else "other"


def build(name: str, library: str, cls: str, config: Mapping[str, Any], dtype: str) -> Any:
    """Build one part on the meta device, ready to run.

    Raises:
        CannotLoad: the class is not known to the installed libraries, or the config does not fit it.
    """
    import torch

    compat.bypass_broken_torchaudio()
    kind = _class(name, library, cls)
    own = {key: value for key, value in config.items() if key not in {"_name_or_path", "torch_dtype", "dtype"}}
    try:
        with warnings.catch_warnings(), torch.device("meta"), torch.no_grad():
            warnings.simplefilter("ignore")
            if getattr(kind, "config_class", None) is not None:
                # some bring their weights to "cpu" unless they are told where they are to be
                where = {"device": "meta"} if "device" in signature(kind.__init__).parameters else {}
                module = kind(kind.config_class.from_dict(own), **where)
            else:
                module = kind.from_config(own)
    except Exception as error:
        raise CannotLoad(
            asked=f"part {name!r} ({cls}) from its config",
            found=f"{type(error).__name__}: {str(error)[:200]}",
            todo="compare its config.json with the one that the model's publisher offers",
        ) from error
    torch.nn.Module.to(module, "meta")  # what a class made elsewhere, such as SVD's mixing factors
    return cast(module, dtype).eval()


def cast(module: Any, dtype: str) -> Any:
    """Cast a module, except what its class keeps in float32."""
    import torch

    tables = [  # such as those of rotary positions: not in the files, so from_pretrained casts none of them
        (owner, name, table)
        for owner in module.modules()
        for name, table in owner.named_buffers(recurse=False)
        if name in owner._non_persistent_buffers_set
    ]
    torch.nn.Module.to(module, getattr(torch, dtype))  # diffusers' own only warns about what follows here
    for owner, name, table in tables:
        setattr(owner, name, table)
    for name, parameter in module.named_parameters():
        if kept_float32(module, name, dtype):
            parameter.data = parameter.data.to(torch.float32)
    return module


def kept_float32(module: Any, parameter: str, dtype: str) -> bool:
    """Tell whether from_pretrained leaves a parameter in float32.

    diffusers keeps the modules of `_keep_in_fp32_modules` so in every dtype; transformers those only when float16 is
    asked for, and `_keep_in_fp32_modules_strict` in bfloat16 too.
    """
    words = set(parameter.split("."))
    names = set(getattr(module, "_keep_in_fp32_modules", None) or ())
    if hasattr(module, "config_class"):
        names = names if dtype == "float16" else set()
        names |= set(getattr(module, "_keep_in_fp32_modules_strict", None) or ())
    return dtype != "float32" and bool(words & names)


def facts(part: Part) -> PartFacts:
    """Count a part."""
    import torch

    module, layers = part.module, (torch.nn.Linear, torch.nn.modules.conv._ConvNd)
    linear = {n: m for n, m in module.named_modules() if isinstance(m, torch.nn.Linear)}
    spared = [m for n, m in linear.items() if is_spared(module, n)]
    leaves = [n for m in module.modules() if (n := sum(p.numel() for p in m.parameters(recurse=False)))]
    castable = [m for n, m in module.named_modules() if isinstance(m, layers) and is_cast(module, n)]
    lists = (torch.nn.ModuleList, torch.nn.Sequential)  # directly in the part: what block-level offload groups
    members = [member for child in module.children() if isinstance(child, lists) for member in child]
    return PartFacts(
        name=part.name,
        cls=part.cls,
        role=part.role,
        params=sum(p.numel() for p in module.parameters()),
        dtype=part.dtype,
        linear_params=sum(m.weight.numel() for m in linear.values()),
        linear_rows=sum(m.out_features for m in linear.values()),
        spared_params=sum(m.weight.numel() for m in spared),
        spared_rows=sum(m.out_features for m in spared),
        upcast_params=sum(m.weight.numel() for n, m in linear.items() if _named(module, n)),
        layer_params=sum(p.numel() for m in castable for p in m.parameters(recurse=False)),
        float32_params=sum(p.numel() for p in module.parameters() if part.dtype != "float32" and p.itemsize == 4),
        buffer_bytes=sum(b.numel() * b.element_size() for b in module.buffers()),
        largest_leaf=max(leaves, default=0),
        blocks=tuple(n for member in members if (n := sum(p.numel() for p in member.parameters()))),
        leaves=len(leaves),
    )


def is_spared(module: Any, name: str) -> bool:
    """Tell whether quantisers leave this Linear layer alone."""
    return _named(module, name) or (hasattr(module, "config_class") and name.rsplit(".", maxsplit=1)[-1] == "lm_head")


def is_cast(module: Any, name: str) -> bool:
    """Tell whether diffusers' layerwise casting takes this layer."""
    patterns = (getattr(module, a, None) or () for a in ("_skip_layerwise_casting_patterns", "_keep_in_fp32_modules"))
    return not any(re.search(pattern, name) for group in patterns for pattern in group)


def _named(module: Any, name: str) -> bool:
    """Tell whether `_keep_in_fp32_modules` names a module."""
    return bool(set(name.split(".")) & set(getattr(module, "_keep_in_fp32_modules", None) or ()))


def _class(name: str, library: str, cls: str) -> Any:
    home = library if library in {"diffusers", "transformers"} else f"diffusers.pipelines.{library}"
    try:
        if not library.isidentifier():
            raise ImportError(library)
        return getattr(importlib.import_module(home), cls)
    except (ImportError, AttributeError, RuntimeError):
        raise CannotLoad(
            asked=f"part {name!r} of class {library}.{cls}",
            found="the installed diffusers and transformers have no such class",
            todo="update them, or X-ray a pipeline whose parts they have; code that comes with a model is never run",
        ) from None


def is_speech(model: str | Path) -> bool:
    """Tell whether a folder holds ChatTTS's config.json alone."""
    return '"vocos"' in _lone_config(model)


def is_musicgen(model: str | Path) -> bool:
    """Tell whether a folder holds MusicGen's config.json alone."""
    return f'"{MUSICGEN}"' in _lone_config(model)


def _lone_config(model: str | Path) -> str:
    """Read a config.json beside which no pipeline is described."""
    config = find(model) / "config.json"
    if config.with_name("model_index.json").exists() or not config.is_file():
        return ""
    return config.read_text(encoding="utf-8", errors="replace")


def versions() -> str:
    """Name the versions of the libraries that are traced."""
    return ", ".join(f"{name} {version(name)}" for name in ("torch", "diffusers", "transformers"))
