"""What each dataset is, where it comes from, and the counts that a whole copy has. The table is
``catalogue.yml`` beside this module.

A folder that holds another world (the micro world) declares its own counts, see `world_file`.
"""

import difflib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bap_core.data import world_file


@dataclass(frozen=True)
class Archive:
    """One file of a release, kept below the data root until it is unpacked there.

    bytes and md5: 0 and "" where none is published; about: bytes roughly, then. address: a direct
    one, as the release's own project or widely used loaders give it with this checksum, "" where
    they give none. It was entered without being tried: size and checksum say whether the right file
    comes. holds: paths below the data root, any of which shows that it is unpacked. extra: no
    notebook needs it.
    """

    name: str
    bytes: int = 0
    md5: str = ""
    about: int = 0
    address: str = ""
    holds: tuple[str, ...] = ()
    extra: bool = False

    @property
    def size(self) -> int:
        """Bytes, exact or rough; 0 where nothing is known."""
        return self.bytes or self.about

    def __str__(self):
        size = (
            f"{'' if self.bytes else 'about '}{readable(self.size)}"
            if self.size
            else "size not published"
        )
        return f"{self.name} ({size})"

    def unpacking(self, root: str | Path) -> Path:
        """Folder that is there only while the archive is being unpacked below ``root``, or after
        that was cut short.
        """
        return Path(root) / f".{self.name}.unpacking"

    def there(self, root: str | Path) -> Path | None:
        """The path below ``root`` that shows that the archive is unpacked, or None."""
        if self.unpacking(root).exists():
            return None
        return next(
            (Path(root) / path for path in self.holds if (Path(root) / path).exists()), None
        )


@dataclass(frozen=True)
class Source:
    """A public release. counts: verified ones; unverified: counts that could not be verified, so
    they only warn.

    folders: where its loader looks below the data root. walked: folders with so many files that
    `index` keeps a list. instead: another download that serves as well.
    """

    title: str
    folders: tuple[str, ...]
    archives: tuple[Archive, ...]
    where: str
    licence: str
    counts: dict
    unverified: tuple[str, ...] = ()
    walked: tuple[str, ...] = ()
    instead: str = ""

    @property
    def downloads(self) -> tuple[str, ...]:
        """The archives as text, and what may be taken instead."""
        return (*map(str, self.archives), *([f"or {self.instead}"] if self.instead else []))


def _entry(entry: dict[str, Any]) -> Source:
    """One release of the table: its lists become tuples, its archives `Archive`."""
    archives = [Archive(**_tupled(archive)) for archive in entry["archives"]]
    return Source(**_tupled(entry | {"archives": archives}))


def _tupled(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(of) if isinstance(of, list) else of for name, of in entry.items()}


_TABLE = Path(__file__).with_suffix(".yml").read_text(encoding="utf-8")
CATALOGUE = {name: _entry(entry) for name, entry in yaml.safe_load(_TABLE).items()}


def source(name: str) -> Source:
    """The catalogue's entry. ValueError with the known names."""
    if name not in CATALOGUE:
        near = difflib.get_close_matches(name, CATALOGUE, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"unknown dataset {name!r}{hint}; known: {sorted(CATALOGUE)}")
    return CATALOGUE[name]


def lacking(root: str | Path, name: str, *, extras: bool = False) -> list[Archive]:
    """Archives of dataset ``name`` that are not unpacked below ``root``; with ``extras`` those
    no notebook needs too.
    """
    root = Path(root).expanduser()
    return [
        archive
        for archive in source(name).archives
        if (extras or not archive.extra) and archive.there(root) is None
    ]


def readable(size: int) -> str:
    """Bytes for people: 39272883 -> "39.3 MB", 1150585339 -> "1.15 GB"."""
    unit, each = next(
        (pair for pair in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)) if size >= pair[1]),
        ("bytes", 1),
    )
    return f"{size / each:.3g} {unit}"


def expected(root: str | Path, name: str) -> dict:
    """Counts that a whole copy of dataset ``name`` below ``root`` has: the world's own, or the
    official ones.
    """
    declared = world_file.world(root)
    return source(name).counts if declared is None else declared.get("counts", {}).get(name, {})


def find(root: str | Path, name: str, *, having: str, below: Sequence[str] = ()) -> Path:
    """Folder of dataset ``name``: the first of its usual folders in ``root`` that holds ``having``,
    or root itself.

    below: further folders to look in. FileNotFoundError as `missing` says.
    """
    root = Path(root).expanduser()
    for folder in (*(root / usual for usual in (*source(name).folders, *below)), root):
        if (folder / having).exists():
            return folder
    raise missing(root / source(name).folders[0] / having, name)


def missing(path: str | Path, name: str) -> FileNotFoundError:
    """The error for a path that is not there: what is missing, which download brings it, which
    command explains it.
    """
    entry = source(name)
    return FileNotFoundError(
        f"{path} is missing. {entry.title}: {'; '.join(entry.downloads)}; from {entry.where} "
        f"(licence: {entry.licence}). `bap data fetch {name}` brings it or prints the steps; or "
        "give another data root. `bap doctor` shows what is there and what is missing."
    )


def check_counts(root: str | Path, name: str, found: dict, *, strict: bool) -> None:
    """Compare what a loader found with `expected`, for the counts that both name.

    ValueError listing every difference, or for a rendered world whose files are not as they were
    made; a warning instead with strict=False, or for counts known from unverified.
    """
    world_file.check_files(root, strict=strict)
    wanted = expected(root, name)
    soft = source(name).unverified if world_file.world(root) is None else ()
    wrong = {
        key: f"{key}: {value}, expected {wanted[key]}"
        for key, value in found.items()
        if key in wanted and wanted[key] != value
    }
    if not wrong:
        return
    text = (
        f"{source(name).title} in {root} is not the whole release: "
        f"{'; '.join(wrong.values())}. Unpack "
        f"{source(name).archives[0].name} again, or pass strict=False to go on with what is "
        "there"
    )
    if strict and not set(wrong) <= set(soft):
        raise ValueError(text)
    warnings.warn(text, stacklevel=3)
