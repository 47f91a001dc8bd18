#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The same queries on 50,000 units.
KB_UNITS=50000 exec sh "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/faults/queries.sh"
