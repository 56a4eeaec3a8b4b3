"""The progressive solver on a tiny random pipeline: exact where it says so, and the pipeline stays as it was."""

import pytest
import torch

from erasepro.edit.column_ranges import unpacked
from erasepro.edit.generalization import measure_residual as residual_on
from erasepro.errors import UserError
from erasepro.models.features.columns import pair_columns, preserve_columns
from erasepro.models.features.streams import encode
from erasepro.models.features.text_encoder_layers import TextLayers, token_ids
from erasepro.models.sites import cross_attention_sites, module
from erasepro.models.tensor_hashes import weights_hash
from erasepro.schedules import SCHEDULES
from erasepro.solvers import make_solver

ALL_SITES = ["self_attn.v_proj", "self_attn.out_proj", "mlp.fc1", "mlp.fc2"]
EVERY = {"hold": "columns", "independence_threshold": 1e-3}  # below the distances of these few columns: all are held
TO_EOS = {"text_token_policy": "last_to_eos", "cross_attention_token_policy": "last_to_eos"}  # few columns, for few dimensions
STIFF = {"hold": "columns", "independence_threshold": 0.6, "preserve": {"ridge": 3e-3, "tokens": "all"}}  # well conditioned
SCHEDULE_CASES = [{"name": n} for n in ("progressive", "residual_split", "interpolate", "deep_only", "shallow_only")]
SCHEDULE_CASES += [{"name": n} for n in ("cross_attention_only", "reverse", "all_at_once")]
SCHEDULE_CASES += [{"name": "progressive", "target": "hidden_state"}, {"name": "residual_split", "at": "output"}]


def solve(model, build, **options):
    return make_solver("erasepro", options).solve(model, build)


@pytest.mark.parametrize("schedule", SCHEDULE_CASES, ids=lambda s: "-".join(s.values()))
def test_every_schedule_is_exact_on_its_selected_columns(shared_model, make_build, schedule):
    build = make_build(pairs=(("dog", "cat"), ("apple", "red car")))
    edit = solve(shared_model, build, schedule=schedule)
    assert edit.residuals["selected"] < 1e-5  # float32 weights
    assert all(d["residual_after_selected"] < 1e-5 for d in edit.diagnostics)
    assert weights_hash(shared_model.pipe) == shared_model.weights_hash
    assert schedule["name"] in SCHEDULES.names()


def test_controls_edit_the_blocks_they_name(shared_model, build):
    def depths(name):
        edit = solve(shared_model, build, schedule={"name": name})
        return sorted({d["depth"] for d in edit.diagnostics if d["kind"] == "mlp.fc2"})

    assert depths("progressive") == [0, 1, 2]
    assert depths("deep_only") == [1, 2]
    assert depths("shallow_only") == [0, 1]
    assert depths("cross_attention_only") == []


@pytest.mark.parametrize("sites", [["mlp.fc2"], ALL_SITES], ids=["fc2", "all"])
@pytest.mark.parametrize("preserve", ["gram", "none"])
def test_keys_and_values_match_the_anchors_end_to_end(model, build, sites, preserve):
    """Applied for real, in float32, the U-Net sees the anchor's keys and values at every constrained position."""
    pipe = model.pipe
    columns = pair_columns(pipe.tokenizer, build.pairs, "last_to_eos")
    ids_x = token_ids(pipe.tokenizer, [p.target_prompt for p in build.pairs])
    ids_y = token_ids(pipe.tokenizer, [p.anchor_prompt for p in build.pairs])
    kv = cross_attention_sites(pipe)
    with torch.no_grad():
        Y = columns.anchor.gather(pipe.text_encoder(ids_y)[0])
        wanted = [module(pipe, s).weight @ Y for s in kv]
    fit = {"preserve": {"kind": preserve}, **EVERY}
    edit = solve(
        model, build, text_sites=sites, text_fit=fit, cross_attention_fit=fit, schedule={"name": "progressive"}, **TO_EOS
    )
    report = residual_on(model, edit, build.pairs, "last_to_eos")
    edit.apply(pipe)
    with torch.no_grad():
        X = columns.target.gather(pipe.text_encoder(ids_x)[0])
        for site, V in zip(kv, wanted, strict=True):
            assert float((module(pipe, site).weight @ X - V).norm() / V.norm()) < 1e-5
    assert report["residual"] < 1e-5
    assert report["before"] > 0.1
    assert residual_on(model, edit, build.pairs, "last_to_eos") == report  # seen through while applied
    with pytest.raises(UserError, match="revert it"):
        solve(model, build)
    edit.revert(pipe)
    assert weights_hash(pipe) == model.weights_hash


def test_the_name_alone_is_held_and_other_sentences_follow(shared_model, build):
    """Of hold=names: the columns of each concept's shortest sentence are exact, the others nearer than without them."""
    def edit_with(weight):
        fit = {"preserve": {"ridge": 1e-2}, "unselected_weight": weight}
        return solve(shared_model, build, text_fit=fit, cross_attention_fit=fit, **TO_EOS)

    edits = [edit_with(weight) for weight in (0.0, 0.03, 30.0)]
    named = pair_columns(shared_model.pipe.tokenizer, build.pairs, "last_to_eos").names.tolist()
    for edit in edits:
        assert edit.residuals["selected"] < 1e-5
        assert all(set(unpacked(columns)) <= set(named) for columns in edit.meta["selected_columns"].values())
        assert edit.residuals["selected_share"] < 0.5
    left = [edit.residuals["all"] for edit in edits]
    assert left[0] > left[1] > left[2]


def test_a_change_of_few_directions_holds_the_names_and_follows_as_well(shared_model, build):
    """Of reduced_rank: each update is that narrow, names stay exact, and what it fits beside them is nearly as near."""
    def edit_with(rank):
        fit = {"preserve": {"ridge": 1e-2}, "unselected_weight": 1.0, "reduced_rank": rank}
        return solve(shared_model, build, text_fit=fit, cross_attention_fit=fit, **TO_EOS)

    whole, few, one = (edit_with(rank) for rank in (None, 3, 1))
    concepts, held = len(build.concepts.pairs), max(d["selected"] for d in few.diagnostics)
    for edit, rank in ((few, 3), (one, 1)):
        assert all(update.rank <= max(rank * concepts, held) for update in edit.updates.values())
        assert edit.residuals["selected"] < 1e-5
    assert max(u.rank for u in whole.updates.values()) > max(u.rank for u in few.updates.values())
    left = [edit.residuals["all"] for edit in (whole, few, one)]
    assert left[0] < left[1] < left[2], left


@pytest.mark.parametrize("schedule", ["progressive", "interpolate"])
def test_names_are_exact_in_double_while_other_sentences_run_in_single(shared_model, build, schedule):
    """Of feature_dtype=mixed: what is held is held as in float64, what is fitted beside it differs by rounding alone."""
    mixed, double, single = (
        solve(shared_model, build, schedule={"name": schedule}, feature_dtype=dtype)
        for dtype in ("mixed", "float64", "float32")
    )
    assert mixed.residuals["selected"] < 2 * double.residuals["selected"] < single.residuals["selected"]
    assert mixed.residuals["all"] == pytest.approx(double.residuals["all"], rel=1e-5)
    assert mixed.hash != double.hash


def test_with_every_column_held_all_sentences_run_in_double(shared_model, build):
    fit = {"text_fit": {"hold": "columns"}, "cross_attention_fit": {"hold": "columns"}}
    assert len({solve(shared_model, build, feature_dtype=dtype, **fit).hash for dtype in ("mixed", "float64")}) == 1
    fit["text_fit"] = {}  # one of both is enough
    assert len({solve(shared_model, build, feature_dtype=dtype, **fit).hash for dtype in ("mixed", "float64")}) == 1


def test_a_solve_in_float32_is_the_same_but_for_its_digits(shared_model, build):
    whole, single = (
        solve(shared_model, build, text_fit={"solve_dtype": dtype}, cross_attention_fit={"solve_dtype": dtype})
        for dtype in ("float64", "float32")
    )
    assert whole.hash != single.hash
    assert whole.residuals["selected"] < single.residuals["selected"] < 1e-3
    for site, update in whole.updates.items():
        left = single.updates[site].dense().double() - update.dense()
        assert float(left.norm() / update.dense().norm()) < 1e-2


@pytest.mark.parametrize("schedule", [{"name": "residual_split"}, {"name": "progressive", "target": "hidden_state"}])
def test_hidden_states_reach_the_anchors(shared_model, build, schedule):
    edit = solve(shared_model, build, schedule=schedule, cross_attention=False, text_fit=STIFF, **TO_EOS)
    assert [d["kind"] for d in edit.diagnostics] == ["mlp.fc2"] * 3
    assert edit.diagnostics[-1]["gap"] < 1e-6


def test_hidden_state_target_needs_one_layer_when_every_position_is_constrained(shared_model, make_build):
    build = make_build(templates=("{} on a red background",))
    schedule = {"name": "progressive", "target": "hidden_state"}
    edit = solve(
        shared_model,
        build,
        schedule=schedule,
        text_token_policy="all",
        cross_attention_token_policy="all",
        text_fit=EVERY | {"preserve": STIFF["preserve"]},
        cross_attention_fit=EVERY,
    )
    first, *later = edit.diagnostics
    assert first["delta_norm"] > 0.1
    assert max(d["delta_norm"] for d in later) < 1e-6


def test_nothing_to_do_when_target_and_anchor_read_the_same(shared_model, make_build):
    build = make_build(pairs=(("dog", "cat"),))
    same = tuple(type(p)(p.anchor_prompt, p.anchor_prompt, _Same) for p in build.pairs)
    edit = solve(shared_model, type(build)(build.concepts, same, build.preserve))
    assert max(d["delta_norm"] for d in edit.diagnostics) < 1e-12


class _Same:
    target = anchor = "cat"


def test_preserving_moves_the_captions_less(shared_model, build):
    pipe = shared_model.pipe
    ids = token_ids(pipe.tokenizer, build.preserve)
    kept, _ = preserve_columns(pipe.tokenizer, ids, "text")
    K = encode(TextLayers(pipe.text_encoder), ids, kept)
    moved = {}
    for kind in ("none", "gram"):
        edit = solve(
            shared_model,
            build,
            schedule={"name": "cross_attention_only"},
            cross_attention_fit={"preserve": {"kind": kind}},
        )
        moved[kind] = sum(float((u.dense() @ K).norm()) for u in edit.updates.values())
    assert moved["gram"] < moved["none"]


def test_batches_do_not_change_the_answer(double_model, make_build):
    build = make_build(pairs=(("dog", "cat"), ("apple", "red car")))
    one, many = (solve(double_model, build, batch_size=b, preserve_dtype="float64") for b in (1, 64))
    for name, update in one.updates.items():
        assert torch.allclose(update.dense(), many.updates[name].dense(), atol=1e-8)


def test_keys_and_values_share_one_factor(shared_model, build):
    edit = solve(shared_model, build)
    downs = {id(u.down) for name, u in edit.updates.items() if name.startswith("unet.")}
    assert len(downs) == 1


def test_contradicting_concepts_are_named_when_exact(shared_model, make_build):
    build = make_build(pairs=(("dog", "cat"),), templates=("a {}",))
    other = make_build(pairs=(("dog", "bird"),), templates=("a {}",))
    both = type(build)(build.concepts, build.pairs + other.pairs, build.preserve)
    with pytest.raises(UserError, match=r"'dog' → '(cat|bird)'.*'dog' → '(cat|bird)'"):
        solve(shared_model, both, text_fit={"rank": "exact"}, cross_attention_fit={"rank": "exact"})
    edit = solve(shared_model, both)
    assert edit.residuals["selected_share"] < 1
    assert edit.residuals["all"] > 0.1
    assert edit.diagnostics[0]["dropped"][0]["violation"] > 0.1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"text_fit": {"independence_threshold": 2.0}}, "text_fit.independence_threshold"),
        ({"cross_attention_fit": {"unselected_weight": -1.0}}, "cross_attention_fit.unselected_weight"),
        ({"cross_attention_fit": {"rank": "indepedent"}}, "Did you mean 'independent'"),
        ({"schedule": {"name": "progresive"}}, "Did you mean 'progressive'"),
        ({"schedule": {"target": "state"}}, "schedule.target"),
        ({"text_sites": ["mlp.fc3"]}, "Did you mean 'mlp.fc2'"),
        ({"text_blocks": [7]}, "text_blocks"),
        ({"text_token_policy": "last_subjct"}, "Did you mean 'last_subject'"),
        ({"text_sites": [], "cross_attention": False}, "Nothing to edit"),
        ({"text_fits": {}}, "Did you mean 'text_fit'"),
        ({"cross_attention": "maybe"}, "solver.cross_attention"),
    ],
)
def test_bad_values_are_one_clear_line(shared_model, build, options, message):
    with pytest.raises(UserError, match=message) as info:
        solve(shared_model, build, **options)
    assert "\n" not in str(info.value)
