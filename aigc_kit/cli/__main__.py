"""Run `aigc` by `python -m aigc_kit.cli`."""

import sys

from aigc_kit.cli import main

sys.exit(main())
