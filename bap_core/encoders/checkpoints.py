"""The encoders of the paper by name: which checkpoint stands behind each row of its tables, and
what it needs.

Two tables lie in ``bap_core/paper``. ``checkpoints.csv`` lists each checkpoint once: library, name
and tag there, the input size that it was trained at and the one that the paper uses, the statistics
of its pictures, the width of its embeddings and its number of weights. ``encoders.csv`` lists the
rows of Tables 1-5 and 7-11 and the labeller of appendix L, with the checkpoint used for each and,
where a row cannot exist as printed or is not fully named, why.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources

import pandas as pd

STATISTICS = {  # per channel, red green blue, of values in [0, 1]: (mean, standard deviation)
    "clip": ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
    "half": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}


UNKNOWN = "unknown"


@dataclass(frozen=True)
class Identity:
    """What an encoder is in the paper's words, which decides beside what of the paper its numbers
    may stand.

    family: a column of its tables, "CLIP" or "SigLIP 2" and those of Table 1. kind: how it was
    trained, as Table 1 groups it: "VLM", "supervised" or "self-supervised". convolutional: whether
    it belongs to the tables of ConvNeXt. backbone: its row of Table 1 (column ``architecture`` of
    ``table1.csv``), which with the family names its cell there; "" if it has none. An encoder of
    which nothing is known is compared with none of the tables.
    """

    family: str = UNKNOWN
    kind: str = UNKNOWN
    convolutional: bool = False
    backbone: str = ""

    @property
    def known(self) -> bool:
        """Whether the paper has anything like it."""
        return self.family != UNKNOWN or self.kind != UNKNOWN


@dataclass(frozen=True)
class Checkpoint:
    """One pre-trained encoder.

    family, kind: as in `Identity`. library: "open_clip", "transformers", "timm" or "gensim". tag:
    "" where the name alone decides. native_size, size: side of the square input in pixels, as
    trained and as the paper uses it; None if it embeds words only. statistics: a name in
    `STATISTICS`, or "". parameters: weights in all towers, without classification heads.
    """

    checkpoint: str
    family: str
    kind: str
    library: str
    name: str
    tag: str
    native_size: int | None
    size: int | None
    statistics: str
    dim: int
    parameters: int

    @property
    def identity(self) -> Identity:
        """What the paper calls it."""
        backbone = _backbones().get(self.checkpoint, "")
        return Identity(self.family, self.kind, "convnext" in self.name, backbone)

    @property
    def architecture(self) -> str:
        """What `encoders.load` calls it, without weights; timm's names carry its prefix, as
        open_clip has some too.
        """
        return f"timm/{self.name}" if self.library == "timm" else self.name


@cache
def known() -> dict[str, Checkpoint]:
    """All checkpoints by their short names, such as ``clip-b16``."""
    frame = _read("checkpoints.csv")
    sizes = {
        name: [int(value) if value else None for value in frame[name]]
        for name in ("native_size", "size")
    }
    numbers = {name: [int(value) for value in frame[name]] for name in ("dim", "parameters")}
    rows = frame.assign(
        **{name: pd.Series(values, dtype=object) for name, values in {**sizes, **numbers}.items()}
    )
    return {row["checkpoint"]: Checkpoint(**row) for row in rows.to_dict("records")}


def find(architecture: str, tag: str = "") -> Checkpoint | None:
    """The checkpoint with this architecture and tag, or None. The tag does not matter where the
    name alone decides.
    """
    matching = (
        row for row in known().values() if row.architecture == architecture and row.tag in ("", tag)
    )
    return next(matching, None)


def table() -> pd.DataFrame:
    """Every row of the paper that names an encoder, with its checkpoint.

    Columns: table, row, family, why, then those of `Checkpoint`. Where the paper leaves a cell
    empty, because nothing of the kind was released, ``checkpoint`` is "" and the columns after it
    are missing.
    """
    rows, columns = _read("encoders.csv"), [vars(checkpoint) for checkpoint in known().values()]
    return rows.merge(
        pd.DataFrame(columns).drop(columns="family").convert_dtypes(), on="checkpoint", how="left"
    )


@cache
def _backbones() -> dict[str, str]:
    """Checkpoint -> its row of Table 1."""
    rows = _read("encoders.csv")
    rows = rows.loc[(rows["table"] == "Table 1") & (rows["checkpoint"] != "")]
    return dict(zip(rows["checkpoint"], rows["row"]))


def missing(architecture: str, tag: str, error: Exception, *, fetch: str) -> FileNotFoundError:
    """The error for weights that are not on this machine: which, how large, and how to fetch them
    in advance.

    fetch: a Python statement that downloads them into the library's cache.
    """
    row = find(architecture, tag)
    what = f"weights {tag!r} of {architecture}" if tag else f"the weights of {architecture}"
    size = f", about {row.parameters * 4 / 1e9:.1f} GB," if row else ""
    reason = f"{type(error).__name__}: {first_line(error)[:200]}"
    return FileNotFoundError(
        f"{what}{size} are not in the local cache and could not be fetched ({reason}). On a "
        "machine with a network "
        f'run `python -c "{fetch}"` and bring its cache along, or give a local file or folder: '
        f"encoders.load({(row.checkpoint if row else architecture)!r}, weights=PATH)"
    )


def first_line(error: Exception) -> str:
    """The first line of what an error of a library says; the rest is often a page."""
    return next(iter(str(error).splitlines()), "no reason given")


def _read(name: str) -> pd.DataFrame:
    with (resources.files("bap_core") / "paper" / name).open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=str, keep_default_na=False)
