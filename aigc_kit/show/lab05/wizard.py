"""Four steps to a page: text, picture, voice and clip, finish; with the page as it stands now beside them."""

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aigc_kit.errors import AigcError
from aigc_kit.show.lab05.tables import findings, note, parts
from aigc_kit.show.page import Html, Shown
from aigc_kit.show.page import error as error_card
from aigc_kit.story import TITLE, feynman, review, sample, write_page

if TYPE_CHECKING:
    from aigc_kit.story import View, Work

STEPS = ("1 文字", "2 图片", "3 声音与视频", "4 网页")


def preview(work: "Work", view: "View | None" = None, height: int = 560, *, whole: bool = False) -> Html:
    """The page as it would be now, in a frame that can reach nothing.

    Args:
        work: with or without parts.
        view: the 3-D view.
        height: of the frame, in pixels.
        whole: with sound, clips and pictures in full; else pictures are small and the rest is left out, since the
            notebook would keep all of it.
    """
    from aigc_kit.story import light, page

    shown = work if whole else light(work)
    if not shown.parts:
        return note("还没有内容：先在第一步放进文字。")
    html = escape(page(shown, view), quote=True)
    size = f'width="100%" height="{int(height)}"'
    frame = f'<iframe sandbox="allow-scripts" srcdoc="{html}" {size} title="网页预览"></iframe>'
    left = len(work.parts) - len(shown.parts)
    words = f"《{work.title}》的预览：{len(work.parts)} 个部分" + (
        f"，其中 {left} 个（声音、视频）只在网页里" if left else ""
    )
    return Html(f"{frame}<p>{escape(words)}</p>", words)


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
        self.words = widgets.Textarea(placeholder="把文章粘贴到这里", rows=10)
        self.words.layout.width = "100%"
        self.model = widgets.Text(placeholder="哪个模型、哪个网页（自己写的就留空）", description="来源")
        self.model.layout.width = "28em"
        self.alt = widgets.Text(placeholder="给看不见图的人：图里有什么", description="说明")
        self.alt.layout.width = "28em"
        self.picture = widgets.FileUpload(accept="image/*", description="放进图片")
        self.voice = widgets.FileUpload(accept="audio/*", description="放进旁白")
        self.clip = widgets.FileUpload(accept="video/mp4,video/webm", description="放进视频")
        for kind, box in (("image", self.picture), ("audio", self.voice), ("video", self.clip)):
            box.observe(lambda change, k=kind: self._uploaded(k, change["new"]), names="value")
        buttons = [self._button("放进文字", self.put_text), self._button("用教材范文", self.use_sample)]
        prompt = widgets.Textarea(feynman().text, rows=8, disabled=True)
        prompt.layout.width = "100%"
        first = widgets.VBox(
            [widgets.Label("提示词（复制到模型的网页）："), prompt, self.words, widgets.HBox([self.model, *buttons])]
        )
        second = widgets.VBox([self.alt, self.picture])
        third = widgets.VBox(
            [widgets.Label("旁白和视频也可以由前面的实验生成：work.take(take)"), self.voice, self.clip]
        )
        fourth = widgets.VBox([self._button("写出网页", self.finish)])
        self.widget = widgets.Tab([first, second, third, fourth], titles=STEPS)
        self._said: Shown | None = None
        self._page: Shown | None = None

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
        """The tabs, what was said last, and the preview; the last two stay on a page without a kernel."""
        from IPython.display import display

        display(self.widget)
        self._said = Shown(parts(self.work))
        self._page = Shown(preview(self.work, self.view))

    def _button(self, name: str, act: Any) -> Any:
        import ipywidgets as widgets

        button = widgets.Button(description=name)
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
            self._page.replace(preview(self.work, self.view))


def wizard(work: "Work", folder: Path | str, view: "View | None" = None) -> Wizard:
    """Show the wizard for a work."""
    made = Wizard(work, folder, view)
    made.show()
    return made
