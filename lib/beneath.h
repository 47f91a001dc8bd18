// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * beneath: opening a note for reading so that nothing outside its vault is ever reached: neither by
 * "..", nor by an absolute path, nor by a link in any place of it, nor by /proc. Links that stay
 * beneath the vault are followed where the kernel has openat2, none elsewhere.
 */
#ifndef KB_BENEATH_H
#define KB_BENEATH_H

#include "lib/err.h"

/*
 * A descriptor of the regular file at `rel` below the folder `vault_fd`, the caller's to close. It
 * never waits (a pipe without a writer is refused like any other that is no regular file) and is
 * closed on exec. -1: ERR_MISSING, no such file; ERR_IO, the reason without the path;
 * errno is then the kernel's, or EINVAL.
 */
int beneath_open(int vault_fd, const char *rel, struct err *e);

#endif
