"""Ways in which a file rots or is changed by hand: bits, cuts, swapped files, and well-formed changes of a value or a row."""

import io
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save

from tests.end_to_end.folder_contents import GUARD, files_of

SINGLE = ("", ".stages", "edit")
"""Folders of a run whose files each are of their own kind."""


def damageable(outputs, run):
    """The files of a run and of what it shares with others, by kind; each from ``outputs``, the run's folder by name."""
    kinds = {}
    for name in files_of(outputs):
        top, _, inside = name.partition("/")
        if name.endswith(GUARD) or not (top == run or top.startswith(".")):
            continue
        folder, _, file = inside.rpartition("/")
        if top == run:
            kind = inside if folder in SINGLE else f"{folder}/*{Path(file).suffix}"
        else:
            kind = f"{top}/*{Path(file).suffix}"
        kinds.setdefault(kind, []).append(name)
    return kinds


def damage(rng, outputs, file, other):
    """Damages one file in ``outputs``; ``other`` is the folder of another run, which files may be taken from.

    Returns what was done, in words, and whether it leaves everything that the file says as it was.
    """
    path = Path(outputs, file)
    ways = [_flip, _cut, _empty, _remove, _swap, _foreign]
    edit = EDITS.get(path.suffix)
    if edit and rng.random() < 0.6:
        data, words, harmless = edit(rng, path)
        _write(rng, path, data)
        return words, harmless
    return rng.choice(ways)(rng, path, Path(outputs), other), False


def _write(rng, path, data):
    """In the file's place, or into the file itself, which other names of it show too."""
    if rng.random() < 0.5:
        path.unlink()
    path.write_bytes(data)


# -- without regard to what the file holds -------------------------------------------------------------------------
def _flip(rng, path, outputs, other):
    data = bytearray(path.read_bytes())
    if not data:
        return "nothing: it is empty"
    place, bit = rng.randrange(len(data)), rng.randrange(8)
    data[place] ^= 1 << bit
    _write(rng, path, bytes(data))
    return f"bit {bit} of byte {place} flipped"


def _cut(rng, path, outputs, other):
    size = path.stat().st_size
    keep = rng.randrange(size) if size else 0
    _write(rng, path, path.read_bytes()[:keep])
    return f"cut to {keep} of {size} bytes"


def _empty(rng, path, outputs, other):
    _write(rng, path, b"")
    return "emptied"


def _remove(rng, path, outputs, other):
    path.unlink()
    return "removed"


def _swap(rng, path, outputs, other):
    near = [p for p in path.parent.glob(f"*{path.suffix}") if p.is_file() and p != path and p.name != GUARD]
    if not near:
        return _remove(rng, path, outputs, other)
    second = rng.choice(sorted(near))
    aside = path.with_name("aside")
    os.rename(path, aside)
    os.rename(second, path)
    os.rename(aside, second)
    return f"swapped with {second.name}"


def _foreign(rng, path, outputs, other):
    inside = Path(*path.relative_to(outputs).parts[1:])
    source = outputs / other / inside
    if not source.is_file():
        near = sorted(p for p in source.parent.glob(f"*{path.suffix}") if p.is_file())
        if not near:
            return _cut(rng, path, outputs, other)
        source = rng.choice(near)
    path.unlink()
    shutil.copyfile(source, path)
    return f"replaced by another run's {source.name}"


# -- well-formed changes -------------------------------------------------------------------------------------------
def _nodes(node, at=()):
    """Every value in a tree, with the keys that lead there."""
    yield at, node
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield from _nodes(value, (*at, key))


def _kind(at):
    """The keys that lead somewhere, without the places in lists."""
    return tuple("#" if isinstance(key, int) else key for key in at)


def _descend(rng, tree):
    """A random value of a tree, each branch as likely as the next: long lists of numbers are one branch."""
    at, value = (), tree
    while isinstance(value, dict | list) and value and not (at and rng.random() < 0.02):
        key = rng.choice(list(value) if isinstance(value, dict) else range(len(value)))
        at, value = (*at, key), value[key]
    return at, value


def _changed_value(rng, value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + rng.choice((1, -1, 10))
    if isinstance(value, float):
        return rng.choice((value * 1.5 + 0.1, -value - 0.25, value * (1 + 2e-3) + 1e-4, 0.5 if value != 0.5 else 0.25))
    if value is None:
        return 0.5
    return f"{value}x" if not value or rng.random() < 0.5 else value[:-1]


def change_tree(rng, tree):
    """Changes one thing in a tree of dicts and lists, which is changed in place; in words what."""
    what = rng.choice(("number", "number", "number", "any", "gone", "row", "row"))
    if what == "row":
        rows = [(at, v) for at, v in [((), tree), *_nodes(tree)] if isinstance(v, list) and v]
        kinds = sorted({_kind(at) for at, _ in rows})
        if kinds:
            kind = rng.choice(kinds)
            at, items = rng.choice([row for row in rows if _kind(row[0]) == kind])
            place = rng.randrange(len(items))
            if rng.random() < 0.5:
                del items[place]
                return f"{dotted(at)}[{place}] removed"
            second = rng.randrange(len(items))
            items[place], items[second] = items[second], items[place]
            return f"{dotted(at)}[{place}] and [{second}] exchanged"
    at, value = _descend(rng, tree)
    for _ in range(20):  # a number, where there is one
        if what != "number" or (isinstance(value, int | float) and not isinstance(value, bool)):
            break
        at, value = _descend(rng, tree)
    parent = tree
    for key in at[:-1]:
        parent = parent[key]
    if what == "gone" or isinstance(value, dict | list):
        del parent[at[-1]]
        return f"{dotted(at)} removed"
    parent[at[-1]] = _changed_value(rng, value)
    return f"{dotted(at)}: {str(value)[:40]!r} → {str(parent[at[-1]])[:40]!r}"


def dotted(at):
    """The keys that lead to a value, in one word."""
    return ".".join(map(str, at)) or "the list"


def _edit_tree(load, dump, restyle):
    """Changes one value of a file, or, one time in ten, only how it is written."""

    def edit(rng, path):
        tree = load(path)
        if rng.random() < 0.1 or not isinstance(tree, dict | list) or not tree:
            return restyle(tree), "written otherwise", True
        words = change_tree(rng, tree)
        return dump(tree), words, False

    return edit


def _jsonl(rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _edit_parquet(rng, path):
    table = pq.read_table(str(path))
    rows = table.to_pylist()
    words = change_tree(rng, rows)
    try:
        changed = pa.Table.from_pylist(rows, schema=table.schema)
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # of a column whose values are all empty
        changed = table.slice(1)
        words = "the first row removed"
    buffer = io.BytesIO()
    pq.write_table(changed, buffer)
    return buffer.getvalue(), words, False


def _edit_tensors(rng, path):
    with safe_open(str(path), framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        metadata = file.metadata()
    name = rng.choice(sorted(tensors))
    tensor = tensors[name] = tensors[name].clone()
    place = rng.randrange(max(tensor.numel(), 1))
    twins = [other for other in sorted(tensors) if other != name and tensors[other].shape == tensor.shape]
    if twins and rng.random() < 0.3:
        second = rng.choice(twins)
        tensors[name], tensors[second] = tensors[second], tensor
        words = f"{name} and {second} exchanged"
    elif rng.random() < 0.1:
        return save(tensors, {**(metadata or {}), "note": "x"}), "a note added", True
    elif tensor.numel() == 0:
        tensors.pop(name)
        words = f"{name} removed"
    else:
        flat = tensor.view(-1)
        flat[place] = flat[place] * 1.5 + 1 if flat.is_floating_point() else flat[place] + 1
        words = f"{name}[{place}] changed"
    return save(tensors, metadata), words, False


def _edit_picture(rng, path):
    with Image.open(path) as image:
        pixels = np.array(image.convert("RGB"))
    way = rng.choice(("restyled", "pixel", "blank", "negative", "mirrored"))
    if way == "pixel":
        y, x = rng.randrange(pixels.shape[0]), rng.randrange(pixels.shape[1])
        pixels[y, x] ^= 0x40
    if way == "blank":
        pixels[:] = 128
    if way == "negative":
        pixels = 255 - pixels
    if way == "mirrored":
        pixels = np.ascontiguousarray(pixels[:, ::-1])
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="png", compress_level=1)
    return buffer.getvalue(), f"pixels: {way}", False  # other bytes, even where all pixels are as before


def _edit_text(rng, path):
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    numbered = [i for i, line in enumerate(lines) if any(c in "123456789" for c in line)]
    place = rng.choice(numbered or range(len(lines)))
    lines[place] = "".join("0" if c in "123456789" else c for c in lines[place])
    return "".join(lines).encode(), f"digits of line {place + 1} set to 0", False


EDITS = {
    ".json": _edit_tree(
        lambda path: json.loads(path.read_text(encoding="utf-8")),
        lambda tree: json.dumps(tree, indent=2, ensure_ascii=False).encode() + b"\n",
        lambda tree: json.dumps(tree, indent=3, sort_keys=True).encode(),
    ),
    ".jsonl": _edit_tree(
        lambda path: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()],
        _jsonl,
        lambda rows: _jsonl([dict(sorted(row.items())) for row in rows]),
    ),
    ".yaml": _edit_tree(
        lambda path: yaml.safe_load(path.read_text(encoding="utf-8")),
        lambda tree: yaml.safe_dump(tree, allow_unicode=True, sort_keys=False).encode(),
        lambda tree: b"# a remark\n" + yaml.safe_dump(tree, allow_unicode=True, sort_keys=True).encode(),
    ),
    ".parquet": _edit_parquet,
    ".safetensors": _edit_tensors,
    ".png": _edit_picture,
    ".txt": _edit_text,
    ".md": _edit_text,
}
"""A well-formed change of a file, by its suffix: the new bytes, what was changed, and whether that leaves all it says."""
