"""Random expressions through the parser and back, and damaged ones to its errors.

python tests/benchmarks/expressions.py [EXAMPLES]

EXAMPLES defaults to 10,000 of each. An expression is written as text, read, compiled to the
service's JSON and read from that; all of them have to be the same. A damaged one has to be
read, or be refused at a column and with a hint.
"""

from __future__ import annotations

import platform
import sys
import time
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, given, settings

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.support.expressions import (
    CONDITIONS,
    WRONG,
    require_column_and_hint,
    require_round_trip,
)


def main(examples: int) -> int:
    chosen = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    seen: Counter[str] = Counter()

    @chosen
    @given(CONDITIONS)
    def rights(condition) -> None:
        seen["tripped"] += 1
        require_round_trip(condition)

    @chosen
    @given(WRONG)
    def wrongs(text) -> None:
        seen["readable" if require_column_and_hint(text) else "refused"] += 1

    print(f"Python {platform.python_version()}")
    failures = 0
    for name, run in (("round trips", rights), ("damaged", wrongs)):
        began = time.process_time()
        try:
            run()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
            failures += 1
            print(f"{name}: {error}", *getattr(error, "__notes__", ()), sep="\n")
        print(f"{name}: {time.process_time() - began:.1f} s of CPU", end="; ")
    print(
        f"\n{seen['tripped']:,} tripped; of the damaged {seen['refused']:,} were refused at a "
        f"column with a hint, {seen['readable']:,} could be read; {failures} failures"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
