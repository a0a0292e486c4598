"""The store: what was computed once from the same inputs is read back, never computed again; and
how anything is written so that it is whole or not there.
"""

from bap_core.store.artefacts import Tally, arrays, folder, key, read, write
from bap_core.store.checkpoint import Checkpoint, checkpoint_path
from bap_core.store.files import (
    atomic_folder,
    atomic_write,
    digest,
    explain_refused_writes,
    next_folder,
    scratch_folder,
    write_if_changed,
)
from bap_core.store.locks import alone
from bap_core.store.values import value

__all__ = [
    "Checkpoint",
    "Tally",
    "alone",
    "arrays",
    "atomic_folder",
    "atomic_write",
    "checkpoint_path",
    "digest",
    "explain_refused_writes",
    "folder",
    "key",
    "next_folder",
    "read",
    "scratch_folder",
    "value",
    "write",
    "write_if_changed",
]
