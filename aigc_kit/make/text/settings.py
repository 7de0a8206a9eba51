"""Read and check the settings of a text run."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from aigc_kit.core.errors import BadInput, NotOnDisk, UnknownName, unknown_name
from aigc_kit.core.types import Card, FrozenMap, Plan, Request, Words
from aigc_kit.core.types.atoms import check_text, language_code, plain, shown
from aigc_kit.core.types.records import settings_from
from aigc_kit.make.run import of
from aigc_kit.memory.plan.options import DRAWN
from aigc_kit.models import cards

Search = Literal["sample", "greedy", "beam"]
# The course's settings for two purposes, and its bands of temperature: (lowest, highest), both included
PRESETS: Mapping[str, FrozenMap] = FrozenMap(
    creative=FrozenMap(temperature=1.0, top_p=0.9, top_k=40), code=FrozenMap(temperature=0.1, top_p=0.95, top_k=20)
)
BANDS: Mapping[str, tuple[float, float]] = FrozenMap(precise=(0.1, 0.5), balanced=(0.6, 0.9), creative=(1.0, 2.0))
BARE_FORM = "五言绝句"
URL, MODEL = "AIGC_OPENAI_BASE_URL", "AIGC_OPENAI_MODEL"  # of the server of "endpoint"
TOP_N = 1000  # tokens that llama.cpp lists, and so the most that can be drawn from
FULL_ONLY_BY_NAME = ("endpoint",)  # never chosen for somebody: it sends the prompt to another machine


@dataclass(frozen=True)
class Settings:
    """Hold how a text is made.

    Args:
        temperature: T >= 0; 0 is the arg-max limit.
        top_k: >= 1, or None for all tokens.
        top_p: in (0, 1]; 1 for all tokens.
        repetition_penalty: > 0; 1 is off.
        max_new_tokens: >= 1; tokens after the prompt.
        search: "sample" draws, "greedy" takes the arg-max, "beam" keeps the `beams` most probable texts. The last two
            ignore temperature, top_k and top_p, as transformers' generate does.
        beams: width of the beam search, >= 2.
        stop: texts at which to end; the text is cut in front of the first one found.
        chat: the prompt is a message in the model's chat template, not a beginning to continue.
        system: the system message of a chat; None leaves it to the template.
        engine: "transformers", "llama.cpp" (it draws from the 1,000 most probable tokens at most) or "endpoint".

    Raises:
        BadInput: a value outside these ranges.
    """

    temperature: float = 0.7
    top_k: int | None = None
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    max_new_tokens: int = 100
    search: Search = "sample"
    beams: int = 5
    stop: tuple[str, ...] = ()
    chat: bool = False
    system: str | None = None
    engine: str = "transformers"

    def __post_init__(self) -> None:
        self._settle()
        temperature_ok = 0 <= _float(self.temperature) < float("inf")
        _number(
            "temperature",
            self.temperature,
            temperature_ok,
            Words("T >= 0, say 0.7; T = 0 takes the arg-max", "大于等于 0 的数，例如 0.7；写 0 就总取概率最高的词元"),
        )
        _number(
            "top_p",
            self.top_p,
            0 < _float(self.top_p) <= 1,
            Words(
                "0 < p <= 1, say 0.9; p = 1 keeps all tokens", "大于 0、不超过 1 的数，例如 0.9；写 1 就保留所有词元"
            ),
        )
        penalty_ok = 0 < _float(self.repetition_penalty) < float("inf")
        _number(
            "repetition_penalty",
            self.repetition_penalty,
            penalty_ok,
            Words("a value > 0: 1.0 is off, 1.2 is strong", "大于 0 的数：1.0 不惩罚，1.2 已经很强"),
        )
        if self.top_k is not None:
            _whole(
                "top_k",
                self.top_k,
                1,
                Words("k >= 1, say 40; None keeps all tokens", "大于等于 1 的整数，例如 40；写 None 就保留所有词元"),
            )
        _whole("max_new_tokens", self.max_new_tokens, 1, Words("1 or more, say 100", "大于等于 1 的整数，例如 100"))
        _whole(
            "beams",
            self.beams,
            2,
            Words(
                "2 or more, say 5; one beam is search='greedy'",
                "大于等于 2 的整数，例如 5；只要一束就是 search='greedy'",
            ),
        )
        if self.search not in ("sample", "greedy", "beam"):
            raise BadInput(
                asked=f"search={self.search!r}",
                found=Words("no search of that name", "没有这个名字的搜索方式"),
                todo=Words("choose sample, greedy or beam", "从 sample、greedy、beam 里选"),
            )
        if self.system is not None:
            check_text("system", self.system)
        if not isinstance(self.chat, bool):
            raise BadInput(
                asked=f"chat={self.chat!r}",
                found=Words("not True or False", "不是 True 或 False"),
                todo=Words("say chat=True or chat=False", "写 chat=True 或 chat=False"),
            )

    def _settle(self) -> None:
        """Turn numpy's numbers into Python's, stop into a tuple."""
        for f in fields(self):
            object.__setattr__(self, f.name, plain(getattr(self, f.name)))
        stop = (self.stop,) if isinstance(self.stop, str) else self.stop
        if not isinstance(stop, (tuple, list)) or not all(isinstance(text, str) and text for text in stop):
            raise BadInput(
                asked=f"stop={shown(stop)}",
                found=Words("no texts, or an empty one", "不是文字，或里面有空的文字"),
                todo=Words("give non-empty texts", "给出不是空的文字"),
            )
        for text in stop:
            check_text("stop", text)
        object.__setattr__(self, "stop", tuple(stop))

    @classmethod
    def of(cls, request: Request, card: Card) -> "Settings":
        """Read the settings of a request, else the card's defaults.

        Raises:
            UnknownName: a setting that does not exist.
            BadInput: a value out of range, or an engine that the card does not have.
        """
        return settings_from(cls, request.change(engine=engine_of(request, card)), card, Words("a text", "文字"))


def engine_of(request: Request, card: Card) -> str:
    """Name the engine of a request, else the card's.

    Raises:
        BadInput: the card does not have it.
    """
    engines = card.facts.engines
    engine = request.extra.get("engine") or card.defaults.get("engine", engines[0])
    if engine not in engines:
        raise BadInput(
            asked=Words(f"engine={shown(engine)} for {card.name}", f"{card.name} 的 engine={shown(engine)}"),
            found=Words(f"the card supports {', '.join(engines)}", f"这张卡支持 {'、'.join(engines)}"),
            todo=Words(f"say engine={engines[0]!r}, or leave it out", f"写 engine={engines[0]!r}，或不写"),
        )
    return str(engine)


def key(plan: Plan) -> tuple[str, ...]:
    """Tell loaded models apart, servers by their address."""
    kind = engine_of(plan.request, plan.card)
    server = (os.environ.get(URL, ""), os.environ.get(MODEL, "")) if kind == "endpoint" else ()
    return (plan.card.name, kind, plan.dtypes["model"], plan.placement["model"], plan.attention, *server)


def ignored(card: Card) -> tuple[str, ...]:
    """List the options of other modalities."""
    return DRAWN


def preset_named(name: str | None) -> Mapping[str, Any]:
    """Look up the values of a preset, none for None.

    Raises:
        UnknownName: there is no such preset.
    """
    if name is None:
        return FrozenMap()
    if name not in PRESETS:
        todo = Words(f"choose from {', '.join(PRESETS)}", f"从 {'、'.join(PRESETS)} 里选")
        raise UnknownName(
            asked=f"preset={name!r}", found=Words("no preset of that name", "没有这个名字的预设"), todo=todo
        )
    return PRESETS[name]


def _float(value: Any) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return float("nan")
    try:
        return float(value)
    except OverflowError:  # an integer of more than 308 digits
        return float("inf") if value > 0 else -float("inf")


def _number(name: str, value: Any, ok: bool, advice: Words) -> None:
    if not ok:
        fault = (
            Words("not a number", "不是数字")
            if _float(value) != _float(value)
            else Words("a value out of range", "超出了范围")
        )
        raise BadInput(asked=f"{name}={shown(value)}", found=fault, todo=Words(f"choose {advice}", f"改成{advice.zh}"))


def _whole(name: str, value: Any, low: int, advice: Words) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < low:
        raise BadInput(
            asked=f"{name}={shown(value)}",
            found=Words(f"not an integer >= {low}", f"不是大于等于 {low} 的整数"),
            todo=Words(f"choose {advice}", f"改成{advice.zh}"),
        )


def language_of(text: str) -> str:
    """Name the language of a text: "zh-verse", "zh" or "en".

    A prompt of `verse.prompt_for` is verse; any other text with a Chinese character is Chinese.

    >>> language_of("<五绝>春晓<诗>"), language_of("春风 and rain"), language_of("rain")
    ('zh-verse', 'zh', 'en')
    """
    if "<诗>" in text:
        return "zh-verse"
    return "zh" if any("\u4e00" <= c <= "\u9fff" or "\u3400" <= c <= "\u4dbf" for c in text) else "en"


def exact_plan(plan: Plan, otherwise: str) -> Plan:
    """Plan for the engine that scores every token.

    Args:
        plan: of the model that speaks; when it has such an engine, the new plan is for the same model and prompt.
        otherwise: when it has none, a prompt of `verse.prompt_for` for the poem model, or an English one for SmolLM2.
    """
    own = "transformers" in plan.card.facts.engines
    other = "poem" if language_of(otherwise) == "zh-verse" else "smollm2-135m"
    prompt, card = (plan.request.prompt, plan.card.name) if own else (otherwise, other)
    return of("text").plan_for(prompt, card=card, engine="transformers")


def fast_engine(plan: Plan) -> str:
    """Name the fastest engine of a plan's model."""
    engines = plan.card.facts.engines
    return "llama.cpp" if "llama.cpp" in engines else engines[0]


def speaks(language: str, tier: str | None = None) -> bool:
    """Tell whether a model here speaks "zh", "en" or "zh-verse"."""
    from aigc_kit.memory import device

    try:
        return bool(of("text").choose("", {"language": language}, tier, device.probe().device))
    except NotOnDisk:
        return False


def wording(prompt: str, card: Card) -> tuple[str, str | None]:
    """Word a prompt as the model wants it.

    The poem model gets a bare title in its own form, and that is said.

    Raises:
        BadInput: a prompt for the poem model that is neither of its form nor a title.
    """
    from aigc_kit.worlds import verse

    note = note_of_language(card, prompt) if prompt.strip() else None
    if note is None or "zh-verse" not in card.facts.languages:
        return prompt, note
    try:
        title = verse.prompt_for(BARE_FORM, prompt.strip())
    except BadInput as problem:
        raise BadInput(
            asked=Words(f"a poem about {prompt!r}", f"写一首关于 {prompt!r} 的诗"),
            found=Words(
                f"neither a prompt of the poem model's form nor a title: {problem.found}",
                f"既不是诗歌模型的提示格式，也不是题目：{problem.told.found.zh}",
            ),
            todo=Words(
                "give a Chinese title of up to 8 characters, or write '<五绝>春晓<诗>' (verse.prompt_for)",
                "给一个不超过 8 个字的中文题目，或写 '<五绝>春晓<诗>'（verse.prompt_for）",
            ),
        ) from None
    return title, f"[a title alone: taken as a {BARE_FORM}, prompt {title}]"


def note_of_language(card: Card, prompt: str) -> str | None:
    """Say that a model does not speak a prompt's language."""
    if "zh-shop" in card.facts.languages:
        from aigc_kit.worlds.shop import outside

        reason = outside.look(prompt).reason
        return f"[outside the world of {card.name}, 小店客服: {reason}; expect no sense]" if reason else None
    language, languages = language_of(prompt), card.facts.languages
    if language in languages:
        return None
    return f"[{card.name} speaks {'/'.join(languages)}, the prompt looks like {language}: expect no sense]"


def values(prompt: str, values: dict[str, Any], card: Card) -> dict[str, Any]:
    """Take the settings, those of a preset beneath them."""
    _wanted_language(values, prompt)
    own = {name: value for name, value in values.items() if name not in ("preset", "language")}
    return {**preset_named(values.get("preset")), **own}


def suits(card: Card, prompt: str, values: Mapping[str, Any]) -> bool:
    """Tell whether a card speaks the language that is wanted."""
    language = _wanted_language(values, prompt)
    return language in card.facts.languages and card.name not in FULL_ONLY_BY_NAME


def _wanted_language(values: Mapping[str, Any], prompt: str) -> str:
    """Read the language that is wanted, the prompt's by default.

    Raises:
        UnknownName: no card speaks a language of that name.
    """
    language = values.get("language")
    spoken = dict.fromkeys(name for card in cards.of_kind("text") for name in card.facts.languages)
    if language and language not in spoken:
        meant = language if "-" in str(language) else language_code(language) or language
        raise unknown_name(f"language={shown(language)}", meant, spoken, Words("language", "语言"))
    return language or language_of(prompt)


def absent(fitting: list[Card], prompt: str, values: Mapping[str, Any], tier: str | None) -> NotOnDisk:
    """Say which models speak the language, and which are here."""
    from aigc_kit.models import fetch

    names = [card.name for card in fitting]
    here = [c for c in cards.of_kind("text") if c.name not in FULL_ONLY_BY_NAME and fetch.find(c) is not None]
    present = ", ".join(f"{c.name} ({'/'.join(c.facts.languages)})" for c in here)
    fetch_one = f"aigc fetch {' | '.join(names)}"
    fetching = (
        Words(f"fetch one of them: {fetch_one}; or ", f"在终端下载一个：{fetch_one}；或者") if names else Words("", "")
    )
    language = values.get("language") or language_of(prompt)
    return NotOnDisk(
        asked=Words(f"a model for language {language!r}", f"写 {language!r} 的语言模型"),
        found=Words(
            f"none is on this machine; it has {present or 'no language model'}",
            f"这台机器上没有；语言模型有：{present or '一个也没有'}",
        ),
        todo=fetching + Words("name a card that is here, such as card='poem'", "写一张这里有的卡，例如 card='poem'"),
    )
