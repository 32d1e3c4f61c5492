#!/usr/bin/env bash
# Types and the unit suite on each Python that is supported and that this machine has or can get by uv.
# Fails where a check fails, and where there is no other Python than the one of .venv: nothing was shown then.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/common.sh

# pyenv's own commands answer for the versions alone that it is switched to.
for bin in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin; do
    PATH="$PATH:$bin"
done

looked_at=() failed=() absent=()
for version in ${PYTHONS:-3.11 3.12 3.13}; do
    home=".pythons/$version"
    # The sources as they are for this version's types, whether or not it can be had.
    mypy --python-version "$version" || failed+=("types of $version")
    if ! uv venv --quiet --allow-existing --python "$version" "$home"; then
        absent+=("$version")
        continue
    fi
    uv pip sync --quiet --python "$home" --require-hashes requirements.lock
    uv pip install --quiet --python "$home" --no-deps --build-constraints scripts/tools.lock --editable .
    looked_at+=("$version")
    "$home/bin/python" -m pytest "${@:-tests/unit}" -q || failed+=("tests on $version")
done
printf 'Tested on: %s. Not to be had here: %s.\n' "${looked_at[*]:-none}" "${absent[*]:-none}"
[ "${#failed[@]}" -eq 0 ] || fail "Failed: ${failed[*]}"
[ "${#looked_at[@]}" -gt 1 ] || fail "Only one Python could be had: install another, or let uv download it."
