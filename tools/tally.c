/* SPDX-License-Identifier: MIT */
/* Counts accesses by class and by register, with their times. */
#include "tally.h"

#include <stdlib.h>
#include <string.h>

int tally_init(struct tally *t)
{
	memset(t, 0, sizeof(*t));
	t->all.name = "all";
	t->reg = calloc(GVT_MMIO_SIZE / 4, sizeof(*t->reg));
	t->times = calloc(TALLY_CLASSES + 1, sizeof(*t->times));
	if (t->reg && t->times)
		return 0;
	tally_free(t);
	return -ENOMEM;
}

void tally_free(struct tally *t)
{
	free(t->reg);
	free(t->times);
	t->reg = NULL;
	t->times = NULL;
}

/* The last place takes what has none of its own, so that the sums stay right. */
static struct tally_class *class_of(struct tally *t, const char *name)
{
	unsigned int i;

	for (i = 0; i < t->n; i++)
		if (!strcmp(t->cls[i].name, name))
			return &t->cls[i];
	if (t->n == TALLY_CLASSES)
		return &t->cls[TALLY_CLASSES - 1];
	t->cls[t->n].name = t->n == TALLY_CLASSES - 1 ? "other" : name;
	return &t->cls[t->n++];
}

static u32 *times_of(const struct tally *t, const struct tally_class *c)
{
	return t->times[c == &t->all ? TALLY_CLASSES : c - t->cls];
}

static void count_one(struct tally *t, struct tally_class *c, bool write, u64 ns)
{
	u64 step = ns / TALLY_STEP_NS;

	c->reads += !write;
	c->writes += write;
	c->ns += ns;
	times_of(t, c)[step < TALLY_STEPS ? step : TALLY_STEPS - 1]++;
}

static struct tally_class *count(struct tally *t, const char *name, bool write, u64 ns)
{
	struct tally_class *c = class_of(t, name);

	count_one(t, c, write, ns);
	count_one(t, &t->all, write, ns);
	return c;
}

void tally_other(struct tally *t, const char *name, bool write, u64 ns)
{
	count(t, name, write, ns);
}

/* Return: whether the table knows the register. */
static bool touch(struct tally *t, struct intel_gvt *gvt, u32 offset, bool write)
{
	struct tally_reg *reg;
	struct gvt_reg_desc desc;

	gvt_reg_describe(gvt, offset, &desc);
	if (offset >= GVT_MMIO_SIZE)
		return desc.known;
	reg = &t->reg[offset / 4];
	if (!reg->reads && !reg->writes) {
		class_of(t, desc.group)->registers++;
		t->all.registers++;
		t->unknown_regs += !desc.known;
	}
	reg->reads += !write;
	reg->writes += write;
	return desc.known;
}

void tally_mmio(struct tally *t, struct intel_gvt *gvt, u32 offset, unsigned int width, bool write,
		u64 ns)
{
	struct gvt_reg_desc desc;
	struct tally_class *c;
	bool known = true;
	u32 at;

	gvt_reg_describe(gvt, offset, &desc);
	c = count(t, desc.group, write, ns);
	for (at = offset & ~3U; at < offset + width; at += 4)
		known &= touch(t, gvt, at, write);
	c->unknown += !known;
	t->all.unknown += !known;
}

u64 tally_median_ns(const struct tally *t, const struct tally_class *c)
{
	const u32 *times = times_of(t, c);
	u64 left = (c->reads + c->writes + 1) / 2;
	unsigned int i;

	for (i = 0; i < TALLY_STEPS - 1 && times[i] < left; i++)
		left -= times[i];
	return (u64)i * TALLY_STEP_NS;
}
