"""Single operators as models: every family that compiles, large, small and of odd sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks.operators.copies import COPIES
from tests.benchmarks.operators.elementwise import ELEMENTWISE
from tests.benchmarks.operators.images import IMAGES
from tests.benchmarks.operators.products import PRODUCTS
from tests.benchmarks.operators.reductions import REDUCTIONS

if TYPE_CHECKING:
    from tests.benchmarks.operators.building import Rows

OPERATORS: Rows = IMAGES | PRODUCTS | REDUCTIONS | ELEMENTWISE | COPIES
