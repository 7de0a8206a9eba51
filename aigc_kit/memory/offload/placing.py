"""Apply a Plan to a diffusers pipeline."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from inspect import signature
from typing import Any

from aigc_kit.core.errors import BadInput, CannotLoad, missing_extra
from aigc_kit.core.types import Plan, Words
from aigc_kit.memory.offload import modes
from aigc_kit.memory.offload.ledger import Ledger

ATTENTION = ("sdpa", "math", "sliced", "xformers")
_BACKENDS = {"sdpa": "native", "math": "_native_math", "sliced": "native", "xformers": "xformers"}
# What `encode_prompt` returns, in its order
_EMBEDDINGS = tuple(
    f"{which}_embeds" for which in ("prompt", "negative_prompt", "pooled_prompt", "negative_pooled_prompt")
)
OFFLOADED = ("model", "sequential", "group")


def set_attention(parts: Mapping[str, Any], how: str) -> None:
    """Set how the parts compute attention.

    Args:
        parts: name -> part of a diffusers pipeline; text encoders keep what they were loaded with.
        how: "sdpa" (torch's fused attention, the default), "math" (plain matrix products, which keep the whole table
            of scores), "sliced" (plain, half of the heads at a time) or "xformers".

    Raises:
        BadInput: an unknown name, or "sliced" where no part can.
        MissingExtra: "xformers" without the package.
    """
    if how not in ATTENTION:
        raise BadInput(
            asked=Words(f"attention {how!r}", f"注意力的算法 {how!r}"),
            found=Words("unknown", "没有这种算法"),
            todo=Words(f"choose one of {list(ATTENTION)}", f"从 {list(ATTENTION)} 里选"),
        )
    if how == "xformers" and find_spec("xformers") is None:
        raise missing_extra("xformers", "xformers", Words("attention by xformers", "用 xformers 计算注意力"))
    able = [part for part in parts.values() if hasattr(part, "set_attention_slice")]
    if how == "sliced" and not able:
        raise BadInput(
            asked=Words("sliced attention", "分片计算注意力"),
            found=Words(
                f"none of the parts {sorted(parts)} can slice its attention",
                f"{sorted(parts)} 这些部件都不能分片计算注意力",
            ),
            todo=Words("choose sdpa, which needs least memory", "选 sdpa：它最省内存"),
        )
    for part in parts.values():
        _set_processors(part, how)
        processors = (getattr(layer, "processor", None) for layer in part.modules())
        if hasattr(part, "set_attention_backend") and any(hasattr(p, "_attention_backend") for p in processors):
            _set_backend(part, _BACKENDS[how])
    if how == "sliced":
        for part in able:
            part.set_attention_slice("auto")


def _set_processors(part: Any, how: str) -> None:
    """Choose processors for attention layers of the older kind."""
    from diffusers.models import attention_processor as kinds

    ours = (kinds.AttnProcessor, kinds.AttnProcessor2_0, kinds.SlicedAttnProcessor, kinds.XFormersAttnProcessor)
    kind = {"math": kinds.AttnProcessor, "xformers": kinds.XFormersAttnProcessor}.get(how, kinds.AttnProcessor2_0)
    for layer in part.modules():
        if isinstance(getattr(layer, "processor", None), ours):
            layer.set_processor(kind())


def _set_backend(part: Any, name: str) -> None:
    """Choose a backend for newer attention layers, without its warning."""
    from diffusers.utils import logging

    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        part.set_attention_backend(name)
    finally:
        logging.set_verbosity(before)


@dataclass
class Placed:
    """Hold a placed pipeline, to be called as it is.

    `ledger` then says what the run did.

    Args:
        pipe: the diffusers pipeline.
        plan: that was applied.
        device: where parts work.
        ledger: of the last run.
        aside: text encoders that stay on the CPU: they work before the others, and are no part of `pipe` meanwhile.
    """

    pipe: Any
    plan: Plan
    device: str
    ledger: Ledger
    aside: dict[str, Any] = field(default_factory=dict)

    def __call__(self, **call: Any) -> Any:
        """Run the pipeline with its own arguments, and follow it."""
        with self.ledger.run():
            return self.pipe(**self.arguments(**call))

    def arguments(self, **call: Any) -> dict[str, Any]:
        """Give the arguments for `pipe`, prompts as embeddings if aside."""
        if not self.aside or call.get("prompt") is None:
            return call
        import torch

        words: dict[str, Any] = {name: call.pop(name) for name in ("prompt", "negative_prompt") if name in call}
        guidance = float(call.get("guidance_scale", 7.0)) > 1.0
        with self._text_parts_back(), torch.no_grad():
            encode = self.pipe.encode_prompt
            names = signature(encode).parameters
            options: dict[str, Any] = {
                "device": "cpu",
                "num_images_per_prompt": call.pop("num_images_per_prompt", 1),  # not all pipelines repeat what they get
                "num_videos_per_prompt": 1,
                "do_classifier_free_guidance": guidance,
                "negative_prompt": None,
                **{name: call.pop(name) for name in ("max_sequence_length",) if name in call and name in names},
                **words,
            }
            tensors = encode(**{name: value for name, value in options.items() if name in names})
        where = (self.device, modes.torch_dtype(modes.work_dtype(self.plan)))
        pairs = zip(_EMBEDDINGS, tensors, strict=False)
        return {**call, **{name: tensor.to(*where) for name, tensor in pairs if tensor is not None}}

    def restore(self) -> Any:
        """Bring every part back, whole and on the CPU."""
        release(self.pipe)
        self._set_text_parts(back=True)
        self.aside.clear()
        return self.pipe

    def close(self) -> None:
        """Undo the placement and let go of the pipeline's parts."""
        for name in parts_of(self.restore()):
            setattr(self.pipe, name, None)
        self.ledger.let_go()

    def _set_text_parts(self, *, back: bool) -> None:
        for name, module in self.aside.items():
            setattr(self.pipe, name, module if back else None)

    @contextmanager
    def _text_parts_back(self) -> Iterator[None]:
        self._set_text_parts(back=True)
        try:
            yield
        finally:
            self._set_text_parts(back=False)


def parts_of(pipe: Any) -> dict[str, Any]:
    """Map names to modules, of all parts with weights."""
    import torch

    return {name: part for name, part in pipe.components.items() if isinstance(part, torch.nn.Module)}


def place(pipe: Any, plan: Plan, device: str | None = None, *, follow: bool = True) -> Placed:
    """Apply a plan to a loaded or placed pipeline.

    Args:
        pipe: a diffusers pipeline whose parts are on the CPU, or a `Placed`, which ends here.
        plan: its `placement` says for each part: "cuda" or "cpu" (where the plan's budget is: stays there), "model"
            (moved whole while it works), "group" (block by block), "sequential" (module by module); "cpu" beside a GPU
            is for text encoders, which then work first. `dtypes` per part, also "float8" (stored so, computed in the
            plan's other dtype). `attention`. `vae`: {"slicing": bool, "tiling": bool}.
        device: where parts work; None: the device of the plan's budget. "cpu" makes every way of offloading run
            without an accelerator, for tests and for seeing how it works.
        follow: False does not follow live tensors on a CPU (it costs time).

    Raises:
        BadInput: a part that the pipeline does not have, ways of offloading that do not go together, "cpu" for a part
            that works with others, or attention that the parts cannot do.
        CannotLoad: the pipeline's weights are stored in float8 and the plan wants more: load it again.
    """
    where = device or plan.budget.device
    if isinstance(pipe, Placed):
        pipe = pipe.restore()
    parts = parts_of(pipe)
    places = _checked(pipe, plan, parts)
    release(pipe)
    for name, part in parts.items():
        modes.cast(name, part, plan.dtypes.get(name), plan)
    others = {name: part for name, part in parts.items() if not name.startswith("text_encoder")}
    set_attention(others, plan.attention)
    _set_vae(parts.get("vae"), plan.vae)
    staying = {name: part for name, part in parts.items() if places[name] == "cpu" and plan.budget.device != "cpu"}
    for name in staying:
        setattr(pipe, name, None)
    rest = {name: part for name, part in parts.items() if name not in staying}
    mode = next((places[name] for name in rest if places[name] in OFFLOADED), "resident")
    modes.APPLY[mode](pipe, rest, where)
    names = {name: "decode" if name == "vae" else name if name.startswith("text") else "denoise" for name in parts}
    ledger = Ledger(parts, names, where, follow=follow)
    return Placed(pipe, plan, where, ledger, staying)


def release(pipe: Any) -> None:
    """Undo any placement: no hooks, whole parts, on the CPU."""
    parts = parts_of(pipe)
    if any(hasattr(part, "_hf_hook") or modes.has_accelerate_hooks(part) for part in parts.values()):
        pipe.remove_all_hooks()
        for part in parts.values():
            modes.remove_accelerate_hooks(part)
    for part in parts.values():
        modes.remove_group_hooks(part)
        part.to("cpu")


def _checked(pipe: Any, plan: Plan, parts: Mapping[str, Any]) -> dict[str, str]:
    """Give every part its place, by default where others work."""
    strangers = sorted(set(plan.placement) - set(parts))
    if strangers:
        raise BadInput(
            asked=Words(f"{', '.join(strangers)} placed", f"摆放 {'、'.join(strangers)}"),
            found=Words(
                f"{type(pipe).__name__} has {', '.join(sorted(parts))}",
                f"{type(pipe).__name__} 有 {'、'.join(sorted(parts))}",
            ),
            todo=Words("plan for the card of this pipeline", "按这条管线的模型卡做方案"),
        )
    ways = {place for place in plan.placement.values() if place in OFFLOADED}
    if len(ways) > 1 or (ways and "cuda" in plan.placement.values()):
        raise BadInput(
            asked=Words(f"placement {dict(plan.placement)}", f"摆放 {dict(plan.placement)}"),
            found=Words("ways of offloading that a pipeline cannot mix", "一条管线里不能混用这些分批搬运的方式"),
            todo=Words(
                "use one way for all parts; only text encoders may stay on the CPU",
                "所有部件用同一种方式；只有文本编码器可以留在 CPU 上",
            ),
        )
    usual = next(iter(ways), plan.budget.device)
    places = {name: plan.placement.get(name, usual) for name in parts}
    every = {"cpu", plan.budget.device, *OFFLOADED}
    for name, place in places.items():
        if place not in every:
            raise BadInput(
                asked=Words(f"{name} at {place!r}", f"把 {name} 放到 {place!r}"),
                found=Words(f"not one of {sorted(every)}", f"不在 {sorted(every)} 之中"),
                todo=Words("plan for this machine", "为这台机器做方案"),
            )
        if place == "cpu" != plan.budget.device and not name.startswith("text_encoder"):
            raise BadInput(
                asked=Words(f"{name} on the CPU beside a GPU", f"有显卡，却把 {name} 放在 CPU 上"),
                found=Words("only text encoders work apart from the others", "只有文本编码器能与别的部件分开工作"),
                todo=Words(
                    "offload it instead (model, group or sequential)", "改用分批搬运（model、group 或 sequential）"
                ),
            )
    return places


def _set_vae(vae: Any, options: Mapping[str, Any]) -> None:
    """Turn slicing and tiling of the decoder on or off."""
    unknown = set(options) - {"slicing", "tiling", "upcast"}
    if unknown or (vae is None and any(options.values())):
        raise BadInput(
            asked=Words(f"decoder options {dict(options)}", f"解码器的选项 {dict(options)}"),
            found=Words("there is no decoder", "没有解码器")
            if vae is None
            else Words(f"unknown: {sorted(unknown)}", f"不认识 {sorted(unknown)}"),
            todo=Words("use slicing and tiling", "用 slicing 和 tiling"),
        )
    for name in ("slicing", "tiling"):
        on = bool(options.get(name))
        switch = getattr(vae, f"{'enable' if on else 'disable'}_{name}", None)
        if switch is not None:
            switch()
        elif on:
            raise CannotLoad(
                asked=Words(f"VAE {name}", f"VAE 的 {name}"),
                found=Words(f"{type(vae).__name__} has none", f"{type(vae).__name__} 没有它"),
                todo=Words("plan without it", "做方案时不用它"),
            )
