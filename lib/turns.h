// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * turns: how long this process, its threads and those that it forks later hold a core while others
 * want it, and how soon they get it. No more or less of a core comes with it. Without a kernel that
 * knows of it (Linux 6.12), or where the process was given a policy of its own, all is as before.
 */
#ifndef KB_TURNS_H
#define KB_TURNS_H

/* For requests that take less than the turn that the kernel gives by default, a few ms: without it
 * they wait for a few such turns where cores are busy. */
void turns_ask_short(void);
/* For work that takes long: whoever wakes meanwhile has the core at once. */
void turns_ask_long(void);

#endif
