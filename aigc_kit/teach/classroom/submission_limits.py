"""Limit what a submission may hold, packed and unpacked."""

from aigc_kit.core.units import KB, MB

FORMAT = 1
MANIFEST = "submission.json"
FILES = 1000
FILE_BYTES = 20 * MB
TOTAL_BYTES = 100 * MB
NAME_BYTES = 120  # of one part of a path
DEPTH = 6
DIRECTORY_BYTES = 400 * KB  # of the archive's list of files
JSON_BYTES = 16 * MB
PERSON = 60  # characters of a learner's name

# Data that a teacher can look at. Models, programs, archives and pickles are none of a learner's works.
ENDINGS = (".json", ".txt", ".md", ".csv", ".png", ".jpg", ".webp", ".gif", ".wav", ".mp4", ".html")
