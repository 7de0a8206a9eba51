"""Serve the better prompt while learning, and what is lost.

A fixed split learns most about both prompts, and serves the worse one to half of all users. Thompson sampling serves
the better one more and more; then little is known about the other, and its share comes out too low.

Sources: Thompson 1933; Chapelle, Li 2011, "An Empirical Evaluation of Thompson Sampling"; Nie et al. 2018, "Why
Adaptively Collected Data Have Negative Bias".
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, unknown_name
from aigc_kit.core.statistics import Share, mean_interval
from aigc_kit.core.types.atoms import shown
from aigc_kit.promptlab.experiment.assignment import checked_share

POLICIES = ("split", "split-then-best", "thompson")


@dataclass(frozen=True)
class Trace:
    """Hold what many runs of a policy came to.

    Args:
        policy: its name.
        shares: true ones of the arms, float64 (2,).
        users, hits: int64 (runs, 2), of each arm.
    """

    policy: str
    shares: np.ndarray
    users: np.ndarray
    hits: np.ndarray

    @property
    def regret(self) -> np.ndarray:
        """Users who lost a good outcome, expected: float64 (runs,)."""
        lost: np.ndarray = self.users @ (self.shares.max() - self.shares)
        return lost

    @property
    def errors(self) -> np.ndarray:
        """Measured minus true share: float64 (runs, 2), NaN unmeasured."""
        measured = np.full(self.users.shape, np.nan)
        np.divide(self.hits, self.users, out=measured, where=self.users > 0)
        return measured - self.shares

    @property
    def noticed(self) -> Share:
        """Count the runs that find a difference by z."""
        p1, p2 = (self.hits / np.maximum(self.users, 1)).T
        pooled = self.hits.sum(axis=1) / self.users.sum(axis=1)
        error = np.sqrt(pooled * (1 - pooled) * (1 / np.maximum(self.users, 1)).sum(axis=1))
        return Share.of(self.policy, (np.abs(p2 - p1) > 1.959964 * error) & (self.users.min(axis=1) > 0))

    @property
    def half(self) -> np.ndarray:
        """Half-widths of the 95 % interval of the difference.

        float64 (runs,); infinite where an arm had nobody.
        """
        count = np.maximum(self.users, 1)
        share = (self.hits + 1) / (count + 2)
        halves = 1.959964 * np.sqrt((share * (1 - share) / count).sum(axis=1))
        return np.where(self.users.min(axis=1) > 0, halves, np.inf)

    def mean(self, values: np.ndarray) -> tuple[float, float]:
        """Average over runs, with half the 95 % interval."""
        return mean_interval(values[np.isfinite(values)])


def serve(
    policy: str, shares: Sequence[float] = (0.76, 0.80), users: int = 2000, runs: int = 400, seed: int = 0
) -> Trace:
    """Serve users one by one, in many runs at once.

    Args:
        policy: "split" (in turn), "split-then-best" (in turn for the first half, then what was better) or "thompson".
        shares: true ones of two arms.
        users, runs, seed: of the simulation.

    Raises:
        UnknownName: no such policy. BadInput: not two shares, or nobody to serve.
    """
    if policy not in POLICIES:
        raise unknown_name(Words(f"the policy {shown(policy)}", f"策略 {shown(policy)}"), policy, POLICIES)
    if len(shares) != 2 or min(users, runs) < 1:
        raise BadInput(
            asked=Words(f"{len(shares)} arms, {users} users, {runs} runs", f"{len(shares)} 组，{users} 人，{runs} 遍"),
            found=Words("not two arms with users", "不是有人的两个组"),
            todo=Words("give two shares, and one user and run at least", "给两个比例，至少一个人、一遍"),
        )
    true = np.array([checked_share("share", share) for share in shares])
    rng, every = np.random.default_rng(seed), np.arange(runs)
    count, hits = np.zeros((runs, 2), np.int64), np.zeros((runs, 2), np.int64)
    for at in range(users):
        if policy == "split" or (policy == "split-then-best" and at < users // 2):
            choice = np.full(runs, at % 2)
        elif policy == "thompson":
            choice = rng.beta(hits + 1, count - hits + 1).argmax(axis=1)
        else:
            choice = ((hits + 1) / (count + 2)).argmax(axis=1)
        count[every, choice] += 1
        hits[every, choice] += rng.random(runs) < true[choice]
    return Trace(policy, true, count, hits)
