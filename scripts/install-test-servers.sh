#!/usr/bin/env bash
# Redis, RabbitMQ, PostgreSQL, PgBouncer, promtool, Chromium and systemd-analyze, which tests start;
# installed from Debian where missing.
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
has_program systemd-analyze || missing+=(systemd)
[ "${#missing[@]}" -gt 0 ] || exit 0

may_install || fail "The tests need ${missing[*]}, and this account may not install packages." \
    "Please run: sudo apt-get update && sudo apt-get install ${missing[*]}" \
    "Tests that need no server run without: .venv/bin/pytest tests/unit"
printf 'Installing %s for the tests\n' "${missing[*]}" >&2
apt_install "${missing[@]}"
