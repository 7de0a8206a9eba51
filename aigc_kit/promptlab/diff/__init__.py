"""Compare two versions of a prompt before a release.

old, new = diff.prompt_from("old.txt"), diff.prompt_from("new.txt")
inputs = diff.shop_inputs("intent", 60)
release = diff.compare(old, new, inputs=inputs, asker=ask.model("tinychat", max_new_tokens=24))
release.code                  # 0: go on, 1: stop and look
diff.write_report(release, folder / "report.html")
"""

from aigc_kit.core.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "assertions": ("Assertion", "read_assertions"),
        "origins": ("Inputs", "Original", "inputs_from", "prompt_from", "shop_inputs"),
        "pairs": ("TEN", "Pair", "errors", "sixty"),
        "release": ("CHECKS", "Finding", "Release", "compare"),
        "report": ("report_page", "write_report"),
        "wording": ("changes", "e5", "e5_installed", "fingerprint", "stated"),
    },
)
