"""The registry's errors teach, and entries describe themselves."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass

import pytest

from erasepro.errors import UserError, nearest
from erasepro.metrics import METRICS
from erasepro.registry import Registry
from erasepro.runtime.source_files import syntax_tree


@dataclass
class UceConfig:
    lam: float = 0.5


@pytest.fixture
def registry() -> Registry[object]:
    made: Registry[object] = Registry("solver")

    @made.register("uce", config=UceConfig)
    class Uce:
        """Unified concept editing.

        More.
        """

    @made.register("mace")
    class Mace:
        """Mass concept erasure."""

    return made


def test_get_and_config(registry):
    assert registry.get("uce").__name__ == "Uce"
    assert registry.config("uce") is UceConfig
    assert registry.config("mace") is None
    assert "uce" in registry
    assert "uec" not in registry


def test_unknown_name_suggests_the_nearest_and_lists_all(registry):
    with pytest.raises(UserError) as caught:
        registry.get("uec")
    assert str(caught.value) == "Unknown solver 'uec'. Did you mean 'uce'? Known: mace, uce."


def test_far_name_gets_no_suggestion(registry):
    with pytest.raises(UserError, match=r"^Unknown solver 'zzzzzz'\. Known: mace, uce\.$"):
        registry.get("zzzzzz")


def test_names_and_first_lines(registry):
    assert registry.names() == ["mace", "uce"]
    assert registry.describe() == {"mace": "Mass concept erasure.", "uce": "Unified concept editing."}


def test_a_name_cannot_be_taken_twice(registry):
    with pytest.raises(ValueError, match="registered twice"):
        registry.register("uce")(object())


def test_modules_of_the_package_register_at_first_look_up():
    from erasepro.tracking import TRACKERS

    assert {"none", "wandb"} <= set(TRACKERS.names())


def test_nearest_ignores_case():
    assert nearest("Van Gogh", ["van gogh", "monet"]) == "van gogh"
    assert nearest("x", ["van gogh"]) is None


def test_user_errors_are_one_line():
    assert str(UserError("two\n  lines")) == "two lines"


# Names that are found without importing what registers them

HEAD = "from toy_registry.registry import KINDS\n\n\n"


def entry(name, doc="An entry.", body="", symbol="Entry"):
    return f'{HEAD}@KINDS.register("{name}")\nclass {symbol}:\n    """{doc}\n\n    More.\n    """\n\n    {body or "pass"}\n'


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Writes a package ``toy_registry`` with these modules, and returns its registry."""

    def build(group=None, **modules):
        folder = tmp_path / "toy_registry"
        source = (
            f'from erasepro.registry import Registry\n\nKINDS = Registry("kind", "toy_registry", group={group!r})\n'
        )
        for path, text in {"__init__": "", "registry": source, **modules}.items():
            file = folder / (path.replace("__in__", "/") + ".py")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        monkeypatch.syspath_prepend(tmp_path)
        syntax_tree.cache_clear()
        return importlib.import_module("toy_registry.registry").KINDS

    yield build
    for name in [name for name in sys.modules if name.split(".")[0] in ("toy_registry", "toy_plugin")]:
        del sys.modules[name]


def plug_in(tmp_path, entries, source):
    """Another distribution: a module ``toy_plugin`` and the metadata that names its entry points."""
    info = tmp_path / "toy_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(entries)
    if source is not None:
        (tmp_path / "toy_plugin.py").write_text(source)


def test_names_and_lines_are_known_and_nothing_is_imported(package):
    kinds = package(a=entry("a", "First."), b=entry("b", "Second."), _hidden=entry("hidden"))
    assert kinds.describe() == {"a": "First.", "b": "Second."}
    assert "a" in kinds
    assert not {"toy_registry.a", "toy_registry.b"} & set(sys.modules)


def test_only_the_module_of_the_name_is_imported(package):
    kinds = package(a=entry("a"), b=entry("b"))
    assert kinds.get("a").__module__ == "toy_registry.a"
    assert "toy_registry.b" not in sys.modules


def test_sub_packages_are_walked(package):
    kinds = package(deep__in____init__="", deep__in__er=entry("deep"))
    assert kinds.names() == ["deep"]
    assert kinds.get("deep").__module__ == "toy_registry.deep.er"


def test_registration_sets_name_and_config(registry):
    assert (registry.get("uce").name, registry.get("uce").config_class) == ("uce", UceConfig)
    assert not hasattr(registry.get("mace"), "config_class")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (
            entry("bad") + "\nfrom toy_registry.a import nothing\n",
            r"ImportError: cannot import name 'nothing'.*bad\.py, line 13",
        ),
        (
            entry("bad") + "\nimport no_such_library.part\n",
            r"needs the module 'no_such_library', which is not installed",
        ),
        (entry("bad") + "\n1 / 0\n", r"ZeroDivisionError: division by zero"),
        (entry("bad") + "\nimport sys\n\nsys.exit(3)\n", r"does not import: SystemExit: 3 \(.*bad\.py, line 15\)"),
        (entry("bad") + "\ndef broken(:\n", r", line 13 is no Python: invalid syntax"),
        (HEAD + '@KINDS.register("bad")\nclass A:\n    pass\n\n\nKINDS._entries.clear()\n', "registers no such name"),
    ],
    ids=["import", "library", "error", "exit", "syntax", "unregistered"],
)
def test_a_broken_file_is_the_failure_of_its_name_only_and_stays_so(package, source, reason):
    kinds = package(a=entry("a"), bad=source, z=entry("z"))
    for _ in range(2):  # the second look-up says the same
        with pytest.raises(
            UserError, match=rf"^The kind 'bad' cannot be loaded: toy_registry/bad\.py.*{reason}"
        ) as caught:
            kinds.get("bad")
        assert "\n" not in str(caught.value)
        assert kinds.names() == ["a", "bad", "z"]
    assert kinds.get("a").__name__ == kinds.get("z").__name__ == "Entry"
    assert {"a", "bad", "z"} == set(kinds.describe())


def test_a_file_that_does_not_parse_or_lacks_a_library_is_listed_as_broken(package):
    lost = entry("lost") + "\nimport no_such_library\n"
    kinds = package(a=entry("a", "Fine."), bad=entry("bad") + "\ndef broken(:\n", lost=lost)
    lines = kinds.describe()
    assert lines["a"] == "Fine."
    assert lines["bad"] == "Broken: toy_registry/bad.py, line 13 is no Python: invalid syntax."
    assert lines["lost"] == "Broken: toy_registry/lost.py needs the module 'no_such_library', which is not installed."


def test_a_name_in_two_files_names_both(package):
    kinds = package(a=entry("same"), b=entry("same"), c=entry("c"))
    with pytest.raises(UserError, match=r"'same' .*registered twice, in toy_registry/a\.py and in toy_registry/b\.py"):
        kinds.get("same")
    assert kinds.get("c")


def test_attributes_are_read_from_the_class_and_its_bases(package):
    base = "from .far import Far\n\n\nclass Base(Far):\n    near: bool = False\n"
    child = f"from toy_registry._base import Base\n{HEAD}@KINDS.register('a')\nclass A(Base):\n    own = 3\n"
    kinds = package(a=child, _base=base, far="class Far:\n    far = 'yes'\n    near = True\n")
    assert [kinds.attribute("a", key) for key in ("own", "near", "far", "none")] == [3, False, "yes", None]
    assert "toy_registry.a" not in sys.modules


def test_metrics_attributes_are_those_of_the_imported_classes():
    for name in METRICS.names():
        assert METRICS.attribute(name, "needs_judge") is METRICS.get(name).needs_judge, name


def test_an_entry_point_of_another_distribution_is_listed_and_loaded_when_asked_for(package, tmp_path):
    plug_in(tmp_path, "[toy.kinds]\nfar = toy_plugin\n", entry("far", "From afar."))
    kinds = package(group="toy.kinds", a=entry("a"))
    assert kinds.describe() == {"a": "An entry.", "far": "From afar."}
    assert "toy_plugin" not in sys.modules
    assert kinds.get("far").__module__ == "toy_plugin"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (entry("far") + "\nraise RuntimeError('not today')\n", r"RuntimeError: not today"),
        (None, r"names the module 'toy_plugin', which is not installed"),
        ("", r"registers no such name"),
    ],
)
def test_a_broken_plug_in_is_the_failure_of_its_name_only(package, tmp_path, source, reason):
    plug_in(tmp_path, "[toy.kinds]\nfar = toy_plugin\n", source)
    kinds = package(group="toy.kinds", a=entry("a"))
    for _ in range(2):
        with pytest.raises(
            UserError, match=rf"'far' cannot be loaded: the plug-in toy-plugin \(toy_plugin\).*{reason}"
        ):
            kinds.get("far")
    assert kinds.get("a")


def test_a_plug_in_may_not_take_a_name_that_is_there(package, tmp_path):
    plug_in(tmp_path, "[toy.kinds]\na = toy_plugin\n", entry("a"))
    kinds = package(group="toy.kinds", a=entry("a"), b=entry("b"))
    with pytest.raises(UserError, match=r"twice, in toy_registry/a\.py and in the plug-in toy-plugin \(toy_plugin\)"):
        kinds.get("a")
    with pytest.raises(UserError, match=r"registered twice, in toy_registry/b\.py and in tests\."):
        kinds.register("b")(UceConfig)
    assert kinds.get("b").__module__ == "toy_registry.b"


@pytest.mark.parametrize(("config", "what"), [("dict", "dict"), ("{'a': 1}", "a dict"), ("3", "a int")])
def test_a_config_that_is_no_dataclass_is_told_with_its_file(package, config, what):
    kinds = package(a=entry("a"), bad=entry("bad").replace('register("bad")', f'register("bad", {config})'))
    with pytest.raises(UserError, match=rf"loaded: toy_registry/bad\.py: .* a config that is no dataclass \({what}\)"):
        kinds.get("bad")
    assert kinds.get("a")


def test_a_registration_without_a_config_says_so_where_one_is_needed(registry):
    assert registry.required_config("uce") is UceConfig
    with pytest.raises(UserError, match=r"'mace' is registered without a config, in tests\.test_registry.*second argument"):
        registry.required_config("mace")


@pytest.mark.parametrize(
    "harm",
    [b"[toy.kinds]\nother = some_module\na line that is none\n", b"[toy.kinds]\nother = \xff\xfe\n", b"no section\n= =\n"],
)
def test_a_malformed_entry_points_file_spoils_no_other_package(package, tmp_path, harm):
    plug_in(tmp_path, "[toy.kinds]\nfar = toy_plugin\n", entry("far", "From afar."))
    info = tmp_path / "bad_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bad-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_bytes(harm)
    kinds = package(group="toy.kinds", a=entry("a"))
    assert {"a", "far"} <= set(kinds.names())
    assert kinds.get("far").__module__ == "toy_plugin"
    if b"other = some" in harm:
        with pytest.raises(UserError, match=r"'other' cannot be loaded: the plug-in bad-plugin has an entry_points\.txt that"):
            kinds.get("other")


def test_an_entry_point_that_names_no_module_is_its_own_failure(package, tmp_path):
    plug_in(tmp_path, "[toy.kinds]\nfar = !!\nnear = toy_plugin\n", entry("near"))
    kinds = package(group="toy.kinds", a=entry("a"))
    with pytest.raises(UserError, match=r"'far' cannot be loaded: the plug-in toy-plugin \(!!\) names no module"):
        kinds.get("far")
    assert kinds.get("near")
