"""``python -m bap_core.cli``: the command `bap`."""

import sys

from bap_core.cli import main

sys.exit(main())
