"""Stand at the team's gate, and browse the audit."""

from html import escape

from aigc_kit.core.errors import AigcError
from aigc_kit.media.pages import visible
from aigc_kit.teach.show.claims import VERDICTS, WAYS, errata, table
from aigc_kit.teach.show.markup import CARD, Html
from aigc_kit.teach.show.plots import Form, follow
from aigc_kit.works.team import CreativeTeam, asks_in


def browse(way: str = "", verdict: str = "") -> None:
    """Filter the audit by way and verdict."""
    import ipywidgets as widgets

    ways = widgets.Dropdown(
        options=[("全部", ""), *((zh, name) for name, zh in WAYS.items())], value=way, description="怎么查"
    )
    ends = widgets.Dropdown(
        options=[("全部", ""), *((end, end) for end in VERDICTS)], value=verdict, description="结论"
    )

    def drawn() -> Html:
        some = [e for e in errata() if ways.value in ("", e.way) and ends.value in ("", e.verdict)]
        shown = table(some)
        width = round(300 * len(some) / len(errata()))
        bar = f'<rect width="300" height="12" fill="#b9bec7"/><rect width="{width}" height="12" fill="#3b7dd8"/>'
        picture = f'<svg width="300" height="12" role="img" aria-label="{len(some)} 条">{bar}</svg>'
        return Html(f"{picture}{shown.html}", shown.text, shown.rows)

    follow([ways, ends], drawn)


class _Gate(Form):
    """Show the draft, and what of feedback is measured.

    It holds the draft as it stood at the gate: the team may have gone on when somebody writes.
    """

    def __init__(self, team: CreativeTeam, words: str) -> None:
        import ipywidgets as widgets

        drafts = [draft["text"] for draft in team.state["drafts"]] or [""]
        self.draft, self.shop = drafts[-1 if team.state["at"] == "gate" else 0], team.writer.shop
        wide = {"width": "46em"}
        self.words = widgets.Textarea(value=words, description="意见", layout=wide, continuous_update=False)
        self.words.observe(lambda _: self.redraw(), names="value")
        self.widget = self.words
        self.views = (self.drawn,)

    def drawn(self) -> Html:
        """Show the draft and the asks that were read."""
        draft = self.draft
        told = "写下意见，看看哪些量得出。"
        if self.words.value:
            try:
                asks, rest = asks_in(self.words.value, draft, shop=self.shop)
                told = "；".join(f"{ask.says}（现在 {ask.measured(draft):g}）" for ask in asks) or "一条也量不出"
                told += f"。量不出的：{rest}" if rest else ""
            except AigcError as problem:
                told = "；".join(problem.in_chinese())
        bars = "".join(
            f'<rect x="0" y="{12 * k}" width="{min(300, 6 * len(part.split()))}" height="9" fill="#3b7dd8"/>'
            for k, part in enumerate(draft.split("\n\n"))
        )
        height = 12 * max(1, len(draft.split("\n\n")))
        picture = f'<svg width="300" height="{height}" role="img" aria-label="每段的长短">{bars}</svg>'
        html = f'<div style="{CARD};white-space:pre-wrap">{escape(visible(draft))}</div>{picture}<p>{escape(told)}</p>'
        return Html(html, f"{draft}\n{told}", [{"told": told}])


def gate(team: CreativeTeam, words: str = "") -> _Gate:
    """Stand at the gate of a team that waits.

    Args:
        words: of feedback, to begin with.
    """
    return _Gate(team, words).show()
