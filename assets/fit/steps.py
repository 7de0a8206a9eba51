"""Published peaks of training beside the traced ones, and needs of known models: python -m assets.fit.steps [needs]."""

import csv
import json
import shutil
import sys
import tempfile
from io import StringIO
from itertools import product
from pathlib import Path

from aigc_kit.core import paths
from aigc_kit.core.units import GIB
from aigc_kit.memory.footprint.step_needs import as_parts, predict_training

SOURCE = "a-r-r-o-w/finetrainers, examples/_legacy/training/README.md: 480x720, 49 frames, latents and prompts ready"
# (model, method, rank, batch, checkpointing, optimizer, GiB published as memory_before_validation). Rows with a figure
# no higher than before training tell nothing of a step and are left out; trained weights are in float32.
ROWS = [
    *(("cogvideox-2b", "lora", r, 1, False, o, g) for o, peaks in (("adamw", (43.764, 44.314, 45.826)),
        ("adamw8bit", (43.732, 44.004, 45.291))) for r, g in zip((16, 64, 256), peaks, strict=True)),
    *(("cogvideox-2b", "lora", r, 4, True, o, g) for o, peaks in (("adamw", (21.803, 22.254, 22.020)),
        ("adamw8bit", (21.734, 21.941, 22.020))) for r, g in zip((16, 64, 256), peaks, strict=True)),
    *(("cogvideox-5b", "lora", r, 4, True, o, g) for o, peaks in (("adamw", (46.492, 47.805, 47.268)),
        ("adamw8bit", (46.320, 46.820, 47.920))) for r, g in zip((16, 64, 256), peaks, strict=True)),
    ("cogvideox-2b", "full", 0, 1, True, "adamw", 33.934),
    ("cogvideox-2b", "full", 0, 4, True, "adamw", 38.281),
    ("cogvideox-2b", "full", 0, 4, True, "adamw8bit", 27.930),
    ("cogvideox-5b", "full", 0, 1, True, "adamw8bit", 52.826),
    ("cogvideox-5b", "full", 0, 4, True, "adamw8bit", 66.648),
]  # fmt: skip
FIELDS = (
    "model", "method", "rank", "batch", "checkpointing", "optimizer", "published_gib", "reserved_gib", "allocated_gib"
)  # fmt: skip


def file() -> Path:
    """Where the rows are kept."""
    return paths.assets() / "data" / "training_rows.csv"


def table() -> list[dict[str, str]]:
    """The rows as they were traced last."""
    with file().open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def larger(home: Path) -> Path:
    """CogVideoX-5b: the configs of 2b, wider and deeper, with rotary positions."""
    folder = home / "cogvideox-5b"
    shutil.copytree(paths.assets() / "configs" / "cogvideox-2b", folder)
    config = folder / "transformer" / "config.json"
    wide = {"num_attention_heads": 48, "num_layers": 42, "use_rotary_positional_embeddings": True}
    config.write_text(json.dumps({**json.loads(config.read_text(encoding="utf-8")), **wide}), encoding="utf-8")
    return folder


def main() -> None:
    """Trace every row."""
    from aigc_kit.memory.xray.training import train

    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(FIELDS)
    with tempfile.TemporaryDirectory() as home:
        folders = {"cogvideox-2b": "cogvideox-2b", "cogvideox-5b": larger(Path(home))}
        for model, method, rank, batch, checkpointing, optimizer, published in ROWS:
            size = (480, 720, 49, batch, "float16", "float32", checkpointing, optimizer)
            need = predict_training(train(folders[model], method, max(rank, 1), *size), first=True)
            sizes = (f"{need.reserved_bytes / GIB:.2f}", f"{need.allocated_bytes / GIB:.2f}")
            writer.writerow([model, method, rank, batch, checkpointing, optimizer, published, *sizes])
            print(text.getvalue().splitlines()[-1], flush=True)
    paths.write_atomically(file(), text.getvalue())


SIZES = {"sd15": (512, 512, 1), "sdxl": (1024, 1024, 1)}
WAYS = (  # (method, checkpointing, optimizer)
    ("lora", False, "adamw"),
    ("lora", True, "adamw"),
    ("full", False, "adamw"),
    ("full", True, "adamw"),
    ("full", True, "adamw8bit"),
    ("full", True, "adafactor"),
)


def needs() -> None:
    """Trace what the teaching lab shows: known models, LoRA of rank 8 and full training, with and without savings."""
    from aigc_kit.memory.xray.training import train

    entries = []
    for (model, size), (method, saving, optimizer) in product(SIZES.items(), WAYS):
        facts = train(model, method, 8, *size, dtype="float16", checkpointing=saving, optimizer=optimizer)
        need = predict_training(facts)
        key = {"model": model, "method": method, "checkpointing": saving, "optimizer": optimizer, "size": size}
        entries.append({**key, **as_parts(need), "device": need.device_bytes, "traced_with": facts.traced_with})
        print(json.dumps(entries[-1]), flush=True)
    text = "[\n" + ",\n".join(json.dumps(entry) for entry in entries) + "\n]\n"
    paths.write_atomically(paths.assets() / "data" / "training_needs.json", text)


if __name__ == "__main__":
    needs() if sys.argv[1:] == ["needs"] else main()
