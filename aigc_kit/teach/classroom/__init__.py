"""Bring learners' work to a teacher's table.

pack      `aigc submit`: progress, answers, records and works of one learner as one archive
unpack    an archive from anybody, into an empty folder, or a refusal that says why
judge     one submission: the checks on its answers again, the works against their records
sandbox   functions among the answers, run in a limited process of their own (only on request)
grade     `aigc grade`: a folder of submissions, one judging process each; the broken ones are named
platforms the columns that Moodle, Canvas and 超星 import
table     the result as CSV and HTML, and what it can not prove
"""

from aigc_kit.teach.classroom.grade import Row, grade, handed_in
from aigc_kit.teach.classroom.pack import pack
from aigc_kit.teach.classroom.unpack import unpack

__all__ = ["Row", "grade", "handed_in", "pack", "unpack"]
