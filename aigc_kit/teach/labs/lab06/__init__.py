"""Give trainings, drawings and dials of the teaching lab."""

from aigc_kit.core.lazy import lazily
from aigc_kit.teach.labs import Exhibit, Lab

LAB = Lab(
    number="06",
    notebook="06_teach.ipynb",
    title="教它画：从零训练、LoRA、ControlNet",
    cards=("tinysdxl",),
    full=("sdxl",),
    core=True,
    budget_seconds=120,
    exhibits=(
        Exhibit("06_styles.png", "三个 LoRA", "同样的提示词和种子，没有挑"),
        Exhibit("06_shapes.png", "画在形状里面", "固定的掩码，没有挑"),
    ),
)
__getattr__, __dir__ = lazily(
    __name__,
    {
        "canvas": ("drawn", "picture_of"),
        "checks": (),
        "figures": ("Curve", "curve", "obedience", "shares", "sheet"),
        "silhouettes": ("FILLING", "iou", "shapes", "subject_of"),
        "memory": ("fitting", "kept", "saved_activations", "sdxl_counts", "sdxl_table", "training"),
        "own": ("SCENES", "brought", "caption", "hinted", "mushroom", "scattered"),
        "painting": ("STEPS", "base", "inside", "paint", "quietly", "shipped", "shipped_control", "with_loras"),
        "reader": ("read",),
        "scratch": ("CORNER", "corner", "folded", "mini_unet", "unfolded"),
        "tables": ("OLD", "lora_table", "remembered", "styles"),
        "widgets": ("afford", "board", "filler", "learn", "mixer"),
    },
)
