"""Judge attributions on 100 prompts and 100 messages: python -m tests.bench.attribution

Prints what the deletion curve says on the poem model, what the known words say on the shop, and Grad-CAM's pointing
game on 300 pictures, each with its interval. Nothing is asserted.
"""

import sys

from aigc_kit import text
from aigc_kit.core.statistics import Share, bootstrap
from aigc_kit.promptlab import inspect
from aigc_kit.teach.labs.lab13 import beyond, hits, poem_cases
from aigc_kit.worlds.shop.prompt_tasks import all_tasks
from aigc_kit.worlds.tinyworld.render import render_with_mask
from aigc_kit.worlds.tinyworld.spec import Spec


def told(share: Share) -> str:
    return f"{share.held}/{share.count} = {share.share:.1%} ({share.low:.1%} to {share.high:.1%})"


def main(count: int = 100) -> None:
    poet = text.engine(text.plan_for("春", card="poem", engine="transformers"))
    for method, some in beyond(inspect.AlignInspector(poet), poem_cases(poet, count)).items():
        low, high = bootstrap(some, seed=0)
        share = Share.of(method, some > 0)
        print(
            f"deletion, {method}: {some.mean():.1f} nats [{low:.1f}, {high:.1f}], better in {told(share)}",
            flush=True,
        )
    chat = text.engine(text.plan_for("判断", card="tinychat", engine="transformers"))
    items = all_tasks()["intent"].items(count, split="held", seed=130)
    for share in hits(inspect.AlignInspector(chat), items, ["gradient", "occlusion", "integrated", "lime"]):
        print(f"known words, {share.name}: {told(share)}", flush=True)
    pictures, masks = zip(*(render_with_mask(Spec(), 64, 64, seed=23000 + k) for k in range(3 * count)), strict=True)
    cams = inspect.grad_cam(pictures)
    for slack in (0, 2):
        print(f"pointing game, {slack} pixels: {told(inspect.pointing_game(cams, masks, slack))}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
