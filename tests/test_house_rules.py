"""The rules of the house, as tests: sizes, direction of crates, unsafe code, versions, links.

What a reviewer would otherwise have to remember. Files that are not committed yet count too.
"""

import ast
import importlib
import re
import statistics
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# From the bottom to the top: a crate may depend on those before it.
LAYERS = ["types", "codec", "frame", "backend", "store", "queue", "flow", "holdall", "python"]
DEVELOPMENT_ONLY = {"testkit"}
BINDING = "python"

LONGEST_FILE = 700
LONGEST_MEDIAN = 200


@cache
def files(*suffixes: str) -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git clone: there is no list of the project's own files")
    paths = (ROOT / name for name in sorted(set(listed.stdout.split("\0"))) if name)
    return [path for path in paths if path.is_file() and (not suffixes or path.suffix in suffixes)]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def read_toml(path: Path) -> dict:
    return tomllib.loads(path.read_text("utf-8"))


def crates() -> dict[str, Path]:
    return {
        path.parent.name.removeprefix("holdall-"): path.parent
        for path in sorted(ROOT.glob("crates/*/Cargo.toml"))
    }


def package(crate: str) -> str:
    """The facade is the one whose name is the project's own."""
    return crate if crate == "holdall" else f"holdall-{crate}"


def dependencies(crate: Path, *kinds: str) -> set[str]:
    manifest = read_toml(crate / "Cargo.toml")
    tables = [manifest, *manifest.get("target", {}).values()]
    return {name for table in tables for kind in kinds for name in table.get(kind, {})}


def without_comments(rust: str) -> str:
    return re.sub(r"//[^\n]*", "", rust)


# Sizes


def test_no_file_is_long(capsys):
    sizes = {
        name_of(path): len(path.read_text("utf-8").splitlines())
        for path in files(".rs", ".py", ".pyi")
    }
    too_long = {name: size for name, size in sizes.items() if size > LONGEST_FILE}
    assert not too_long, "split these: one noun or verb, one file"
    # An empty __init__.py is no file to read.
    median = statistics.median(size for size in sizes.values() if size)
    with capsys.disabled():
        print(f"\n{len(sizes)} files, median {median:.0f} lines, longest {max(sizes.values())}")
    assert median <= LONGEST_MEDIAN


# Crates


def test_every_crate_has_its_place():
    assert set(crates()) <= {*LAYERS, *DEVELOPMENT_ONLY}, "put the new crate into LAYERS"


@pytest.mark.parametrize("crate", LAYERS)
def test_arrows_point_downward(crate):
    ours = {package(name) for name in [*LAYERS, *DEVELOPMENT_ONLY]}
    used = dependencies(crates()[crate], "dependencies", "build-dependencies") & ours
    below = {package(name) for name in LAYERS[: LAYERS.index(crate)]}
    assert used <= below


def test_testkit_is_for_development():
    for name, crate in crates().items():
        used = dependencies(crate, "dependencies", "build-dependencies")
        assert not used & {f"holdall-{kit}" for kit in DEVELOPMENT_ONLY - {name}}, name


def test_only_the_binding_knows_python():
    kinds = ("dependencies", "build-dependencies", "dev-dependencies")
    know = {
        name
        for name, crate in crates().items()
        if any(used.startswith("pyo3") for used in dependencies(crate, *kinds))
    }
    assert know == {BINDING}


def test_only_the_binding_is_unsafe():
    for name, crate in crates().items():
        if name == BINDING:
            continue
        assert "#![forbid(unsafe_code)]" in (crate / "src/lib.rs").read_text("utf-8"), name
        for path in crate.rglob("*.rs"):
            code = without_comments(path.read_text("utf-8"))
            assert not re.search(r"\bunsafe\b", code), name_of(path)


def test_every_crate_takes_the_workspace_lints():
    for name, crate in crates().items():
        assert read_toml(crate / "Cargo.toml").get("lints") == {"workspace": True}, name


# Versions


def test_versions_agree():
    version = read_toml(ROOT / "Cargo.toml")["workspace"]["package"]["version"]
    for name, crate in crates().items():
        manifest = read_toml(crate / "Cargo.toml")["package"]
        assert manifest["version"] == {"workspace": True}, name
    locked = {
        found["name"]: found["version"]
        for found in read_toml(ROOT / "Cargo.lock")["package"]
        if found["name"].startswith("holdall")
    }
    assert locked == {package(name): version for name in crates()}
    # pyproject.toml states none of its own: maturin takes the workspace's.
    assert "version" in read_toml(ROOT / "pyproject.toml")["project"]["dynamic"]
    holdall = importlib.import_module("holdall")
    assert holdall.__version__ == version
    assert re.search(rf"^## (Unreleased|{re.escape(version)}\b)", read("CHANGELOG.md"), re.M)


# What must not be in a file


def test_no_file_names_a_machine_or_a_registry():
    # In pieces, so that this file does not find itself. A home named "me" is anybody's.
    folders = "|".join(["ro" + "ot/", "wo" + "rk/", "ho" + "me/(?!me/)", "Us" + "ers/"])
    hosts = "|".join(["py" + r"pi\.org", "crates" + r"\.io", "python" + r"hosted\.org"])
    forbidden = re.compile(rf"(?<![\w.-])/(?:{folders})|{hosts}|[A-Z]:\\\\?Us" + "ers")
    assert forbidden.search("cd /ho" + "me/ann")
    assert forbidden.search("see py" + "pi.org")
    found = []
    for path in files():
        # The lock file names the index by cargo's own rule.
        if path.name == "Cargo.lock":
            continue
        try:
            lines = path.read_text("utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [
            f"{name_of(path)}:{number}: {line.strip()}"
            for number, line in enumerate(lines, 1)
            if forbidden.search(line)
        ]
    assert not found, "\n".join(found)


# Golden files


def golden() -> list[Path]:
    return [path for path in files() if "golden" in path.relative_to(ROOT).parts]


def test_every_golden_file_is_opened_by_a_test():
    kept = golden()
    assert kept
    tests = "".join(
        path.read_text("utf-8") for path in files(".rs", ".py") if "golden" not in path.parts
    )
    # A test may open an index, which names the files.
    indexes = [path for path in kept if path.suffix == ".json" and path.name in tests]
    named = tests + "".join(path.read_text("utf-8") for path in indexes)
    # What generates them is named by nobody.
    opened = [path for path in kept if path.suffix not in {".py", ".md"}]
    forgotten = [
        name_of(path)
        for path in opened
        if not re.search(rf"(?<![\w.-]){re.escape(path.name)}", named)
    ]
    assert not forgotten


# The Python surface


def test_public_names_can_be_imported():
    holdall = importlib.import_module("holdall")
    assert sorted(holdall.__all__) == sorted(set(holdall.__all__))
    assert [name for name in holdall.__all__ if not hasattr(holdall, name)] == []


def stub() -> list[ast.stmt]:
    """The stub of the extension, which is one module, in its parts."""
    parts = ("_holdall", "_holdall_tasks", "_holdall_flow")
    return [node for part in parts for node in ast.parse(read(f"python/holdall/{part}.pyi")).body]


def test_the_stub_lists_the_extension():
    extension = importlib.import_module("holdall._holdall")
    listed = set()
    for node in stub():
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            listed.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            listed.add(node.target.id)
    public = {name for name in dir(extension) if not name.startswith("_")}
    assert public - listed == set()


def undocumented(body: list[ast.stmt], owner: str = "") -> list[str]:
    """Public classes and functions with no docstring; of overloads one must have it."""
    documented: dict[str, bool] = {}
    missing = []
    for node in body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if node.name.startswith("_"):
            continue
        name = owner + node.name
        documented[name] = documented.get(name, False) or bool(ast.get_docstring(node))
        if isinstance(node, ast.ClassDef):
            missing += undocumented(node.body, f"{name}.")
    return missing + [name for name, has_one in documented.items() if not has_one]


def test_help_has_something_to_say():
    holdall = importlib.import_module("holdall")
    public = [getattr(holdall, name) for name in holdall.__all__ if not name.startswith("_")]
    verbs = [getattr(holdall.Store, name) for name in dir(holdall.Store) if name[0] != "_"]
    silent = [item for item in (*public, *verbs) if not (item.__doc__ or "").strip()]
    assert not silent


def test_the_stub_has_docstrings():
    assert undocumented(stub()) == []


# Documents


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def links(page: Path) -> set[Path]:
    """The files of this repository that a page links to."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.M | re.S)
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
    return {(page.parent / target).resolve() for target in targets if "://" not in target}


def test_every_page_is_linked():
    pages = {path for path in files(".md") if ROOT / "docs" in path.parents}
    linked = links(ROOT / "README.md") | links(ROOT / "docs/README.md")
    assert sorted(name_of(page) for page in pages - linked) == []


def test_no_link_is_broken():
    broken = [
        f"{name_of(page)}: {target}"
        for page in files(".md")
        for target in links(page)
        if not target.exists()
    ]
    assert not broken


def test_make_help_lists_every_target():
    targets = set(re.findall(r"^\.PHONY: (.+)$", read("Makefile"), re.M))
    defined = set(re.findall(r"^([a-z][\w-]*):", read("Makefile"), re.M))
    assert targets == defined
    menu = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True)
    assert set(re.findall(r"^  make ([\w-]+)", menu.stdout, re.M)) == targets
