"""The runner: notebooks with checked parameters, executed once per content, filed, verified,
made into a book.
"""

import sys
from typing import cast

# jsonschema, which nbformat loads, builds a grammar of web addresses if it can, for more than a
# second of every start; no schema of notebooks has one, and without the grammar it goes on
cast(dict, sys.modules).setdefault("rfc3987_syntax", None)
