// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * seek: the next place in ascending numbers. Takes the logarithm of how far it is.
 */
#ifndef KB_SEEK_H
#define KB_SEEK_H

#include <stddef.h>
#include <stdint.h>

/* The first place from i on that is not before `at`; n: there is none. */
static inline size_t seek_from(const uint32_t *v, size_t n, size_t i, uint32_t at)
{
    size_t step = 1, low = i;
    if (i >= n || v[i] >= at)
        return i;
    while (low + step < n && v[low + step] < at) {
        low += step;
        step *= 2;
    }
    size_t high = low + step < n ? low + step : n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (v[mid] < at)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

#endif
