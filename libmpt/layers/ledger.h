/* SPDX-License-Identifier: MIT */
/* The ledger of the check layer: entries by kind, vGPU and key; totals; leftovers; violations. */
#ifndef LIBMPT_LEDGER_H
#define LIBMPT_LEDGER_H

#include "libmpt/layers/layer.h"

struct ledger;

/* @sample: of the kinds that are many, one of so many keys is kept; 1: all. */
struct ledger *mpt_ledger_new(u64 sample);
/* Whether this kind, vGPU and key is one that is kept: the same answer each time. */
bool mpt_ledger_keeps(const struct ledger *l, const struct mpt_ledger_entry *e);
bool mpt_ledger_samples(const struct ledger *l);
void mpt_ledger_free(struct ledger *l);
void mpt_ledger_count_call(struct ledger *l);
/* One more count of e's kind, vGPU and key; size, gfn and where are those of the first. */
void mpt_ledger_add(struct ledger *l, const struct mpt_ledger_entry *e);
/* One count less; -ENOENT: there is none. */
int mpt_ledger_drop(struct ledger *l, const struct mpt_ledger_entry *e);
bool mpt_ledger_has(struct ledger *l, const struct mpt_ledger_entry *e);
/* A vGPU is gone: what it still holds becomes leftovers. */
void mpt_ledger_sweep(struct ledger *l, const void *vgpu);
/* A violation; @where: return address in the code that called. */
void mpt_ledger_note(struct ledger *l, const void *where, const char *fmt, ...) MPT_PRINTF(3, 4);

#endif
