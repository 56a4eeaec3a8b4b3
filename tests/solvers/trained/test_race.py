"""RACE: which weights it starts from, its inner loop, and any edit as its beginning."""

import pytest
import torch

from erasepro.edit import Edit
from erasepro.errors import UserError
from erasepro.models.base import Model
from erasepro.models.sites import parameter
from erasepro.models.tensor_hashes import weights_hash
from erasepro.models.tiny import tiny_pipeline
from erasepro.solvers import make_solver
from erasepro.solvers.training.checkpoint import close_training
from erasepro.solvers.training.denoiser import Denoiser, parameters_of
from tests.solvers.trained.killed import kill_at

QUICK = {"steps": 2, "sampling_steps": 3, "learning_rate": 1e-3}


@pytest.fixture(scope="module")
def esd(shared_model, tmp_path_factory):
    from tests.solvers.conftest import make

    edit = make_solver("esd_x", {**QUICK, "steps": 4}).solve(shared_model, make())
    return edit.save(tmp_path_factory.mktemp("esd"))


def watched(solver, seen):
    """The solver, which notes the weights of the net at its first step."""
    plain = solver.loss

    def loss(denoiser, network, prompts):
        loss_at = plain(denoiser, network, prompts)

        def at(number, generator):
            if number == 0:
                seen.update({name: value.detach().clone() for name, value in parameters_of(network).items()})
            return loss_at(number, generator)

        return at

    solver.loss = loss
    return solver


def test_the_first_forward_is_of_the_edit_that_it_starts_from(shared_model, build, esd):
    seen = {}
    solver = watched(make_solver("race", {**QUICK, "init_edit": str(esd)}), seen)
    made = solver.solve(shared_model, build)
    edit = Edit.load(esd)
    twin = tiny_pipeline()
    edit.apply(twin)
    for name, value in parameters_of(twin.unet).items():
        assert torch.equal(seen[name], value), name
    assert not torch.equal(seen[next(iter(edit.updates))], parameter(shared_model.pipe, next(iter(edit.updates))))
    assert made.meta["init_edit"] == {"hash": edit.hash, "solver": "esd_x"}
    assert weights_hash(shared_model.pipe) == shared_model.weights_hash
    assert solver.input_hashes() == {"init_edit": edit.hash}


def test_without_one_an_esd_is_trained_first(shared_model, build, tmp_path):
    solver = make_solver("race", {**QUICK, "start_steps": 4})
    solver.folder = tmp_path
    made = solver.solve(shared_model, build)
    first = make_solver("esd_x", {**QUICK, "steps": 4}).solve(shared_model, build)
    assert made.meta["init_edit"] == {"hash": first.hash, "solver": "esd_x"}
    assert (tmp_path / "losses.csv").is_file()
    assert (tmp_path / "start" / "losses.csv").is_file()
    assert made.meta["training"]["steps"] == 2


def test_erasepro_then_race_keeps_what_was_solved_in_the_text_encoder(shared_model, build, tmp_path):
    solved = make_solver("erasepro", {}).solve(shared_model, build)
    made = make_solver("race", {**QUICK, "init_edit": str(solved.save(tmp_path))}).solve(shared_model, build)
    text = {name for name in solved.updates if name.startswith("text_encoder")}
    assert text
    twin, other = tiny_pipeline(), tiny_pipeline()
    made.apply(twin)
    solved.apply(other)
    for name in text:
        assert torch.equal(parameter(twin, name), parameter(other, name))
    moved = [name for name in solved.updates if name not in text]
    assert not all(torch.equal(parameter(twin, name), parameter(other, name)) for name in moved)
    assert Edit.load(made.save(tmp_path / "made")) == made


def test_the_inner_loop_looks_for_the_noise_that_was_drawn_from(shared_model, build):
    """δ* brings the prediction nearer to n than the concept's own embedding, and the loss is taken there."""
    solver = make_solver("race", {**QUICK, "inner_epsilon": 0.5, "inner_steps": 8})
    denoiser = Denoiser(shared_model.pipe, 3)
    network, _ = denoiser.trainable_copy(solver.is_trained)
    c = denoiser.condition(["dog"])
    noise = denoiser.start(1, torch.Generator().manual_seed(0))
    delta, value = solver._near(denoiser, network, noise, 60, c, noise, torch.Generator().manual_seed(1))
    with torch.no_grad():
        plain = float((noise - denoiser.noise(network, noise, 60, c)).square().mean())
    assert value < plain
    assert float(delta.abs().max()) <= 0.5 + 1e-6


def test_any_loss_of_its_form_takes_the_inner_loop(shared_model, build):
    plain, hardened = (make_solver("esd_u", {**QUICK, "inner": inner}).solve(shared_model, build) for inner in ("none", "pgd"))
    assert plain != hardened


def test_the_distance_from_the_start_can_be_held_small(shared_model, build):
    free, held = (make_solver("esd_x", {**QUICK, "steps": 6, "l1": l1}).solve(shared_model, build) for l1 in (0.0, 100.0))
    size = {e: sum(float(u.dense().abs().sum()) for u in e.updates.values()) for e in (free, held)}
    assert size[held] < size[free]


def test_a_wrong_start_is_told_in_one_line(shared_model, build, make_build, esd, tmp_path):
    def told(match, folder, prompts=build, model=shared_model):
        with pytest.raises(UserError, match=match):
            make_solver("race", {**QUICK, "init_edit": str(folder)}).solve(model, prompts)

    told("solver.init_edit: .*holds no edit", tmp_path)
    with pytest.raises(UserError, match=r"solver.init_edit: .*holds no edit"):
        make_solver("race", {"init_edit": str(tmp_path)}).input_hashes()
    other = tiny_pipeline(seed=7)
    told("solver.init_edit: .*differs from the one", esd, model=Model(other, "other", "random", weights_hash(other)))
    told("solver.init_edit: .*strength 0.5", Edit.load(esd).scale(0.5).save(tmp_path / "half"))
    told("solver.init_edit: .*erases 'dog' too", esd, make_build(pairs=(("apple", "pear"),)))
    with pytest.raises(UserError, match=r"solver.start.*esd_u"):
        make_solver("race", {"start": "esd"}).check_config()
    with pytest.raises(UserError, match=r"solver.inner.*pgd"):
        make_solver("esd_x", {"inner": "fgsm"}).check_config()


def test_a_killed_training_goes_on_from_the_very_esd_that_it_began_with(shared_model, build, tmp_path):
    keys = {**QUICK, "start_steps": 3, "checkpoint_minutes": 0.0}
    whole = make_solver("race", keys).solve(shared_model, build)
    killed = make_solver("race", keys)
    killed.folder = tmp_path
    kill_at(killed, 1, shared_model, build)
    again = make_solver("race", keys)
    again.folder = tmp_path
    again.first = lambda prompts: once(make_solver("race", keys), tmp_path, prompts)
    assert again.solve(shared_model, build) == whole
    close_training(tmp_path)
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"losses.csv"}


def once(race, folder, prompts):
    race.folder = folder
    first = race.first(prompts)
    first.solve = lambda *_: pytest.fail("the ESD is trained again")
    return first


def test_the_distance_is_from_the_start_also_after_a_kill(shared_model, build, tmp_path):
    keys = {**QUICK, "steps": 4, "l1": 0.1, "checkpoint_minutes": 0.0}
    whole = make_solver("esd_x", keys).solve(shared_model, build)
    killed = make_solver("esd_x", keys)
    killed.folder = tmp_path
    kill_at(killed, 3, shared_model, build)
    assert killed.solve(shared_model, build) == whole
