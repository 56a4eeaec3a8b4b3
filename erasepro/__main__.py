"""``python -m erasepro`` is the ``erasepro`` command."""

import sys

from erasepro.cli import main

sys.exit(main())
