"""诗经 and 楚辞 for tuning: stanzas that the poem model can spell, into assets/data/old_verse.json.

python -m assets.train.poem.old_verse
"""

import json
import re
import tarfile
from collections.abc import Iterator

from . import corpus, paths

OUT = paths.HERE.parents[1] / "data" / "old_verse.json"
SOURCE = "npm chinese-poetry 2.0.1 (MIT), dist/shijing and dist/chuci; the texts are in the public domain"
LINES = {"诗经": 8, "楚辞": 4}  # of a stanza
UNKNOWN = 2  # characters of a stanza that the model may lack
LONGEST = 50  # characters of a stanza of 楚辞
PER_POEM = 5  # stanzas of one poem of 楚辞


def lines(content: list[str]) -> list[str]:
    return [line for part in content for line in corpus.BREAK.split(part) if line]


def written(some: list[str]) -> str:
    return "".join(line + ("，" if number % 2 == 0 else "。") for number, line in enumerate(some))


def odes(poems: list[dict]) -> Iterator[tuple[str, str]]:
    """The first eight lines of each poem, where all have four characters."""
    for poem in poems:
        some = lines(poem["content"])[: LINES["诗经"]]
        if len(some) == LINES["诗经"] and all(len(line) == 4 for line in some):
            yield poem["title"], written(some)


def songs(poems: list[dict]) -> Iterator[tuple[str, str]]:
    """Stanzas of four lines in which 兮 stands, at most PER_POEM of a poem."""
    for poem in poems:
        every = lines(poem["content"])
        starts = range(0, len(every) - LINES["楚辞"] + 1, LINES["楚辞"])
        stanzas = [written(every[at : at + LINES["楚辞"]]) for at in starts]
        some = [
            stanza
            for stanza in stanzas
            if "兮" in stanza and len(stanza) < LONGEST and not re.search(r"[^\u4e00-\u9fff，。]", stanza)
        ]
        yield from ((poem["title"][:6], stanza) for stanza in some[:PER_POEM])


def main() -> None:
    from transformers import AutoTokenizer

    corpus.fetch()
    tokenizer = AutoTokenizer.from_pretrained(paths.MODEL)
    with tarfile.open(paths.PACKAGE_FILE) as archive:
        poems = {
            form: json.load(archive.extractfile(f"package/dist/{name}/{name}.json"))
            for form, name in (("诗经", "shijing"), ("楚辞", "chuci"))
        }
    rows = []
    for form, stanzas in (("诗经", odes(poems["诗经"])), ("楚辞", songs(poems["楚辞"]))):
        for title, text in dict.fromkeys(stanzas):
            ids = tokenizer(text, add_special_tokens=False)["input_ids"]
            if ids.count(tokenizer.unk_token_id) <= UNKNOWN:
                rows.append({"form": form, "title": title, "text": text})
    body = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    OUT.write_text(f'{{"source": {json.dumps(SOURCE)},\n"poems": [\n{body}\n]}}\n', encoding="utf-8")
    print(OUT, {form: sum(row["form"] == form for row in rows) for form in LINES}, OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
