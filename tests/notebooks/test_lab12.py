"""Lab 12's own code, taken out of the notebook and held against the library; its solutions pass its checks."""

import numpy as np
import pytest
import torch

from aigc_kit import text
from aigc_kit.make.train.answering import encode, surprise
from aigc_kit.promptlab import tune
from aigc_kit.teach.notebooks import cells
from aigc_kit.worlds.old_verse import OldVerse

from .lab_notebook import functions, passed, source, unused_checks, verdicts

NOTEBOOK = cells.folder() / "12_tuning.ipynb"


def test_the_soft_prompt_by_hand_is_transformers_own():
    poet = text.engine(text.plan_for("春", card="poem", engine="transformers"))
    task = OldVerse(lines=2)
    rows = encode(poet.tokenizer, [(task.prompt(task.instruction, item), item.answer) for item in task.items(3)])
    (soft_loss,) = functions(NOTEBOOK, {"poet": poet, "torch": torch}, "soft_loss")
    vectors = torch.randn(4, 192, generator=torch.Generator().manual_seed(0)) * 0.1
    with torch.inference_mode():
        assert float(soft_loss(vectors, rows)) == pytest.approx(float(surprise(poet.model, rows, vectors)), rel=1e-4)


def test_four_bits_by_hand_are_the_kits():
    (nf4,) = functions(NOTEBOOK, {"LEVELS": torch.tensor(tune.nf4.LEVELS)}, "nf4")
    for seed in range(3):
        weights = torch.randn(8, 64, generator=torch.Generator().manual_seed(seed))
        assert np.allclose(nf4(weights), tune.nf4.rounded(weights), atol=1e-6)


def test_the_solutions_pass_every_check(tmp_path):
    assert verdicts(NOTEBOOK, tmp_path) == passed("abcdef")


def test_the_checks_of_the_notebook_are_those_of_the_lab():
    assert unused_checks(NOTEBOOK, "12") == []


def test_the_errata_of_the_lab_are_all_told():
    told = source(NOTEBOOK)
    wanted = [*range(70, 79), 82, 83, 96, 97]
    assert [f"E{n}" for n in wanted if f"E{n}" not in told] == []


def test_the_courses_settings_are_the_defaults():
    told = source(NOTEBOOK)
    for words in (
        "PromptOptimizer(task).evolve(prompt, dataset, metric, iterations=10)",
        "text_classification",
        "判断以下文本的情感倾向：{text}",
        "r = 8",
        "0.0012",
        "0.9997",
        "0.01",
        "0.99",
        "Qwen2-1.5B",
    ):
        assert words in told


def test_without_the_chat_model_the_lab_goes_on():
    """What needs it stands in cells that look whether it is there."""
    for cell in cells.read(NOTEBOOK).cells:
        if cell.cell_type == "code" and "evolved" in cell.source and "evolved = None" not in cell.source:
            assert "if evolved is" in cell.source
