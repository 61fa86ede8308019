"""The repository's address and what is made from it: badges, the set-up cell and a passage of the README.

The address stands in one place, `[tool.course] repository` of pyproject.toml.
"""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BRANCH = "main"
_PASSAGE = re.compile(r"(<!-- address: .*? -->\n).*?(\n<!-- end of address -->)", re.DOTALL)


def read(root: Path = ROOT) -> str:
    """Return the address, "https://github.com/OWNER/NAME", or "" while there is none."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["course"]["repository"]


def parse(repository: str) -> str:
    """Return the address that "owner/name" stands for, "" for "none"; refuse anything else."""
    if repository == "none":
        return ""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+", repository):
        raise SystemExit(f"error: make badges REPO=owner/name (as on GitHub) or REPO=none, not REPO={repository!r}")
    return f"https://github.com/{repository}"


def rewrite_project(project: str, address: str) -> str:
    """Return pyproject.toml's text with another address."""
    line = f'repository = "{address}"'
    text, count = re.subn(r'^repository = ".*"$', line, project, flags=re.MULTILINE)
    if count != 1:
        raise SystemExit(f'error: pyproject.toml should hold one line repository = "...", it holds {count}')
    return text


def badges(stem: str, address: str) -> str:
    """Return the line of badges for notebooks/<stem>.ipynb; without an address it says that they lead nowhere yet."""
    page = f"{address.removeprefix('https://github.com/')}/blob/{BRANCH}/notebooks/{stem}.ipynb"
    places = {
        "Open in Colab": (
            "https://colab.research.google.com/assets/colab-badge.svg",
            f"https://colab.research.google.com/github/{page}",
        ),
        "Open in Kaggle": (
            "https://kaggle.com/static/images/open-in-kaggle.svg",
            f"https://kaggle.com/kernels/welcome?src=https://github.com/{page}",
        ),
        "Launch Binder": (
            "https://mybinder.org/badge_logo.svg",
            f"https://mybinder.org/v2/gh/{address.removeprefix('https://github.com/')}/{BRANCH}"
            f"?labpath=notebooks%2F{stem}.ipynb",
        ),
    }
    if not address:
        line = " ".join(f"[![{name}]({image})](../README.md)" for name, (image, _) in places.items())
        return f"{line} *(no address is set yet: these badges lead to the README)*"
    return " ".join(f"[![{name}]({image})]({link})" for name, (image, link) in places.items())


def setup_cell(address: str) -> str:
    """Return the source of the set-up cell that every notebook shares."""
    template = Path(__file__).with_name("setup_cell.py").read_text(encoding="utf-8")
    return template.replace("@ADDRESS@", address).rstrip("\n")


def passage(address: str) -> str:
    """Return what the README says between its address marks."""
    if not address:
        return (
            "**No address is set yet.** Until `make badges REPO=owner/name` has been run, the badges lead to this page,"
            "\nand the set-up cell of a notebook opened alone says that it does not know where to install from."
        )
    first = badges("00_start_here", address)
    return f"The course lives at <{address}>.\n\n{first}\n\n```\ngit clone {address}\n```"


def rewrite_readme(readme: str, address: str) -> str:
    """Return the README's text with the passage between its address marks made anew."""
    text, count = _PASSAGE.subn(lambda found: found[1] + passage(address) + found[2], readme)
    if count != 1:
        raise SystemExit("error: README.md needs one pair of marks <!-- address: ... --> and <!-- end of address -->")
    return text


def rewrite_notebook(notebook, stem: str, address: str) -> None:
    """Put badges and set-up cell for `address` into a notebook, in place; the badge line is found by Colab's badge."""
    lines = notebook.cells[0].source.split("\n")
    found = [number for number, line in enumerate(lines) if line.startswith("[![Open in Colab]") or line == "BADGES"]
    if len(found) != 1:
        raise SystemExit(f"error: {stem}: the first cell needs one line of badges (a line BADGES will do)")
    lines[found[0]] = badges(stem, address)
    notebook.cells[0].source = "\n".join(lines)
    setups = [cell for cell in notebook.cells if "setup" in cell.metadata.get("tags", [])]
    if len(setups) != 1 or setups[0].cell_type != "code":
        raise SystemExit(f"error: {stem}: exactly one code cell needs the tag setup, {len(setups)} have it")
    setups[0].source = setup_cell(address)
