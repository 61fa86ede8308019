"""The structure that every notebook of the course keeps (CONTRIBUTING.md says why), as functions that list problems.

Each rule takes a notebook and yields one sentence for each breach; `problems(path)` asks all of them.
"""

import json
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import nbformat

import address

PLAIN_SECTIONS = ("You will be able to", "What you learned", "Exercises", "Next")  # code here needs no Check cell
SLIDES = {"slide", "subslide", "fragment", "skip", "notes", "-"}
IMAGE_BYTES, NOTEBOOK_BYTES, OUTPUT_LINES, CELL_LINES = 200_000, 2_000_000, 30, 25
ABSOLUTE = re.compile(r"""(?:^|[\s"'=(\[,])((?:/[\w.+-]+){2,}|[A-Za-z]:\\[\w.+-]+)""")
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")
BAR = re.compile(r"\d+%\|.*\||\d(?:it|film)s?/s\]")
ABBREVIATIONS = re.compile(r"\b(?:e\.g|i\.e|vs|cf|approx|resp|Fig|No|Dr|et al|ca)\.", re.IGNORECASE)


def problems(path: Path) -> list[str]:
    """Return every breach of a rule in the notebook file, as sentences that start with the file's name."""
    notebook = nbformat.read(path, as_version=4)
    found = [f"{path.name}: {text}" for rule in RULES for text in rule(notebook, path.stem)]
    if (size := path.stat().st_size) > NOTEBOOK_BYTES:
        found.append(f"{path.name}: the file has {size:,} bytes, more than {NOTEBOOK_BYTES:,}")
    return found


def opening(notebook, stem: str) -> Iterator[str]:
    """Title, badges, times and the educational note; then what you will be able to do, set-up, imports."""
    kinds = [cell.cell_type for cell in notebook.cells[:4]]
    if kinds != ["markdown", "markdown", "code", "code"]:
        yield f"the first four cells should be title, 'You will be able to', set-up and imports, not {kinds}"
        return
    first, promise, setup, imports = (cell.source for cell in notebook.cells[:4])
    number = stem.split("_")[0]
    if not re.match(rf"# {re.escape(number)} · \S", first):
        yield f"the title should start with '# {number} · '"
    if address.badges(stem, address.read()) not in first.split("\n"):
        yield "the badges do not match the file and the address in pyproject.toml: run make badges, or store it again"
    for pattern, meaning in ((r"\d+ min\b", "minutes to read"), (r"\d+ s to run\b", "'... s to run'")):
        if not re.search(pattern, first):
            yield f"the first cell does not say the {meaning}"
    if "Educational use only" not in first:
        yield "the first cell does not say 'Educational use only'"
    if "You will be able to" not in promise.split("\n")[0]:
        yield "the second cell should begin with 'You will be able to'"
    if setup != address.setup_cell(address.read()) or tags(notebook.cells[2]) != {"setup"}:
        yield "the third cell should be the set-up cell (tag setup), the same in every notebook: store it again"
    if "import " not in imports or f'facts.begin("{stem}")' not in imports:
        yield f'the fourth cell should import what the notebook needs and call facts.begin("{stem}")'


def cells(notebook, stem: str) -> Iterator[str]:
    """Small code cells, enough text between them, short paragraphs, tags and slide types as agreed."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    lines = [len([line for line in cell.source.split("\n") if line.strip()]) for cell in code]
    for cell, count in zip(code, lines, strict=True):
        if count > CELL_LINES:
            yield f"{name(notebook, cell)} has {count} lines, more than {CELL_LINES}"
    own = [count for cell, count in zip(code, lines, strict=True) if "setup" not in tags(cell)]
    if own and statistics.median(own) > 8:
        yield f"the median code cell has {statistics.median(own):g} lines, more than 8"
    texts = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    if len(texts) < len(code):
        yield f"{len(texts)} markdown cells for {len(code)} code cells: every code cell needs one before it"
    for cell in texts:
        for paragraph in paragraphs(cell.source):
            if (count := sentences(paragraph)) > 4:
                yield f"{name(notebook, cell)} has a paragraph of {count} sentences: {paragraph[:50]!r}"
        for alt, target in re.findall(r"!\[([^\]]*)\]\(([^)\s]*)", cell.source):
            if not alt.strip():
                yield f"{name(notebook, cell)} shows {target} without alt text"
        if re.search(r"<img\b(?![^>]*\balt=[\"'][^\"']+)", cell.source):
            yield f"{name(notebook, cell)} has an <img> without alt text"
    for cell in notebook.cells:
        for tag in cell.metadata.get("tags", []):
            if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", tag):
                yield f"{name(notebook, cell)}: tag {tag!r} should be lower case with dashes"
        if cell.metadata.get("slideshow", {}).get("slide_type") not in SLIDES:
            yield f"{name(notebook, cell)} has no slide type"


def checks(notebook, stem: str) -> Iterator[str]:
    """Every section with code has a Check cell, few outputs go uncompared, and the notebook ends as agreed."""
    for title, section in sections(notebook):
        code = [cell for cell in section if cell.cell_type == "code" and "setup" not in tags(cell)]
        if code and title not in PLAIN_SECTIONS and not any("facts.check(" in cell.source for cell in code):
            yield f"section {title!r} has code but no Check cell (facts.check)"
        for position, cell in enumerate(code):
            later = code[position + 1 :]
            compared = ("facts.check(" in other.source and "nbval-ignore-output" not in tags(other) for other in later)
            if "nbval-ignore-output" in tags(cell) and not any(compared):
                yield f"{name(notebook, cell)} has the tag nbval-ignore-output, and no compared facts.check follows it"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    ignored = sum("nbval-ignore-output" in tags(cell) for cell in code)
    if ignored > 0.3 * len(code):
        yield f"{ignored} of {len(code)} code cells have the tag nbval-ignore-output, more than 30 %"
    for cell in code:
        for line in re.findall(r"#\s*(NBVAL_\w+)", cell.source):
            yield f"{name(notebook, cell)} uses the comment {line}: use a tag"
        if "nbval-skip" in tags(cell) or "raises-exception" in tags(cell):
            yield f"{name(notebook, cell)} is skipped or may fail: every cell has to run"
    ending = [title for title, _ in sections(notebook)][-3:]
    if ending != ["What you learned", "Exercises", "Next"]:
        yield f"the last three sections should be 'What you learned', 'Exercises', 'Next', not {ending}"


def outputs(notebook, stem: str) -> Iterator[str]:
    """Outputs of one clean run, small, without anything that belongs to one machine."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    counts = [cell.execution_count for cell in code]
    if counts != list(range(1, len(code) + 1)):
        yield f"execution counts are {counts}, not 1 to {len(code)}: run it once from a clean kernel"
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "the kernel should be python3"
    if "widgets" in notebook.metadata:
        yield "widget states are stored, with ids that change at every run"
    for cell in code:
        where = name(notebook, cell)
        for path in ABSOLUTE.findall(cell.source):
            yield f"{where} holds the absolute path {path}"
        for output in cell.outputs:
            if output.output_type == "error":
                yield f"{where} failed: {output.ename}"
            elif output.output_type == "stream" and output.name == "stderr":
                yield f"{where} wrote to stderr: {output.text.strip()[:80]!r}"
            for mime, content in data(output).items():
                yield from (f"{where} {text}" for text in one_output(mime, content, output.get("metadata", {})))


def one_output(mime: str, content: str, metadata: dict) -> Iterator[str]:
    """Yield what is wrong with one representation of one output."""
    if mime == "image/svg+xml":
        yield "shows an SVG, which differs at every run: use plots.show"
    elif mime.startswith("image/"):
        if (size := len(content) * 3 // 4) > IMAGE_BYTES:
            yield f"shows an image of {size:,} bytes, more than {IMAGE_BYTES:,}"
        if len(metadata.get(mime, {}).get("alt", "").split()) < 3:
            yield 'shows a figure without alt text: use plots.show(figure, alt="what it shows, in words")'
    elif not mime.endswith("json"):
        if (
            lines := max(content.rstrip("\n").count("\n") + 1, content.count("<tr"))
        ) > OUTPUT_LINES and content.strip():
            if mime != "text/html" or content.count("<tr") > OUTPUT_LINES:
                yield f"prints {lines} lines, more than {OUTPUT_LINES}"
        if BAR.search(content):
            yield "stores a progress bar: use course_utils.progress.bar and store again"
        for pattern, what in ((ABSOLUTE, "the absolute path"), (ADDRESS, "the memory address")):
            for match in pattern.findall(content):
                yield f"prints {what} {match}"


RULES = (opening, cells, checks, outputs)


def tags(cell) -> set[str]:
    return set(cell.metadata.get("tags", []))


def name(notebook, cell) -> str:
    """Return how to find a cell: its place, counted from 1, and its first words."""
    place = next(number for number, other in enumerate(notebook.cells, 1) if other is cell)
    return f"cell {place} ({cell.source.strip().split(chr(10))[0][:40]!r})"


def sections(notebook) -> list[tuple[str, list]]:
    """Return the parts that start with a '## ' heading, as (title, cells); what stands before the first is left out."""
    found = []
    for cell in notebook.cells:
        heading = re.search(r"^## +(.+)", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else None
        if heading:
            found.append((heading[1].strip(), []))
        if found:
            found[-1][1].append(cell)
    return found


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs and list items of a markdown text; code, tables and headings are not prose."""
    text = re.sub(r"^(```.*?^```|#+ .*?$)", "\n", text, flags=re.DOTALL | re.MULTILINE)
    parts = re.split(r"\n\s*\n|\n(?=\s*(?:[-*+]|\d+\.)\s)", text)
    return [part.strip() for part in parts if part.strip() and not part.lstrip().startswith(("|", "[!["))]


def sentences(paragraph: str) -> int:
    """Count the sentences of a paragraph: every . ? or ! that a blank or the end follows."""
    text = ABBREVIATIONS.sub("abbreviation", re.sub(r"^\s*(?:[-*+]|\d+\.)\s+", "", paragraph))
    return len(re.findall(r"[.!?][\"'”’)*_`]*(?=\s|$)", text))


def data(output) -> dict[str, str]:
    """Return the text of an output by MIME type; a stream counts as text/plain."""
    if output.output_type == "stream":
        return {"text/plain": output.text}
    return {mime: text if isinstance(text, str) else json.dumps(text) for mime, text in output.get("data", {}).items()}
