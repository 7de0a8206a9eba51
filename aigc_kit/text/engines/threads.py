"""How many processors are idle: what a compute library may use without waiting for somebody else's work.

Matrix products meet at a barrier after every layer, so one thread that has to share its processor holds up all the
others: on 2 cores of which one is busy, 2 threads make 1 token per second where 1 thread makes 13 (measured with
SmolLM2-135M in float32). Asking how much is idle costs a tenth of a second and avoids that.
"""


def idle_threads(most: int | None = None) -> int:
    """Number of processors that are idle now, at least 1, at most `most` (None: all that this process may use)."""
    import psutil

    from aigc_kit.device import threads

    most = most or threads()
    if most == 1:
        return 1
    busy = psutil.cpu_percent(interval=0.1) / 100
    return max(1, min(most, round(most * (1 - busy))))
