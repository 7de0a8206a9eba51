"""Forms whose state is plain data: the learner's marks, the storyboard to edit, four steps to a page."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aigc_kit.core.errors import AigcError
from aigc_kit.media.pages import visible
from aigc_kit.teach.labs.lab05.pictures import points, sheet, timeline
from aigc_kit.teach.labs.lab05.tables import findings, note, parts, phrases, rubric, storyboard
from aigc_kit.teach.show.page import Html, Shown
from aigc_kit.teach.show.page import error as error_card
from aigc_kit.teach.show.plots import Live
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


class Marks:
    """The form of the rubric: a slider for each line (0: not marked yet), with its hint; marks go into the work."""

    def __init__(self, work: "Work") -> None:
        import ipywidgets as widgets
        from ipywidgets.widgets.widget_string import HTMLStyle

        self.work, known = work, hints(work)
        self.sliders: dict[str, Any] = {}
        style = widgets.SliderStyle(description_width="9em")  # one for all: a notebook keeps every one
        slim, wide, line = (widgets.Layout(**given) for given in ({"width": "24em"}, {"flex": "1 1 20em"}, WRAPPED))
        plain, rows = HTMLStyle(), []
        for each in CRITERIA:
            given = work.marks.get(each.name, {}).get("points", 0)
            slider = widgets.IntSlider(given, min=0, max=MOST_POINTS, style=style, layout=slim)
            slider.description = f"{each.group}·{each.title}"
            slider.observe(lambda change, name=each.name: self.set(name, change["new"]), names="value")
            hint = visible(known[each.name].words) if each.name in known else ""
            words = widgets.HTML(escape(f"{each.question} {hint}"), style=plain, layout=wide)
            self.sliders[each.name] = slider
            rows.append(widgets.HBox([slider, words], layout=line))
        self.widget = widgets.VBox(rows)
        self._table: Shown | None = None
        self._bars: Live | None = None

    def set(self, name: str, points: int) -> None:
        """Mark a line; 0 takes the mark back."""
        if points:
            self.work.mark(name, points, self.work.marks.get(name, {}).get("note", ""))
        else:
            self.work.marks.pop(name, None)
        if self._table is not None and self._bars is not None:
            self._table.replace(rubric(self.work))
            self._bars.redraw()

    def show(self) -> None:
        """The sliders, and below them bars and table, which stay on a page without a kernel."""
        from IPython.display import display

        display(self.widget)
        self._bars = Live(lambda: points(self.work))
        self._table = Shown(rubric(self.work))


def marks(work: "Work") -> Marks:
    """Show the form for a work."""
    form = Marks(work)
    form.show()
    return form


class Table:
    """A storyboard to edit: five fields a shot; `board` is the storyboard, or an error says what does not add up.

    Args:
        board: to begin with.
        spoken: seconds of voice of each shot, if known; drawn under the shots.
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
        plain, number, label, row_of = TextStyle(), DescriptionStyle(), LabelStyle(), widgets.Layout(**WRAPPED)
        narrow = widgets.Layout(width="2em")
        for index, row in enumerate(self.rows):
            boxes = {
                name: widgets.Textarea(str(row[name]), rows=2, layout=layouts[name], style=plain)
                for name in self.FIELDS[:-1]
            }
            boxes["秒"] = widgets.BoundedFloatText(
                row["秒"], min=1, max=600, step=0.5, layout=layouts["秒"], style=number
            )
            for name, box in boxes.items():
                box.observe(lambda change, at=index, key=name: self.set(at, key, change["new"]), names="value")
            self.boxes.append(boxes)
            head = widgets.Label(f"{index + 1}", layout=narrow, style=label)
            lines.append(widgets.HBox([head, *boxes.values()], layout=row_of))
        self.widget = widgets.VBox(lines)
        self._shown: Shown | None = None
        self._bars: Live | None = None

    @property
    def board(self) -> Storyboard:
        """What the table says now.

        Raises:
            BadInput: the seconds do not add up, or a shot has nothing to see.
        """
        return from_rows(self.rows, self.total)

    def set(self, shot: int, name: str, value: Any) -> None:
        """Change one field of one shot (from 0)."""
        self.rows[shot][name] = value
        if self._shown is not None and self._bars is not None:
            self._shown.replace(self.html())
            try:
                self._bars.redraw()
            except AigcError:
                return  # the table says what is wrong; the picture stays as it was

    def html(self) -> Html:
        """The storyboard as a table, or the error as a card."""
        try:
            return storyboard(self.board)
        except AigcError as problem:
            return error_card(problem)

    def show(self) -> None:
        """The fields, and below them the shots in time and as a table."""
        from IPython.display import display

        display(self.widget)
        self._bars = Live(lambda: timeline(self.board, self.spoken))
        self._shown = Shown(self.html())


def shots(board: Storyboard, spoken: Sequence[float] = ()) -> Table:
    """Show a storyboard to edit; `.board` of what comes back is the edited one. Arguments as in `Table`."""
    form = Table(board, spoken)
    form.show()
    return form


def preview(work: "Work", view: "View | None" = None, height: int = 560, *, whole: bool = False) -> Html:
    """Show the page as it would be now, in a closed frame.

    The frame can reach nothing. Rows: {"kind", "title", "bytes"} of the parts that are in it.

    Args:
        work: with or without parts.
        view: the 3-D view.
        height: of the frame, in pixels.
        whole: with sound, clips and pictures in full; else pictures are small and the rest is left out, since the
            notebook would keep all of it.
    """
    from aigc_kit.works import light, page

    shown = work if whole else light(work)
    if not shown.parts:
        return note("还没有内容：先在第一步放进文字。")
    html = escape(page(shown, view), quote=True)
    size = f'width="100%" style="border:1px solid #8885" height="{int(height)}"'
    frame = f'<iframe sandbox="allow-scripts" srcdoc="{html}" {size} title="网页预览"></iframe>'
    left = len(work.parts) - len(shown.parts)
    words = f"《{work.title}》的预览：{len(work.parts)} 个部分" + (
        f"，其中 {left} 个（声音、视频）只在网页里" if left else ""
    )
    rows = [{"kind": part.kind, "title": part.title, "bytes": len(part.data)} for part in shown.parts]
    return Html(f"{frame}<p>{escape(words)}</p>", words, rows)


class Wizard:
    """The four steps as tabs. What the buttons do is also there as methods, so that a cell can do it.

    Args:
        work: grows as one goes on.
        folder: for the page.
        view: the 3-D view, or None.
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
        steps = (self._writing(), self._painting(), self._speaking(), self._finishing())
        self.widget = widgets.Tab([widgets.VBox(each) for each in steps], titles=STEPS)
        self._said: Shown | None = None
        self._page: Shown | None = None
        self._sheet: Live | None = None

    def put_text(self) -> Html:
        """Put in the pasted text: by a person without a source, else brought from elsewhere; returns its review."""
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
        """Let the Chinese model on this machine write, or rewrite its draft after the wish; every round is kept."""
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
        """Compute the animation of the change, frame by frame on real meshes."""
        made = animate(self.folder / "morph.mp4")
        self.work.add(
            "video", made.path, "computed", alt="甜甜圈连续变成咖啡杯，再变回来", credit="aigc-kit：每一帧重新生成网格"
        )
        return parts(self.work)

    def put_file(self, kind: Any, data: bytes) -> Html:
        """Put in a picture, sound or clip; who made it is taken from the field 来源."""
        model = self.model.value.strip()
        alt = self.alt.value if kind != "audio" else ""
        self.work.add(kind, bytes(data), "brought" if model else "person", credit=model or "我", alt=alt)
        return parts(self.work)

    def finish(self) -> Html:
        """Write the page and save the work; says where."""
        path = write_page(self.work, self.folder, view=self.view)
        self.work.save(self.folder)
        return note(
            f"写好了：{self.folder.name}/{path.name}（{path.stat().st_size / 1e6:.1f} MB），双击就能打开，不用网络。"
        )

    def show(self) -> None:
        """The tabs, then what stays on a page without a kernel: what was said last, the work at a glance, the page."""
        from IPython.display import display

        display(self.widget)
        self._said = Shown(parts(self.work))
        self._sheet = Live(lambda: sheet(self.work))
        self._page = Shown(preview(self.work))

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
        return [
            _row(self.style, self.seed),
            self.moment,
            self.alt,
            _row(self._button("画一张", self.paint), self.picture),
        ]

    def _speaking(self) -> list[Any]:
        made = [self._button("读出文章", self.speak), self._button("算出动画", self.move)]
        return [_row(*made), _row(self.voice, self.clip)]

    def _finishing(self) -> list[Any]:
        return [self._button("写出网页", self.finish)]

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
            said = act()
        except AigcError as problem:
            said = error_card(problem)
        if self._said is not None and self._page is not None:
            self._said.replace(said)
            self._page.replace(preview(self.work))
        if self._sheet is not None:
            self._sheet.redraw()


def wizard(work: "Work", folder: Path | str, view: "View | None" = None) -> Wizard:
    """Show the wizard for a work."""
    made = Wizard(work, folder, view)
    made.show()
    return made


def _row(*boxes: Any) -> Any:
    """Widgets side by side, below each other where there is no room."""
    import ipywidgets as widgets

    row = widgets.HBox(list(boxes))
    row.layout.flex_flow = "row wrap"
    return row
