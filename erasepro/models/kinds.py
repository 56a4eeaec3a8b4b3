"""Kinds of edit sites: the last parts of their module paths. Names only, so that tables can be printed without torch."""

# in the order a block computes them
TEXT_KINDS = ("self_attn.v_proj", "self_attn.out_proj", "mlp.fc1", "mlp.fc2")
ATTENTION_KINDS = ("attn2.to_k", "attn2.to_v")
