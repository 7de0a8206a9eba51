"""The share of a card's peak that published runs reached: operations of the trace over the published seconds."""

from aigc_kit.footprint.seconds import GPUS
from assets.fit.rows import FIT, REPORT, table

# id -> (denoising steps, card). The steps are those of the publication.
RUNS = {"S1": (25, "A100-40G"), "S3": (25, "A100-40G"), "W1": (50, "RTX4090"), "W7": (50, "H800"), "W6": (50, "H20")}


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


def efficiency() -> dict[str, float | str]:
    """The share in float32 and in half precision (geometric mean), and the widest relative spread around it."""
    found = shares()
    half = [share for name, share in found.items() if name != "S1"]
    mean = 1.0
    for share in half:
        mean *= share ** (1 / len(half))
    spread = max(max(share / mean, mean / share) for share in half) - 1
    source = "efficiency of published runs (rows " + ", ".join(found) + " of vram_rows.csv)"
    return {
        "float32": round(found["S1"], 3),
        "half": round(mean, 3),
        "error": round(spread + 0.005, 2),
        "source": source,
    }
