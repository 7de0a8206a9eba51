"""Check answers with hints that give nothing away."""

from aigc_kit.teach.checks.checking import (
    Check,
    Report,
    Result,
    check,
    checks_of,
    progress,
    progress_file,
    reset_progress,
    run_checks,
)

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
