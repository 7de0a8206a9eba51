"""The rows of assets/data/vram_rows.csv: what each measured, and how this kit would predict the same run."""

import csv
from dataclasses import dataclass, replace
from functools import cache

from aigc_kit.core import paths
from aigc_kit.core.errors import BadInput
from aigc_kit.core.units import GB, GIB, MB, MIB
from aigc_kit.memory.footprint import ModelFacts, Overheads, Prediction, cached, predict
from aigc_kit.memory.footprint.fit import Measure, leave_one_out
from assets.fit import row_traces

RESIDENT = "resident"
TEXT_ON_CPU = {"text_encoder": "cpu", "transformer": "model", "vae": "model"}


@dataclass(frozen=True)
class Run:
    """How to predict a row.

    Args:
        case: of `cached`, or a name of `row_traces.CASES`.
        placement, dtypes: as in `predict`.
        only: the one phase that was measured, alone on the card; None: the whole run.
        ends: the phase after which the run ended; None: the last.
    """

    case: tuple | str
    placement: object = RESIDENT
    dtypes: tuple = ()
    only: str | None = None
    ends: str | None = None

    def facts(self) -> ModelFacts:
        """Of the case, cut to what was measured."""
        return _facts(self.case, self.only, self.ends)

    def predict(self, overheads: Overheads) -> Prediction:
        """What this kit would say; a decoder alone multiplies no matrices, and so has no workspace for them."""
        extra = overheads if self.only is None else replace(overheads, base=0)
        return predict(self.facts(), self.placement, extra, dict(self.dtypes))


@cache
def _facts(case: tuple | str, only: str | None, ends: str | None) -> ModelFacts:
    found = row_traces.kept().get(case) if isinstance(case, str) else cached(*case)
    if found is None:
        raise BadInput(
            asked=f"the trace of {case}",
            found="not among the traces that ship with the kit",
            todo="run: python -m assets.fit.traces, or python -m assets.fit.row_traces",
        )
    if ends is not None:
        count = [phase.name for phase in found.phases].index(ends) + 1
        return replace(found, phases=found.phases[:count], pools=found.pools[:count])
    if only is None:
        return found
    phases = tuple(phase for phase in found.phases if phase.name == only)
    parts = tuple(part for part in found.parts if part.name == phases[0].part)
    return replace(found, phases=phases, parts=parts, pools=())  # its own replay, in an empty allocator


def _qwen(side: int) -> Run:  # bfloat16 takes the bytes of float16
    return Run(f"qwen-image {side}", only="decode")


FIT = {
    "S1": Run(("sdxl", 1024, 1024, 1, 4, "float32", "math")),
    "S3": Run(("sdxl", 1024, 1024, 1, 4, "float16")),
    "S4": Run(("sdxl", 1024, 1024, 1, 4, "float16")),
    "S13": Run("sdxl", only="decode"),
    "S14": Run("sd15", only="decode"),
    "Q1": _qwen(512),
    "Q2": _qwen(768),
    "Q4": _qwen(1024),
    "Q5": _qwen(1280),
    "N01": Run("flux"),
    "N03": Run("flux of 8"),
    "N05": Run("flux", "model"),
    "N10": Run("flux int8wo"),
    "N13": Run("cogvideox-5b"),
    "N15": Run("cogvideox-2b"),
    "N21": Run("cogvideox1.5"),
    "N22": Run("hunyuanvideo"),
    "N24": Run("hunyuanvideo", "model"),
    "N28": Run("hunyuanvideo", "model", (("transformer", "nf4"),)),
    "N30": Run("hunyuanvideo", RESIDENT, (("transformer", "float8"),)),
    "N32": Run("ltx-video"),
    "N34": Run("sd3", "model"),
    "N40": Run("klein"),
    "N55": Run("flux int8wo"),
}
# id -> (how the run would be predicted; why its row is not in the fit)
EXCEPTIONS = {
    "N26": (
        Run("hunyuanvideo int8"),
        "bitsandbytes 0.45 multiplies columns with outliers (over 6) in 16 bits and keeps their weights in 16 bits on "
        "each layer; how many there are depends on values. The same source, decoding at the peak: 49.9 GiB in int8, "
        "42.96 in nf4, 60.1 without: int8 weighs 1.7 GiB more than its bytes",
    ),
    "N36": (
        Run("sd3", RESIDENT, (("text_encoder_3", "int8"),)),
        "device_map='balanced' spreads parts over the cards of a machine, and the peak is one card's: T5 and the "
        "decoder make 9.95 GiB, with CLIP-L 10.18, with CLIP-G 11.25; with the transformer T5 alone makes 11.62",
    ),
}
_WAN = ("wan2.1-1.3b", 480, 832, 81, 1, "bfloat16")
_WAN14 = ("wan2.1-14b", 480, 832, 81, 1, "bfloat16")
_BIG = ("wan2.1-14b", 720, 1280, 81, 1, "bfloat16")
_SDXL4 = ("sdxl", 1024, 1024, 1, 4, "float16")
# id -> (how the nearest run would be predicted, or None; why the two are not comparable)
REPORT = {
    "S5": (
        Run(_SDXL4, "model"),
        "if the hooks of 2023 left the UNet (4.8 GiB) on the card while the VAE decoded, the two agree; not verified",
    ),
    "S6": (
        Run(_SDXL4, "sequential"),
        "hooks of 2023; above the decoder's own need, which the source does not explain",
    ),
    "S8": (
        Run(("sdxl", 1024, 1024, 1, 4, "float16", "sdpa", True), "sequential"),
        "hooks of 2023, as the row above",
    ),
    "S9": (Run(_SDXL4), "without text encoders it should be lower than S3, and is stated higher: inconsistent source"),
    "S10": (None, "the decoder is another model (a tiny autoencoder)"),
    "S17": (
        Run(("sd15", 512, 512, 1, 1, "float16", "math")),
        "read in nvidia-smi, with attention and a context of 2022",
    ),
    "S19": (
        Run(("sd15", 512, 512, 1, 1, "float16", "math")),
        "read in nvidia-smi, with attention and a context of 2022",
    ),
    "W1": (Run(_WAN, TEXT_ON_CPU), "the authors' own code and offload, not diffusers"),
    "W6": (
        Run(_BIG, "model"),
        "the authors' own code and offload, not diffusers; what stays on the card there is not stated",
    ),
    "W7": (
        Run(_BIG, "model"),
        "the authors' own code and offload, not diffusers; what stays on the card there is not stated",
    ),
    "W12": (Run(_WAN14, TEXT_ON_CPU), "DiffSynth's code and rounding: a required card, not a measured peak"),
    "W13": (None, "DiffSynth keeps half the weights on the card, a placement that this kit does not have"),
    "W16": (
        Run(_WAN14, {"text_encoder": "cpu", "transformer": "sequential", "vae": "model"}, (("transformer", "float8"),)),
        "DiffSynth's own offload and tiled decoder: a required card, not a measured peak",
    ),
    "W17": (
        Run((*_WAN14, "sdpa", False, False), {"text_encoder": "group", "transformer": "sequential", "vae": "cuda"}),
        "stated in a guide as a round number, on a card that is not named",
    ),
    "W20": (Run(_WAN), "a full card in nvidia-smi: an upper bound by the size of the card"),
    "W23": (None, "resolution and frames are not stated"),
    "W26": (None, "one allocation of one convolution, not a peak; 33 to 40 frames"),
    "W30": (None, "two transformers of 14 B at once (Wan2.2), in sglang's own code"),
    "F2": (
        Run("flux", RESIDENT, (("transformer", "nf4"), ("text_encoder_2", "nf4"))),
        "double quantisation is not stated",
    ),
    "N08": (None, "group offload by leaves with a stream, which copies one layer ahead: not a placement of this kit"),
    "N17": (Run("cogvideox-5b", ends="denoise"), "'memory' of a pull request, read as reserved; in float16"),
    "N19": (Run("cogvideox-2b", "model"), "a whole number of GB in a guide"),
    "N44": (None, "an adapter of pictures (IP-Adapter) is not modelled"),
    "N45": (
        Run("animatediff"),
        "with an adapter of pictures, whose encoder alone weighs 1.18 GiB, and a LoRA; libraries of 2024",
    ),
    "N47": (None, "FreeNoise denoises in windows, which this kit does not"),
    "N50": (
        _qwen(1024),
        "ComfyUI's own decoder on a card of AMD; measured beyond the weights (0.24 GiB)",
    ),
    "N52": (None, "the encoder of CogVideoX alone, with a cache of its own; not a phase of this pipeline"),
    "N53": (None, "int4 of torchao is not a format of this kit"),
    "N57": (None, "GGUF files of a denoiser are not a format of this kit"),
    "N59": (Run("cogvideox-5b"), "with fused QKV the separate weights stay too: 2.2 GiB more are loaded there"),
}


def table() -> dict[str, dict[str, str]]:
    """id -> row of the file."""
    path = paths.assets() / "data" / "vram_rows.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def measured(row: dict[str, str]) -> dict[str, int]:
    """quantity -> bytes of a row. "MB" of InvokeAI's row means MiB: 5568 and 1696 are multiples of the allocator's
    2 MiB, as MB they would not be.
    """
    own = MIB if "InvokeAI" in row["source"] else MB
    unit = {"GiB": GIB, "GB": GB, "MiB": MIB, "MB": own, "bytes": 1}[row["unit"]]
    if row["quantity"] == "allocated+reserved":
        first, second = row["peak"].split()[0].split("/")
        pair = dict(zip(row["metric"].split("/"), (first, second), strict=True))
        return {name: round(float(value) * unit) for name, value in pair.items()}
    number = row["peak"].split()[0].lstrip("~").split("-")[0]
    return {row["quantity"]: round(float(number) * unit)}


@cache
def left_out() -> dict[tuple[str, str], Overheads]:
    """(row, quantity) -> the fit without that row."""
    return leave_one_out(measures(), "the other rows")


@cache
def measures() -> list[Measure]:
    """Every measured peak of the rows with use=fit."""
    found = []
    for name, row in table().items():
        if row["use"] == "fit" and name not in EXCEPTIONS:
            found += [Measure(name, what, size, FIT[name].predict) for what, size in measured(row).items()]
    return found
