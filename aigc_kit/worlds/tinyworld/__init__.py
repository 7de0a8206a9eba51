"""Make a closed world of pictures, for small models.

A small model can learn it and a small checker can read it.
A picture shows one **subject** of one **colour** in a **scene**, drawn in a **style**, by a **light**, at a **size**
and a **position**:

    subject   puppy cat wizard flower donut cup heart star fish ball square triangle
    colour    red orange yellow green blue purple pink white
    scene     plain flowers sea moon forest city
    style     flat sketch ink oil neon pixel
    light     day night
    size      small medium large
    position  left centre right

that is 12 x 8 x 6 x 6 x 2 x 3 x 3 = 62,208 kinds of pictures; places of details vary on top. Nothing else exists in
it: no second subject, no action, no weather.

    Spec --render()--> picture          Spec --caption()--> words
    words --vocab.phrase()--> what of them the world can show
    picture --checker.read()--> what it shows
"""

from aigc_kit.worlds.tinyworld.captions import canonical, caption
from aigc_kit.worlds.tinyworld.layers import Actor
from aigc_kit.worlds.tinyworld.palette import COLOUR_RGB
from aigc_kit.worlds.tinyworld.render import paint, place, render, render_with_mask
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES, HELD_OUT_PAIRS, Spec

__all__ = [
    "ATTRIBUTES",
    "COLOUR_RGB",
    "HELD_OUT_PAIRS",
    "Actor",
    "Spec",
    "canonical",
    "caption",
    "paint",
    "place",
    "render",
    "render_with_mask",
]
