"""A notebook in JupyterLab as a browser sees it: opening it, running it, what its cells hold."""

from collections.abc import Sequence
from pathlib import Path

import nbformat

from aigc_kit.teach.notebooks import cells

# The notebook on the page, its cells all drawn; no kernel is waited for. All cells are put into the page, since a
# browser cannot look at what is not there.
DRAWN = """() => {
  const panel = window.jupyterapp && window.jupyterapp.shell.currentWidget;
  if (!panel || !panel.content || !panel.content.model || !panel.context.isReady) return false;
  panel.content.notebookConfig = {...panel.content.notebookConfig, windowingMode: 'none'};
  const there = panel.content.widgets.filter(cell => cell.isPlaceholder && cell.isPlaceholder()).length;
  return panel.content.widgets.length > 1 && there === 0;
}"""
OPEN = """() => {
  const session = window.jupyterapp.shell.currentWidget.sessionContext.session;
  return !!session && !!session.kernel && session.kernel.status === 'idle';
}"""
CLEAR = "() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')"
RUN = "() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }"
DONE = """() => {
  const panel = window.jupyterapp.shell.currentWidget;
  const codes = panel.content.widgets.map(cell => cell.model).filter(model => model.type === 'code');
  const failed = codes.some(model => {
    if ((model.getMetadata('tags') || []).includes('raises-exception')) return false;
    for (let k = 0; k < model.outputs.length; k++) if (model.outputs.get(k).type === 'error') return true;
    return false;
  });
  const left = codes.filter(model => model.sharedModel.getSource().trim() && !model.executionCount);
  return failed || (!left.length && panel.sessionContext.session.kernel.status === 'idle');
}"""
# In cells tagged `slow`, numbers from 100 on are numbers of steps and of pictures: a few show that the code runs
SHORTEN = r"""() => {
  const models = window.jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model);
  const slow = models.filter(model => (model.getMetadata('tags') || []).includes('slow'));
  for (const { sharedModel } of slow) sharedModel.setSource(sharedModel.getSource().replace(/\b\d{3,}\b/g, '8'));
}"""
BROKEN = """() => [...document.querySelectorAll('.jp-Notebook img')]
  .filter(img => !(img.complete && img.naturalWidth > 0)).map(img => img.alt || img.src.slice(0, 80))"""
BLANK = """() => [...document.querySelectorAll('.jp-OutputArea-child')]
  .filter(area => !area.querySelector('img, video, audio, iframe, svg, canvas, input, [class*=widget-]') &&
    !area.querySelector('.jp-OutputArea-output').innerText.trim())
  .map(area => area.closest('.jp-Cell').innerText.slice(0, 80))"""
CELLS = "() => [...window.jupyterapp.shell.currentWidget.content.model.cells].map(cell => cell.toJSON())"
END = "() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()"


def write(path: Path, sources: Sequence[str]) -> Path:
    """Write a notebook of these cells."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return cells.write(notebook, path)


def visit(browser, server, path: str, *, width: int = 1280):
    """Show a notebook of a server, all cells drawn.

    It gets a workspace of its own: the default one would open those before it again, in tabs behind this one.
    """
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(server.url(f"lab/workspaces/{Path(path).stem}/tree/{path}"))
    page.wait_for_function(DRAWN, polling=500)
    return page


def lacking(page, attempts: int = 3000) -> list[str]:
    """What a notebook that was just opened does not show, after a while: pictures and outputs that stay empty."""
    for _ in range(attempts):
        if not (wanting := page.evaluate(BROKEN) + page.evaluate(BLANK)):
            break
        page.wait_for_timeout(100)
    return wanting


def leave(page) -> None:
    """End the kernel of a page, and close it."""
    page.evaluate(END)
    page.close()
