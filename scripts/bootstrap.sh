#!/usr/bin/env bash
# Makes .venv with everything in requirements.lock. Does nothing when nothing changed.
# PYTHON chooses the interpreter (3.11 to 3.13).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/common.sh

stamp=.venv/secondlook-installed

is_supported() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

version_of() {
    "$1" -c 'import sys; print(sys.version)' 2>/dev/null || true
}

find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11; do
        if is_supported "$candidate"; then
            # The interpreter itself, not the environment that may be active.
            "$candidate" -c 'import os, sys; print(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))'
            return
        fi
    done
    fail "No Python 3.11, 3.12 or 3.13 was found." \
        "Install one, or name one: make setup PYTHON=/path/to/python3.12"
}

# Everything that decides what is in .venv.
fingerprint() {
    "$python" - <<'PY'
import hashlib, pathlib, sys

parts = [sys.version.encode()]
parts += [pathlib.Path(name).read_bytes() for name in ("requirements.lock", "scripts/tools.lock", "pyproject.toml", "scripts/bootstrap.sh")]
print(hashlib.sha256(b"\0".join(parts)).hexdigest(), pathlib.Path.cwd())
PY
}

make_tools_venv() {
    rm -rf .tools
    "$python" -m venv .tools >/dev/null 2>&1
}

# uv from PATH, from .tools of an earlier run, or installed into .tools now.
find_uv() {
    local found
    for found in "$(command -v uv || true)" .tools/bin/uv; do
        if [ -n "$found" ] && "$found" --version >/dev/null 2>&1; then
            printf '%s\n' "$found"
            return
        fi
    done
    printf 'Installing uv into .tools\n' >&2
    if ! make_tools_venv; then
        may_install || fail "Python's venv module is incomplete, and uv is not installed." \
            "Install one of them and run the same command again, for example: sudo apt-get install python3-venv"
        apt_install python3-venv
        make_tools_venv || fail "Python cannot make virtual environments: $python -m venv .tools"
    fi
    .tools/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r scripts/tools.lock >&2
    printf '%s\n' .tools/bin/uv
}

python="$(find_python)"
wanted="$(fingerprint)"
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

uv="$(find_uv)"
export UV_PYTHON_DOWNLOADS=never
printf 'Installing into .venv\n' >&2
rm -f "$stamp"
if [ "$(version_of .venv/bin/python)" != "$(version_of "$python")" ]; then
    "$uv" venv --quiet --clear --python "$python" .venv
fi
"$uv" pip sync --quiet --compile-bytecode --python .venv/bin/python --require-hashes requirements.lock
"$uv" pip install --quiet --python .venv/bin/python --no-deps --build-constraints scripts/tools.lock --editable .
# Where PYTHONDONTWRITEBYTECODE is set, every command would translate all it imports once more.
.venv/bin/python -m compileall -q connector workers
printf '%s\n' "$wanted" >"$stamp"
