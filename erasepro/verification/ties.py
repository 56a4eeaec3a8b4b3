"""Whether two machines' roundings of the same W_o + ΔW explain that their bytes differ.

Libraries sum the products in ΔW = up @ down in other orders, so the last bits of the float64 sum differ. Rounded to float32
they give the same number except where the sum lies within those bits of the middle between two: one in a hundred million or
so, a few in a large model. Such a weight may be rounded either way, and no other may.
"""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor

from erasepro.edit.mapped_update import MappedUpdate, SiteUpdate
from erasepro.linalg import LowRankUpdate
from erasepro.models.tensor_hashes import tensor_hash

BITS = 32 * 2.0**-52  # of the sum of the terms' sizes: how far apart two orders of summation may be
MOST = 10  # elements that may be rounded either way: 2^MOST hashes are tried


def rounded_otherwise(W_o: Tensor, update: SiteUpdate, strength: float, wanted: str) -> bool:
    """Whether `wanted` is the hash of W_o + strength·ΔW in W_o's dtype with some of its ties rounded the other way.

    Only for float32: coarser dtypes meet no ties in practice.
    """
    if W_o.dtype != torch.float32:
        return False
    exact = update.apply_to(W_o.to(torch.float64), strength)
    if isinstance(update, MappedUpdate):
        terms = W_o.abs().double() + strength * update.sizes_of_terms(W_o)
    elif isinstance(update, LowRankUpdate):
        up, down = (f.to(W_o.device, torch.float64).abs() for f in (update.up, update.down))
        terms = W_o.abs().double() + strength * (up @ down)
    else:
        terms = W_o.abs().double() + strength * update.delta.to(W_o.device).double().abs()
    here = exact.to(W_o.dtype)
    there = torch.nextafter(here, torch.where(exact > here.double(), torch.inf, -torch.inf).to(here))
    middle = (here.double() + there.double()) / 2
    ties = ((exact - middle).abs() <= BITS * terms).flatten().nonzero().flatten()
    if not 0 < len(ties) <= MOST:
        return False
    either = torch.stack([here.flatten()[ties], there.flatten()[ties]])  # (2, ties)
    for way in product((0, 1), repeat=len(ties)):
        tried = here.flatten().clone()
        tried[ties] = either[list(way), range(len(ties))]
        if tensor_hash(tried.reshape(here.shape)) == wanted:
            return True
    return False
