"""The rows of assets/data/vram_rows.csv: what each measured, and how this kit would predict the same run."""

import csv
from dataclasses import dataclass

from aigc_kit.core import paths
from aigc_kit.core.errors import BadInput
from aigc_kit.core.units import GB, GIB, MB, MIB
from aigc_kit.memory.footprint import ModelFacts, Overheads, Prediction, cached, predict
from aigc_kit.memory.footprint.fit import Measure

RESIDENT = "resident"
TEXT_ON_CPU = {"text_encoder": "cpu", "transformer": "model", "vae": "model"}


@dataclass(frozen=True)
class Run:
    """How to predict a row: the case, the placement, and the one phase that was measured (None: the whole run)."""

    case: tuple
    placement: object = RESIDENT
    dtypes: tuple = ()
    only: str | None = None

    def facts(self) -> ModelFacts:
        """Of the case, cut to the one phase."""
        found = cached(*self.case)
        if found is None:
            raise BadInput(
                asked=f"the trace of {self.case}",
                found="not among the traces that ship with the kit",
                todo="run: python -m assets.fit.traces",
            )
        if self.only is None:
            return found
        phases = tuple(phase for phase in found.phases if phase.name == self.only)
        parts = tuple(part for part in found.parts if part.name == phases[0].part)
        return ModelFacts(**{**vars(found), "phases": phases, "parts": parts})

    def predict(self, overheads: Overheads) -> Prediction:
        """What this kit would say."""
        return predict(self.facts(), self.placement, overheads, dict(self.dtypes))


def _qwen(side: int) -> Run:  # bfloat16 takes the bytes of float16
    return Run(("qwen-image", side, side, 1, 1, "bfloat16"), only="decode")


FIT = {
    "S1": Run(("sdxl", 1024, 1024, 1, 4, "float32", "math")),
    "S3": Run(("sdxl", 1024, 1024, 1, 4, "float16")),
    "S4": Run(("sdxl", 1024, 1024, 1, 4, "float16")),
    "S13": Run(("sdxl", 1024, 1024, 1, 1, "float32"), only="decode"),
    "S14": Run(("sd15", 512, 512, 1, 1, "float32"), only="decode"),
    "Q1": _qwen(512),
    "Q2": _qwen(768),
    "Q4": _qwen(1024),
    "Q5": _qwen(1280),
}
_WAN = ("wan2.1-1.3b", 480, 832, 81, 1, "bfloat16")
_WAN14 = ("wan2.1-14b", 480, 832, 81, 1, "bfloat16")
_BIG = ("wan2.1-14b", 720, 1280, 81, 1, "bfloat16")
_SDXL4 = ("sdxl", 1024, 1024, 1, 4, "float16")
_FLUX4 = (("transformer", "nf4"), ("text_encoder_2", "nf4"))
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
        Run(("flux.1-dev", 1024, 1024, 1, 1, "bfloat16"), RESIDENT, _FLUX4),
        "double quantisation and layers left out of it are not stated; 12.6 GiB of weights are loaded there",
    ),
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
    unit = {"GiB": GIB, "GB": GB, "MB": MIB if "InvokeAI" in row["source"] else MB, "bytes": 1}[row["unit"]]
    if row["quantity"] == "allocated+reserved":
        first, second = row["peak"].split("/")
        pair = dict(zip(row["metric"].split("/"), (first, second), strict=True))
        return {name: round(float(value) * unit) for name, value in pair.items()}
    number = row["peak"].split()[0].lstrip("~").split("-")[0]
    return {row["quantity"]: round(float(number) * unit)}


def measures() -> list[Measure]:
    """Every measured peak of the rows with use=fit."""
    found = []
    for name, row in table().items():
        if row["use"] == "fit":
            found += [Measure(name, what, size, FIT[name].predict) for what, size in measured(row).items()]
    return found
