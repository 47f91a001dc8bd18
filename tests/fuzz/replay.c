// SPDX-License-Identifier: GPL-2.0-or-later
/* Gives a target the bytes of each file that is named, or of the files in each folder. */
#include <dirent.h>
#include <errno.h>

#include "tests/fuzz/fuzz.h"

static void play_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct buf bytes = {0};
    char *room;
    size_t n = 0;
    while (f && (room = buf_room(&bytes, 65536)) && (n = fread(room, 1, 65536, f)) > 0)
        bytes.n += n;
    if (!f || bytes.failed) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(2);
    }
    fclose(f);
    /* What was played last is what failed. */
    printf("# %s\n", path);
    fflush(stdout);
    LLVMFuzzerTestOneInput((const uint8_t *)bytes.p, bytes.n);
    buf_free(&bytes);
}

static int play(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    int n = 0;
    if (!dir && errno == ENOTDIR) {
        play_file(path);
        return 1;
    }
    while (dir && (entry = readdir(dir))) {
        struct buf name = {0};
        buf_printf(&name, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.') {
            play_file(buf_cstr(&name));
            n++;
        }
        buf_free(&name);
    }
    if (dir)
        closedir(dir);
    return n;
}

int main(int argc, char **argv)
{
    int n = 0;
    LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++)
        n += play(argv[i]);
    printf("# %d inputs\n", n);
    return n ? 0 : 2;
}
