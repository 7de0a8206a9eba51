"""Say one thing in several media, and read each back.

content = generate_multimodal_content("一朵黄色的花，夜晚的森林", ["text", "image", "audio"], consistency_level=.8)
content.get_text(), content.get_image(), content.get_audio()     # what is kept
content.fidelities(), content.fidelities(first=True)             # the best of at most three, and the first
content.consistency(), content.missed, content.says()
write_page(content.work(), folder)                               # one page, by `aigc_kit.works`
"""

from aigc_kit.core.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "content": ("Draws", "MultimodalContent", "consistency", "fidelity", "generate_multimodal_content"),
        "makers": ("MAKERS", "Piece", "Reading", "read_text"),
        "prompt_trials": ("Outcome", "missed_share", "outcomes", "trials"),
        "sayable": ("AUDIBLE", "MEDIA", "MEDIA_ZH", "Facts", "facts_of"),
        "soundscape": ("AMBIENCES", "ambience", "hear"),
    },
)
