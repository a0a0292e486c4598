"""Pictures in grids: a set of them, an object beside its composites, what the methods got wrong."""

import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from PIL import Image, ImageOps

from bap_core.data import images
from bap_core.report import figure_style, labels


def picture_grid(
    pictures: Sequence,
    titles: Sequence[str] = (),
    *,
    columns: int = 4,
    heading: str = "",
    side: float = 1.7,
) -> figure_style.Picture:
    """Pictures in rows with a title over each: PIL images, uint8 (H, W, 3) arrays or (3, H, W)
    tensors.

    RGBA pictures lie on a light chequerboard, so that what is cut away can be seen. side: inches
    per picture.
    """
    columns = min(columns, max(1, len(pictures)))
    n_rows = -(-len(pictures) // columns)
    height = n_rows * (side + (0.3 if titles else 0.0)) + (0.4 if heading else 0.0)
    with figure_style.look():
        figure = figure_style.new(columns * side, height)
        for nth, axes in enumerate(figure.subplots(n_rows, columns, squeeze=False).ravel()):
            axes.set_axis_off()
            if nth < len(pictures):
                _show(axes, pictures[nth], titles[nth] if nth < len(titles) else "")
        if heading:
            figure.suptitle(heading, fontweight="bold", fontsize=13, x=0.01, ha="left")
    return figure


def mistakes(
    scenes, wrong: pd.DataFrame, rows: Sequence[int], *, columns: int = 3
) -> figure_style.Picture:
    """Test pictures with their groups, and below each the methods that got it wrong.

    scenes: the test split of a `Scenes`; wrong: (N, methods) bool, from `scoring.wrong`; rows:
    which of the N to show.
    """
    names, n_rows = labels.sort_methods(wrong.columns), -(-len(rows) // columns)
    with figure_style.look():
        height = n_rows * (figure_style.WIDTH / columns + 0.75)
        figure = figure_style.new(figure_style.WIDTH, height)
        grid = figure.subplots(n_rows, columns, squeeze=False).ravel()
        for axes in grid:
            axes.set_axis_off()
        for axes, i in zip(grid, rows):
            group = scenes.group_names[scenes.groups[i]]
            _show(axes, scenes.square(i, 160), textwrap.fill(group, 84 // columns))
            words = _who_failed([name for name in names if wrong[name].iloc[i]], of=len(names))
            below = {"transform": axes.transAxes, "fontsize": 8, "ha": "center", "va": "top"}
            axes.text(0.5, -0.04, textwrap.fill(words, 32), **below)
    return figure


def _who_failed(failed: list[str], *, of: int) -> str:
    if not failed:
        return "all right"
    return "all wrong" if len(failed) == of else f"wrong: {', '.join(failed)}"


def contact_sheet(
    rows: Sequence[Sequence], names: Sequence[str] = (), *, headings: Sequence[str] = ()
) -> figure_style.Picture:
    """One object per row: what ``rows`` hold from left to right, such as the cut-out and then its
    composites.

    rows: R lists of pictures (shorter ones leave room at the right); names: R row names; headings:
    column headings.
    """
    columns = max(1, *(len(row) for row in rows))
    side = min(1.8, max(1.15, figure_style.WIDTH / columns))
    width, height = columns * side, len(rows) * side
    with figure_style.look():
        figure = figure_style.new(width + (0.9 if names else 0), height + (0.3 if headings else 0))
        grid = figure.subplots(len(rows), columns, squeeze=False)
        for y, row in enumerate(rows):
            for x, axes in enumerate(grid[y]):
                axes.set(xticks=[], yticks=[])
                axes.spines[:].set_visible(False)
                if x < len(row):
                    _show(axes, row[x], headings[x] if y == 0 and x < len(headings) else "")
            if y < len(names):
                grid[y, 0].set_ylabel(names[y], rotation=0, ha="right", va="center", fontsize=10)
        narrow = {"w_pad": 0.02, "h_pad": 0.02, "wspace": 0.02, "hspace": 0.02}
        figure.set_layout_engine("constrained", **narrow)
    return figure


def mask_sheet(objects, *, at_most: int = 3) -> figure_style.Picture | None:
    """The first pictures with their mask files, as they are and with all contrast, and what was cut
    out; None if there are no mask files.
    """
    masked = objects.frame[objects.frame["mask"].notna()].drop_duplicates("mask").head(at_most)
    rows = []
    for i, file in masked["mask"].items():
        try:
            mask = images.to_grey(images.load(objects.root / file))
            rows.append([objects.image(i), ImageOps.autocontrast(mask)])
            rows[-1].append(objects.cutout(i))
        except ValueError:  # an empty mask or half a picture: the inventory names it
            continue
    return contact_sheet(rows, headings=["picture", "mask file", "understood"]) if rows else None


def _show(axes: Axes, picture, title: str) -> None:
    axes.imshow(as_array(picture), interpolation="antialiased")
    axes.set_title(title, fontsize=10, fontweight="normal", loc="center", pad=3)


def as_array(picture) -> np.ndarray:
    """A picture as uint8 (H, W, 3): from PIL, from an array (H, W, 3 or 4), or from a tensor (3
    or 4, H, W).
    """
    if isinstance(picture, Image.Image):
        picture = picture if picture.mode == "RGBA" else picture.convert("RGB")
    array = np.asarray(picture)
    if array.ndim != 3:
        raise ValueError(f"a picture has three axes, got shape {array.shape}")
    if array.shape[0] in (3, 4) and array.shape[2] not in (3, 4):
        array = np.moveaxis(array, 0, 2)
    return _on_chequers(array) if array.shape[2] == 4 else array


def _on_chequers(rgba: np.ndarray) -> np.ndarray:
    height, width = rgba.shape[:2]
    tile = max(2, min(height, width) // 12)
    dark = (np.arange(height)[:, None] // tile + np.arange(width) // tile) % 2
    ground = np.where(dark[..., None], 225, 245)
    alpha = rgba[..., 3:].astype(float) / 255
    return np.rint(rgba[..., :3] * alpha + ground * (1 - alpha)).astype(np.uint8)
