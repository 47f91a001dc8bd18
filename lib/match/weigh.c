// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/match/weigh.h"

#include <math.h>

double weigh_norm(const struct matcher *m, uint32_t length)
{
    double normal = m->docs->average > 0 ? length * (1 / m->docs->average) : 0;
    if (normal < m->s->min_length)
        normal = m->s->min_length;
    return m->s->k1 * (normal * m->s->b + (1 - m->s->b));
}

int weigh_norms(struct matcher *m)
{
    m->norm = matcher_raw(m, WEIGH_NORMS, sizeof *m->norm);
    for (uint32_t i = 0; m->norm && i < WEIGH_NORMS; i++)
        m->norm[i] = weigh_norm(m, i);
    return m->norm ? 0 : -1;
}

double weigh_idf(double documents, uint32_t frequency)
{
    double odds = (documents - frequency + 0.5) / (frequency + 0.5);
    return log(odds < 2 ? odds * 0.5 + 1 : odds);
}

double weigh_rarity(const struct matcher *m, uint32_t frequency, uint32_t wqf)
{
    double weight = weigh_idf((double)m->docs->n, frequency);
    if (wqf > 1)
        weight *= 2.0 * wqf / (1.0 + wqf);
    return weight * (m->s->k1 + 1);
}
