"""How a paper counts: fixed keys, the label of a number."""
