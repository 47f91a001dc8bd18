// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/turns.h"

#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* struct sched_attr of sched_setattr(2), which <linux/sched/types.h> declares at odds with
 * <sched.h>. */
struct turns {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

static void ask(uint32_t policy, uint64_t turn_ns)
{
    struct turns t = {0};
    if (syscall(SYS_sched_getattr, 0, &t, (unsigned)sizeof t, 0U) || t.policy != SCHED_OTHER)
        return;
    t.policy = policy;
    t.runtime = turn_ns;
    (void)syscall(SYS_sched_setattr, 0, &t, 0U);
}

void turns_ask_short(void)
{
    ask(SCHED_OTHER, 300 * 1000);
}

/* The longest that there is. A batch's process does not take a core from who has it, either. */
void turns_ask_long(void)
{
    ask(SCHED_BATCH, 100 * 1000 * 1000);
}
