// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/pending.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/commit.h"

enum { DEPTH = 32 }; /* of folders */

static bool is_note(const char *name)
{
    static const char *const ends[] = {".md", ".markdown", ".txt"};
    size_t n = strlen(name);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (n > strlen(ends[i]) && strcmp(name + n - strlen(ends[i]), ends[i]) == 0)
            return true;
    return false;
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

static void hide(struct pending *p, const char *path)
{
    if (!p->hidden++)
        snprintf(p->first, sizeof p->first, "%s", path);
}

static void walk(struct pending *p, const char *path, int depth)
{
    DIR *dir = opendir(path);
    if (!dir) {
        if (errno == EACCES)
            hide(p, path);
        else if (errno != ENOENT && errno != ENOTDIR)
            p->failed = errno;
        return;
    }
    p->folders++;
    for (struct dirent *entry; (entry = readdir(dir));) {
        char below[PATH_MAX];
        struct stat st;
        if (entry->d_name[0] == '.' ||
            snprintf(below, sizeof below, "%s/%s", path, entry->d_name) >= (int)sizeof below ||
            lstat(below, &st) < 0)
            continue;
        if (S_ISDIR(st.st_mode) && depth < DEPTH) {
            walk(p, below, depth + 1);
        } else if (S_ISREG(st.st_mode) && is_note(entry->d_name)) {
            if (faccessat(AT_FDCWD, below, R_OK, AT_EACCESS) < 0 && errno == EACCES)
                hide(p, below);
            p->newer += is_later(&st.st_mtim, &p->since);
        }
    }
    closedir(dir);
}

struct timespec pending_committed(const char *db)
{
    struct stat st;
    return commit_stat(db, &st) ? st.st_mtim : (struct timespec){0};
}

void pending_look(struct pending *p, const char *vault)
{
    walk(p, vault, 0);
}
