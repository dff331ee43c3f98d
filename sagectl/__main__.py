"""``python -m sagectl``."""

from sagectl.cli.main import main

raise SystemExit(main())
