// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/commit.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static bool path_of(const char *db, char path[PATH_MAX])
{
    return snprintf(path, PATH_MAX, "%s/current/iamglass", db) < PATH_MAX;
}

bool commit_stat(const char *db, struct stat *st)
{
    char path[PATH_MAX];
    return path_of(db, path) && stat(path, st) == 0;
}

bool commit_is_newest(const struct commit *c, const char *db)
{
    struct stat st;
    return c->file >= 0 && commit_stat(db, &st) && st.st_dev == c->dev && st.st_ino == c->ino;
}

void commit_release(struct commit *c)
{
    if (c->file >= 0)
        close(c->file);
    c->file = -1;
}

void commit_hold(struct commit *c, const char *db)
{
    struct stat st;
    char path[PATH_MAX];
    commit_release(c);
    c->file = path_of(db, path) ? open(path, O_PATH | O_CLOEXEC) : -1;
    if (c->file < 0 || fstat(c->file, &st)) {
        commit_release(c);
        return;
    }
    c->dev = st.st_dev;
    c->ino = st.st_ino;
}
