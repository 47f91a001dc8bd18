// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * heap: what the process tells its malloc, as far as it is one that can be told (the GNU one).
 */
#ifndef KB_HEAP_H
#define KB_HEAP_H

#include <stddef.h>

/* First of all: one heap for all threads, whose end goes back to the kernel when a mebibyte of it
 * is free. Pieces of a mebibyte and more are no part of it and go back as soon as they are freed.
 */
void heap_keep_small(void);

/* On any thread. Only pieces of so many bytes do, a mebibyte at least and 32 at most: for those
 * that are asked for again and again, since each of their pages is a fault. */
void heap_map_from(size_t bytes);

/* On any thread. What is free goes back, wherever it lies; others wait for memory meanwhile. */
void heap_give_back(void);

#endif
