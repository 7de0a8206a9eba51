"""Two changes to FastSpeech2's graph, made in memory when it is loaded.

1. Two dropout layers were left on when the graph was exported, drawing noise with an operation that LiteRT lacks
   (FlexRandomUniform). Their mask is filled with ones and their scale set to 1: dropout as it is in inference, and the
   same text always gives the same sound.
2. The graph multiplies the predicted pitch and energy of each symbol, which are normalised to mean 0: that stretches
   them and cannot move them. Two new inputs are added to them: `f0_shift` and `energy_shift`, float32 (1, 1), in
   standard deviations of the training voice.
"""

import copy
from typing import Any

import numpy as np

SHIFTED = {b"Identity_3": b"f0_shift", b"Identity_4": b"energy_shift"}


def with_shifts(data: bytes) -> bytes:
    """The changed graph.

    Args:
        data: the .tflite file, checked by its sha256 before.

    Returns:
        The bytes of a .tflite file that the interpreter runs without any extension.
    """
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(data, 0)
    graph = model.subgraphs[0]
    _drop_dropout(model, graph, schema)
    _add_shifts(model, graph, schema)
    builder = flatbuffers.Builder(len(data))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _code(model: Any, builtin: int) -> int:
    """Index of an operation that the graph already uses."""
    return next(
        i
        for i, code in enumerate(model.operatorCodes)
        if max(code.builtinCode, code.deprecatedBuiltinCode) == builtin and not code.customCode
    )


def _drop_dropout(model: Any, graph: Any, schema: Any) -> None:
    fill = _code(model, schema.BuiltinOperator.FILL)
    scale = next(i for i, tensor in enumerate(graph.tensors) if tensor.name == b"dropout_56/dropout/Const")
    model.buffers[graph.tensors[scale].buffer].data = np.frombuffer(np.float32(1).tobytes(), np.uint8)
    for operation in graph.operators:
        if model.operatorCodes[operation.opcodeIndex].customCode == b"FlexRandomUniform":
            operation.opcodeIndex, operation.customOptions = fill, None
            operation.builtinOptionsType = schema.BuiltinOptions.FillOptions
            operation.builtinOptions = schema.FillOptionsT()
            operation.inputs = np.array([operation.inputs[0], scale], np.int32)  # a mask of ones, since 1 >= 0.5
    for code in model.operatorCodes:
        if code.customCode == b"FlexRandomUniform":  # no operation uses it any more, and it must not be looked for
            code.customCode = None
            code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FILL


def _add_shifts(model: Any, graph: Any, schema: Any) -> None:
    add = _code(model, schema.BuiltinOperator.ADD)
    names = {i: SHIFTED[t.name] for i, t in enumerate(graph.tensors) if t.name in SHIFTED}
    scalar = next(t for t in graph.tensors if t.name == b"ExpandDims_2")  # float32 (1, 1)
    operations = []
    for operation in graph.operators:
        operations.append(operation)
        for value in set(map(int, operation.outputs)) & set(names):
            shift = _tensor(graph, scalar, names[value])
            moved = _tensor(graph, graph.tensors[value], names[value] + b"_moved")
            for user in graph.operators:
                if user is not operation and value in user.inputs:
                    user.inputs = np.array([moved if i == value else i for i in user.inputs], np.int32)
            sum_of = schema.OperatorT()
            sum_of.opcodeIndex = add
            sum_of.inputs, sum_of.outputs = np.array([value, shift], np.int32), np.array([moved], np.int32)
            sum_of.builtinOptionsType = schema.BuiltinOptions.AddOptions
            sum_of.builtinOptions = schema.AddOptionsT()
            operations.append(sum_of)
            graph.inputs = np.append(graph.inputs, np.int32(shift)).astype(np.int32)
    graph.operators = operations


def _tensor(graph: Any, like: Any, name: bytes) -> int:
    tensor = copy.copy(like)
    tensor.name, tensor.buffer = name, 0
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1
