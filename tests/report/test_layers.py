"""How much each layer was changed."""

from erasepro.report.layers import layer_table


def entry(site, kind, **facts):
    return {"site": site, "kind": kind, "depth": 0, "rank": 1, "delta_norm": 0.5, "gap": None, **facts}


FC2 = entry("text_encoder.layers.2.mlp.fc2", "mlp.fc2", depth=2, rank=4, delta_norm=0.125, gap=0.25)


def test_a_text_layer_is_a_row_and_keys_and_values_are_one():
    keys = [entry(f"unet.{i}.attn2.to_k", "attn2.to_k", rank=i, delta_norm=0.1 * i, gap=0.3) for i in (1, 2, 3)]
    (table,) = layer_table([FC2, *keys])
    assert table.rows == (
        ("block 3 mlp.fc2", "4", "0.125", "0.25"),
        ("keys and values (3, mean)", "3", "0.2", "0.3"),
    )
    assert len(table.header) == 4


def test_the_encoder_is_named_where_there_are_two():
    other = {**FC2, "site": "text_encoder_2.layers.2.mlp.fc2"}
    (table,) = layer_table([FC2, other])
    assert [row[0] for row in table.rows] == ["text_encoder block 3 mlp.fc2", "text_encoder_2 block 3 mlp.fc2"]


def test_what_was_not_measured_is_a_dash():
    (table,) = layer_table([entry("unet.a.attn2.to_v", "attn2.to_v", delta_norm=None)])
    assert table.rows == (("keys and values (1, mean)", "1", "–", "–"),)
    assert layer_table([]) == []
