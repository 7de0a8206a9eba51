"""Show forms for marks, storyboard, and steps to a page."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aigc_kit.core.errors import AigcError
from aigc_kit.media.pages import visible
from aigc_kit.teach.labs.lab05.pictures import points, sheet, timeline
from aigc_kit.teach.labs.lab05.tables import findings, note, parts, phrases, rubric, storyboard
from aigc_kit.teach.show.embed import uri
from aigc_kit.teach.show.page import Html
from aigc_kit.teach.show.page import error as error_card
from aigc_kit.teach.show.plots import Form
from aigc_kit.works import STYLES, TITLE, Conversation, animate, can_write, feynman, review, sample, visual, write_page
from aigc_kit.works import paint as story_paint
from aigc_kit.works.marks import hints
from aigc_kit.works.rubric import CRITERIA, MOST_POINTS
from aigc_kit.works.storyboard import COLUMNS, Storyboard, from_rows

if TYPE_CHECKING:
    from aigc_kit.works import View, Work


STEPS = ("1 文字", "2 图片", "3 声音与视频", "4 网页")
WRAPPED = {"flex_flow": "row wrap"}
WIDTHS = {"画面描述": "16em", "旁白": "22em", "秒": "6em"}


class Marks(Form):
    """Offer a slider for each line of the rubric.

    With its hint; 0 is not marked yet. Marks go into the work.
    """

    def __init__(self, work: "Work") -> None:
        import ipywidgets as widgets
        from ipywidgets.widgets.widget_string import HTMLStyle

        self.work, notes = work, hints(work)
        self.sliders: dict[str, Any] = {}
        style = widgets.SliderStyle(description_width="9em")  # one for all: a notebook keeps every one
        slim, wide, line = (widgets.Layout(**how) for how in ({"width": "24em"}, {"flex": "1 1 20em"}, WRAPPED))
        plain, rows = HTMLStyle(), []
        for each in CRITERIA:
            mark = work.marks.get(each.name, {}).get("points", 0)
            slider = widgets.IntSlider(mark, min=0, max=MOST_POINTS, style=style, layout=slim)
            slider.description = f"{each.group}·{each.title}"
            slider.observe(lambda change, name=each.name: self.set(name, change["new"]), names="value")
            hint = visible(notes[each.name].words) if each.name in notes else ""
            words = widgets.HTML(escape(f"{each.question} {hint}"), style=plain, layout=wide)
            self.sliders[each.name] = slider
            rows.append(widgets.HBox([slider, words], layout=line))
        self.widget = widgets.VBox(rows)
        self.views = (lambda: points(work), lambda: rubric(work))

    def set(self, name: str, points: int) -> None:
        """Mark a line, or with 0 take its mark back."""
        if points:
            self.work.mark(name, points, self.work.marks.get(name, {}).get("note", ""))
        else:
            self.work.marks.pop(name, None)
        self.redraw()


def marks(work: "Work") -> Marks:
    """Show the rubric's form for a work."""
    return Marks(work).show()


class Table(Form):
    """Edit a storyboard, five fields a shot.

    `board` is the storyboard, or an error says what does not add up. `spoken`: seconds of voice of each shot, if known;
    drawn under the shots.
    """

    FIELDS = COLUMNS[1:]

    def __init__(self, board: Storyboard, spoken: Sequence[float] = ()) -> None:
        import ipywidgets as widgets
        from ipywidgets.widgets.widget_description import DescriptionStyle
        from ipywidgets.widgets.widget_string import LabelStyle, TextStyle

        self.total, self.rows, self.spoken = board.total, board.table(), spoken
        self.boxes: list[dict[str, Any]] = []
        lines = []
        layouts = {name: widgets.Layout(width=WIDTHS.get(name, "11em")) for name in self.FIELDS}
        narrow, row_of, label = widgets.Layout(width="2em"), widgets.Layout(**WRAPPED), LabelStyle()
        plain, seconds = {"rows": 2, "style": TextStyle()}, {"layout": layouts["秒"], "style": DescriptionStyle()}
        for index, row in enumerate(self.rows):
            texts = self.FIELDS[:-1]
            boxes = {name: widgets.Textarea(str(row[name]), layout=layouts[name], **plain) for name in texts}
            boxes["秒"] = widgets.BoundedFloatText(row["秒"], min=1, max=600, step=0.5, **seconds)
            for name, box in boxes.items():
                box.observe(lambda change, at=index, key=name: self.set(at, key, change["new"]), names="value")
            self.boxes.append(boxes)
            head = widgets.Label(f"{index + 1}", layout=narrow, style=label)
            lines.append(widgets.HBox([head, *boxes.values()], layout=row_of))
        self.widget = widgets.VBox(lines)
        self.views = (lambda: timeline(self.board, self.spoken), self.html)

    @property
    def board(self) -> Storyboard:
        """Read what the table says now.

        Raises:
            BadInput: the seconds do not add up, or a shot has nothing to see.
        """
        return from_rows(self.rows, self.total)

    def set(self, shot: int, name: str, value: Any) -> None:
        """Change one field of one shot (from 0)."""
        self.rows[shot][name] = value
        self.redraw()

    def html(self) -> Html:
        """Show the storyboard as table, or its error as card."""
        try:
            return storyboard(self.board)
        except AigcError as problem:
            return error_card(problem)


def shots(board: Storyboard, spoken: Sequence[float] = ()) -> Table:
    """Show a storyboard to edit.

    `.board` of what comes back is the edited one. Arguments as in `Table`.
    """
    return Table(board, spoken).show()


def preview(work: "Work", view: "View | None" = None, height: int = 560, *, whole: bool = False) -> Html:
    """Show the page as it is, in a closed frame.

    The frame can reach nothing. Rows: {"kind", "title", "bytes"} of the parts that are in it.

    Args:
        work: with or without parts.
        view: the 3-D view.
        height: of the frame, in pixels.
        whole: with sound, clips and pictures in full; else pictures are small and the rest is left out, since the
            notebook would keep all of it.
    """
    from aigc_kit.works import light, page
    from aigc_kit.works.viewer import frame

    content = work if whole else light(work)
    if not content.parts:
        return note("还没有内容：先在第一步放进文字。")
    pictures = (uri(part.media, part.data) for part in light(work).parts if part.kind == "image")
    size = f'style="border:1px solid #8885" height="{int(height)}"'
    window = frame(page(content, view), "网页预览", next(pictures, ""), size)
    left = len(work.parts) - len(content.parts)
    more = f"，其中 {left} 个（声音、视频）只在网页里" if left else ""
    words = f"《{work.title}》的预览：{len(work.parts)} 个部分{more}"
    rows = [{"kind": part.kind, "title": part.title, "bytes": len(part.data)} for part in content.parts]
    return Html(f"{window}<p>{escape(words)}</p>", words, rows)


class Wizard(Form):
    """Offer the four steps as tabs.

    What the buttons do is also there as methods, so that a cell can do it. `work`: grows as one goes on. `view`: the
    3-D view, or None.
    """

    def __init__(self, work: "Work", folder: Path | str, view: "View | None" = None) -> None:
        import ipywidgets as widgets

        self.work, self.folder, self.view = work, Path(folder), view
        self.talk: Conversation | None = None
        self.writer = can_write()
        self.words = widgets.Textarea(placeholder="把文章粘贴到这里", rows=10)
        self.model = widgets.Text(placeholder="哪个模型、哪个网页（自己写的就留空）", description="来源")
        self.wish = widgets.Text(placeholder="例如：第二段再好笑一点", description="修改意见")
        self.style = widgets.Dropdown(options=list(STYLES), description="风格")
        self.moment = widgets.Text("一个黄色的甜甜圈", description="画什么")
        self.seed = widgets.BoundedIntText(42, min=0, max=999_999, description="种子")
        self.alt = widgets.Text(placeholder="给看不见图的人：图里有什么", description="说明")
        self.picture = widgets.FileUpload(accept="image/*", description="放进图片")
        self.voice = widgets.FileUpload(accept="audio/*", description="放进旁白")
        self.clip = widgets.FileUpload(accept="video/mp4,video/webm", description="放进视频")
        for kind, box in (("image", self.picture), ("audio", self.voice), ("video", self.clip)):
            box.observe(lambda change, k=kind: self._uploaded(k, change["new"]), names="value")
        self.words.layout.width = "100%"
        for box in (self.model, self.wish, self.alt, self.moment):
            box.layout.width = "28em"
        steps = (self._writing(), self._painting(), self._speaking(), [self._button("写出网页", self.finish)])
        self.widget = widgets.Tab([widgets.VBox(each) for each in steps], titles=STEPS)
        self._answer: Html | None = None  # of the last button
        self.views = (lambda: self._answer or parts(work), lambda: sheet(work), lambda: preview(work))

    def put_text(self) -> Html:
        """Put in the pasted text, and review it.

        It is by a person where there is no source, else brought from elsewhere.
        """
        words, model = self.words.value, self.model.value.strip()
        if model:
            self.work.add("text", words, "brought", credit=model, prompt=feynman().text)
        else:
            self.work.add("text", words, "person", credit="我")
        return findings(review(words))

    def use_sample(self) -> Html:
        """Put in the kit's sample article, marked as such."""
        self.work.title = TITLE
        self.work.add("text", sample(), "sample", credit="aigc-kit 教材")
        return findings(review(sample()))

    def write(self) -> Html:
        """Let the local Chinese model write, or rewrite as wished."""
        if self.talk is None or not self.talk.rounds:
            self.talk = Conversation()
            self.talk.start(feynman())
        else:
            self.talk.again(self.wish.value)
        self.talk.into(self.work)
        return findings(self.talk.rounds[-1].review)

    def paint(self) -> Html:
        """Let the image model on this machine paint."""
        take = story_paint(self.style.value, self.moment.value, seed=self.seed.value)
        self.work.take(take, alt=self.alt.value or self.moment.value, title=self.moment.value)
        return phrases(visual(self.style.value, self.moment.value).tiny)

    def speak(self) -> Html:
        """Let the voice on this machine read the article out."""
        from aigc_kit.make import speech

        plan = speech.plan_for(self.work.text)
        self.work.take(speech.run(plan), title="旁白")
        return parts(self.work)

    def move(self) -> Html:
        """Compute the animation, frame by frame on real meshes."""
        path, credit = animate(self.folder / "morph.mp4").path, "aigc-kit：每一帧重新生成网格"
        self.work.add("video", path, "computed", alt="甜甜圈连续变成咖啡杯，再变回来", credit=credit)
        return parts(self.work)

    def put_file(self, kind: Any, data: bytes) -> Html:
        """Put in a picture, sound or clip, by 来源."""
        model = self.model.value.strip()
        alt = self.alt.value if kind != "audio" else ""
        self.work.add(kind, bytes(data), "brought" if model else "person", credit=model or "我", alt=alt)
        return parts(self.work)

    def finish(self) -> Html:
        """Write the page, save the work, and say where."""
        path = write_page(self.work, self.folder, view=self.view)
        self.work.save(self.folder)
        size = f"{path.stat().st_size / 1e6:.1f} MB"
        return note(f"写好了：{self.folder.name}/{path.name}（{size}），双击就能打开，不用网络。")

    def _writing(self) -> list[Any]:
        import ipywidgets as widgets

        prompt = widgets.Textarea(feynman().text, rows=8, disabled=True)
        prompt.layout.width = "100%"
        put = [self._button("放进文字", self.put_text), self._button("用教材范文", self.use_sample)]
        if self.writer:
            head = widgets.Label(f"本机的 {self.writer} 会写；也可以粘贴别处得到的文章。")
            own = [widgets.HBox([self._button("让它写 / 按意见重写", self.write), self.wish])]
        else:
            head, own = widgets.Label("本机没有会中文的通用模型：把提示词复制到模型的网页，再把文章粘贴回来。"), []
        return [head, prompt, *own, self.words, _row(self.model, *put)]

    def _painting(self) -> list[Any]:
        button = self._button("画一张", self.paint)
        return [_row(self.style, self.seed), self.moment, self.alt, _row(button, self.picture)]

    def _speaking(self) -> list[Any]:
        buttons = [self._button("读出文章", self.speak), self._button("算出动画", self.move)]
        return [_row(*buttons), _row(self.voice, self.clip)]

    def _button(self, name: str, act: Any) -> Any:
        import ipywidgets as widgets

        button = widgets.Button(description=name)
        button.layout.width = "auto"
        button.on_click(lambda _: self._do(act))
        return button

    def _uploaded(self, kind: str, files: Any) -> None:
        if files:
            self._do(lambda: self.put_file(kind, files[-1]["content"]))

    def _do(self, act: Any) -> None:
        try:
            self._answer = act()
        except AigcError as problem:
            self._answer = error_card(problem)
        self.redraw()


def wizard(work: "Work", folder: Path | str, view: "View | None" = None) -> Wizard:
    """Show the wizard for a work."""
    return Wizard(work, folder, view).show()


def _row(*boxes: Any) -> Any:
    """Put widgets side by side, wrapped."""
    import ipywidgets as widgets

    return widgets.HBox(list(boxes), layout=WRAPPED)
