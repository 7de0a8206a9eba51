"""Find how far a no reaches: no red cats, 不要猫、狗和鱼.

What is said not to be there never becomes something that is shown. The reach goes

- in Chinese to the end of the clause, over 、 too, and before 而, 但, 只, 要, 换; after 没有, 无 and the like it ends
  at a 的 that follows a noun (没有狗的海边);
- in English to a "but" or "only", and to a preposition once something was named (no dogs at night); over commas where
  the list ends in "or"; "and a ..." begins something new;
- backwards where nothing follows: 狗就不要了.
"""

from collections.abc import Sequence

from aigc_kit.worlds.tinyworld.scan import Hit

WITHOUT = frozenset({"没有", "没", "不带", "不含", "无"})
"""Negations that make an attribute of what follows their 的."""

NOUNS = frozenset({"subject", "scene", "style", "light", "thing", "motion", "position"})
STOPS_ZH = ("而", "但", "只", "要", "换", "改", "却", "请", "外", "以外", "之外")
STOPS_EN = frozenset({"but", "only", "just", "instead", "please", "then", "which", "that", "who", "while"})
PREPOSITIONS = frozenset(
    {
        "in",
        "on",
        "at",
        "by",
        "near",
        "under",
        "with",
        "during",
        "against",
        "inside",
        "outside",
        "beside",
        "behind",
        "above",
        "over",
        "of",
    }
)
ARTICLES = frozenset({"a", "an", "the", "one", "some"})
LAST = frozenset({"or", "nor", "and"})
LIST_WORDS = 4  # at most, between two commas of a list


def negated(prompt: str, hits: Sequence[Hit]) -> set[int]:
    """List the hits that must not show, negations too."""
    gone: set[int] = set()
    for k, hit in enumerate(hits):
        if hit.attribute == "negation" and k not in gone:
            reach = _reach(prompt, hits, k) or _before(hits, k)
            gone.update(reach, {k} if reach else ())
    return gone


def negated_spans(prompt: str, hits: Sequence[Hit]) -> list[tuple[int, int]]:
    """List (start, end) of what must not show, neighbours joined."""
    spans: list[tuple[int, int]] = []
    gone = negated(prompt, hits)
    for k in sorted(gone):
        if spans and k - 1 in gone and hits[k - 1].clause == hits[k].clause:
            spans[-1] = spans[-1][0], hits[k].end
        else:
            spans.append((hits[k].start, hits[k].end))
    return spans


def _reach(prompt: str, hits: Sequence[Hit], k: int) -> list[int]:
    """List what stands within reach after a negation."""
    if not hits[k].text.isascii():
        return _chinese(prompt, hits, k)
    if hits[k].text.lower() == "not" and k and hits[k - 1].text.lower() in ARTICLES:
        return list(range(k + 1, k + 2))  # a not red cat
    return _english(prompt, hits, k)


def _chinese(prompt: str, hits: Sequence[Hit], k: int) -> list[int]:
    reach: list[int] = []
    for j in range(k + 1, len(hits)):
        hit = hits[j]
        if hits[k].text == "不是" and hit.text == "是":
            break
        if not _goes_on(prompt, hits[j - 1], hit) or (hit.text.startswith(STOPS_ZH) and hit.attribute in EMPTY):
            break
        ends = hits[k].text in WITHOUT and hit.text in ("的", "地") and hits[j - 1].attribute in NOUNS
        if ends and any(later.clause == hit.clause for later in hits[j + 1 :]):
            break
        reach.append(j)
    return reach if any(hits[j].attribute != "grammar" for j in reach) else []


EMPTY = frozenset({"grammar", "unknown", "negation"})


def _goes_on(prompt: str, before: Hit, hit: Hit) -> bool:
    """Tell whether a clause goes on, also over 、."""
    between = prompt[before.end : hit.start]
    return before.clause == hit.clause or not between.replace("、", "").strip()


def _english(prompt: str, hits: Sequence[Hit], k: int) -> list[int]:
    end = _list_end(prompt, hits, k)
    reach: list[int] = []
    named = False
    for j in range(k + 1, len(hits)):
        word = hits[j].text.lower()
        if (
            (hits[j].clause != hits[k].clause and j >= end)
            or word in STOPS_EN
            or (word in PREPOSITIONS - {"of"} and named)
        ):
            break
        follower = hits[j + 1].text.lower() if j + 1 < len(hits) else ""
        if word == "and" and named and hits[k].text.lower() != "without" and follower in ARTICLES:
            break
        reach.append(j)
        named = named or hits[j].attribute not in ("grammar", "negation")
    return reach


def _list_end(prompt: str, hits: Sequence[Hit], k: int) -> int:
    """Find where a list ends: no cats, dogs or fish."""
    clauses: dict[int, list[int]] = {}
    for j in range(k + 1, len(hits)):
        clauses.setdefault(hits[j].clause, []).append(j)
    end = k + 1
    for number, members in enumerate(clauses.values()):
        words = [hits[j].text.lower() for j in members]
        parts_list = number == 0 or prompt[hits[members[0] - 1].end : hits[members[0]].start].strip() == ","
        if not parts_list or len(members) > LIST_WORDS + 1:
            break
        if number and ("or" in words or "nor" in words or words[0] in LAST):
            end = members[-1] + 1
            break
    return end


def _before(hits: Sequence[Hit], k: int) -> list[int]:
    """List what stands before a negation that ends its clause."""
    if hits[k].text.isascii() or any(
        hit.clause == hits[k].clause for hit in hits[k + 1 :] if hit.attribute != "grammar"
    ):
        return []
    reach: list[int] = []
    for j in range(k - 1, -1, -1):
        stops = hits[j].attribute in EMPTY and hits[j].text.startswith(STOPS_ZH[:-3])
        if stops or hits[j].clause != hits[k].clause:
            break
        reach.insert(0, j)
    return reach
