"""Trainings written out, one plain line for each operation: what the loop and its optimiser are held against."""

import torch


def orthogonal(matrix, steps=5):
    """The quintic of Muon on one matrix, with plain products."""
    wide = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = wide / (wide.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x.T if matrix.shape[0] > matrix.shape[1] else x


class Muon:
    """Momentum as a sum (speed), Nesterov's look ahead, one matrix after the other.

    Muon normalises each step, so that a running mean of the gradients, which the kit keeps, gives the same.
    """

    def __init__(self, parameters, lr, momentum=0.95, decay=0.0, half=False):
        self.parameters, self.lr, self.momentum, self.decay, self.half = list(parameters), lr, momentum, decay, half
        self.speeds = [torch.zeros_like(parameter) for parameter in self.parameters]

    @torch.no_grad()
    def step(self):
        for parameter, speed in zip(self.parameters, self.speeds, strict=True):
            speed.mul_(self.momentum).add_(parameter.grad)
            matrix = ((parameter.grad + self.momentum * speed) * (1 - self.momentum)).flatten(1)
            step = orthogonal(matrix.bfloat16()).float() if self.half else orthogonal(matrix)
            step = step * max(1.0, matrix.shape[0] / matrix.shape[1]) ** 0.5
            parameter.mul_(1 - self.lr * self.decay)
            parameter.sub_(self.lr * step.reshape(parameter.shape))


def clip(parameters, most=1.0):
    """Shrink the gradients to a joint norm of at most `most`."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    norm = torch.sqrt(sum((gradient.double() ** 2).sum() for gradient in gradients)).float()
    if norm > most:
        for gradient in gradients:
            gradient.mul_(most / norm)


@torch.no_grad()
def follow(averages, values, step, most):
    """The running average after `step` steps."""
    share = min(most, (step + 1) / (step + 10))
    for average, value in zip(averages, values, strict=True):
        average.copy_(share * average + (1 - share) * value)
