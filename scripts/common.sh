# shellcheck shell=bash
# What the scripts share. Sourced, not run.

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

# Runs a command with the rights to install system packages; 1 where we do not have them.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        return 1
    fi
}

# Whether this machine lets us install Debian packages without asking anybody.
may_install() {
    command -v apt-get >/dev/null && as_root true
}

# Installs Debian packages; asks nothing and waits for another installation that is under way.
apt_install() {
    local waiting=(-o DPkg::Lock::Timeout=300)
    as_root env DEBIAN_FRONTEND=noninteractive apt-get "${waiting[@]}" update -q </dev/null >&2
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get "${waiting[@]}" install -q -y --no-install-recommends "$@" </dev/null >&2
}
