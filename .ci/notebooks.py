"""Work on the notebooks without a browser: run them all, store one with its outputs, set the repository's address.

python .ci/notebooks.py run [NAME ...]      execute notebooks start to finish, into build/notebooks/
python .ci/notebooks.py store SOURCE        execute SOURCE (.py in jupytext's percent format, or .ipynb) and store the
                                            result with its outputs as notebooks/<stem>.ipynb
python .ci/notebooks.py badges OWNER/NAME   write the repository's address everywhere it stands
python .ci/notebooks.py warm                make the default films now, so that tests need not wait for them
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

import address
from address import ROOT

NOTEBOOKS = ROOT / "notebooks"
BUILD = ROOT / "build"
CELL_SECONDS = 600  # for a first run on a slow machine, which also makes the films
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


class ThisInterpreter(AsyncKernelManager):
    """Starts kernels of the Python that runs this script, whatever kernels the user has installed under that name."""

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(**get_kernel_dict())


def execute(notebook, folder: Path, seconds: int = CELL_SECONDS) -> None:
    """Execute a notebook in place, in a kernel of its own that starts in `folder`.

    Raises nbclient's CellExecutionError, CellTimeoutError (a cell over `seconds`) or DeadKernelError.
    """
    client = NotebookClient(
        notebook,
        kernel_manager_class=ThisInterpreter,
        extra_arguments=["--log-level=ERROR"],  # no word about encryption among the progress lines
        timeout=seconds,
        resources={"metadata": {"path": str(folder)}},
        coalesce_streams=True,
        record_timing=False,
        store_widget_state=False,
    )
    client.execute()


def reason(error: Exception) -> str:
    """Say in words why a notebook did not run to its end."""
    if isinstance(error, DeadKernelError):
        return "the kernel died (out of memory, or a cell ended the process)"
    if isinstance(error, CellTimeoutError):
        return f"a cell took longer than {CELL_SECONDS} s"
    return str(error).strip()


def run(names: list[str]) -> int:
    """Execute notebooks into build/notebooks/, one line with its duration each; return 1 if one failed, else 0."""
    found = {path.stem: path for path in sorted(NOTEBOOKS.glob("*.ipynb"))}
    unknown = sorted(set(names) - set(found))
    if unknown or not found:
        raise SystemExit(
            f"error: no notebook {', '.join(unknown) or 'at all'} in notebooks/; there are: {', '.join(found)}"
        )
    (BUILD / "notebooks").mkdir(parents=True, exist_ok=True)
    facts = BUILD / "facts.jsonl"
    if "COURSE_FACTS" not in os.environ:
        facts.unlink(missing_ok=True)
        os.environ["COURSE_FACTS"] = str(facts)
    failed = []
    for stem in names or found:
        print(f"{stem} ...", end=" ", flush=True)
        notebook = nbformat.read(found[stem], as_version=4)
        start = time.perf_counter()
        try:
            execute(notebook, NOTEBOOKS)
            print(f"ok, {time.perf_counter() - start:.1f} s", flush=True)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            failed.append(stem)
            print(f"FAILED after {time.perf_counter() - start:.1f} s\n{reason(error)}\n", flush=True)
        nbformat.write(notebook, BUILD / "notebooks" / f"{stem}.ipynb")
    total = len(names or found)
    print(
        f"{total - len(failed)} of {total} notebooks ran to the end"
        + (f"; failed: {', '.join(failed)}" if failed else "")
    )
    return 1 if failed else 0


def store(source: Path) -> int:
    """Execute `source` in a clean kernel and store it, outputs included, as notebooks/<stem>.ipynb.

    Badges, set-up cell, ids, slide types and metadata are written by this function, and code is formatted with ruff;
    tags and slide types that the source gives are kept. Returns 0; or 1 when ruff finds a mistake or a cell fails
    (nothing is stored), or when a structure rule is broken (it is stored all the same, for you to look at).
    """
    import jupytext

    import rules

    target = NOTEBOOKS / f"{source.stem}.ipynb"
    notebook = tidy(jupytext.read(source), source.stem)
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / target.name
        nbformat.write(notebook, draft)
        for command in (["check", "--fix", "--quiet"], ["format", "--quiet"]):
            tool = [sys.executable, "-m", "ruff", *command, "--config", str(ROOT / "pyproject.toml"), draft.name]
            if subprocess.run(tool, cwd=folder).returncode:
                print(f"{source.stem}: not stored; ruff says why above", file=sys.stderr)
                return 1
        notebook = nbformat.read(draft, as_version=4)
    os.environ |= {"COURSE_DATA": os.environ.get("COURSE_DATA", "simulated"), "TQDM_DISABLE": "1"}
    if os.environ["COURSE_DATA"] != "simulated":
        raise SystemExit("error: stored outputs show simulated films: unset COURSE_DATA")
    warm()
    start = time.perf_counter()
    try:
        execute(notebook, NOTEBOOKS)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        print(f"{source.stem}: not stored. {reason(error)}", file=sys.stderr)
        return 1
    temporary = target.with_suffix(".tmp")
    nbformat.write(tidy(notebook, source.stem), temporary)
    os.replace(temporary, target)
    print(f"{source.stem}: stored, {time.perf_counter() - start:.1f} s")
    problems = rules.problems(target)
    print("".join(f"  {problem}\n" for problem in problems), end="")
    return 1 if problems else 0


def tidy(notebook, stem: str):
    """Return the notebook in the form in which it is stored: no trace of the machine, the time or the editor."""
    address.rewrite_notebook(notebook, stem, address.read())
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
        slide = cell.metadata.get("slideshow", {}).get("slide_type") or slide_type(cell)
        tags = cell.metadata.get("tags", [])
        metadata = {"slideshow": {"slide_type": slide}} | ({"tags": tags} if tags else {})
        if "setup" in tags:  # a screen of pip is no good first impression; one click unfolds it
            metadata["jupyter"] = {"source_hidden": True}
        cell.metadata = nbformat.from_dict(metadata)
        for output in cell.get("outputs", []):
            still(output)
    return notebook


def still(output) -> None:
    """Replace stored controls, which no reader can draw without their kernel, by a line that says so.

    A progress bar stays as it is, for the rules to find.
    """
    data = output.get("data", {})
    if "application/vnd.jupyter.widget-view+json" in data and "%|" not in data.get("text/plain", ""):
        output["data"] = {"text/plain": "(run this cell to see its controls)"}


def slide_type(cell) -> str:
    """Return the default place of a cell in a slide show.

    Headings start a slide, text and figures have one of their own, other code appears below its question.
    """
    if cell.cell_type == "code":
        if "setup" in cell.metadata.get("tags", []) or "facts.begin(" in cell.source:
            return "skip"
        return "subslide" if "plots.show(" in cell.source else "fragment"
    return "slide" if cell.source.startswith(("# ", "## ", "**You will")) else "subslide"


def badges(repository: str) -> int:
    """Write the address into pyproject.toml, README.md and every notebook; outputs stay as they are."""
    where = address.parse(repository)
    new = {}
    for name, rewrite in (("pyproject.toml", address.rewrite_project), ("README.md", address.rewrite_readme)):
        new[ROOT / name] = rewrite((ROOT / name).read_text(encoding="utf-8"), where)
    paths = sorted(NOTEBOOKS.glob("*.ipynb"))
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        address.rewrite_notebook(notebook, path.stem, where)
        new[path] = nbformat.writes(notebook) + "\n"
    for path, text in new.items():  # only now, when nothing was refused
        path.write_text(text, encoding="utf-8", newline="\n")
    print(f"address: {where or 'none'}; written to pyproject.toml, README.md and {len(paths)} notebooks")
    return 0


def warm() -> int:
    """Make the default films unless the cache holds them, in a process of its own and with a progress bar."""
    os.environ.setdefault("COURSE_CACHE", str(BUILD / "cache"))
    code = "from course_utils import simulator; simulator.archive.default()"
    environment = {name: value for name, value in os.environ.items() if name != "TQDM_DISABLE"}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env=environment)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run").add_argument("names", nargs="*")
    commands.add_parser("store").add_argument("source", type=Path)
    commands.add_parser("badges").add_argument("repository")
    commands.add_parser("warm")
    arguments = parser.parse_args()
    match arguments.command:
        case "run":
            return run([Path(name).stem for name in arguments.names])
        case "store":
            return store(arguments.source)
        case "badges":
            return badges(arguments.repository)
        case "warm":
            return warm()


if __name__ == "__main__":
    sys.exit(main())
