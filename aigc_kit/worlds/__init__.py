"""Subject matter, pure: what tiny models know, and checkers that know the truth."""
