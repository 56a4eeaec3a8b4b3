"""ACE: its target on toys and by hand, its priors and their γ, and its LoRA in plain diffusers."""

import dataclasses

import pytest
import torch
from diffusers import StableDiffusionPipeline

from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.concepts.prompt_pairs import EditPrompts
from erasepro.edit import Edit
from erasepro.edit.export import export_edit
from erasepro.errors import UserError
from erasepro.models.tensor_hashes import weights_hash
from erasepro.models.tiny import tiny_pipeline
from erasepro.solvers import make_solver
from erasepro.solvers.trained.ace import anti_editing_target
from erasepro.solvers.trained.esd import negative_guidance
from erasepro.solvers.training.denoiser import Denoiser, parameters_of

QUICK = {"steps": 3, "sampling_steps": 3, "learning_rate": 1e-2, "prior_scale": "one"}


class Judge:
    """Sees in a picture how bright it is, and in a name how long."""

    def image_features(self, images):
        return torch.stack([images.float().mean((1, 2, 3)) / 255, torch.ones(len(images))], 1)

    def text_features(self, texts):
        return torch.stack([torch.tensor([float(len(t)) for t in texts]), torch.ones(len(texts))], 1)


def told(concepts=(("dog", "cat"),), preserve=(), neighbors=()):
    pairs = tuple(ConceptPair(*pair) for pair in concepts)
    return EditPrompts(ConceptSet("t", "instance", pairs, tuple(preserve)), (), (), neighbors=neighbors)


def test_without_guidance_the_target_is_the_unconditional_prediction():
    e_0, e_c, e_p = (torch.randn(2, 3, dtype=torch.float64) for _ in range(3))
    assert torch.equal(anti_editing_target(e_0, e_c, [e_p, e_c], [1.0, 0.5], 0.0, 0.0), e_0)


def test_the_target_is_that_of_the_paper_summed_or_averaged():
    e_0, e_c, p, q = (torch.randn(2, 3, dtype=torch.float64) for _ in range(4))
    summed = e_0 + 3 * (e_c - e_0) - 2 * (0.7 * (p - e_0) + 0.4 * (q - e_0))
    averaged = e_0 + 3 * (e_c - e_0) - 2 * (0.7 * (p - e_0) + 0.4 * (q - e_0)) / 2
    assert torch.allclose(anti_editing_target(e_0, e_c, [p, q], [0.7, 0.4], 3.0, 2.0), summed)
    assert torch.allclose(anti_editing_target(e_0, e_c, [p, q], [0.7, 0.4], 3.0, 2.0, average=True), averaged)


@pytest.mark.parametrize("guidance", [1.5, 3.0, 7.5])
def test_on_a_linear_toy_guidance_then_leads_away_from_the_concept(guidance):
    """Predictions are coefficients of directions: any prompt's, guided against the moved unconditional one, has less of c."""
    c, other = torch.eye(3, dtype=torch.float64)[:2]
    e_0, e_c, e_q = torch.zeros(3, dtype=torch.float64), c, other + 0.2 * c
    moved = anti_editing_target(e_0, e_c, [other], [0.0], 1.0, 0.0)
    before, after = (u + guidance * (e_q - u) for u in (e_0, moved))
    assert float(after @ c) < float(before @ c)
    assert float(after @ other) == pytest.approx(float(before @ other))


def test_loss_and_gradient_are_those_written_out(double_model):
    keys = {**QUICK, "unconditional_weight": 0.3, "prior_weight": 0.5, "erase_weight": 0.2, "prior_guidance": 2.0}
    solver = make_solver("ace", keys)
    denoiser = Denoiser(double_model.pipe, 3)
    trainee = solver.prepare(denoiser)
    draw = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for value in trainee.parameters.values():
            value.add_(0.05 * torch.randn(value.shape, generator=draw, dtype=torch.float64))
    loss, figures = solver.loss(denoiser, trainee.network, told(preserve=("bird", "tree", "house")))(
        0, torch.Generator().manual_seed(2)
    )
    loss.backward()
    kept = {name: value.grad.clone() for name, value in trainee.parameters.items()}

    pipe, g, net = double_model.pipe, torch.Generator().manual_seed(2), trainee.network
    torch.randint(1, (1,), generator=g)
    names = [("bird", "tree", "house")[int(j)] for j in torch.randperm(3, generator=g)[:2]]
    blank, c, p, q = (pipe.encode_prompt([text], "cpu", 1, False)[0] for text in ("", "dog", *names))
    step = int(torch.randint(3, (), generator=g))
    z = torch.randn(1, *denoiser.shape, generator=g).double()
    scheduler = denoiser.scheduler
    for t in scheduler.timesteps[:step]:
        with torch.no_grad():
            plain, guided = net(z, t, blank).sample, net(z, t, c).sample
        z = scheduler.step(plain + 3.0 * (guided - plain), t, z).prev_sample
    low, high = int(scheduler.timesteps[step]), int(scheduler.timesteps[step - 1]) if step else 100
    t = int(torch.randint(low, high, (), generator=g))
    with torch.no_grad():
        e_0, e_c, e_p, e_q = (pipe.unet(z, t, x).sample for x in (blank, c, p, q))
    for value in trainee.parameters.values():
        value.grad = None
    wanted = e_0 + 3 * (e_c - e_0) - 2 * ((e_p - e_0) + (e_q - e_0))
    unc = (net(z, t, blank).sample - wanted).square().mean()
    prior = ((net(z, t, p).sample - e_p).square().mean() + (net(z, t, q).sample - e_q).square().mean()) / 2
    esd = (net(z, t, c).sample - negative_guidance(e_0, e_c, 3.0)).square().mean()
    by_hand = 0.3 * unc + 0.5 * prior + 0.2 * esd
    by_hand.backward()
    assert float(loss) == pytest.approx(float(by_hand), rel=1e-10)
    assert figures == pytest.approx({"unconditional": float(unc), "prior": float(prior), "erase": float(esd)}, rel=1e-10)
    for name, value in trainee.parameters.items():
        assert torch.allclose(kept[name], value.grad, atol=1e-12, rtol=1e-8), name


def test_options_change_what_is_trained_on(shared_model):
    variants = ({}, {"with_prior_latent": True}, {"erase_weight": 0.0}, {"corrections": "average"})
    edits = [make_solver("ace", {**QUICK, **keys}).solve(shared_model, told(preserve=("bird", "tree"))) for keys in variants]
    assert len({edit.hash for edit in edits}) == 4


def test_the_priors_are_named_ones_then_near_words_then_anchors():
    solver = make_solver("ace", {**QUICK, "priors": 2})
    near = (("dog", ("wolf", "fox", "hound")), ("cat", ("lynx",)))
    assert solver.priors(told(preserve=("bird",), neighbors=near)) == ["bird"]
    assert solver.priors(told(neighbors=near)) == ["wolf", "fox"]
    both = told(concepts=(("dog", "cat"), ("car", "bus")), neighbors=(("car", ("van", "cab")), ("dog", ("nude", "wolf"))))
    assert solver.priors(both) == ["van", "cab"]
    assert make_solver("ace", {**QUICK, "priors": 9}).priors(both) == ["van", "cab", "wolf"]
    left = dataclasses.replace(told(neighbors=near), left_out=("wolf",))
    assert solver.priors(left) == ["fox", "hound"]
    assert solver.priors(told()) == ["cat"]
    with pytest.raises(UserError, match=r"there are none: name some in concepts\.preserve"):
        solver.priors(told(concepts=(("dog", ""),)))


def test_gamma_is_a_ratio_of_likenesses_and_needs_a_judge(shared_model):
    solver = make_solver("ace", {**QUICK, "prior_scale": "clip", "prior_pictures": 2})
    denoiser = Denoiser(shared_model.pipe, 3)
    assert solver.needs_judge
    assert not make_solver("ace", QUICK).needs_judge
    for judge in (None, lambda: None):
        solver.load_judge = judge
        with pytest.raises(UserError, match=r"metrics\.judge.*solver\.prior_scale=one"):
            solver.prior_scales(denoiser, ["dog"], ["bird"])
    solver.load_judge = Judge
    ((own, bird),) = solver.prior_scales(denoiser, ["dog"], ["dog", "bird"])
    assert own == pytest.approx(1, rel=0.2)
    assert 0.5 < bird < 2
    assert solver.solve(shared_model, told(preserve=("bird",))).updates


def test_its_lora_loads_in_plain_diffusers_and_draws_the_same(shared_model, tmp_path):
    edit = make_solver("ace", QUICK).solve(shared_model, told(preserve=("bird", "tree")))
    assert weights_hash(shared_model.pipe) == shared_model.weights_hash
    assert {update.rank for update in edit.updates.values()} == {4}
    assert any(name.endswith("proj_in.weight") for name in edit.updates)
    assert Edit.load(edit.save(tmp_path / "edit")) == edit
    shared_model.pipe.save_pretrained(tmp_path / "base")

    def drawn(pipe):
        pipe.set_progress_bar_config(disable=True)
        return torch.from_numpy(
            pipe("a dog", num_inference_steps=3, generator=torch.Generator().manual_seed(0), output_type="np").images
        )

    twin = tiny_pipeline()
    plain = drawn(twin)
    edit.apply(twin)
    wanted = drawn(twin)
    assert float((wanted - plain).abs().max()) > 1e-3
    for form, target in (("lora", "lora"), ("kohya", "kohya.safetensors")):
        done = export_edit(edit, tmp_path / target, form)
        loaded = StableDiffusionPipeline.from_pretrained(tmp_path / "base", safety_checker=None)
        loaded.load_lora_weights(str(done.path))
        assert torch.allclose(drawn(loaded), wanted, atol=1e-4), form


def test_what_it_trains_and_what_is_out_of_range(shared_model):
    solver = make_solver("ace", QUICK)
    names = solver.prepare(Denoiser(shared_model.pipe, 3)).names
    named = parameters_of(shared_model.pipe.unet)
    assert set(names) == {name for name in named if solver.is_trained(name) and "norm" not in name}
    assert 0 < solver.memory(shared_model.pipe, told()) < make_solver("esd_u").memory(shared_model.pipe, told())
    for key, value in (("rank", 0), ("alpha", 0.0), ("corrections", "max"), ("prior_scale", "text"), ("prior_weight", -1.0)):
        with pytest.raises(UserError, match=f"solver.{key}"):
            make_solver("ace", {key: value}).check_config()
