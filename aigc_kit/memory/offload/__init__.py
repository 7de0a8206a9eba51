"""Place a pipeline as planned, and follow its memory.

placed = place(pipe, plan)              # parts where the plan wants them, in its dtypes
pictures = placed(prompt="a dog")       # runs the pipeline; text encoders that stay on the CPU run first
placed.ledger                           # phase by phase: what was where, seconds, peak bytes

rescued = rescue(run, plans)            # on out-of-memory: free, step down to the next plan, tell, again
"""

from aigc_kit.memory.offload.ledger import Ledger, Spell
from aigc_kit.memory.offload.placing import Placed, place, release
from aigc_kit.memory.offload.rescue import LIMIT, Fall, Rescued, failure, forget, is_out_of_memory, rescue

__all__ = [
    "LIMIT",
    "Fall",
    "Ledger",
    "Placed",
    "Rescued",
    "Spell",
    "failure",
    "forget",
    "is_out_of_memory",
    "place",
    "release",
    "rescue",
]
