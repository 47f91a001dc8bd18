#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The asker's own day, whatever the zone and the hour; and the line of a crontab that is an alert by
# mail.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
! kb_sanitized || kb_skip "faketime and a sanitizer do not go into one process"
command -v faketime >/dev/null || kb_skip "faketime is not there"
kb_setup

for day in 2025-04-20 2026-03-07 2026-03-08 2026-03-09 2026-03-10 2026-04-06 2026-04-07 2026-04-08 \
    2026-04-09 2026-04-12 2026-10-31 2026-11-01 2026-11-02; do
    kb_note "$day-Digest.md" '- said'
done
kb_index
kbsearchd

# days ZONE INSTANT OPTIONS...: of what a person there finds then. The clock stands still: where a start
# takes long, one second before midnight would be the next day.
days() {
    days_zone=$1 days_at=$2
    shift 2
    days_at=$(TZ=$days_zone date -d "$days_at UTC" '+%Y-%m-%d %H:%M:%S')
    TZ=$days_zone FAKETIME_DONT_FAKE_MONOTONIC=1 faketime -f "$days_at" \
        "$kb_shared" --sort oldest --format '{date} ' "$@" said 2>&1 | tr -d '\n'
}

NY=America/New_York EAST=Pacific/Kiritimati
is "today, in the middle of the world" "$(days UTC '2026-04-08 12:00:00' --on today)" "2026-04-08 "
is "is tomorrow in the east" "$(days $EAST '2026-04-08 12:00:00' --on today)" "2026-04-09 "
is "and yesterday in the west, early" "$(days $NY '2026-04-08 03:59:59' --on today)" "2026-04-07 "
is "but not an hour later" "$(days $NY '2026-04-08 04:00:00' --on today)" "2026-04-08 "
is "before the clocks go forward" "$(days $NY '2026-03-08 04:59:59' --on today)" "2026-03-07 "
is "on the short day" "$(days $NY '2026-03-08 05:00:00' --on today)" "2026-03-08 "
is "at its end" "$(days $NY '2026-03-09 03:59:59' --on today)" "2026-03-08 "
is "and after it, an hour earlier than before" "$(days $NY '2026-03-09 04:30:00' --on today)" "2026-03-09 "
is "yesterday was the short day" "$(days $NY '2026-03-09 04:30:00' 'date:yesterday')" "2026-03-08 "
is "two days back over it" "$(days $NY '2026-03-10 04:00:00' --since 2d --until today)" \
    "2026-03-08 2026-03-09 2026-03-10 "
is "at the end of the long day" "$(days $NY '2026-11-02 04:59:59' --on today)" "2026-11-01 "
is "and after it" "$(days $NY '2026-11-02 05:00:00' --on today)" "2026-11-02 "
is "yesterday was the long day" "$(days $NY '2026-11-02 05:00:00' --on yesterday)" "2026-11-01 "

# Thursday, 9 April 2026, for each of them, if at other hours.
for at in "$EAST 2026-04-08 10:00:00" "$NY 2026-04-10 03:00:00" "UTC 2026-04-09 00:00:00"; do
    zone=${at%% *} when=${at#* }
    is "last tuesday, $zone" "$(days "$zone" "$when" --on 'last tuesday')" "2026-04-07 "
    is "last_tuesday, $zone" "$(days "$zone" "$when" date:last_tuesday)" "2026-04-07 "
    is "a month's name, $zone" "$(days "$zone" "$when" date:april)" \
        "2026-04-06 2026-04-07 2026-04-08 2026-04-09 2026-04-12 "
    is "and the year before it, $zone" "$(days "$zone" "$when" --on 'april 2025')" "2025-04-20 "
    is "a week's number, $zone" "$(days "$zone" "$when" date:2026-W15)" \
        "2026-04-06 2026-04-07 2026-04-08 2026-04-09 2026-04-12 "
    is "so many days, $zone" "$(days "$zone" "$when" date:2d)" "2026-04-07 2026-04-08 2026-04-09 "
    is "as of then, $zone" "$(days "$zone" "$when" --asof yesterday --since april)" \
        "2026-04-06 2026-04-07 2026-04-08 "
    is "what rises, $zone" "$(TZ=$zone faketime "$when UTC" "$kb_shared" --rising 3d --json |
        sed 's/.*"from":"\([^"]*\)","to":"\([^"]*\)".*/\1 \2/')" "2026-04-07 2026-04-09"
    is "days do not move, $zone" \
        "$(TZ=$zone kbsearch --trend day said --json | tr '{' '\n' | grep -c '"bucket":"2026-04-0[6-9]".*\[1\]')" 4
done
for method in "--trend week said" "--timeline said" "--facet month said" "--gaps said" "--asof april said"; do
    for zone in $EAST $NY UTC; do
        # shellcheck disable=SC2086 # words of an option
        TZ=$zone faketime '2026-11-02 12:00:00 UTC' "$kb_shared" $method --today 2026-04-09 --json 2>&1 |
            sed 's/"took_us":[0-9]*//'
    done | sort -u >zones
    is "the same in every zone: $method" "$(wc -l <zones | tr -d ' ')" 1
done

# --- by cron -----------------------------------------------------------------------------------
mkdir -p home/.config/kbsearch
printf '[saved]\nreleases = release OR released\n' >home/.config/kbsearch/kbsearch.conf
kb_stop
# As cron runs it: hardly any environment.
cron() {
    env -i HOME="$HOME" KB_TEST_DIR="$T" LOGNAME=nobody SHELL=/bin/sh PATH="${KB_BINDIR:+$KB_BINDIR:}/usr/bin:/bin" \
        sh -c 'kbindex --quiet; kbsearch --new mail @releases' 2>&1
}
is "the first time nothing is new" "$(cron)" "kbsearch: mail was never read before: its news begin now"
is "nor the second, without a word" "$(cron)" ""
echo '- Qwen 9 released
- something else' >>vault/2026-04-12-Digest.md
is "what came since is a line" "$(cron | sed 's/^+ .*vault/+ vault/')" \
    "+ vault/2026-04-12-Digest.md:2:2026-04-12:Qwen 9 released"
is "once" "$(cron)" ""
sed -i 's/Qwen 9 released/Qwen 9 was released today/' vault/2026-04-12-Digest.md
is "a change tells what it was" "$(cron | sed 's/^~ .*vault/~ vault/')" \
    "~ vault/2026-04-12-Digest.md:2:2026-04-12:Qwen 9 was released today
    was: Qwen 9 released"
sed -i 2d vault/2026-04-12-Digest.md
like "and what went is told" "$(cron)" '- *Qwen 9 was released today'
mv vault/2026-04-12-Digest.md vault/2026-04-13-Digest.md
touch vault/*.md
is "moved and touched is no news" "$(cron)" ""
kb_done
