"""Small ONNX files made by hand: protocol-buffer fields written out, so that no ONNX package is needed.

Field numbers are those of onnx.proto: ModelProto (ir_version 1, graph 7, opset_import 8, metadata_props 14), GraphProto
(node 1, name 2, initializer 5, input 11, output 12), NodeProto (input 1, output 2, op_type 4), TensorProto (dims 1,
data_type 2, name 8, raw_data 9), ValueInfoProto (name 1, type 2).
"""

import numpy as np

FLOAT = 1


def number(field, value):
    return varint(field << 3) + varint(value)


def field(number_, content):
    content = content.encode() if isinstance(content, str) else content
    return varint(number_ << 3 | 2) + varint(len(content)) + content


def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def value_info(name, shape):
    dims = b"".join(field(1, number(1, n) if isinstance(n, int) else field(2, n)) for n in shape)
    return field(1, name) + field(2, field(1, number(1, FLOAT) + field(2, dims)))


def constant_model(inputs, outputs, metadata=None):
    """A model that gives constants whatever it is shown. inputs: name -> shape; outputs: name -> float32 array."""
    graph = field(2, "constant")
    for name, array in outputs.items():
        dims = b"".join(number(1, n) for n in array.shape)
        raw = field(9, array.astype("<f4").tobytes())
        graph += field(1, field(1, f"{name}_value") + field(2, name) + field(4, "Identity"))
        graph += field(5, dims + number(2, FLOAT) + field(8, f"{name}_value") + raw)
        graph += field(12, value_info(name, array.shape))
    graph += b"".join(field(11, value_info(name, shape)) for name, shape in inputs.items())
    props = b"".join(field(14, field(1, key) + field(2, value)) for key, value in (metadata or {}).items())
    return number(1, 8) + field(7, graph) + field(8, number(2, 13)) + props


def nudenet_like(candidates, side=320, batch="batch", metadata=None):
    """NudeNet 3.x's layout. candidates: (x, y, w, h in the network's pixels, place of the label, score)."""
    output = np.zeros((1, 22, len(candidates)), np.float32)
    for i, (x, y, w, h, label, score) in enumerate(candidates):
        output[0, :4, i] = x, y, w, h
        output[0, 4 + label, i] = score
    return constant_model({"images": (batch, 3, side, side)}, {"output0": output}, metadata)
