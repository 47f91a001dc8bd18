# SPDX-License-Identifier: GPL-2.0-or-later
# need COMMAND PACKAGE...: installs Debian's packages where the command is missing and we may.
need() {
    command -v "$1" >/dev/null && return
    shift
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "missing; Debian has it in: $*" >&2
        return 69
    fi
    echo "# installing: $*"
    need_log=$(mktemp)
    if ! { apt-get update -q && DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "$@"; } >"$need_log" 2>&1; then
        cat "$need_log" >&2
        return 69
    fi
    rm -f "$need_log"
}
