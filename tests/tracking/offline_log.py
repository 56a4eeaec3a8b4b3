"""Reads the log that a W&B run leaves on disk (``run-*.wandb``), with W&B's own message classes.

The file is a LevelDB log: after 7 bytes of W&B's own, blocks of 32 KiB, in which a record lies whole or in parts, each part
behind a checksum (4 bytes), a length (2) and a kind (1: whole, 2: first part, 3: middle, 4: last). The package reads it in
its Go half only, so that the frames are taken apart here.
"""

import json
import struct
import zlib
from pathlib import Path

BLOCK, HEAD = 32768, 7


def payloads(data):
    """The records' bytes, in order."""
    assert data[:4] == b":W&B"
    at, parts, found = HEAD, [], []
    while at + HEAD <= len(data):
        if BLOCK - at % BLOCK < HEAD:  # too little is left of the block for a head
            at += BLOCK - at % BLOCK
            continue
        checksum, length, kind = struct.unpack("<IHB", data[at : at + HEAD])
        body = data[at + HEAD : at + HEAD + length]
        assert zlib.crc32(bytes([kind]) + body) == checksum
        parts.append(body)
        at += HEAD + length
        if kind in (1, 4):
            found.append(b"".join(parts))
            parts = []
    assert not parts
    return found


class OfflineLog:
    """What one offline run holds: run, config, summary, history (a dict a step), artifacts, metrics, exit_code."""

    def __init__(self, run_dir):
        from wandb.proto.wandb_internal_pb2 import Record

        (self.folder,) = Path(run_dir, "wandb").glob("offline-run-*")
        (file,) = self.folder.glob("run-*.wandb")
        self.records = [Record.FromString(body) for body in payloads(file.read_bytes())]
        self.run = self.of_kind("run")[-1]
        self.config = nested(self.run.config.update)
        self.history = [nested(record.item) for record in self.of_kind("history")]
        self.summary = nested(item for record in self.of_kind("summary") for item in record.update)
        self.artifacts = self.of_kind("artifact")
        self.metrics = self.of_kind("metric")
        (exit,) = self.of_kind("exit")
        self.exit_code = exit.exit_code

    def of_kind(self, kind):
        return [getattr(r, kind) for r in self.records if r.WhichOneof("record_type") == kind]

    def logged(self, key):
        """The last value that was logged under a key."""
        return [row[key] for row in self.history if key in row][-1]

    @property
    def names(self):
        return {key for row in self.history for key in row if not key.startswith("_")}

    def file(self, key):
        return self.folder / "files" / self.logged(key)["path"]

    def table(self, key):
        """A table's rows as dicts, pictures as their bytes: W&B keeps each table as an artifact of its own."""
        path = f"{key}.table.json"
        (files,) = [found for one in self.artifacts if path in (found := self.stored(one))]
        found = json.loads(files[path])
        kinds = found["column_types"]["params"]["type_map"]
        either = {name: {one["wb_type"] for one in kinds[name]["params"]["allowed_types"]} for name in found["columns"]}
        self.kinds = {name: "|".join(sorted(types - {"none"})) for name, types in either.items()}
        cells = [[files[v["path"]] if isinstance(v, dict) else v for v in row] for row in found["data"]]
        return [dict(zip(found["columns"], row, strict=True)) for row in cells]

    def stored(self, artifact):
        """The files of an artifact as they would be uploaded: path -> bytes."""
        return {entry.path: Path(entry.local_path).read_bytes() for entry in artifact.manifest.contents}


def nested(items):
    """Keys and JSON values as a dict, nested where the keys are."""
    found = {}
    for item in items:
        *path, last = item.nested_key or [item.key]
        node = found
        for part in path:
            node = node.setdefault(part, {})
        node[last] = json.loads(item.value_json)
    return found
