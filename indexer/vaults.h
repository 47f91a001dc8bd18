// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vaults: the vaults an index was given, remembered in STATE/vaults.json, which survives the loss
 * of the index:
 *   {"vaults":[{"name":"kb","path":"/home/u/kb","language":"english","exclude":["old/"]}]}
 * The file is replaced as a whole, by a rename. Two vaults never have one name or one path.
 */
#ifndef KB_VAULTS_H
#define KB_VAULTS_H

#include "lib/arena.h"
#include "lib/config.h"
#include "lib/err.h"

struct vault {
    struct slice name, path; /* path absolute; both with a NUL behind */
    struct slice language;
    struct slice *exclude;
    size_t n_exclude;
    bool named;           /* on this command line */
    unsigned part, parts; /* scan.h */
};

struct vaults {
    struct vault *v;
    size_t n, cap;
};

/* What the command line adds for the vaults it names. */
struct vault_wish {
    const char *language; /* NULL: not said */
    const char *const *exclude;
    size_t n_exclude;
};

/* None when there is no such file. ERR_CONFIG when it cannot be understood. */
int vaults_read(struct arena *a, const char *state_dir, struct vaults *vs, struct err *e);
/* Writes nothing where that is what stands there already. */
int vaults_write(const char *state_dir, const struct vaults *vs, struct err *e);

/* Brings in the vaults of the configuration that have a path, and its settings for known ones. */
int vaults_configure(struct arena *a, const struct config *c, struct vaults *vs, struct err *e);
/*
 * Adds the folder `arg`, or finds it where it is known, also by its name, and marks it as named.
 * ERR_MISSING: there is no such folder (a known vault's name or path is marked all the same).
 * ERR_CONFIG: its name is taken by another folder.
 */
int vaults_name(struct arena *a, const struct config *c, const char *arg,
    const struct vault_wish *wish, struct vaults *vs, struct err *e);
/* By name or path; NULL if unknown. */
struct vault *vaults_find(const struct vaults *vs, const char *arg);
void vaults_forget(struct vaults *vs, const struct vault *v);

#endif
