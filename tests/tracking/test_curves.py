"""Residuals by layer: one curve a kind of site, each point at its layer."""

from __future__ import annotations

from erasepro.tracking.curves import layer_curves


def entry(site, kind, depth, value):
    return {
        "site": site, "kind": kind, "depth": depth, "residual_before": 1.0, "residual_after_all": value,
        "residual_after_selected": 0.0, "delta_norm": 2 * value,
    }  # fmt: skip


def curve(points, name):
    return [(point["place"], point[name]) for point in points if name in point]


def test_a_curve_a_kind_over_the_depth():
    found = layer_curves(
        [
            entry("text_encoder.layers.1.fc2", "mlp.fc2", 1, 0.2),
            entry("text_encoder.layers.0.fc2", "mlp.fc2", 0, 0.1),
            entry("unet.a.to_k", "attn2.to_k", 2, 0.3),
            entry("unet.a.to_v", "attn2.to_v", 2, 0.4),
        ]
    )
    assert [point["place"] for point in found] == [0, 1, 2]
    assert curve(found, "mlp_fc2/residual") == [(0, 0.1), (1, 0.2)]
    assert curve(found, "attn2_to_k/residual") == [(2, 0.3)]
    assert curve(found, "attn2_to_v/delta_norm") == [(2, 0.8)]
    assert curve(found, "mlp_fc2/residual_before") == [(0, 1.0), (1, 1.0)]
    assert curve(found, "mlp_fc2/residual_selected") == [(0, 0.0), (1, 0.0)]


def test_two_text_encoders_have_two_curves():
    sites = [f"{encoder}.layers.{i}.fc2" for encoder in ("text_encoder", "text_encoder_2") for i in range(2)]
    found = layer_curves([entry(site, "mlp.fc2", i % 2, i / 10) for i, site in enumerate(sites)])
    assert curve(found, "text_encoder_mlp_fc2/residual") == [(0, 0.0), (1, 0.1)]
    assert curve(found, "text_encoder_2_mlp_fc2/residual") == [(0, 0.2), (1, 0.3)]


def test_sites_of_one_depth_stand_side_by_side():
    found = layer_curves([entry(f"unet.{i}", "to_k", 4, float(i)) for i in range(3)])
    assert curve(found, "to_k/residual") == [(0, 0.0), (1, 1.0), (2, 2.0)]


def test_what_an_entry_does_not_tell_is_left_out():
    assert layer_curves([]) == []
    assert layer_curves([{"site": "unet.a", "delta_norm": 0.5}]) == [{"place": 0.0, "sites/delta_norm": 0.5}]
    assert layer_curves([entry("unet.a", "to_k", 0, 0.5) | {"delta_norm": None, "residual_after_all": None}]) == [
        {"place": 0.0, "to_k/residual_before": 1.0, "to_k/residual_selected": 0.0}
    ]
