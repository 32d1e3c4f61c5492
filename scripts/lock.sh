#!/usr/bin/env bash
# Writes the lock files anew: exact versions with hashes for all supported Pythons, and no registry's
# name, so that they serve whichever registry or mirror a machine uses. Extra arguments go to uv.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/common.sh

command -v uv >/dev/null || fail "uv is not on PATH; run this by: make lock"
options=(--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet "$@")

uv pip compile pyproject.toml "${options[@]}" --all-extras --group dev -o requirements.lock
# What installs and builds: pinned with hashes like all else.
uv pip compile - "${options[@]}" --no-annotate -o scripts/tools.lock <<<$'uv>=0.5,<1\nhatchling'
version="$(.venv/bin/python -c 'from workers.demo.home import VERSION; print(VERSION)')"
uv pip compile - "${options[@]}" --no-annotate -o workers/demo/label-studio.lock <<<"label-studio==$version"
# Argilla's own pins are loose, and it is not maintained against what came after it.
uv pip compile - "${options[@]}" --no-annotate --exclude-newer 2025-03-20 -o workers/demo/argilla-server.lock <<<"argilla-server==2.8.0"
