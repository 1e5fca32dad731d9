/* SPDX-License-Identifier: MIT */
/*
 * From a trace of the trace layer to a mmiotrace: what the core was told of a guest's accesses to
 * registers, aperture and configuration space, with the values it answered.
 */
#include "trace.h"

#include <inttypes.h>
#include <string.h>

#include "mmiotrace.h"

#define BAR0_SIZE (16ULL << 20)
#define NO_ID UINT32_MAX

/* What is known of the device, and an access whose answer is not there yet. */
struct making {
	unsigned int vgpu;
	uint32_t id;
	uint32_t bar[4]; /* the dwords at 0x10 that were written last, before any access to them */
	bool placed;	 /* such an access was seen */
	uint64_t aperture;
	struct trace_record told;
	bool open;
	uint64_t lines, left_out, all;
	FILE *out; /* NULL: only look */
	int err;
};

static uint64_t little_endian(const uint8_t *data, size_t len)
{
	uint64_t value = 0;

	memcpy(&value, data, len < sizeof(value) ? len : sizeof(value));
	return value;
}

static void note_cfg(struct making *m, uint64_t offset, uint32_t value, uint64_t len, bool write)
{
	if (!write && !offset && len == 4 && m->id == NO_ID)
		m->id = value;
	if (write && offset >= 0x10 && offset < 0x20 && offset % 4 == 0 && len == 4 &&
	    value != UINT32_MAX && !m->placed)
		m->bar[(offset - 0x10) / 4] = value;
}

static void write_line(struct making *m, const struct mmiotrace_record *rec)
{
	int ret = m->out && !m->err ? mmiotrace_write_record(m->out, rec) : 0;

	if (ret == -EINVAL)
		m->left_out++;
	else if (ret)
		m->err = ret;
	else
		m->lines++;
}

static void make_cfg(struct making *m, const struct trace_record *t, uint64_t value, bool write)
{
	struct mmiotrace_record rec = {
		.kind = MMIOTRACE_CFG,
		.ns = t->ns,
		.cfg = { write, (uint8_t)t->arg[1], (uint16_t)t->arg[0], (uint32_t)value },
	};

	if (t->arg[0] > UINT16_MAX || t->arg[1] > 4) {
		m->left_out++;
		return;
	}
	note_cfg(m, t->arg[0], (uint32_t)value, t->arg[1], write);
	write_line(m, &rec);
}

static void make_access(struct making *m, const struct trace_record *t, uint64_t value, bool write)
{
	struct mmiotrace_record rec = {
		.kind = write ? MMIOTRACE_WRITE : MMIOTRACE_READ,
		.ns = t->ns,
		.access = { .width = (uint8_t)t->arg[1], .id = 1, .phys = t->arg[0],
			    .value = value },
	};

	m->placed = true;
	if (t->arg[1] > 8)
		m->left_out++;
	else
		write_line(m, &rec);
}

/* An access has ended; a read that failed delivered all ones. */
static void make(struct making *m, const struct trace_record *done)
{
	const struct trace_record *t = &m->told;
	bool cfg = strstr(t->op->name, "cfg"), write = strstr(t->op->name, "write");
	const struct trace_record *from = write ? t : done;
	uint64_t value = UINT64_MAX;

	m->open = false;
	if (from->data && from->data_len == t->arg[1])
		value = little_endian(from->data, from->data_len);
	else if (t->arg[1] < 8)
		value >>= 64 - 8 * (t->arg[1] ? t->arg[1] : 1);
	if (cfg)
		make_cfg(m, t, value, write);
	else
		make_access(m, t, value, write);
}

static void keep(struct making *m, const struct trace_record *rec)
{
	size_t at = rec->data ? (size_t)(rec->data - rec->bytes) : 0;

	m->vgpu = rec->vgpu;
	m->told = *rec;
	if (rec->data)
		m->told.data = m->told.bytes + at;
	m->open = true;
}

static bool is(const struct trace_record *rec, const char *name)
{
	return !strcmp(rec->op->name, name) && play_kind_of(rec->op);
}

static bool is_access(const struct trace_record *rec)
{
	return is(rec, "emulate_mmio_read") || is(rec, "emulate_mmio_write") ||
	       is(rec, "emulate_cfg_read") || is(rec, "emulate_cfg_write");
}

static void take(struct making *m, const struct trace_record *rec)
{
	m->all++;
	if (is(rec, "set_core"))
		m->aperture = rec->arg[3] << 12;
	if (is(rec, "core_done") && rec->vgpu == m->vgpu && m->open)
		make(m, rec);
	else if (is_access(rec) && (m->vgpu == TRACE_ANY_VGPU || rec->vgpu == m->vgpu))
		keep(m, rec);
}

static void take_all(struct making *m, struct trace_ring ring)
{
	static struct trace_record rec;

	m->lines = m->left_out = m->all = 0;
	m->open = false;
	while (!m->err && trace_ring_next(&ring, &rec))
		take(m, &rec);
}

static uint64_t bar(const struct making *m, unsigned int i, uint64_t flags)
{
	return (m->bar[i] & ~0xfULL) | (uint64_t)m->bar[i + 1] << 32 | flags;
}

/* Return: whether enough is known of the device to tell of it. */
static bool write_device(struct making *m, FILE *out)
{
	struct mmiotrace_record rec = { .kind = MMIOTRACE_VERSION };

	if (mmiotrace_write_record(out, &rec) == -EIO)
		m->err = -EIO;
	if (m->id == NO_ID || !bar(m, 0, 0) || !bar(m, 2, 0) || !m->aperture)
		return false;
	rec = (struct mmiotrace_record){
		.kind = MMIOTRACE_PCIDEV,
		.pcidev = { .devfn = 2 << 3, .vendor = (uint16_t)m->id,
			    .device = (uint16_t)(m->id >> 16),
			    .bar = { bar(m, 0, 0x4), 0, bar(m, 2, 0xc) },
			    .len = { BAR0_SIZE, 0, m->aperture } },
	};
	return !mmiotrace_write_record(out, &rec);
}

int trace_mmiotrace(FILE *out, const char *path, struct trace_ring *ring, unsigned int vgpu)
{
	static struct making m;
	bool device;

	m = (struct making){ .vgpu = vgpu, .id = NO_ID };
	take_all(&m, *ring);
	if (!m.lines) {
		cli_error("%s: no access of a guest%s to be put into a mmiotrace", path,
			  vgpu == TRACE_ANY_VGPU ? "" : " to this vGPU");
		return -1;
	}
	device = write_device(&m, out);
	m.out = out;
	take_all(&m, *ring);
	fprintf(stderr, "%s: %" PRIu64 " accesses of vGPU %u, of %" PRIu64 " records; %" PRIu64
		" accesses do not fit into the format\n", path, m.lines, m.vgpu, m.all, m.left_out);
	if (!device)
		fprintf(stderr, "%s: no PCIDEV line: the trace does not tell device and BARs\n",
			path);
	return m.err ? -1 : 0;
}
