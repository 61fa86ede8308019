"""Every notebook keeps the rules of structure, and the rules notice a notebook that does not."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

import example
import rules
from conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_the_first_notebooks_exist():
    assert {"00_start_here", "01_dataset_curation"} <= {path.stem for path in NOTEBOOKS}


def test_names_are_a_number_perhaps_a_letter_and_words():
    names = [path.stem for path in NOTEBOOKS]
    assert all(re.fullmatch(r"\d\d[a-z]?(_[a-z0-9]+)+", name) for name in names), names
    numbers = [name.split("_")[0] for name in names]
    assert len(set(numbers)) == len(numbers), "two notebooks have the same number"
    parts = {number[:2] for number in numbers if number[2:]}
    assert not parts & set(numbers), "a lesson is one notebook, or a, b, ..."


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_structure(path: Path):
    found = rules.problems(path)
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_pictures_in_the_text_exist(path: Path):
    for cell in nbformat.read(path, as_version=4).cells:
        for target in re.findall(r"!\[[^\]]*\]\(([^)\s]*)", cell.source if cell.cell_type == "markdown" else ""):
            assert target.startswith("https://") or (path.parent / target).is_file(), target


def test_the_example_keeps_every_rule(tmp_path: Path):
    nbformat.write(example.notebook(), tmp_path / f"{example.STEM}.ipynb")
    assert rules.problems(tmp_path / f"{example.STEM}.ipynb") == []


def cell(notebook, start: str):
    return next(cell for cell in notebook.cells if cell.source.startswith(start))


def edit(start: str, old: str, new: str):
    def change(notebook):
        found = cell(notebook, start)
        assert old in found.source
        found.source = found.source.replace(old, new)

    return change


def output(*outputs):
    return lambda notebook: cell(notebook, "total").update(outputs=list(outputs))


def tag(start: str, *tags: str):
    return lambda notebook: cell(notebook, start).metadata.update(tags=list(tags))


def add(new, before: str = "## What you learned"):
    def change(notebook):
        new.metadata.setdefault("slideshow", {"slide_type": "-"})
        notebook.cells.insert(notebook.cells.index(cell(notebook, before)), new)

    return change


def long_cell(lines: int):
    return edit("total = 2", "total = 2 + 2", "\n".join(["total = 2 + 2"] * lines))


BAD = {
    "number in the title": (edit("# 99", "# 99", "# 98"), "title should start"),
    "no time to read": (edit("# 99", "1 min", "a while"), "minutes to read"),
    "no time to run": (edit("# 99", "1 s to run", "quick"), "s to run"),
    "no educational note": (edit("# 99", "Educational use only", "Have fun"), "Educational use only"),
    "badges of another file": (edit("# 99", "[![Open in Colab]", "[![Open in Colab!]"), "badges do not match"),
    "no promise": (edit("**You will", "You will be able to", "This will"), "second cell should begin"),
    "another set-up cell": (edit("# Set-up", "pip", "conda"), "third cell should be the set-up cell"),
    "set-up cell without tag": (tag("# Set-up"), "third cell should be the set-up cell"),
    "facts of another notebook": (edit("from course", "99_example", "98_other"), "facts.begin"),
    "no cells": (lambda notebook: notebook.update(cells=notebook.cells[:2]), "first four cells"),
    "a long cell": (long_cell(26), "has 27 lines, more than 25"),
    "long cells": (long_cell(20), None),
    "too little text": (lambda notebook: notebook.cells.remove(cell(notebook, "That")), None),
    "a long paragraph": (edit("## Count", "Guess", "One. Two! Three? Four."), "paragraph of 6 sentences"),
    "picture without alt text": (edit("That", "That", "![](../images/a.png)"), "without alt text"),
    "img without alt text": (edit("That", "That", '<img src="a.png">'), "<img> without alt text"),
    "tag with a capital": (tag("total", "My_Tag"), "should be lower case with dashes"),
    "no slide type": (lambda notebook: cell(notebook, "total").metadata.pop("slideshow"), "no slide type"),
    "section without check": (edit("facts.check", "facts.check(", "print("), "no Check cell"),
    "ignored, no check after": (tag("facts.check", "nbval-ignore-output"), "no compared facts.check follows"),
    "too many ignored": (
        lambda notebook: [tag(start, "nbval-ignore-output")(notebook) for start in ("from course", "total")],
        "more than 30 %",
    ),
    "comment instead of tag": (edit("total", "total = 2", "# NBVAL_IGNORE_OUTPUT\ntotal = 2"), "NBVAL_IGNORE_OUTPUT"),
    "skipped cell": (tag("total", "nbval-skip"), "is skipped or may fail"),
    "cell that may fail": (tag("total", "raises-exception"), "is skipped or may fail"),
    "no ending": (edit("## Exercises", "## Exercises", "## More"), "last three sections"),
    "not executed": (lambda notebook: cell(notebook, "total").update(execution_count=None), "execution counts"),
    "executed out of order": (lambda notebook: cell(notebook, "total").update(execution_count=9), "execution counts"),
    "another kernel": (lambda notebook: notebook.metadata.kernelspec.update(name="conda-env"), "python3"),
    "widget states": (lambda notebook: notebook.metadata.update(widgets={}), "widget states"),
    "absolute path in code": (edit("total = 2", "2 + 2", 'open("/srv/films/a.png")'), "absolute path /srv/films"),
    "Windows path in code": (edit("total = 2", "2 + 2", r'open("C:\films")'), r"absolute path C:\films"),
    "absolute path printed": (output(example.stream("wrote /srv/films/a.png\n")), "the absolute path /srv/films"),
    "address printed": (output(example.stream("<object at 0x7f3a2b4c5d>\n")), "memory address 0x7f3a2b4c5d"),
    "error": (output(new_output("error", ename="KeyError", evalue="x", traceback=[])), "failed: KeyError"),
    "stderr": (output(example.stream("UserWarning: old\n", "stderr")), "wrote to stderr"),
    "progress bar": (
        output(example.stream("reading:  50%|#####     | 1/2 [00:01<00:01, 1.0it/s]\n")),
        "a progress bar",
    ),
    "progress bar that just began": (
        output(example.stream("films: 0%|      | 0/9 [00:00<?, ?it/s]\n")),
        "a progress bar",
    ),
    "long output": (output(example.stream("line\n" * 31)), "prints 31 lines"),
    "long table": (
        output(new_output("display_data", data={"text/html": "<tr><td>1</td></tr>" * 32})),
        "prints 32 lines",
    ),
    "figure without alt text": (output(example.figure(alt="")), "figure without alt text"),
    "large figure": (output(example.figure(size=210_000)), "image of 210,000 bytes"),
    "SVG": (output(example.figure(mime="image/svg+xml")), "shows an SVG"),
}
BAD["long cells"] = (
    lambda notebook: [
        found.update(source="\n".join(["total = 2 + 2"] * 12) + "\n" + found.source)
        for found in notebook.cells
        if found.cell_type == "code" and "setup" not in found.metadata.get("tags", [])
    ],
    "median code cell",
)
BAD["too little text"] = (
    lambda notebook: [add(new_code_cell("total", execution_count=5))(notebook) for _ in range(6)],
    "every code cell needs one before it",
)


@pytest.mark.parametrize("name", BAD)
def test_a_broken_rule_is_noticed(name: str, tmp_path: Path):
    notebook = example.notebook()
    change, expected = BAD[name]
    change(notebook)
    nbformat.write(notebook, tmp_path / f"{example.STEM}.ipynb")
    found = rules.problems(tmp_path / f"{example.STEM}.ipynb")
    assert any(expected in problem for problem in found), found
    assert all(problem.startswith(f"{example.STEM}.ipynb: ") for problem in found)


def test_a_large_file_is_noticed(tmp_path: Path):
    notebook = example.notebook()
    cell(notebook, "total").outputs = [example.figure(size=190_000) for _ in range(9)]
    nbformat.write(notebook, tmp_path / f"{example.STEM}.ipynb")
    assert any("the file has" in problem for problem in rules.problems(tmp_path / f"{example.STEM}.ipynb"))


def test_what_is_allowed(tmp_path: Path):
    notebook = example.notebook()
    cell(notebook, "total").outputs = [example.figure(), example.stream("line\n" * 30)]
    add(new_markdown_cell("- One. Two.\n- Three. Four.\n- Five, i.e. 0.5 of it.\n\n`code/with/slashes` and 3/4."))(
        notebook
    )
    add(new_markdown_cell("![A film](https://example.org/film.png)"))(notebook)
    nbformat.write(notebook, tmp_path / f"{example.STEM}.ipynb")
    assert rules.problems(tmp_path / f"{example.STEM}.ipynb") == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("One.", 1),
        ("One. Two! Three?", 3),
        ("AUC 0.95 is high, e.g. here.", 1),
        ("He said *so.* And so.", 2),
        ("None", 0),
    ],
)
def test_sentences_are_counted(text: str, count: int):
    assert rules.sentences(text) == count
