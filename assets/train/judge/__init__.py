"""Judging pictures and clips by eye, blind: what the readers of the tiny world are themselves measured against."""
