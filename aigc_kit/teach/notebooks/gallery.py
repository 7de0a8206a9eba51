"""Show a run of the labs on one Chinese page."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, fields
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.core.paths import write_atomically
from aigc_kit.core.types import Record
from aigc_kit.core.units import format_bytes, format_seconds
from aigc_kit.keep import record
from aigc_kit.media.pages import environment, markup, policy, template_text
from aigc_kit.memory import device
from aigc_kit.teach import labs
from aigc_kit.teach.notebooks.execution import Run
from aigc_kit.teach.notebooks.exhibition import NOT_SAID, TIER_ZH, exhibition
from aigc_kit.teach.notebooks.kernel import PEAK_HOW_ZH

SITE = "site/index.html"  # the browser edition, where `aigc site` has put it beside
RUNS_FILE = "labs.json"  # in the output folder: the last run of each notebook

STATUS_ZH = {"ok": "通过", "failed": "出错", "timeout": "超时", "died": "内核退出"}
_UNLINKED = (".png", ".txt", ".json", ".vtt")
_OF_A_WORK = re.compile(r"-[0-9a-f]{16}\.\w+$")  # parts that the work's own page shows
_RUN_FIELDS = tuple(field.name for field in fields(Run))


def write_gallery(out: Path, runs: Iterable[Run]) -> Path:
    """Note runs and render `out/index.html` of all there is.

    Notebooks that were run before keep their last row.
    """
    out = Path(out)
    rows = note_runs(out, runs)
    hall = exhibition(out, *records_below(out))
    tiers = "，".join(dict.fromkeys(TIER_ZH.get(run["tier"], run["tier"]) for run in rows))
    css = template_text("gallery.css")
    template = environment().get_template("gallery.html.j2")
    page = template.render(
        csp=policy((), (css,)),
        css=markup(css),
        facts=[*machine_facts(), ("档位", tiers)],
        date=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
        labs=[_row(run) for run in rows],
        hall=hall,
        not_said=NOT_SAID,
        broken=[{"name": path.relative_to(out).as_posix(), "why": why} for path, why in hall.broken],
        pictures=[(_heading(rows, folder), views) for folder, views in hall.pictures.items()],
        peak_how=PEAK_HOW_ZH,
        site=(out / SITE).is_file() and SITE,
    )
    return write_atomically(out / "index.html", page)


def note_runs(out: Path, runs: Iterable[Run]) -> list[dict[str, Any]]:
    """Add these runs to `out/labs.json`, return all by name."""
    path, by_name = out / RUNS_FILE, dict[str, Run]()
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):  # none yet, not ours or cut off
        rows = json.loads(path.read_text(encoding="utf-8"))["runs"]
        by_name = {row["name"]: _checked(Run(**{name: row[name] for name in _RUN_FIELDS})) for row in rows}
    by_name.update({run.name: run for run in runs})
    rows = [asdict(by_name[name]) for name in sorted(by_name)]
    write_atomically(path, json.dumps({"runs": rows}, ensure_ascii=False, indent=1) + "\n")
    return rows


def records_below(out: Path) -> tuple[list[tuple[Path, Record]], list[tuple[Path, str]]]:
    """Find every sidecar below the notebooks' folders.

    Returns (path, record) by notebook and time, and (path, what is wrong); JSON that is no record is in neither.
    """
    records, problems = [], []
    for path in sorted(path for path in out.glob("*/**/*.json") if path.is_file()):
        try:
            records.append((path, record.load(path)))
        except BadInput as error:
            if not _is_other_json(path):
                problems.append((path, error.told.found.zh))
    records.sort(key=lambda pair: (pair[0].relative_to(out).parts[0], pair[1].created, pair[0].name))
    return records, problems


def _is_other_json(path: Path) -> bool:
    """Tell whether a file is whole, without anything of records."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return not isinstance(data, dict) or not {"request", "outputs"} & set(data)


def summary(files: Sequence[str], zh: bool = False) -> str:
    """Count what a notebook made, by kind.

    >>> summary(("a/x.txt", "a/x.json", "a/plot.png"))
    '1 text, 1 picture'
    """
    kinds = {
        "text": ("段文本", (".txt", ".html", ".md")),
        "picture": ("张图", (".png", ".jpg", ".svg")),
        "sound": ("段声音", (".wav", ".mp3")),
        "film": ("段视频", (".mp4", ".gif")),
        "data file": ("个数据文件", (".csv", ".npz", ".safetensors")),
    }
    words = []
    for kind, (chinese, endings) in kinds.items():
        count = sum(name.lower().endswith(endings) for name in files)
        if count:
            words.append(f"{count} {chinese if zh else kind + 's' * (count > 1)}")
    return ("，" if zh else ", ").join(words) or ("没有留下文件" if zh else "no files")


def machine_facts() -> list[tuple[str, str]]:
    """Tell name and value of each fact, in Chinese."""
    budget, versions = device.probe(), record.versions()
    names = (name for name in ("aigc-kit", "python", "torch") if name in versions)
    return [
        ("设备", ("显卡 " if budget.device == "cuda" else "处理器 ") + budget.name),
        ("可用线程", str(device.threads())),
        ("内存" if budget.device == "cpu" else "显存", format_bytes(budget.total_bytes)),
        ("版本", "，".join(f"{name} {versions[name]}" for name in names)),
    ]


def _checked(run: Run) -> Run:
    """Check that a run's values are of the right kinds."""
    texts = (run.name, run.tier, run.status, run.executed, run.page, run.error, *run.made)
    numbers = (run.seconds, run.peak_bytes or 0, run.skipped)
    if not isinstance(run.made, list | tuple) or not all(isinstance(text, str) for text in texts):
        raise TypeError("text expected")
    if not all(isinstance(number, int | float) and isfinite(number) for number in numbers):
        raise TypeError("a finite number expected")
    return run


def _heading(rows: Iterable[Mapping[str, Any]], folder: str) -> str:
    """Name a lab as its heading does."""
    row = next((_row(run) for run in rows if run["name"] == folder), None)
    return f"{row['number']} {row['title']}".strip() if row else folder


def _row(run: Mapping[str, Any]) -> dict[str, Any]:
    lab = next((lab for lab in labs.every() if Path(lab.notebook).stem == run["name"]), None)
    return {
        **run,
        "title": lab.title if lab else run["name"],
        "number": lab.number if lab else "",
        "status_zh": STATUS_ZH.get(run["status"], run["status"]),
        "tier_zh": TIER_ZH.get(run["tier"], run["tier"]),
        "time": format_seconds(run["seconds"]),
        "budget": f"{lab.budget_seconds} s" if lab and run["tier"] == "tiny" else "",
        "peak": format_bytes(run["peak_bytes"]) if run["peak_bytes"] else "没有采到",
        "made_zh": summary(run["made"], zh=True),
        "others": [name for name in run["made"] if not name.endswith(_UNLINKED) and not _OF_A_WORK.search(name)],
    }
