"""Run a language model, and write its text."""

import time
from dataclasses import replace
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Change, FrozenMap, Plan, Step, Take, Words
from aigc_kit.make.meter import Meter
from aigc_kit.make.modality import Work
from aigc_kit.make.text import MODALITY
from aigc_kit.make.text.autoregression import Progress, tokens
from aigc_kit.make.text.engines import Engine
from aigc_kit.make.text.engines.base import check_prompt
from aigc_kit.make.text.settings import Settings, language_of
from aigc_kit.worlds.shop import outside


def work(plan: Plan, *, using: Engine | None = None) -> Work:
    """Make a text token by token, and return its Take.

    Args:
        plan: of a language model.
        using: an engine that is loaded already; None loads the plan's.

    Yields:
        One Step per token. phase: "prefill" for the first token (its seconds contain the reading of the prompt),
        "token", "beam" or, from a server, "chunk". `preview()` returns a `TokenView` (a `BeamView` for beam search).

    Returns:
        A Take whose data is the new text, without the prompt. When prompt and max_new_tokens exceed the context, the
        text is as long as there is room, and `take.plan.changes` says so. Labels: model, tier, engine, language,
        outside (a model of a closed world: why the program says that the prompt is not of it, "" where it does not),
        finish ("eos", "length" or "stop"), tokens (how many; None when a server does not say), ids, mean_logprob
        (natural, per token, under the model; None when unknown), missing_mass (the highest share of probability that
        the engine did not list; 0 with full logits; with top-k the draw misses nothing by it), cut_mass (least, most:
        the share of the draw that these tokens would have had after temperature, before top-p).

    Raises:
        BadInput: the prompt alone fills the context.
    """
    settings, progress, meter = Settings.of(plan.request, plan.card), Progress([], []), Meter(plan)
    kind = settings.engine if using is None else using.kind
    engine: Engine = using or MODALITY.engine(plan, lambda: meter.start_loading(kind))
    meter.start("prefill")
    last = time.perf_counter()
    if engine.kind == "endpoint":
        previews = engine.stream(plan.request, settings, progress)  # type: ignore[attr-defined]
    else:
        prompt = prompt_ids(engine, plan.request.prompt, settings)
        plan, settings = _cut_to(plan, settings, engine.context, len(prompt))
        previews = _search(engine, prompt, settings, plan.request.seed, progress)
    phase = "chunk" if engine.kind == "endpoint" else "beam" if settings.search == "beam" else "token"
    try:
        for index, preview in enumerate(previews):
            now = time.perf_counter()
            name = "prefill" if index == 0 and phase == "token" else phase
            meter.step()
            yield Step(index, settings.max_new_tokens, name, now - last, preview)
            last = now
    finally:
        previews.close()
        meter.stop()
    return Take("text", progress.text, plan, meter.cost(), _labels(plan, kind, progress))


def files(take: Take) -> dict[str, bytes]:
    """Write the text as UTF-8, under its ending.

    Raises:
        BadInput: its data is no text.
    """
    if not isinstance(take.data, str):
        raise BadInput(
            asked=Words(
                f"to save a text of {type(take.data).__name__}", f"保存类型为 {type(take.data).__name__} 的文字"
            ),
            found=Words("no text", "这不是文字"),
            todo=Words(
                "save the data yourself; `record.build` still gives its record",
                "自己保存数据；`record.build` 仍会给出它的记录",
            ),
        )
    return {".txt": take.data.encode("utf-8")}


def prompt_ids(engine: Engine, prompt: str, settings: Settings) -> list[int]:
    """Turn a prompt into tokens, raw or as a chat.

    Raises:
        BadInput: the prompt leaves no room for a new token.
    """
    if settings.chat:
        system = [{"role": "system", "content": settings.system}] if settings.system else []
        ids = engine.chat([*system, {"role": "user", "content": prompt}])
    else:
        ids = engine.encode(prompt)
    check_prompt(ids, engine.vocab_size, engine.context)
    return ids


def _search(engine: Engine, prompt: list[int], settings: Settings, seed: int, progress: Progress) -> Any:
    if settings.search == "beam":
        from aigc_kit.make.text.beam import search

        return search(engine, prompt, settings, progress)
    return tokens(engine, prompt, settings, seed, progress)


def _cut_to(plan: Plan, settings: Settings, context: int, prompt: int) -> tuple[Plan, Settings]:
    """Cut the new tokens to what fits behind the prompt.

    The plan, which could not count tokens, is told so.
    """
    room = context - prompt
    if settings.max_new_tokens <= room:
        return plan, settings
    changes = {change.what: change for change in plan.changes}
    before = changes.pop("max_new_tokens", None)
    why = Words(
        f"the model sees at most {context} tokens, and {prompt} of them are the prompt's",
        f"模型的上下文最多 {context} 个 token，提示词占了 {prompt} 个",
    )
    cut = Change("max_new_tokens", before.asked if before else settings.max_new_tokens, room, why)
    plan = replace(plan, request=plan.request.change(max_new_tokens=room), changes=(*changes.values(), cut))
    return plan, replace(settings, max_new_tokens=room)


def _labels(plan: Plan, kind: str, progress: Progress) -> FrozenMap:
    logprobs = progress.logprobs
    more = {"outside": outside.look(plan.request.prompt).reason} if "zh-shop" in plan.card.facts.languages else {}
    return FrozenMap(
        more,
        model=plan.card.name,
        tier=plan.card.tier,
        engine=kind,
        language=language_of(plan.request.prompt),
        finish=progress.finish,
        tokens=progress.count if kind == "endpoint" else len(progress.new),
        ids=tuple(progress.new),
        mean_logprob=sum(logprobs) / len(logprobs) if logprobs else None,
        missing_mass=progress.missing,
        cut_mass=progress.cut,
    )
