"""The set-up cell, run as a stranger would: a notebook alone in an empty folder, and a Python without course_utils."""

import json
import os
import shutil
import subprocess
import sysconfig
import venv
from pathlib import Path

import nbformat
import pytest

import example
from conftest import ROOT

KEPT = ("numpy", "torch", "torchvision")
EXECUTE = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import nbformat, notebooks
notebook = nbformat.read(sys.argv[2], as_version=4)
notebooks.execute(notebook, Path.cwd(), seconds=300)
nbformat.write(notebook, sys.argv[2])
"""


@pytest.fixture(scope="module")
def stranger(tmp_path_factory) -> Path:
    """Make an environment that has all the libraries (those of this one, by a .pth file) but not the course."""
    folder = tmp_path_factory.mktemp("stranger")
    venv.create(folder / "venv")  # pip and setuptools come from this environment, too
    python = folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    libraries = dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib")))
    (site_packages(python) / "libraries.pth").write_text("\n".join(libraries), encoding="utf-8")
    return python


def site_packages(python: Path) -> Path:
    """Return the folder into which `python` installs packages."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip())


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> str:
    """Make a repository of what pip needs of this checkout, as it is now, and return its file: address."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "course_utils", folder / "course_utils", ignore=shutil.ignore_patterns("__pycache__"))
    identity = ["-c", "user.name=A Student", "-c", "user.email=student@example.org"]
    for command in (["init", "--quiet"], ["add", "."], [*identity, "commit", "--quiet", "-m", "A clone"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder.as_uri()


def environment(**changes: str) -> dict[str, str]:
    """Return an environment in which pip cannot fetch anything: all that the course needs is there."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON", "COURSE_REPOSITORY"))}
    # Pip's variable is named after the option it negates: 0 builds with the setuptools that is installed.
    return inherited | {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"} | changes


def run(python: Path, code: str, *arguments: str, cwd: Path, **changes: str):
    return subprocess.run(
        [python, "-c", code, *arguments], cwd=cwd, env=environment(**changes), capture_output=True, text=True
    )


def packages(python: Path, cwd: Path) -> dict[str, list[str]]:
    """Return version and place of the three libraries that the cell must not change, as `python` finds them."""
    code = f"""
import importlib.metadata as m, json
print(json.dumps({{n: [m.version(n), str(m.distribution(n).locate_file(""))] for n in {KEPT}}}))
"""
    return json.loads(run(python, code, cwd=cwd).stdout)


def failure(python: Path, folder: Path, before: str = "", **changes: str) -> str:
    """Run the set-up cell alone and return the last line of what it says; it must fail."""
    done = run(python, before + example.set_up_source(), cwd=folder, **changes)
    assert done.returncode == 1
    assert "RuntimeError: " in done.stderr
    return done.stderr.split("RuntimeError: ", 1)[1]


def test_without_an_address_it_says_what_to_do(stranger, tmp_path):
    source = example.address.setup_cell("")
    done = run(stranger, source, cwd=tmp_path)
    assert done.returncode == 1
    assert "has no address yet. Install it from its folder: pip install -e ." in done.stderr


def test_an_old_python_is_named(stranger, tmp_path):
    said = failure(stranger, tmp_path, before="import sys; sys.version_info, sys.version = (3, 9, 1), '3.9.1 old'\n")
    assert said.strip() == "The course needs Python 3.11 or later, this kernel has 3.9.1."


def test_a_wrong_address_is_named(stranger, tmp_path):
    nowhere = (tmp_path / "nowhere").as_uri()
    said = failure(stranger, tmp_path, COURSE_REPOSITORY=nowhere)
    assert said.startswith(f"The course is not installed. Is {nowhere} the right address? Then run this cell again.")
    assert "git clone" in said


def test_no_network_is_named(stranger, tmp_path):
    said = failure(stranger, tmp_path, COURSE_REPOSITORY="https://course.invalid/owner/name")
    assert "Connect to a network" in said


def test_no_git_is_named(stranger, tmp_path):
    said = failure(stranger, tmp_path, COURSE_REPOSITORY="https://course.invalid/owner/name", PATH=str(tmp_path))
    assert "Install git." in said


def test_a_notebook_alone_in_an_empty_folder_installs_the_course_and_changes_nothing_else(stranger, clone, tmp_path):
    first = ROOT / "notebooks" / "00_start_here.ipynb"
    notebook = nbformat.read(first, as_version=4) if first.exists() else example.notebook()
    own = site_packages(stranger)
    before, had = packages(stranger, tmp_path), {path.name for path in own.iterdir()}
    missing = run(stranger, "import course_utils", cwd=tmp_path)
    assert "No module named 'course_utils'" in missing.stderr

    notebook.cells.append(nbformat.v4.new_code_cell("import course_utils\nprint(course_utils.__file__)"))
    nbformat.write(notebook, tmp_path / "alone.ipynb")
    done = run(stranger, EXECUTE, str(ROOT / ".ci"), "alone.ipynb", cwd=tmp_path, COURSE_REPOSITORY=clone)

    assert done.returncode == 0, done.stderr[-3000:]
    cells = nbformat.read(tmp_path / "alone.ipynb", as_version=4).cells
    assert Path(cells[-1].outputs[0].text.strip()).is_relative_to(own)
    assert packages(stranger, tmp_path) == before
    added = {path.name.split("-")[0] for path in own.iterdir()} - had
    assert added == {"course_utils", "chest_xray_course"}
