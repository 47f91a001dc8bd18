#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# peers.sh FOLDER: installs what bench/run.py compares with: by apt-get where it can, and by npm
# into FOLDER. What cannot be had is left out; run.py says so in its row.
folder=${1:?usage: peers.sh FOLDER}
debian="ripgrep ugrep sqlite3 libsqlite3-dev recollcmd notmuch xapian-omega xapian-tools sphinxsearch groonga-bin"
{ command -v node && command -v npm; } >/dev/null || debian="$debian nodejs npm"
as_root=
[ "$(id -u)" -eq 0 ] || as_root=sudo
missing=
for package in $debian; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
if [ -n "$missing" ]; then
    echo "peers.sh: installing$missing" >&2
    for package in $missing; do
        DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y --no-install-recommends "$package" >/dev/null ||
            echo "peers.sh: no $package" >&2
    done
fi
mkdir -p "$folder"
# qmd ends with a fault under Debian's node, which is older than what it asks for.
for package in minisearch @lancedb/lancedb apache-arrow @tobilu/qmd@2 node@22; do
    [ -d "$folder/node_modules/${package%@[0-9]*}" ] ||
        npm install --silent --no-audit --no-fund --prefix "$folder" "$package" >/dev/null ||
        echo "peers.sh: no $package" >&2
done
exit 0
