"""``python -m erasepro`` is the ``erasepro`` command."""

import sys

from erasepro.cli.main import main

sys.exit(main())
