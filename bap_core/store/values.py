"""Small JSON values that follow from what lies here and take seconds to find again, such as the
verdicts of a record: kept with a checksum of their own, as arrays are.
"""

import contextlib
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from bap_core import runtime
from bap_core.store.artefacts import key
from bap_core.store.files import atomic_write


def value(kind: str, parts: dict, make: Callable[[], Any]) -> Any:
    """The JSON value of ``kind`` for ``parts``: read if it is in the store and whole, else made by
    ``make`` and kept, where the store can be written.
    """
    path = runtime.home() / "store" / kind / f"{key(**parts)}.json"
    if (said := read_said(path)) is None:
        said = json.dumps(make())
        with contextlib.suppress(OSError), atomic_write(path) as temporary:
            about = json.dumps(parts, sort_keys=True)
            kept = {"parts": about, "said": said, "sha256": _checksum(about, said)}
            temporary.write_text(json.dumps(kept), encoding="utf-8")
    return json.loads(said)


def read_said(path: Path) -> str | None:
    """The text of the value in a file; None if it is not there or damaged."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(path.read_bytes())
        if kept["sha256"] == _checksum(kept["parts"], kept["said"]):
            return kept["said"]
    return None


def _checksum(parts: str, said: str) -> str:
    return sha256(json.dumps([parts, said]).encode()).hexdigest()
