"""The share of a card's peak that published runs reached: operations of the trace over the published seconds."""

from statistics import geometric_mean

from aigc_kit.memory.footprint.seconds import GPUS
from assets.fit.rows import FIT, REPORT, table

# id -> (denoising steps, card), in half precision: in float32 torch computes convolutions in TF32 where the card has
# it, and the one such row (S1, A100) says nothing of another card. The steps are those of the publication.
RUNS = {"S3": (25, "A100-40G"), "W1": (50, "RTX4090"), "W7": (50, "H800"), "W6": (50, "H20")}


def shares() -> dict[str, float]:
    """id -> share of the peak."""
    rows = table()
    found = {}
    for name, (steps, card) in RUNS.items():
        run = FIT[name] if name in FIT else REPORT[name][0]
        facts = run.facts()
        times = {"run": 1, "step": steps, "token": facts.tokens}
        needed = sum(p.flops * p.calls * times[p.per] / GPUS[card].flops[p.dtype] for p in facts.phases)
        found[name] = needed / float(rows[name]["time_s"])
    return found


def efficiency() -> dict[str, float | dict[str, str]]:
    """The share in half precision (geometric mean), and the widest relative spread around it."""
    found = shares()
    mean = geometric_mean(found.values())
    spread = max(max(share / mean, mean / share) for share in found.values()) - 1
    source = {
        "en": f"efficiency of published runs (rows {', '.join(found)} of vram_rows.csv)",
        "zh": f"公开运行的实际效率（vram_rows.csv 的 {'、'.join(found)} 行）",
    }
    return {"half": round(mean, 3), "error": round(spread + 0.005, 2), "source": source}
