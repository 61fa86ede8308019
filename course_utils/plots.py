"""How the course shows figures: one style, one palette that colour-blind readers can tell apart, and words for each."""

import base64
import html
import io

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

# Okabe & Ito's set, made to be told apart with any of the common colour deficiencies: https://jfly.uni-koeln.de/color/
PALETTE = {
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "orange": "#E69F00",
    "black": "#000000",
}
# One colour for a label, in every notebook.
LABELS = {
    "normal": PALETTE["blue"],
    "covid": PALETTE["vermillion"],
    "bacterial": PALETTE["green"],
    "viral": PALETTE["purple"],
    "other": "#6E6E6E",
}
IMAGE_BYTES = 190_000  # a notebook stays small enough to load over a slow line
DOTS_PER_INCH = 100

STYLE = {
    # An opaque light page: dark text on it reads the same in a light and in a dark theme.
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "savefig.facecolor": "white",
    "figure.dpi": DOTS_PER_INCH,
    "figure.figsize": (7.0, 3.6),
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "lines.linewidth": 2.0,
    "image.cmap": "gray",
    "image.interpolation": "antialiased",  # nearest eats thin things, such as the foot of an L
    "legend.frameon": False,
    "axes.prop_cycle": mpl.cycler(color=list(PALETTE.values())),
}


def use_style() -> None:
    """Apply the course's style to every figure drawn from now on."""
    mpl.rcParams.update(STYLE)


def show(figure: Figure, alt: str) -> None:
    """Show a figure in the notebook together with its description in words, and close it.

    figure: what to show; afterwards it takes no memory and is not shown again. alt: one or two sentences that tell what
    a reader would see, for those who hear the notebook read out. It is stored as the picture's alternative text
    (`metadata["image/png"]["alt"]`, and VS Code's name for it), as its text/plain form, and, because JupyterLab 4 reads
    neither, under the picture as *Figure in words*, which any browser unfolds. Raises `ValueError` for fewer than three
    words.
    """
    import matplotlib.pyplot as plt
    from IPython.display import display

    alt = " ".join(alt.split())
    if len(alt.split()) < 3:
        raise ValueError(f"the figure needs a description in words (alt), not {alt!r}")
    mime, content = encode(figure)
    plt.close(figure)
    bundle = {mime: base64.b64encode(content).decode("ascii"), "text/plain": alt}
    display(bundle, raw=True, metadata={mime: {"alt": alt}, "vscode_altText": alt})
    words = f"<details><summary>Figure in words</summary>{html.escape(alt)}</details>"
    display({"text/html": words, "text/plain": ""}, raw=True)


def encode(figure: Figure) -> tuple[str, bytes]:
    """Return a figure's MIME type and bytes: a PNG of 256 colours where these do, otherwise a JPEG.

    They do for curves and for grey films. A film under a map has thousands of colours: of 256, a bright patch of grey
    may get one that means evidence. figure: drawn at its own size and DPI. The same figure gives the same bytes. Raises
    `ValueError` when even a coarse JPEG has more than `IMAGE_BYTES`.
    """
    raw = io.BytesIO()
    figure.savefig(raw, format="png", dpi=figure.dpi)
    picture = Image.open(raw).convert("RGB")
    reduced = picture.quantize(256, dither=Image.Dither.NONE)
    png = io.BytesIO()
    reduced.save(png, format="PNG", optimize=True)
    if png.tell() <= IMAGE_BYTES and _share_off(picture, reduced.convert("RGB")) <= 0.01:
        return "image/png", png.getvalue()
    for quality in (90, 80, 65):
        jpeg = io.BytesIO()
        picture.save(jpeg, format="JPEG", quality=quality, subsampling=0, optimize=True)  # thin lines keep their colour
        if jpeg.tell() <= IMAGE_BYTES:
            return "image/jpeg", jpeg.getvalue()
    raise ValueError(f"a figure of {picture.width} x {picture.height} pixels is too large to store: draw it smaller")


def _share_off(picture: Image.Image, other: Image.Image, levels: int = 8) -> float:
    """Return the share of pixels in which two RGB pictures differ by more than some levels (of 255) in a channel."""
    difference = np.abs(np.asarray(picture, np.int16) - np.asarray(other, np.int16))
    return float((difference.max(axis=2) > levels).mean())


def gallery(images, captions, columns: int = 4, width: float = 7.5) -> Figure:
    """Return a figure with films side by side, each at its own proportions and on the same grey scale.

    images: uint8 arrays of shape (height, width). captions: one for each. columns: films in a row. width: of the
    figure [inches].
    """
    import matplotlib.pyplot as plt

    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    tallest = max(image.shape[0] / image.shape[1] for image in images)
    height = rows * (width / columns * tallest + 0.3)  # a line for each caption
    figure, panels = plt.subplots(rows, columns, figsize=(width, height), squeeze=False)
    for axes in panels.flat:
        axes.axis("off")
    for axes, image, caption in zip(panels.flat[: len(images)], images, captions, strict=True):
        axes.imshow(image, cmap="gray", vmin=0, vmax=255)
        axes.set_title(caption, fontsize=9, fontweight="normal")
    return figure
