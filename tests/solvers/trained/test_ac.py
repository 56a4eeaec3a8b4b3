"""AC: its two losses beside references written out by hand, and which weights it trains."""

import pytest
import torch

from erasepro.edit import Edit
from erasepro.edit.export import export_edit
from erasepro.errors import UserError
from erasepro.models.base import Model
from erasepro.models.features.statistics_store import StatisticsStore
from erasepro.models.sites import parameter
from erasepro.models.tensor_hashes import weights_hash
from erasepro.models.tiny import tiny_pipeline
from erasepro.solvers import make_solver
from erasepro.solvers.training.denoiser import Denoiser, parameters_of
from erasepro.solvers.training.own_pictures import own_latents
from erasepro.verification import certify
from tests.models.pipelines import sdxl

QUICK = {"steps": 2, "sampling_steps": 3, "learning_rate": 1e-3, "batch_size": 2, "anchor_pictures": 4}


@pytest.mark.parametrize("target", ["model", "noise"])
def test_loss_and_gradient_are_those_written_out(double_model, build, target):
    solver = make_solver("ac", {**QUICK, "target": target})
    denoiser = Denoiser(double_model.pipe, 3)
    network, chosen = denoiser.trainable_copy(solver.is_trained)
    with torch.no_grad():  # the net in training is no longer the original
        for value in chosen.values():
            value.mul_(1.05)
    loss, _ = solver.loss(denoiser, network, build)(0, torch.Generator().manual_seed(5))
    loss.backward()

    pipe, g = double_model.pipe, torch.Generator().manual_seed(5)
    anchors = [pair.anchor_prompt for pair in build.pairs]
    latents, places = own_latents(denoiser, anchors, 4, 7.5, 0, "", StatisticsStore())
    rows = torch.randint(4, (2,), generator=g)
    noise = torch.randn(2, *denoiser.shape, generator=g).double()
    t = torch.randint(100, (2,), generator=g)
    a = denoiser.scheduler.alphas_cumprod.double()[t].reshape(-1, 1, 1, 1)
    x_t = a.sqrt() * latents[rows] + (1 - a).sqrt() * noise
    told = [build.pairs[i].target_prompt for i in places[rows].tolist()]
    asked = [build.pairs[i].anchor_prompt for i in places[rows].tolist()]
    c, c_a = (pipe.encode_prompt(texts, "cpu", 1, False)[0] for texts in (told, asked))
    twin, parameters = denoiser.trainable_copy(solver.is_trained)
    with torch.no_grad():
        for value in parameters.values():
            value.mul_(1.05)
        wanted = noise if target == "noise" else twin(x_t, t, c_a).sample
    by_hand = (twin(x_t, t, c).sample - wanted).square().mean()
    by_hand.backward()
    assert float(loss) == pytest.approx(float(by_hand), rel=1e-6)
    for name, value in chosen.items():
        assert torch.allclose(value.grad, parameters[name].grad, atol=1e-9, rtol=1e-5), name


def test_which_weights_are_trained(shared_model, build):
    names = set(parameters_of(shared_model.pipe.unet))
    kv = make_solver("ac", QUICK)
    assert {name for name in names if kv.is_trained(name)} == {n for n in names if n.endswith(("attn2.to_k", "attn2.to_v"))}
    assert all(map(make_solver("ac", {**QUICK, "weights": "full"}).is_trained, names))
    edit = kv.solve(shared_model, build)
    assert all(kv.is_trained(name) for name in edit.updates)
    assert "uses_anchor" not in edit.meta
    assert weights_hash(shared_model.pipe) == shared_model.weights_hash


def test_a_value_out_of_range():
    for key, value in (("target", "anchor"), ("weights", "q"), ("anchor_pictures", 0)):
        with pytest.raises(UserError, match=f"solver.{key}"):
            make_solver("ac", {key: value}).check_config()


@pytest.mark.slow
def test_the_miniature_draws_the_anchor():
    from erasepro import erase, load_model

    model = load_model("miniature")
    edit = erase(model, {"dog": "cat"}, solver="ac_miniature")
    pipe = model.pipe
    pipe.set_progress_bar_config(disable=True)
    seeds = [torch.Generator().manual_seed(i) for i in range(4)]
    with edit.applied(pipe):
        images = pipe(
            ["a picture of a dog"] * 4, generator=seeds, num_inference_steps=12, guidance_scale=3.0, output_type="pt",
            height=64, width=64,
        )[0]  # fmt: skip
    assert model.judge.classify((images * 255).round().to(torch.uint8)).concept.count("cat") >= 3


def test_embeddings_of_the_targets_tokens_alone_are_trained(shared_model, build, tmp_path):
    keys = {**QUICK, "weights": "embedding", "learning_rate": 0.05}
    edit = make_solver("ac", keys).solve(shared_model, build)
    assert weights_hash(shared_model.pipe) == shared_model.weights_hash
    ((name, update),) = edit.updates.items()
    assert name.endswith("token_embedding.weight")
    ids = shared_model.pipe.tokenizer("dog", add_special_tokens=False).input_ids
    assert update.dense().any(dim=1).nonzero().flatten().tolist() == ids
    assert update.rank == len(ids)
    assert Edit.load(edit.save(tmp_path / "edit")) == edit
    twin = tiny_pipeline()
    edit.apply(twin)
    assert torch.equal(parameter(twin, name)[ids], update.apply_to(parameter(shared_model.pipe, name))[ids])
    with pytest.raises(UserError, match="A LoRA holds changes of linear layers alone"):
        export_edit(edit, tmp_path / "lora", "lora")
    read = certify(edit, shared_model)["end_to_end"]  # measured through the trained embedding
    assert read["residual_after"] != read["residual_before"]


def test_embeddings_are_trained_on_the_loss_of_their_sentences(shared_model, build):
    """The gradient by the target's embedding is that of the written-out loss through the pipeline's own encoder."""
    solver = make_solver("ac", {**QUICK, "weights": "embedding"})
    denoiser = Denoiser(shared_model.pipe, 3)
    trainee = solver.prepare(denoiser)
    (embedding,) = trainee.parameters.values()
    loss, _ = solver.loss(denoiser, trainee.network, build)(0, torch.Generator().manual_seed(5))
    loss.backward()
    ids = shared_model.pipe.tokenizer("dog", add_special_tokens=False).input_ids
    assert embedding.grad.any(dim=1).nonzero().flatten().tolist() == ids
    solver_kv = make_solver("ac", QUICK)
    network, _ = denoiser.trainable_copy(solver_kv.is_trained)
    same, _ = solver_kv.loss(denoiser, network, build)(0, torch.Generator().manual_seed(5))
    assert float(loss) == pytest.approx(float(same), rel=1e-5)


def test_embeddings_of_two_encoders_are_refused(build):
    pipe = sdxl()
    with pytest.raises(UserError, match=r"solver.weights=embedding trains Stable Diffusion 1 or 2"):
        make_solver("ac", {**QUICK, "weights": "embedding"}).solve(Model(pipe, "xl", "random", ""), build)


def test_nothing_is_left_on_the_users_denoiser(shared_model, build):
    make_solver("ac", {**QUICK, "weights": "embedding"}).solve(shared_model, build)
    assert all(value.grad is None for value in shared_model.pipe.unet.parameters())


def test_fewer_pictures_than_sentences_show_every_concept(make_build):
    solver = make_solver("ac", {**QUICK, "anchor_pictures": 2})
    build = make_build(pairs=(("dog", "cat"), ("apple", "pear")))
    assert [target for target, _ in solver._in_turn(build)] == [
        "a photo of a dog", "a photo of a apple", "dog on a red background", "apple on a red background",
    ]  # fmt: skip
    with pytest.raises(UserError, match=r"solver.anchor_pictures must be at least 2"):
        make_solver("ac", {**QUICK, "anchor_pictures": 1})._in_turn(build)
