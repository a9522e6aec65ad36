"""``python -m fallline``: the command line."""

import sys

from fallline.apps.cli.main import main

sys.exit(main())
