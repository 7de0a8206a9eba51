"""The tiny MusicGen: a reader of sounds, a codec, a language model of its codes, their evaluation and card."""
