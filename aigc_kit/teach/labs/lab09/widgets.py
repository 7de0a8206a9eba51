"""Put a prompt together, and ask a model anew."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aigc_kit.core.errors import AigcError
from aigc_kit.promptlab import ask
from aigc_kit.promptlab.trials import Trial
from aigc_kit.teach.labs.lab09 import figures, ways
from aigc_kit.teach.show import page
from aigc_kit.teach.show.markup import Place
from aigc_kit.teach.show.page import Html, table
from aigc_kit.teach.show.plots import Picture, follow, show_widget

if TYPE_CHECKING:
    from aigc_kit.promptlab.ask.asking import Asker

_ORIGIN_ZH = {"live": "现场问的", "cached": "缓存里取的", "recorded": "录下的"}
_WORDED = {"只问": ways.BARE, "限定格式": "判断顾客的意图。只输出标签。", "列出标签": ways.WITHIN}
_WORDED["标签加格式"] = ways.WORDINGS["标签加格式"][0]
MOST = 4  # examples


def play(asker: "Asker") -> None:
    """Put a prompt together, and see belief and answer."""
    import ipywidgets as widgets

    wide: Any = {"style": {"description_width": "5em"}, "layout": {"width": "28em"}}
    role = widgets.Dropdown(options=[(line or "（不加）", line) for line in ways.ROLES], description="角色", **wide)
    wording = widgets.Dropdown(options=list(_WORDED.items()), description="说法", **wide)
    number = widgets.IntSlider(0, min=0, max=MOST, description="例子", continuous_update=False, **wide)
    at = widgets.IntSlider(1, min=1, max=20, description="第几条", continuous_update=False, **wide)

    def written() -> str:
        item = ways.items()[at.value - 1]
        return ways.tasks()["intent"].prompt(role.value + wording.value, item, ways.examples(number.value))

    def words() -> Html:
        answer, item = asker.answers([written()])[0], ways.items()[at.value - 1]
        mark = ways.tasks()["intent"].check(item, answer.text)
        lines = [
            ("提示词", written()),
            ("正确的标签", item.answer),
            ("它写的", answer.text),
            ("判定", mark.why or "对"),
        ]
        return table(lines, ("", ""), f"{answer.model}，{_ORIGIN_ZH[answer.origin]}")

    def beliefs() -> Picture:
        names = ways.tasks()["intent"].labels
        return figures.beliefs(ask.among(asker.scores([written()], names)), names, ["只让它选标签时"])

    follow((role, wording, number, at), words, beliefs)


def live(name: str, trials: Sequence[Trial]) -> None:
    """Show recorded answers, and ask anew on a click.

    Args:
        name: of the model.
        trials: recorded ones; the button asks the first prompt of each anew.
    """
    import ipywidgets as widgets
    from IPython.display import display

    title = ("录下的答案，按意思判对错", "recorded, judged by meaning")
    titled = [replace(each, name=f"{each.at}：{each.name}") for each in trials]
    display(figures.bars(titled, f"{name}（录下的）", title, None))
    button = widgets.Button(description=f"现场再问 {name}", layout={"width": "auto"})
    show_widget(button)
    words = "还没有现场问过；上面是录下的答案。"
    place = Place(Html(f"<i>{words}</i>", words))

    def answer(_: Any) -> None:
        try:
            asker = ask.model(name, calls=len(trials), max_new_tokens=96)
            fresh = asker([each.prompts[0] for each in trials])
        except AigcError as error:
            place.put(page.error(error))
            return
        pairs = [(each, each.answers[0], text) for each, text in zip(trials, fresh, strict=True)]
        lines = [(each.name, old, text, "一样" if old == text else "不一样") for each, old, text in pairs]
        place.put(table(lines, ("问法", "录下的", "现场", ""), f"{name}：现场 {asker.ledger.live} 次调用"))

    button.on_click(answer)
