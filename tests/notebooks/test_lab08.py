"""Lab 08's own code, taken out of the notebook and held against the kit; its solutions pass its checks."""

import pytest

from aigc_kit.make import train
from aigc_kit.teach.notebooks import cells

from .lab_notebook import functions, passed, source, unused_checks, verdicts

torch = pytest.importorskip("torch")
NOTEBOOK = cells.folder() / "08_retrieval.ipynb"

(contrast,) = functions(NOTEBOOK, {"torch": torch}, "contrast")


@pytest.mark.parametrize(("pairs", "temperature"), [(2, 1.0), (9, 0.07)])
def test_the_loss_by_hand_is_the_kits(pairs, temperature):
    torch.manual_seed(pairs)
    seen, said = (torch.nn.functional.normalize(torch.randn(pairs, 5), dim=-1) for _ in "ab")
    theirs = train.contrast(seen, said, torch.tensor(1 / temperature).log())
    assert contrast(said @ seen.T, temperature).item() == pytest.approx(theirs.item(), abs=1e-5)


def test_all_errata_are_cited():
    text = source(NOTEBOOK)
    assert all(f"（E{number}）" in text for number in range(84, 93))


def test_the_solutions_pass_every_check(tmp_path):
    assert verdicts(NOTEBOOK, tmp_path) == passed("abcde")


def test_the_checks_of_the_notebook_are_those_of_the_lab():
    assert unused_checks(NOTEBOOK, "08") == []
