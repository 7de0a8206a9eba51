"""Record what a run was asked, planned, did and made."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, TypeVar

from aigc_kit.core.bilingual import Words, named
from aigc_kit.core.errors import BadInput, unknown_name
from aigc_kit.core.types.atoms import (
    FIGURES,
    PHASES,
    Figure,
    FrozenMap,
    check_int,
    check_language,
    check_number,
    check_prompt,
    check_text,
    freeze,
    plain,
    shown,
)
from aigc_kit.core.types.card import Budget, Card

LAST_SEED = 2**32 - 1
NOT_IN_JSON = {"json": False}
Settings = TypeVar("Settings")
SET_UP = ("import", "load")  # phases that a second run does not have


@dataclass(frozen=True)
class Request:
    """Hold what a learner asks for.

    None means: the plan chooses, and says what.

    Args:
        card: name of a card.
        prompt: text, not empty.
        negative: what to avoid (image, video).
        height, width: pixels.
        frames: number of frames (video).
        fps: frames per second of the file (video).
        steps: denoising steps per output.
        guidance: classifier-free guidance scale.
        seed: 0 <= seed < 2**32: of more the generators of pictures and clips read the lower 32 bits.
        batch: outputs made together, >= 1.
        extra: what one modality alone needs; validated there.

    Raises:
        BadInput: any value outside the ranges above.
    """

    card: str
    prompt: str
    negative: str | None = None
    height: int | None = None
    width: int | None = None
    frames: int | None = None
    fps: float | None = None
    steps: int | None = None
    guidance: float | None = None
    seed: int = 0
    batch: int = 1
    extra: Mapping[str, Any] = field(default_factory=FrozenMap)

    def __post_init__(self) -> None:
        freeze(self, "extra")
        object.__setattr__(self, "extra", FrozenMap({name: plain(value) for name, value in self.extra.items()}))
        if not isinstance(self.card, str) or not self.card:
            wrong = Words("not the name of a card", "这不是模型卡的名字")
            raise BadInput(
                asked=f"card={shown(self.card)}", found=wrong, todo=Words("name a card", "写一个模型卡的名字")
            )
        check_prompt(self.prompt)
        if self.negative is not None:
            check_text("negative", self.negative)
        for name in ("height", "width", "frames", "steps"):
            check_int(self, name, low=1, optional=True)
        check_int(self, "batch", low=1)
        check_int(self, "seed", low=0, high=LAST_SEED)
        for name in ("fps", "guidance"):
            check_number(self, name)

    def change(self, **values: Any) -> "Request":
        """Copy it with some values set, strangers in `extra`."""
        own = {f.name: values.pop(f.name) for f in fields(self) if f.name in values}
        return replace(self, **{"extra": FrozenMap(self.extra, **values), **own})


@dataclass(frozen=True)
class Change:
    """Say what a plan changed: `asked` became `given`, and why."""

    what: str
    asked: Any
    given: Any
    why: Words


@dataclass(frozen=True)
class Plan:
    """Resolve a request for one card and one machine.

    Args:
        request: no field that the card needs is None any more.
        dtypes: part -> "float32" | "float16" | "bfloat16" | "float8" (stored so, computed in another) | "q4".
        placement: part -> "cpu" | "cuda" (stays there) | "model" (moved whole while it works) | "group" (block by
            block) | "sequential" (module by module) | "server".
        attention: "sdpa" | "math" | "sliced" | "xformers" | "eager" | "library" (inside llama.cpp or a server).
        vae: options of the decoder, empty where there is none.
        prediction: name -> Figure, such as {"peak": Figure(..., "B", "predicted", ...)}.
        changes: what differs from what was asked.
        reasons: why it is so.
        need: what was reckoned for it, phase by phase (`aigc_kit.memory.plan`'s Need); None where nothing was traced.
        names: what figures of the prediction are called where not as usual.
        by_hand: lines of a library's own calls that do the same, with FOLDER and PROMPT left open; empty where none do.
    """

    request: Request
    card: Card
    budget: Budget
    dtypes: Mapping[str, str]
    placement: Mapping[str, str]
    attention: str
    vae: Mapping[str, Any]
    prediction: Mapping[str, Figure]
    changes: tuple[Change, ...] = ()
    reasons: tuple[Words, ...] = ()
    need: Any = field(default=None, compare=False, repr=False, metadata=NOT_IN_JSON)
    names: Mapping[str, Words] = field(default_factory=FrozenMap, repr=False, metadata=NOT_IN_JSON)
    by_hand: tuple[str, ...] = field(default=(), compare=False, repr=False, metadata=NOT_IN_JSON)

    def __post_init__(self) -> None:
        freeze(self, "dtypes", "placement", "vae", "prediction", "names")

    def explain(self, lang: Literal["en", "zh"] = "en") -> str:
        """Say the plan in words, one line each.

        Raises:
            UnknownName: another language.
        """
        check_language(lang)

        def say(words: Words) -> str:
            return words.zh if lang == "zh" else words.en

        lines = [f"{say(name)}: {say(Words.of(fact))}" for name, fact in self._facts().items()]
        lines += [f"{say(self.name_of(n))}: {one.text} ({say(one.origin)})" for n, one in self.prediction.items()]
        lines += [f"{c.what}: {c.asked} -> {c.given} ({say(c.why)})" for c in self.changes]
        lines += [f"- {say(reason)}" for reason in self.reasons]
        if self.by_hand:
            lines += [
                say(Words("by hand, without this kit:", "不用本工具包，亲手写：")),
                *(f"    {line}" for line in self.by_hand),
            ]
        return "\n".join(lines)

    def _facts(self) -> dict[Words, Words | str]:
        """Name what is run, how, and on what."""
        facts: dict[Words, Words | str] = {
            Words("model", "模型"): f"{self.card.name} [{self.card.tier}]",
            Words("dtype", "精度"): _pairs(self.dtypes),
            Words("placement", "位置"): _pairs(self.placement),
            Words("attention", "注意力"): self.attention,
        }
        if self.vae:
            switches = [
                Words(f"{name} {'on' if on else 'off'}", f"{name} {'开' if on else '关'}")
                for name, on in self.vae.items()
            ]
            facts[Words("decoder", "解码器")] = Words.join(*switches, en=", ", zh="，")
        facts[Words("machine", "设备")] = self.budget.words
        return facts

    def name_of(self, name: str) -> Words:
        """Look up what a figure of the prediction is called."""
        if name in self.names:
            return self.names[name]
        what, _, phase = name.partition(".")
        if what == "peak" and phase:
            return Words(name, f"峰值：{named(PHASES, phase).zh}")
        return named(FIGURES, name)


@dataclass(frozen=True)
class Step:
    """Report one step of a run.

    Args:
        index: 0-based.
        total: number of steps planned (a text may end earlier).
        phase: "prefill", "token", "denoise", "decode", ...
        seconds: since the previous step.
        preview: called with nothing, returns what can be shown; costs nothing until called.
    """

    index: int
    total: int
    phase: str
    seconds: float
    preview: Callable[[], Any]


@dataclass(frozen=True)
class Phase:
    """Hold wall-clock seconds of a phase, and peak bytes, perhaps."""

    name: str
    seconds: float
    peak_bytes: int | None
    how: str


@dataclass(frozen=True)
class Cost:
    """Hold what a run cost, phase by phase, in order."""

    phases: tuple[Phase, ...]

    def __add__(self, more: "Cost") -> "Cost":
        return Cost(self.phases + more.phases)

    @property
    def seconds(self) -> float:
        """Sum the seconds of all phases."""
        return sum(phase.seconds for phase in self.phases)

    @property
    def peak_bytes(self) -> int | None:
        """Give the highest peak that was followed, or None."""
        return max((p.peak_bytes for p in self.phases if p.peak_bytes is not None), default=None)

    def summary(self, machine: str) -> str:
        """List the seconds of each phase, measured on a machine."""
        return f"{', '.join(f'{phase.name} {phase.seconds:.2f} s' for phase in self.phases)}, measured on {machine}"


@dataclass(frozen=True)
class ReadWords:
    """Hold a prompt as a model's encoders read it.

    Args:
        given: as written.
        read: the text that they read.
        tokens, limit: used, and read at most.
        cut: what the limit lost.
        phrase: the prompt in the words of a closed world; None where there is none.
        kept: (text, attribute, value) that the closed world knows.
        dropped: (text, why) that it does not know.
        english: that took the place of Chinese; None where nothing did.
        translated_by: what put it into English; None where nothing had to.
        unknown: words that no English was found for.
        weights: (text, weight) of a weighted prompt.
        notes: what a reader should know of it, in Chinese.
    """

    given: str
    read: str
    tokens: int
    limit: int
    cut: str = ""
    phrase: str | None = None
    kept: tuple[tuple[str, str, str], ...] = ()
    dropped: tuple[tuple[str, str], ...] = ()
    english: str | None = None
    translated_by: str | None = None
    unknown: tuple[str, ...] = ()
    weights: tuple[tuple[str, float], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Take:
    """Hold what a run made.

    Args:
        kind: the modality.
        data: str | uint8 images (B, H, W, 3) | wave float32 (N,) | frames uint8 (T, H, W, 3).
        plan: by which it was made.
        cost: measured.
        labels: such as {"model": "smollm2-135m", "tier": "tiny", "finish": "length"}; shown with the result.
        words: what encoders read of the prompt and, second, of the negative prompt; empty where none reads.
    """

    kind: str
    data: Any
    plan: Plan
    cost: Cost
    labels: Mapping[str, Any] = field(default_factory=FrozenMap)
    words: tuple[ReadWords, ...] = ()

    def __post_init__(self) -> None:
        freeze(self, "labels")

    def measured(self) -> dict[str, Figure]:
        """Name what the run cost as a plan does.

        Returns:
            "seconds": of all phases but "import" and "load". "peak": where it is what the process grew by, only when
            the model was loaded in this run, since a model that was in memory before cannot be seen in that.
        """
        phases, where = self.cost.phases, self.plan.budget.name
        working = sum(phase.seconds for phase in phases if phase.name not in SET_UP)
        figures = {"seconds": Figure(working, "s", "measured", f"wall clock, on {where}")}
        how = "; ".join(dict.fromkeys(phase.how for phase in phases if phase.peak_bytes is not None))
        if self.cost.peak_bytes is not None and ("growth" not in how or any(p.name == "load" for p in phases)):
            figures["peak"] = Figure(self.cost.peak_bytes, "B", "measured", f"{how}, on {where}")
        return figures


@dataclass(frozen=True)
class Record:
    """Hold the sidecar of a run, keys blotted out.

    Args:
        created: UTC, ISO 8601.
        kind, label: the modality, and what the result is called where it is shown.
        request, plan: as JSON (dict).
        predicted, measured: name -> Figure as JSON.
        versions: package -> version.
        device: name of the device.
        outputs: file name -> sha256 of what was made.
        licence: of the model.
        labels: of the take, such as {"tier": "tiny", "origin": "人工撰写，非模型生成"}.
        words: what encoders read, as JSON (list of dict).
    """

    created: str
    kind: str
    label: str
    request: Mapping[str, Any]
    plan: Mapping[str, Any]
    predicted: Mapping[str, Any]
    measured: Mapping[str, Any]
    versions: Mapping[str, str]
    device: str
    outputs: Mapping[str, str]
    licence: str
    labels: Mapping[str, Any] = field(default_factory=FrozenMap)
    words: Sequence[Mapping[str, Any]] = ()

    def __post_init__(self) -> None:
        freeze(self, "request", "plan", "predicted", "measured", "versions", "outputs", "labels")


def _pairs(mapping: Mapping[str, str]) -> str:
    return ", ".join(f"{k}={v}" for k, v in mapping.items())


def refuse(
    given: Mapping[str, Any],
    names: Iterable[str],
    card: Card,
    found: Words | str,
    written: Callable[[str, Any], str] = lambda name, value: f"{name}={shown(value)}",
) -> None:
    """Refuse the first of these options that was given.

    Args:
        given: option -> value; None is not given.
        names: of options that mean nothing for the card.
        card, found: for the error.
        written: how an option with its value is written where it was given.

    Raises:
        BadInput: one was given.
    """
    for name in names:
        value = given.get(name)
        if value is not None:
            asked = Words(f"{written(name, value)} for {card.name}", f"{card.name} 的设置 {written(name, value)}")
            raise BadInput(asked=asked, found=found, todo=Words("leave it out", "去掉这个设置"))


def settings_from(
    cls: type[Settings], request: Request, card: Card | None, noun: Words, elsewhere: tuple[str, ...] = ()
) -> Settings:
    """Read settings: a request's `extra`, the card's, the class's.

    Args:
        cls: a dataclass whose fields are the settings; it checks its values.
        request: what was asked; None in it leaves a default.
        card: whose defaults count; None: none do.
        noun: such as Words("a picture", "图片"), for the error.
        elsewhere: names in `extra` that a planner reads.

    Raises:
        UnknownName: a setting that does not exist.
        BadInput: a value out of range.
    """
    names = [field.name for field in fields(cls)]  # type: ignore[arg-type]
    others = [field.name for field in fields(Request) if field.name not in ("card", "prompt", "extra")]
    for name, value in request.extra.items():
        if name not in (*names, *elsewhere):
            asked = Words(f"the setting {name}={shown(value)} of {noun}", f"{noun.zh}的设置 {name}={shown(value)}")
            raise unknown_name(asked, name, [*names, *elsewhere, *others], Words("setting", "设置"))
    usual = {} if card is None else card.defaults
    values = {**usual, **{name: value for name, value in request.extra.items() if value is not None}}
    return cls(**{name: value for name, value in values.items() if name in names})
