"""Every module with logic in it has a test file of its name in the mirrored folder, or stands here with the one that it has."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.test_floors import PACKAGE, modules

TESTS = Path(__file__).resolve().parent
SHORT = 40
"""Lines up to which a module may be tested by its users alone."""

TOGETHER = {
    # one behaviour of several modules: a test of each would repeat it
    "runs/test_rescoring.py": ("cli/score",),
    "cli/test_edit.py": ("runs/edit_only",),
    "cli/test_completion.py": ("cli/candidates",),
    "cli/test_rerun.py": ("runs/rerun", "runs/command_line"),
    "cli/test_run.py": ("cli/sweep_list", "runs/plan", "runs/past_runs"),
    "cli/test_verify.py": (
        "cli/base_model", "verification/compare_folder", "verification/weights_folder", "verification/sentence_features",
    ),
    "verification/test_lora_coverage.py": ("verification/lora_file",),
    "concepts/test_load.py": ("concepts/pairs",),
    "concepts/miniature/test_captions.py": ("concepts/miniature/names",),
    "config/test_hydra_setup.py": ("config/yaml_files", "runs/resolve"),
    "edit/test_store.py": ("edit/record",),
    "edit/test_generalization.py": ("edit/both_sides",),
    "solvers/test_extend.py": ("edit/prompt_record",),
    "edit/export/test_folder.py": ("edit/export/base_folder", "edit/export/patches", "models/safetensors_stream"),
    "edit/export/test_lora.py": ("edit/export/factors", "edit/export/kohya", "edit/export/result"),
    "edit/export/test_single_file.py": ("edit/export/from_folder",),
    "end_to_end/test_cli_run.py": ("runs/scoring",),
    "end_to_end/test_miniature.py": ("models/miniature/judge",),
    "generation/test_sample.py": ("generation/samplers", "generation/writer"),
    "metrics/test_clip_metrics.py": (
        "metrics/clip_accuracy_pairwise", "metrics/clip_accuracy_top1", "metrics/clip_probability",
    ),
    "metrics/networks/test_clip.py": ("metrics/clip_score", "metrics/networks/judges"),
    "metrics/test_distances.py": ("metrics/fd_miniature", "metrics/engine/frechet"),
    "metrics/test_fid.py": ("metrics/engine/set_distance",),
    "metrics/test_conf.py": ("metrics/engine/build",),
    "metrics/engine/test_score.py": ("metrics/engine/base", "metrics/engine/reading"),
    "metrics/test_object_accuracy.py": ("metrics/engine/imagenet_classes", "metrics/networks/imagenet"),
    "metrics/test_perceptual_change.py": ("metrics/networks/perceptual",),
    "models/features/test_token_pairing.py": ("models/features/locate",),
    "models/test_checkpoint.py": ("models/weight_files",),
    "runs/test_finished_command.py": ("runs/command_record",),
    "runs/test_shared_groups.py": ("config/shared_values",),
    "models/test_architectures.py": ("models/features/text_stack",),
    "models/layouts/test_site_names.py": (
        "models/layouts/original_text", "models/layouts/original_unet", "models/layouts/original_vae",
    ),
    "models/test_single_file.py": ("models/published",),
    "models/test_load.py": ("models/tiny", "models/whole_pipelines"),
    "prompts/test_edit_prompts.py": (
        "concepts/prompt_pairs", "prompts/fitted_sentences", "prompts/left_out", "prompts/preserved_sentences",
        "prompts/word_contexts",
    ),
    "prompts/test_evaluation_prompts.py": (
        "prompts/fills", "prompts/miniature_sentences", "prompts/templates/bank", "prompts/templates/miniature",
    ),
    "prompts/sets/test_load.py": (
        "prompts/sets/named", "prompts/sets/record", "prompts/sets/rows",
    ),
    "report/test_across_metrics.py": ("report/cells", "report/primary_values"),
    "report/test_load_runs.py": ("report/run_rows",),
    "report/test_grid.py": ("report/grid_cells",),
    "study/test_page_content.py": ("report/web_page/embedded_figures",),
    "study/test_page_pictures.py": ("runs/drawn_run",),
    "results/test_results_schema.py": ("results/results_json",),
    "schedules/test_schedules.py": ("schedules/base", "schedules/controls"),
    "test_registry.py": ("runtime/registrations", "runtime/source_files"),
    "tracking/test_trackers.py": ("tracking/base",),
    "tracking/test_mode.py": ("tracking/reach",),
    "verification/test_certify.py": ("verification/sums_of_squares", "verification/table"),
    # every solver, against its published equation, on odd input, and in whatever order
    "solvers/test_equations.py": (
        "solvers/closed_form/oce", "solvers/closed_form/rece", "solvers/closed_form/speed", "solvers/engine/cross_attention",
        "solvers/engine/cross_attention_pass",
    ),
    "solvers/test_text_stages.py": ("solvers/engine/text_encoder",),
    "solvers/test_erasepro.py": (
        "solvers/closed_form/erasepro", "solvers/engine/assemble", "solvers/engine/encoder",
        "solvers/engine/encoder_pass", "solvers/engine/encoder_streams", "solvers/engine/required_columns",
        "solvers/engine/solved_sites",
    ),
    "solvers/test_scale.py": ("solvers/engine/fit",),
    "solvers/test_contract.py": ("solvers/base",),
    "solvers/trained/test_race.py": ("solvers/configs/esd",),
    "solvers/trained/test_ace.py": ("solvers/configs/ace",),
    "solvers/trained/test_tea.py": ("solvers/training/text_tower",),
    "solvers/test_conf.py": ("solvers/configs/fit", "solvers/configs/rece"),
}  # fmt: skip


def logic() -> list[str]:
    """Modules longer than `SHORT` that define a function, ``room/module``; recipes are run, not tested."""
    found = []
    for path in modules().values():
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(PACKAGE).with_suffix("").as_posix()
        if name.startswith("recipes/") or name.endswith("__init__") or "/" not in name or text.count("\n") <= SHORT:
            continue
        if any(isinstance(node, ast.FunctionDef) for node in ast.walk(ast.parse(text))):
            found.append(name)
    return found


def own_test(module: str) -> Path:
    folder, _, name = module.rpartition("/")
    return TESTS / folder / f"test_{name}.py"


ELSEWHERE = {module: file for file, names in TOGETHER.items() for module in names}


@pytest.mark.parametrize("module", logic())
def test_a_module_has_its_test_file(module: str) -> None:
    assert own_test(module).is_file() or module in ELSEWHERE, (
        f"write {own_test(module).relative_to(TESTS.parent)}, or name the test file that tests it in TOGETHER"
    )


def test_the_exceptions_are_needed_and_lead_somewhere() -> None:
    assert [file for file in TOGETHER if not (TESTS / file).is_file()] == []
    assert len(ELSEWHERE) == sum(len(names) for names in TOGETHER.values()), "each stands once"
    assert sorted({*ELSEWHERE} - {*logic()}) == [], "no such module, or too short to need it"
    assert sorted(module for module in ELSEWHERE if own_test(module).is_file()) == [], "they have a file by now"


def test_a_test_files_folder_is_a_rooms() -> None:
    strange = {
        path.parent.relative_to(TESTS).as_posix()
        for path in TESTS.rglob("test_*.py")
        if not (PACKAGE / path.parent.relative_to(TESTS)).is_dir()
    }
    assert strange <= {"end_to_end", "first_hour"}
