// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdio.h>

#include "client/print.h"
#include "lib/utf8.h"

enum { BAR_PIPED = 40, COLORS = 6 };

static const char *const terminal_colors[COLORS] = {"36", "33", "35", "32", "34", "31"};

static void style(struct print *p, const char *code)
{
    if (p->screen.color)
        buf_printf(&p->out, "\033[%sm", code);
}

static struct slice text_of(const struct json *v, const char *key)
{
    struct slice s = json_text(json_get(v, key));
    return s.p ? s : slice_of("", 0);
}

static int64_t int_of(const struct json *v, const char *key)
{
    return json_int(json_get(v, key), 0);
}

/* Safe text, filled with blanks to `width` columns. */
static void put_padded(struct print *p, struct slice text, size_t width)
{
    struct buf safe = {0};
    put_flat(&safe, text);
    size_t used = utf8_width(buf_view(&safe));
    buf_slice(&p->out, buf_view(&safe));
    buf_printf(&p->out, "%*s", (int)(used < width ? width - used : 0), "");
    p->out.failed |= safe.failed;
    buf_free(&safe);
}

static size_t width_of(struct slice text)
{
    struct buf safe = {0};
    put_flat(&safe, text);
    size_t n = utf8_width(buf_view(&safe));
    buf_free(&safe);
    return n;
}

/* --- bars ------------------------------------------------------------------------------------- */

/* Eighths of a column, so that small differences show. */
static void put_bar(struct print *p, double part, size_t width, size_t color)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    size_t n = (size_t)(part * (double)width * 8 + 0.5);
    if (part > 0 && n == 0)
        n = 1;
    style(p, terminal_colors[color % COLORS]);
    for (size_t i = 0; i < n / 8; i++)
        buf_str(&p->out, "█");
    buf_str(&p->out, eighths[n % 8]);
    style(p, "0");
}

static size_t bar_width(const struct print *p, size_t used)
{
    if (!p->screen.terminal)
        return BAR_PIPED;
    return p->screen.columns > used ? p->screen.columns - used : 1;
}

static int64_t highest(const struct json *buckets, size_t n_series)
{
    int64_t most = 1;
    for (size_t b = 0; b < json_len(buckets); b++)
        for (size_t i = 0; i < n_series; i++) {
            int64_t n = json_int(json_at(json_get(json_at(buckets, b), "counts"), i), 0);
            most = n > most ? n : most;
        }
    return most;
}

static void put_series(struct print *p, const struct json *s, size_t i)
{
    const struct json *peak = json_get(s, "peak");
    style(p, terminal_colors[i % COLORS]);
    put_padded(p, text_of(s, "query"), 0);
    style(p, "0");
    buf_printf(&p->out, ": %" PRId64, int_of(s, "total"));
    if (int_of(s, "total")) {
        struct slice first = text_of(s, "first"), last = text_of(s, "last"),
                     bucket = text_of(peak, "bucket");
        buf_str(&p->out, ", first ");
        put_flat(&p->out, first);
        buf_str(&p->out, ", last ");
        put_flat(&p->out, last);
        if (bucket.n) {
            buf_str(&p->out, ", peak ");
            put_flat(&p->out, bucket);
            buf_printf(&p->out, " with %" PRId64, int_of(peak, "count"));
        }
    }
    buf_char(&p->out, '\n');
}

/* A bucket's name, count, rate and bar; beside others each on a line of its own. */
void print_trend(struct print *p, const struct json *result)
{
    enum { NUMBERS = 7 + 9 + 2 };
    const struct json *series = json_get(result, "series"), *buckets = json_get(result, "buckets");
    size_t n = json_len(series), name = 0;
    int64_t most = highest(buckets, n);
    for (size_t i = 0; i < n; i++)
        put_series(p, json_at(series, i), i);
    for (size_t b = 0; b < json_len(buckets); b++) {
        size_t w = text_of(json_at(buckets, b), "bucket").n;
        name = w > name ? w : name;
    }
    for (size_t b = 0; b < json_len(buckets); b++) {
        const struct json *bucket = json_at(buckets, b);
        for (size_t i = 0; i < n; i++) {
            int64_t count = json_int(json_at(json_get(bucket, "counts"), i), 0);
            put_padded(p, i ? slice_of("", 0) : text_of(bucket, "bucket"), name);
            buf_printf(&p->out, "%7" PRId64 "%9.1f", count,
                json_number(json_at(json_get(bucket, "rates"), i), 0));
            if (count) {
                buf_str(&p->out, "  ");
                put_bar(p, (double)count / (double)most, bar_width(p, name + NUMBERS), i);
            }
            buf_char(&p->out, '\n');
        }
    }
}

/* --- a picture -------------------------------------------------------------------------------- */

static const char *const picture_colors[COLORS] = {
    "#1f77b4", "#ff7f0e", "#9467bd", "#2ca02c", "#17becf", "#d62728"};

enum { PICTURE_WIDTH = 720, PLOT_HEIGHT = 200, LEFT = 48, TOP = 16, FOOT = 24, LEGEND = 18 };

static void put_xml(struct buf *out, struct slice text)
{
    struct buf safe = {0};
    put_flat(&safe, text);
    for (size_t i = 0; i < safe.n; i++)
        switch (safe.p[i]) {
        case '<':
            buf_str(out, "&lt;");
            break;
        case '&':
            buf_str(out, "&amp;");
            break;
        case '"':
            buf_str(out, "&quot;");
            break;
        default:
            buf_char(out, safe.p[i]);
        }
    out->failed |= safe.failed;
    buf_free(&safe);
}

static void put_label(struct buf *out, double x, double y, const char *anchor, struct slice text)
{
    buf_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    put_xml(out, text);
    buf_str(out, "</text>\n");
}

static void put_bars(struct buf *out, const struct json *buckets, size_t n_series, int64_t most)
{
    size_t n = json_len(buckets);
    double step = n ? (double)(PICTURE_WIDTH - LEFT - 8) / (double)n : 0;
    double width = step * 0.9 / (double)n_series;
    for (size_t b = 0; b < n; b++)
        for (size_t i = 0; i < n_series; i++) {
            int64_t count = json_int(json_at(json_get(json_at(buckets, b), "counts"), i), 0);
            double height = (double)count / (double)most * PLOT_HEIGHT;
            struct slice name = text_of(json_at(buckets, b), "bucket");
            if (!count)
                continue;
            buf_printf(out,
                "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"%s\">"
                "<title>%.*s: %" PRId64 "</title></rect>\n",
                LEFT + step * (double)b + width * (double)i, TOP + PLOT_HEIGHT - height, width,
                height, picture_colors[i % COLORS], (int)name.n, name.p, count);
        }
}

void print_trend_svg(struct print *p, const struct json *result)
{
    const struct json *series = json_get(result, "series"), *buckets = json_get(result, "buckets");
    size_t n = json_len(series), all = json_len(buckets);
    int64_t most = highest(buckets, n);
    int height = TOP + PLOT_HEIGHT + FOOT + LEGEND * (int)n;
    char number[32];
    struct buf *out = &p->out;
    buf_printf(out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
        "height=\"%d\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#666\">\n",
        PICTURE_WIDTH, height, PICTURE_WIDTH, height);
    buf_printf(out, "<path d=\"M%d %dV%dH%d\" fill=\"none\" stroke=\"#999\"/>\n", LEFT, TOP,
        TOP + PLOT_HEIGHT, PICTURE_WIDTH - 8);
    snprintf(number, sizeof number, "%" PRId64, most);
    put_label(out, LEFT - 6, TOP + 10, "end", slice_str(number));
    put_label(out, LEFT - 6, TOP + PLOT_HEIGHT, "end", SLICE_LIT("0"));
    if (n)
        put_bars(out, buckets, n, most);
    if (all) {
        put_label(
            out, LEFT, TOP + PLOT_HEIGHT + 16, "start", text_of(json_at(buckets, 0), "bucket"));
        put_label(out, PICTURE_WIDTH - 8, TOP + PLOT_HEIGHT + 16, "end",
            text_of(json_at(buckets, all - 1), "bucket"));
    }
    for (size_t i = 0; i < n; i++) {
        int y = TOP + PLOT_HEIGHT + FOOT + LEGEND * (int)i + 12;
        buf_printf(out, "<rect x=\"%d\" y=\"%d\" width=\"10\" height=\"10\" fill=\"%s\"/>\n", LEFT,
            y - 10, picture_colors[i % COLORS]);
        put_label(out, LEFT + 16, y, "start", text_of(json_at(series, i), "query"));
    }
    buf_str(out, "</svg>\n");
}

/* --- tables ----------------------------------------------------------------------------------- */

static size_t widest(const struct json *list, const char *key)
{
    size_t most = 0;
    for (size_t i = 0; i < json_len(list); i++) {
        size_t n = width_of(text_of(json_at(list, i), key));
        most = n > most ? n : most;
    }
    return most > 48 ? 48 : most;
}

static void put_more(struct print *p, int64_t distinct, size_t shown)
{
    if (p->screen.terminal && distinct > (int64_t)shown)
        buf_printf(&p->out, "  %" PRId64 " more; -n N shows them\n", distinct - (int64_t)shown);
}

/* Piped: field, value and count with tabs between. */
void print_facets(struct print *p, const struct json *result)
{
    const struct json *facets = json_get(result, "facets");
    for (size_t f = 0; f < json_len(facets); f++) {
        const struct json *facet = json_at(facets, f), *values = json_get(facet, "values");
        struct slice field = text_of(facet, "field");
        size_t name = widest(values, "value");
        int64_t most = json_len(values) ? int_of(json_at(values, 0), "count") : 1;
        if (p->screen.terminal) {
            style(p, "1");
            buf_slice(&p->out, field);
            style(p, "0");
            buf_printf(&p->out, " (%" PRId64 ")\n", int_of(facet, "distinct"));
        }
        for (size_t i = 0; i < json_len(values); i++) {
            const struct json *v = json_at(values, i);
            int64_t count = int_of(v, "count");
            if (p->screen.terminal) {
                buf_str(&p->out, "  ");
                put_padded(p, text_of(v, "value"), name);
                buf_printf(&p->out, "%7" PRId64 "  ", count);
                put_bar(p, (double)count / (double)(most ? most : 1),
                    bar_width(p, name + 2 + 7 + 3), 0);
            } else {
                buf_slice(&p->out, field);
                buf_char(&p->out, '\t');
                put_flat(&p->out, text_of(v, "value"));
                buf_printf(&p->out, "\t%" PRId64, count);
            }
            buf_char(&p->out, '\n');
        }
        put_more(p, int_of(facet, "distinct"), json_len(values));
    }
}

/* Count, lift, last date, name; with tabs between where it is piped. */
void print_with(struct print *p, const struct json *result)
{
    const struct json *names = json_get(result, "names");
    for (size_t i = 0; i < json_len(names); i++) {
        const struct json *v = json_at(names, i);
        struct slice last = text_of(v, "last");
        double lift = json_number(json_get(v, "lift"), 0);
        buf_printf(&p->out, p->screen.terminal ? "%6" PRId64 "  %7.1fx  " : "%" PRId64 "\t%.2f\t",
            int_of(v, "count"), lift);
        put_padded(p, last, p->screen.terminal ? 10 : 0);
        buf_str(&p->out, p->screen.terminal ? "  " : "\t");
        put_flat(&p->out, text_of(v, "name"));
        buf_char(&p->out, '\n');
    }
    put_more(p, int_of(result, "distinct"), json_len(names));
}

static void put_shown(struct print *p, const struct json *hits)
{
    for (size_t i = 0; i < json_len(hits); i++) {
        struct hit_shown h = {json_at(hits, i), {0}};
        const struct json *segments = json_get(h.json, "snippet");
        struct buf text = {0}, line = {0};
        for (size_t k = 0; k < json_len(segments); k++)
            buf_slice(&text, json_text(json_get(json_at(segments, k), "t")));
        put_flat(&line, buf_view(&text));
        struct slice s = buf_view(&line), date = hit_text(&h, "date");
        size_t room = p->screen.columns > 40 ? p->screen.columns - 22 : 20;
        buf_str(&p->out, "        ");
        put_padded(p, date, 0);
        buf_str(&p->out, "  ");
        struct slice rest = s;
        size_t used = 0, keep = 0;
        while (rest.n && used <= room) {
            keep = s.n - rest.n;
            struct slice from = rest;
            utf8_next(&rest);
            used += utf8_width(slice_of(from.p, from.n - rest.n));
        }
        bool whole = used <= room;
        buf_add(&p->out, s.p, whole ? s.n : keep);
        buf_str(&p->out, whole ? "\n" : "…\n");
        p->out.failed |= text.failed || line.failed;
        buf_free(&text);
        buf_free(&line);
    }
}

static void put_counts(struct print *p, const struct json *v)
{
    double rate = json_number(json_get(v, "rate"), 0),
           before = json_number(json_get(v, "rate_before"), 0);
    if (p->screen.terminal)
        buf_printf(&p->out, "%6" PRId64 "  (%" PRId64 " before)  %.1f from %.1f of 1,000  ",
            int_of(v, "count"), int_of(v, "before"), rate, before);
    else
        buf_printf(&p->out, "%" PRId64 "\t%" PRId64 "\t%.2f\t%.2f\t", int_of(v, "count"),
            int_of(v, "before"), rate, before);
}

/* Count in the window and before, both rates, name; below it, on a terminal, the entries. */
void print_rising(struct print *p, const struct json *result)
{
    const struct json *names = json_get(result, "names");
    for (size_t i = 0; i < json_len(names); i++) {
        const struct json *v = json_at(names, i);
        put_counts(p, v);
        style(p, "1");
        put_flat(&p->out, text_of(v, "name"));
        style(p, "0");
        buf_char(&p->out, '\n');
        if (p->screen.terminal)
            put_shown(p, json_get(v, "hits"));
    }
    put_more(p, int_of(result, "distinct"), json_len(names));
}
