#!/usr/bin/env bash
# Runs all tests: first those that need a processor and little else, side by side; then all others,
# which drive servers, processes and browsers, one after the other. The second part runs even when
# the first fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

side_by_side=(tests/architecture tests/unit tests/integration/store)

status=0
# One thread for each process: as many threads as cores in each of them would stand in one another's way.
OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 python -m pytest -n auto "${side_by_side[@]}" || status=1
python -m pytest "${side_by_side[@]/#/--ignore=}" || status=1
exit "$status"
