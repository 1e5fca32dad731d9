/* SPDX-License-Identifier: MIT */
/*
 * Reader of whole mmiotrace files with line numbers, and the choice of the traced device; the
 * grammar of a line is in mmiotrace.c.
 */
#include "mmiotrace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct mmiotrace {
	FILE *file;
	char *name;
	uint64_t line;
	int error;
	char why[MMIOTRACE_WHY_MAX + 4096];
	char buf[MMIOTRACE_LINE_MAX + 2];	/* a line feed, and one byte too many */
};

static int fail(struct mmiotrace *t, int error, const char *sentence)
{
	if (t->line)
		snprintf(t->why, sizeof(t->why), "%.4000s:%" PRIu64 ": %s", t->name, t->line,
			 sentence);
	else
		snprintf(t->why, sizeof(t->why), "%.4000s: %s", t->name, sentence);
	t->error = error;
	return error;
}

int mmiotrace_attach(FILE *file, const char *name, struct mmiotrace **trace)
{
	struct mmiotrace *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->name = strdup(name);
	if (!t->name) {
		free(t);
		return -ENOMEM;
	}
	t->file = file;
	*trace = t;
	return 0;
}

int mmiotrace_open(const char *path, struct mmiotrace **trace, char *why, size_t why_len)
{
	FILE *file = fopen(path, "r");
	int err = file ? 0 : errno;
	int ret;

	if (!file) {
		if (why && why_len)
			snprintf(why, why_len, "%s: %s", path, strerror(err));
		return err == ENOENT || err == EACCES || err == ENOMEM ? -err : -EIO;
	}
	ret = mmiotrace_attach(file, path, trace);
	if (ret) {
		fclose(file);
		if (why && why_len)
			snprintf(why, why_len, "%s: out of memory", path);
	}
	return ret;
}

void mmiotrace_close(struct mmiotrace *trace)
{
	if (!trace)
		return;
	fclose(trace->file);
	free(trace->name);
	free(trace);
}

/* One line with its line feed, or as much of it as shows that it is too long. */
static size_t read_line(struct mmiotrace *t)
{
	size_t n = 0;
	int c;

	while (n < sizeof(t->buf)) {
		c = getc_unlocked(t->file);
		if (c == EOF)
			break;
		t->buf[n++] = (char)c;
		if (c == '\n')
			break;
	}
	return n;
}

int mmiotrace_next(struct mmiotrace *trace, struct mmiotrace_record *rec)
{
	char why[MMIOTRACE_WHY_MAX];
	size_t len;

	if (trace->error)
		return trace->error;
	errno = 0;
	len = read_line(trace);
	if (ferror(trace->file)) {
		snprintf(why, sizeof(why), "cannot read: %s", strerror(errno));
		trace->line++;
		return fail(trace, -EIO, why);
	}
	if (!len)
		return 0;
	trace->line++;
	if (mmiotrace_parse_line(trace->buf, len, rec, why, sizeof(why)))
		return fail(trace, -EINVAL, why);
	return 1;
}

int mmiotrace_rewind(struct mmiotrace *trace)
{
	clearerr(trace->file);
	if (fseeko(trace->file, 0, SEEK_SET)) {
		if (errno == ESPIPE)
			return fail(trace, -EINVAL, "expected a file that can be read twice, "
				    "found a pipe");
		return fail(trace, -EIO, strerror(errno));
	}
	trace->line = 0;
	trace->error = 0;
	trace->why[0] = '\0';
	return 0;
}

static void count(struct mmiotrace_totals *sum, const struct mmiotrace_record *rec)
{
	sum->records[rec->kind]++;
	if (rec->kind != MMIOTRACE_LOST)
		return;
	if (rec->lost.form == MMIOTRACE_LOST_CPU_UNCOUNTED)
		sum->lost_uncounted++;
	else if (__builtin_add_overflow(sum->lost, rec->lost.count, &sum->lost))
		sum->lost = UINT64_MAX;
}

int mmiotrace_check(struct mmiotrace *trace, struct mmiotrace_totals *totals)
{
	struct mmiotrace_totals sum = { 0 };
	struct mmiotrace_record rec;
	int ret = mmiotrace_rewind(trace);

	if (ret)
		return ret;
	while ((ret = mmiotrace_next(trace, &rec)) > 0)
		count(&sum, &rec);
	if (ret)
		return ret;
	if (!trace->line) {
		trace->line = 1;
		return fail(trace, -EINVAL, "expected a record, found an empty file");
	}
	ret = mmiotrace_rewind(trace);
	if (!ret && totals)
		*totals = sum;
	return ret;
}

bool mmiotrace_is_device(const struct mmiotrace_record *rec, const uint16_t *ids, size_t nr)
{
	if (rec->kind != MMIOTRACE_PCIDEV || rec->pcidev.vendor != MMIOTRACE_VENDOR_INTEL)
		return false;
	for (size_t i = 0; i < nr; i++)
		if (ids[i] == rec->pcidev.device)
			return true;
	return false;
}

int mmiotrace_find_device(struct mmiotrace *trace, const uint16_t *ids, size_t nr,
			  struct mmiotrace_pcidev *dev)
{
	struct mmiotrace_record rec;
	int ret;

	while ((ret = mmiotrace_next(trace, &rec)) > 0) {
		if (!mmiotrace_is_device(&rec, ids, nr))
			continue;
		*dev = rec.pcidev;
		return 0;
	}
	return ret ? ret : -ENOENT;
}

/*
 * The low four bits are the BAR's own (PCI Local Bus 3.0, 6.2.5.1): bit 0 I/O, bits 2:1 = 2 for
 * 64-bit memory, bit 3 prefetchable. An I/O BAR owns only two of them; in the ROM's slot bit 0
 * means "decoding", and the address is a multiple of 2 KiB.
 */
int mmiotrace_bar(const struct mmiotrace_pcidev *dev, unsigned int index,
		  struct mmiotrace_bar *bar)
{
	bool rom = index == MMIOTRACE_BARS - 1;
	uint64_t raw;
	struct mmiotrace_bar b = { 0 };

	if (index >= MMIOTRACE_BARS)
		return -EINVAL;
	raw = dev->bar[index];
	b.len = dev->len[index];
	if (!b.len)
		return -ENOENT;
	b.io = !rom && (raw & 1);
	b.is64 = !rom && !b.io && (raw & 6) == 4;
	b.prefetch = !rom && !b.io && (raw & 8);
	b.addr = raw & ~(uint64_t)(b.io ? 3 : 15);
	if (b.len - 1 > UINT64_MAX - b.addr)
		return -EINVAL;
	*bar = b;
	return 0;
}

bool mmiotrace_bar_hit(const struct mmiotrace_bar *bar, uint64_t phys, unsigned int width,
		       uint64_t *offset)
{
	if (phys < bar->addr || width > bar->len || phys - bar->addr > bar->len - width)
		return false;
	*offset = phys - bar->addr;
	return true;
}

uint64_t mmiotrace_line(const struct mmiotrace *trace)
{
	return trace->line;
}

const char *mmiotrace_why(const struct mmiotrace *trace)
{
	return trace->why;
}
