import pytest
from plan_making import SIZES, facts

from aigc_kit import footprint
from aigc_kit.memory.plan import search


@pytest.fixture
def by_rule(monkeypatch):
    """The planner looks facts up in the rule of plan_making."""
    monkeypatch.setattr(footprint, "cached", facts)
    monkeypatch.setattr(footprint, "sizes", lambda model: SIZES.get(model, ()))
    search.forget()
    yield
    search.forget()
