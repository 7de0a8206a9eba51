"""What a model's card says of the verdict: the eyes' figures beside the reader's, by wish, and what is rarely clear."""

import json
from pathlib import Path

from assets.train.tables import rate, table

from .agreement import TOGETHER
from .items import KINDS, LABELS, MODELS, digest_of
from .labels import MODELS as SEEN_BY_MODELS

WANTED = {"pictures": 95, "clips": 90}  # percent of generated items that eyes should name as asked
OFTEN = 90  # percent: what is named less often is no longer promised
SEEN = ("named as asked", "clearly", "read as asked")
SEEING = SEEN_BY_MODELS | {TOGETHER}
ALIKE = "judges are a large model that sees, the same one twice, more of one mind than two persons would be"
WORDS_ZH = {"pictures": ("张图", "图"), "clips": ("段短片", "片")}


def verdict_of(kind: str, folder: Path = LABELS) -> dict | None:
    """The committed verdict of a kind, or None."""
    file = folder / f"{kind}-verdict.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None


def told(kind: str, folder: Path = LABELS) -> str:
    """A section's text: how it was judged, the table by wish, and how eyes and reader agree; or that it was not."""
    verdict = verdict_of(kind, folder)
    if verdict is None:
        return f"The {kind} have not been judged by eye yet (`assets/train/judge`)."
    made = verdict["by_wish"]["all"]["all"]
    judges = list(verdict["by_source"])
    one = f"One judge only ({judges[0]}), blind: a second one has still to look at the same sheets"
    two = (
        f"Two judges on their own ({' and '.join(judges[:-1])}), blind; named, or clear, is what both call so, and "
        "where they name different things it counts as nothing"
    )
    machines = f" **No person looked**: {ALIKE}." if set(judges) <= SEEING else ""
    stale = verdict["weights"] != digest_of(MODELS / KINDS[kind].folder)
    warning = f"**The weights have changed since the {kind} were judged; what follows is of those before.**\n"
    lines = [
        warning if stale else "",
        f"{two if judges[-1] == TOGETHER else one}.{machines} Shown were the {kind} of the first "
        f"{made['none']['of']} frozen prompts among {_others(verdict, judges[-1])}, in an order that tells nothing, "
        "without prompts (`assets/train/judge`). *Clear*: one would show it to a class. *Read*: what the reader says "
        f"of the same {kind}, one of the world and of the subject that was asked.\n",
        _table(verdict["by_wish"]),
        *_agreement(verdict, judges[-1]),
    ]
    return "\n".join(line for line in lines if line)


def failures(kind: str, folder: Path = LABELS) -> str:
    """Lines of a list: whether eyes are content, what is never clear, what is often no more than a lump."""
    verdict = verdict_of(kind, folder)
    if verdict is None:
        return f"- Whether an eye is content with the {kind} is not known."
    wishes, wanted = verdict["by_wish"], WANTED[kind]
    named = wishes.get("promise", {}).get("promised", wishes["all"]["all"])["named as asked"]
    reached = "reached" if named["percent"] >= wanted else "**missed**"
    lines = [f"- By eye {wanted} % of what is promised should be named as asked: {reached}, {rate(named)}."]
    groups = {wish: shares for values in list(wishes.values())[1:] for wish, shares in values.items()}
    never = [wish for wish, shares in groups.items() if not shares["clearly"]["right"] and wish not in wishes["face"]]
    rarely = {w: s for w, s in groups.items() if s["clearly"]["right"] and s["clearly"]["high"] < 50}
    seldom = {w: s for w, s in groups.items() if s["named as asked"]["percent"] < OFTEN}
    often = [wish for wish, shares in groups.items() if shares["named as asked"]["percent"] >= OFTEN]
    if often:
        lines.append(f"- Named in {OFTEN} % or more, so to be counted on: {', '.join(often)}.")
    if never:
        lines.append(f"- **Never clear** to both, not once: {', '.join(never)}.")
    if rarely:
        lines.append(f"- **Rarely clear** (the interval ends below a half): {_counted(rarely, 'clearly')}.")
    if seldom:
        text = _counted(seldom, "named as asked")
        lines.append(f"- **Often not to be named** (less than {OFTEN} %; do not count on these): {text}.")
    return "\n".join(lines)


def told_zh(kind: str, folder: Path = LABELS) -> str:
    """One Chinese sentence with the eyes' figures and the reader's; empty without a verdict."""
    verdict = verdict_of(kind, folder)
    if verdict is None:
        return ""
    made, (noun, short) = verdict["by_wish"]["all"]["all"], WORDS_ZH[kind]
    named, clear, machine = (f"{made[seen]['percent']:.0f}%" for seen in SEEN)
    machines = "（看图的大模型，不是人）" if set(verdict["by_source"]) <= SEEING else ""
    return (
        f"评判者{machines}盲看 {made['none']['of']} {noun}，能认出主体的占 {named}，清楚的只占 {clear}；"
        f"读{short}网络说主体对的有 {machine}，比眼睛宽容。"
    )


def _others(verdict: dict, reader: str) -> str:
    sources = verdict["by_source"][reader]
    true, failed = (sources.get(source, {}).get("named as asked") for source in ("render", "failure"))
    parts = [f"{true['of']} true renders (named: {true['right']})"] if true else []
    parts += [f"{failed['of']} known failures (named: {failed['right']})"] if failed else []
    return " and ".join(parts) or "nothing else"


def _table(wishes: dict) -> str:
    """Rows: all, then subjects, motions or styles, and sizes, the clearest first."""
    rows = []
    for values in wishes.values():
        order = sorted(values.items(), key=lambda row: tuple(-row[1][seen]["percent"] for seen in ("clearly", SEEN[0])))
        rows += [[f"{wish} ({shares['none']['of']})", *(rate(shares[seen]) for seen in SEEN)] for wish, shares in order]
    return table(["asked for", "named as asked", "clear", "read as asked"], rows)


def _agreement(verdict: dict, reader: str) -> list[str]:
    machine = verdict["machine"][reader]["frozen half, as shipped"]
    unseen = machine["machine alone"] + machine["both no"]
    lines = [
        f"Of {unseen} items of the frozen half in which eyes do not see what was asked, the reader says of "
        f"{machine['machine alone']} that they show it; on that half of {machine['items']} it is of one mind with the "
        f"eyes in {rate(machine['agreed'])}, kappa {machine['kappa']:.2f}."
    ]
    for pair in verdict["between"]:
        subject, clear = pair["subject"], pair["clear"]
        lines.append(
            f"They name the same in {rate(subject['agreed'])}, kappa {subject['kappa']:.2f}; on whether it "
            f"is clear they agree in {rate(clear['agreed'])}, kappa {clear['kappa']:.2f}."
        )
    return lines


def _counted(groups: dict, seen: str) -> str:
    order = sorted(groups.items(), key=lambda group: group[1][seen]["percent"])
    return ", ".join(f"{wish} {shares[seen]['right']} of {shares[seen]['of']}" for wish, shares in order)
