"""The learners' auto-checks: pass, or a hint that does not give the answer away. See `aigc_kit.checks.base`."""

from aigc_kit.checks.base import Check, Report, Result, check, checks_of, run_checks
from aigc_kit.checks.store import progress, progress_file, reset_progress

__all__ = [
    "Check",
    "Report",
    "Result",
    "check",
    "checks_of",
    "progress",
    "progress_file",
    "reset_progress",
    "run_checks",
]
