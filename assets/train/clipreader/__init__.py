"""How the reader of clips was made: ``python -m assets.train.clipreader``, about six minutes on one core."""
