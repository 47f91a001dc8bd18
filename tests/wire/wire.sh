#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Plays every .wire file.
exec "${KB_BINDIR:-.}/tests/wire/run" "${KB_SRCDIR:-.}"/tests/wire/*.wire
