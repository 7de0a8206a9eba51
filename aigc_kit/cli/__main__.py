"""`python -m aigc_kit.cli` is the same as `aigc`."""

import sys

from aigc_kit.cli import main

sys.exit(main())
