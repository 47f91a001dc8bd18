// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/settings.h"

#include <stdlib.h>

#include "lib/log.h"

struct settings *settings_read(
    const struct daemon_options *o, const struct settings *now, struct err *e)
{
    struct settings *s = calloc(1, sizeof *s);
    struct buf undone = {0};
    if (!s) {
        err_memory(e);
        return NULL;
    }
    int rc = config_load(&s->arena, &o->config, &s->config, e);
    if (rc == 0 && now && config_keep(&s->arena, &now->config, &s->config, &undone))
        rc = err_memory(e);
    if (rc == 0 && undone.n)
        log_line(
            LOG_WARNING, "%s: stays as it was until kbsearchd is started anew", buf_cstr(&undone));
    buf_free(&undone);
    if (rc == 0)
        return s;
    settings_free(s);
    return NULL;
}

void settings_free(struct settings *s)
{
    while (s) {
        struct settings *next = s->next;
        arena_free(&s->arena);
        free(s);
        s = next;
    }
}

void settings_log(const struct settings *s, const struct daemon_options *o)
{
    const char *level = s->config.log.text;
    log_open("kbsearchd", level ? log_level_of(level) : o->foreground ? LOG_INFO : LOG_WARNING);
    log_to_syslog(config_is_yes(&s->config.syslog));
}
