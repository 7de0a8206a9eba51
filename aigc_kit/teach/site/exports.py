"""Export parts of a model, each checked against torch.

A part is a graph without its weights, and the weights apart, as the shipped files have them (float16): a page unpacks
them to float32, and may add a LoRA before the graph reads them.
"""

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from aigc_kit.core.errors import CannotLoad, missing_extra
from aigc_kit.core.types import Words
from aigc_kit.make.diffusion.loading import quiet

OPSET = 18
WEIGHTS = "weights"  # the graph's name for the file that it takes its weights from
SMALL = 64  # numbers; a smaller constant stays in the graph
TOLERANCE = 2e-4  # of the largest number of an output: float32 summed in another order, 1e-5 measured


@dataclass(frozen=True)
class Part:
    """Hold a graph, and the weights that it reads.

    Args:
        name: of the part, such as "unet".
        graph: ONNX, its large weights named only.
        weights: name -> float16 or float32 array, in the order in which the graph's offsets count them as float32.
        error: largest difference from torch, as a share of the largest number.
    """

    name: str
    graph: bytes
    weights: Mapping[str, np.ndarray]
    error: float


def export(
    name: str, forward: Callable[..., Any], modules: Sequence[Any], inputs: Mapping[str, Any], outputs: Sequence[str]
) -> Part:
    """Export a function of modules, and compare it with torch.

    Args:
        name: of the part.
        forward: (modules, *inputs) -> a tensor or several, with the modules' weights.
        modules: torch modules that it uses, on the CPU in float32.
        inputs: name -> tensor, in order, no tensor twice (the exporter would join the two); their shapes are fixed.
        outputs: names, in order.

    Raises:
        MissingExtra: the packages of the extra "site" are not installed.
        CannotLoad: what the graph says differs from torch.
    """
    import torch

    _require_packages()
    wrapped = _wrapped(forward, modules)
    with quiet(), _exporters_hushed(), warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            wrapped,
            tuple(inputs.values()),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamo=True,
            opset_version=OPSET,
            verbose=False,
        )
        truth = wrapped(*inputs.values())
    assert program is not None
    graph, weights = _split(program.model_proto)
    truths = truth if isinstance(truth, tuple) else (truth,)
    with TemporaryDirectory() as folder:
        session = opened(graph, weights, Path(folder))
        answers = session.run(None, {name: tensor.numpy() for name, tensor in inputs.items()})
    pairs = [(answer, tensor.numpy()) for answer, tensor in zip(answers, truths, strict=True)]
    error = max(float(np.abs(answer - right).max() / max(1.0, np.abs(right).max())) for answer, right in pairs)
    if not error < TOLERANCE:
        raise CannotLoad(
            asked=Words(f"{name} as a graph for the browser", f"把 {name} 转成浏览器里的计算图"),
            found=Words(
                f"it differs from torch by {error:.2g} of the largest number; {TOLERANCE:g} is allowed",
                f"它和 torch 的结果相差最大值的 {error:.2g}；允许 {TOLERANCE:g}",
            ),
            todo=Words(
                "install the versions of constraints.txt, then build again", "装回 constraints.txt 里的版本，再生成一次"
            ),
        )
    return Part(name, graph, weights, error)


def opened(graph: bytes, weights: Mapping[str, np.ndarray], folder: Path) -> Any:
    """Open a split graph with onnxruntime, on one thread."""
    import onnxruntime

    (folder / "graph.onnx").write_bytes(graph)
    (folder / WEIGHTS).write_bytes(b"".join(array.astype(np.float32).tobytes() for array in weights.values()))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(folder / "graph.onnx"), options, providers=["CPUExecutionProvider"])


@contextmanager
def _exporters_hushed() -> Iterator[None]:
    """Silence what exporters say of packages nobody needs."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _wrapped(forward: Callable[..., Any], modules: Sequence[Any]) -> Any:
    from torch import nn

    class Wrapped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.modules_used = nn.ModuleList(modules)

        def forward(self, *inputs: Any) -> Any:
            return forward(self.modules_used, *inputs)

    return Wrapped().eval()


def _split(model: Any) -> tuple[bytes, dict[str, np.ndarray]]:
    """Take weights and traces of this machine out."""
    from onnx import TensorProto, numpy_helper

    weights: dict[str, np.ndarray] = {}
    offset = 0
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or array.size < SMALL:
            continue
        with np.errstate(over="ignore"):  # what is too large for float16 stays float32
            half = array.astype(np.float16)
        weights[tensor.name] = half if np.array_equal(half.astype(np.float32), array) else array
        _point(tensor, offset, array.nbytes)
        offset += array.nbytes
    del model.metadata_props[:]
    for piece in (*model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output):
        del piece.metadata_props[:]
        piece.doc_string = ""
    del model.graph.value_info[:]
    return model.SerializeToString(deterministic=True), weights


def _point(tensor: Any, offset: int, length: int) -> None:
    """Let a tensor name its place among the weights."""
    from onnx import TensorProto

    tensor.ClearField("raw_data")
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", WEIGHTS), ("offset", str(offset)), ("length", str(length))):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value


def _require_packages() -> None:
    from importlib.util import find_spec

    for package in ("onnx", "onnxscript", "onnxruntime"):
        if find_spec(package) is None:
            raise missing_extra(package, "site", Words("models for a browser", "浏览器里的模型"))
