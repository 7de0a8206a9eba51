"""Which models there are, and their files on this machine."""
