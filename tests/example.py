"""A small notebook that keeps every rule, for tests that break one rule at a time or need something quick to run."""

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import address
from notebooks import tidy

STEM = "99_example"

SOURCE = f'''\
# %% [markdown]
# # 99 · Example: a notebook that keeps every rule
#
# BADGES
#
# 1 min to read, 1 s to run on a laptop. **Educational use only.**

# %% [markdown]
# **You will be able to** tell a good notebook from a bad one.

# %% tags=["setup"]
pass

# %%
from course_utils import facts

facts.begin("{STEM}")

# %% [markdown]
# ## Counting
# How many are two and two? Guess before you run the next cell.

# %%
total = 2 + 2
print("total", total)

# %% [markdown]
# That is what the text claims.

# %%
facts.check("total", total, band=(4, 4), text="two and two")

# %% [markdown]
# ## What you learned
# To count.

# %% [markdown]
# ## Exercises
# Count further.

# %% [markdown]
# ## Next
# The next notebook.
'''


def notebook():
    """Return the example as a notebook that looks like a stored one; its outputs were written by hand, not run."""
    cells = [
        new_markdown_cell(
            "# 99 · Example\n\nBADGES\n\n1 min to read, 1 s to run on a laptop. **Educational use only.**"
        ),
        new_markdown_cell("**You will be able to** tell a good notebook from a bad one."),
        new_code_cell("", metadata={"tags": ["setup"]}),
        new_code_cell(f'from course_utils import facts\n\nfacts.begin("{STEM}")'),
        new_markdown_cell("## Counting\nHow many are two and two? Guess before you run the next cell."),
        new_code_cell('total = 2 + 2\nprint("total", total)', outputs=[stream("total 4\n")]),
        new_markdown_cell("That is what the text claims."),
        new_code_cell(
            'facts.check("total", total, band=(4, 4), text="two and two")',
            outputs=[stream("✔ total: two and two = 4 (claimed: 4 to 4)\n")],
        ),
        new_markdown_cell("## What you learned\nTo count."),
        new_markdown_cell("## Exercises\nCount further."),
        new_markdown_cell("## Next\nThe next notebook."),
    ]
    made = tidy(new_notebook(cells=cells), STEM)
    for number, cell in enumerate((cell for cell in made.cells if cell.cell_type == "code"), 1):
        cell.execution_count = number
    return made


def stream(text: str, name: str = "stdout"):
    return new_output("stream", name=name, text=text)


def figure(alt: str = "a curve that rises from left to right", size: int = 100, mime: str = "image/png"):
    """Return an output that shows a picture of about `size` bytes."""
    metadata = {mime: {"alt": alt}} if alt else {}
    return new_output("display_data", data={mime: "A" * (size * 4 // 3), "text/plain": alt}, metadata=metadata)


def write(path, sources: list[str]):
    """Write a notebook with the given code cells, not executed, to `path`."""
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources]), path)
    return path


def set_up_source() -> str:
    """Return the set-up cell as the project's address makes it."""
    return address.setup_cell(address.read())
