"""From prompts to files: the work list, the sampler, and the folder of images it fills."""

from erasepro.generation.picture_file import UnreadableImage
from erasepro.generation.sample import generate
from erasepro.generation.store import ImageStore
from erasepro.generation.worklist import Row, Worklist, make_worklist, read_worklist, write_worklist

__all__ = [
    "ImageStore",
    "Row",
    "UnreadableImage",
    "Worklist",
    "generate",
    "make_worklist",
    "read_worklist",
    "write_worklist",
]
