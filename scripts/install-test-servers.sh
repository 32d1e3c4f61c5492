#!/usr/bin/env bash
# Redis, RabbitMQ, PostgreSQL, PgBouncer, promtool and Chromium, which the tests start by themselves; installed from Debian where missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/common.sh

has_program() {
    command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] || compgen -G "/usr/lib/postgresql/*/bin/$1" >/dev/null
}

missing=()
has_program redis-server || missing+=(redis-server)
{ has_program initdb && has_program postgres; } || missing+=(postgresql)
has_program pgbouncer || missing+=(pgbouncer)
{ has_program rabbitmq-server && has_program epmd; } || missing+=(rabbitmq-server)
has_program promtool || missing+=(prometheus)
has_program chromium || missing+=(chromium)
has_program npm || missing+=(npm)
has_program openssl || missing+=(openssl)

# axe-core looks at the pages in the browser tests: from npm, known by its hash, never part of the project.
axe=4.14.1
axe_hash=FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==
get_axe() {
    [ ! -f ".cache/axe/axe-$axe.js" ] || return 0
    local folder
    folder="$(mktemp -d)"
    (cd "$folder" && npm pack --silent "axe-core@$axe" >/dev/null)
    [ "$(openssl dgst -sha512 -binary "$folder/axe-core-$axe.tgz" | base64 -w0)" = "$axe_hash" ] ||
        fail "axe-core $axe is not what it was: its hash differs from the one in scripts/install-test-servers.sh"
    tar -xzf "$folder/axe-core-$axe.tgz" -C "$folder" package/axe.min.js
    install -D -m 644 "$folder/package/axe.min.js" ".cache/axe/axe-$axe.js"
    rm -rf "$folder"
}

if [ "${#missing[@]}" -eq 0 ]; then
    get_axe
    exit 0
fi

may_install || fail "The tests need ${missing[*]}, and this account may not install packages." \
    "Please run: sudo apt-get update && sudo apt-get install ${missing[*]}" \
    "Tests that need no server run without: .venv/bin/pytest tests/unit"
printf 'Installing %s for the tests\n' "${missing[*]}" >&2
apt_install "${missing[@]}"
get_axe
