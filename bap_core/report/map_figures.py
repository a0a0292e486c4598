"""Maps of an embedding space: the paper's Figure 4 as a still picture, and one to explore."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bap_core.report import figure_style, interactive

THUMBNAIL = 40  # pixels, side of a picture under the pointer
_COLUMNS = 32  # thumbnails in a row of the sheet


def map_grid(
    maps: Mapping[str, np.ndarray], points: pd.DataFrame, *, scale: str | None = None
) -> figure_style.Picture:
    """Six panels, as Figure 4: a row per map, a column per kind of picture, coloured by ``name``.

    maps: title -> (N, 2); points: N rows with ``panel`` and ``name``, in the order of all maps.
    """
    panels = list(dict.fromkeys(points["panel"]))
    with figure_style.look():
        height = 0.6 + 2.3 * len(maps)
        figure = figure_style.new(width=1.25 * figure_style.WIDTH, height=height)
        grid = figure.subplots(len(maps), len(panels), squeeze=False)
        for row, (title, flat) in zip(grid, maps.items()):
            low, high = flat.min(axis=0), flat.max(axis=0)
            rim = 0.05 * (high - low).max()
            for axes, panel in zip(row, panels):
                _cloud(axes, flat, points, panel)
                axes.set(xlim=(low[0] - rim, high[0] + rim), ylim=(low[1] - rim, high[1] + rim))
            row[0].set_ylabel(title, fontweight="bold")
        for axes, panel in zip(grid[0], panels):
            axes.set_title(panel, fontsize=11)
        for axes in grid[-1]:
            axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=1, markerscale=2)
        figure_style.scale_note(figure, scale)
    return figure


def _cloud(axes: Axes, flat: np.ndarray, points: pd.DataFrame, panel: str) -> None:
    here = (points["panel"] == panel).to_numpy()
    for nth, name in enumerate(dict.fromkeys(points.loc[here, "name"])):
        rows = here & (points["name"] == name).to_numpy()
        look = {"linestyle": "", "markersize": 2.5, "alpha": 0.7, **figure_style.series(nth)}
        axes.plot(flat[rows, 0], flat[rows, 1], label=name, **look)
    axes.set(xticks=[], yticks=[])
    axes.grid(visible=False)


@dataclass(frozen=True, eq=False)
class MapExplorer:
    """A page's map to look around in: the same pictures on several maps side by side, with a
    thumbnail and its words under the pointer, and the same picture marked on all of them. It is one
    piece of HTML that loads nothing; arrow keys go from picture to picture.

    maps: title -> (N, 2). colours: what the points can be coloured by -> (N,) names. pictures: N,
    uint8 (3, S, S). scale: a name of `labels.SCALES`.
    """

    maps: Mapping[str, np.ndarray]
    colours: Mapping[str, Sequence[str]]
    pictures: Sequence[np.ndarray]
    scale: str
    caption: str

    def _repr_html_(self) -> str:
        told = {
            "maps": [{"title": name, "xy": _placed(flat)} for name, flat in self.maps.items()],
            "colours": [
                {"by": by, "names": list(dict.fromkeys(names)), "of": _numbered(names)}
                for by, names in self.colours.items()
            ],
            "palette": figure_style.SERIES,
            "side": THUMBNAIL,
            "columns": _COLUMNS,
        }
        sheet = interactive.make_sheet(self.pictures, side=THUMBNAIL, columns=_COLUMNS)
        return interactive.fill(
            "map_explorer.html", caption=self.caption, scale=self.scale, sheet=sheet, told=told
        )

    def __repr__(self) -> str:
        return f"{self.caption} ({len(self.pictures)} pictures on {len(self.maps)} maps)"


def _placed(flat: np.ndarray) -> list[list[int]]:
    """A map in a square of 1000, with a margin."""
    low, reach = flat.min(axis=0), np.ptp(flat, axis=0).max() or 1.0
    return np.rint(30 + 940 * (flat - low) / reach).astype(int).tolist()


def _numbered(names: Sequence[str]) -> list[int]:
    return pd.factorize(np.asarray(names, dtype=object))[0].tolist()
