#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Queries that are made to hurt, on 3,000 units; KB_UNITS=50000 for more.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/faults/setup"
units=${KB_UNITS:-3000}
faults queries.py "$units" MAKE "$T/vault"
serve
faults queries.py "$units" ASK
