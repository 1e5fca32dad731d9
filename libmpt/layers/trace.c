/* SPDX-License-Identifier: MIT */
/*
 * The trace layer: a flight recorder. Each operation becomes a record in a file that is mapped, so
 * that what was recorded stays when the process is killed. <mpt/trace.h> is the format; reading is
 * the tools' business.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <mpt/trace.h>

#include "libmpt/layers/layer.h"
#include "libmpt/layers/trace.h"

#define SIZE_DEFAULT (16ULL << 20)
#define SIZE_MIN (64ULL << 10)
#define SIZE_MAX_ (MPT_TRACE_SLOTS_MAX * MPT_TRACE_SLOT)
#define FIRST_BYTES 8 /* of arguments in the first slot */
#define MORE_BYTES 14 /* in each further one */
#define ARGS_MAX 64 /* bytes of all numbers of one record */

struct trace {
	struct mpt_trace_header *head;
	u64 *slot;
	size_t bytes; /* of the whole mapping */
	u64 mask;
	unsigned int shift; /* log2 of the slots */
	const void *vgpu[MPT_HANDLE_SLOTS]; /* the core's, by number; NULL: none */
};

_Static_assert(sizeof(struct mpt_trace_header) <= MPT_TRACE_HEADER, "the header has a page");
_Static_assert(TRACE_COUNT <= MPT_TRACE_OPS, "every operation has a place in the table");

/* --- what is recorded of each operation: see struct mpt_trace_op --- */

static const struct mpt_trace_op ops[TRACE_COUNT] = {
	[MPT_OP_ID_host_init] = { "host_init", "" },
	[MPT_OP_ID_host_exit] = { "host_exit", "" },
	[MPT_OP_ID_attach_vgpu] = { "attach_vgpu", "v" },
	[MPT_OP_ID_detach_vgpu] = { "detach_vgpu", "" },
	[MPT_OP_ID_inject_msi] = { "inject_msi", "vv" },
	[MPT_OP_ID_from_virt_to_mfn] = { "from_virt_to_mfn", "M" },
	[MPT_OP_ID_enable_page_track] = { "enable_page_track", "v" },
	[MPT_OP_ID_disable_page_track] = { "disable_page_track", "v" },
	[MPT_OP_ID_read_gpa] = { "read_gpa", "vvH" },
	[MPT_OP_ID_write_gpa] = { "write_gpa", "vvd" },
	[MPT_OP_ID_gfn_to_mfn] = { "gfn_to_mfn", "vM" },
	[MPT_OP_ID_map_gfn_to_mfn] = { "map_gfn_to_mfn", "vvvv" },
	[MPT_OP_ID_dma_map_guest_page] = { "dma_map_guest_page", "vpA" },
	[MPT_OP_ID_dma_unmap_guest_page] = { "dma_unmap_guest_page", "a" },
	[MPT_OP_ID_set_trap_area] = { "set_trap_area", "pev" },
	[MPT_OP_ID_set_pvmmio] = { "set_pvmmio", "pev" },
	[MPT_OP_ID_dom0_ready] = { "dom0_ready", "" },
	[MPT_OP_ID_dma_pin_guest_page] = { "dma_pin_guest_page", "a" },
	[MPT_OP_ID_set_opregion] = { "set_opregion", "" },
	[MPT_OP_ID_set_edid] = { "set_edid", "v" },
	[MPT_OP_ID_get_vfio_device] = { "get_vfio_device", "" },
	[MPT_OP_ID_put_vfio_device] = { "put_vfio_device", "" },
	[MPT_OP_ID_is_valid_gfn] = { "is_valid_gfn", "vB" },
	[MPT_OP_ID_set_intx] = { "set_intx", "v" },
	[TRACE_ANCHOR] = { "anchor", "v" },
	[TRACE_VM_GET] = { "vm_get", "v" },
	[TRACE_VM_PUT] = { "vm_put", "v" },
	[TRACE_VM_CREATE] = { "vm_create", "v" },
	[TRACE_VM_DESTROY] = { "vm_destroy", "v" },
	[TRACE_RAM_ADD] = { "ram_add", "vppv" },
	[TRACE_RAM_REMOVE] = { "ram_remove", "vpp" },
	[TRACE_RAM_MOVE] = { "ram_move", "vppp" },
	[TRACE_GUEST_READ] = { "guest_read", "vvvH" },
	[TRACE_GUEST_WRITE] = { "guest_write", "vvvd" },
	[TRACE_CFG_READ] = { "guest_cfg_read", "vvvH" },
	[TRACE_CFG_WRITE] = { "guest_cfg_write", "vvvd" },
	[TRACE_IRQ_TAKE] = { "irq_take", "vVVV" },
	[TRACE_DIRTY_FETCH] = { "dirty_fetch", "vvvvH" },
	[TRACE_TRACKED] = { "vm_tracked", "vvB" },
	[TRACE_BUS_READ] = { "bus_read", "avH" },
	[TRACE_BUS_WRITE] = { "bus_write", "avd" },
	[TRACE_FAULT_TAKE] = { "fault_take", "VVV" },
	[TRACE_MMIO_READ] = { "emulate_mmio_read", "vv" },
	[TRACE_MMIO_WRITE] = { "emulate_mmio_write", "vvd" },
	[TRACE_EMULATE_CFG_READ] = { "emulate_cfg_read", "vv" },
	[TRACE_EMULATE_CFG_WRITE] = { "emulate_cfg_write", "vvd" },
	[TRACE_STORE] = { "write_protect_handler", "vvd" },
	[TRACE_APERTURE_READ] = { "aperture_read", "vv" },
	[TRACE_APERTURE_WRITE] = { "aperture_write", "vvd" },
	[TRACE_REGION] = { "guest_region_event", "vvv" },
	[TRACE_CORE_DONE] = { "core_done", "vd" },
	[TRACE_SET_CORE] = { "set_core", "vvvv" },
};

/* --- encoding --- */

struct record {
	unsigned int op, code, vgpu;
	unsigned int len; /* of args */
	u8 args[ARGS_MAX];
	const u8 *data;
	unsigned int data_len;
};

static inline void put_number(struct record *r, u64 n)
{
	for (; n >= 0x80; n >>= 7)
		r->args[r->len++] = (u8)(n | 0x80);
	r->args[r->len++] = (u8)n;
}

static inline u64 rotate(u64 n)
{
	return n >> 12 | n << 52;
}

static void put_check(struct record *r, const void *data, u64 len)
{
	u16 check = data ? mpt_trace_check(data, len) : 0;

	r->args[r->len++] = (u8)check;
	r->args[r->len++] = (u8)(check >> 8);
}

static unsigned int answer_code(long ret)
{
	u32 bit = ret < 0 && ret >= -4096 ? mpt_errno_bit((int)ret) : 0;

	return bit ? (unsigned int)__builtin_ctz(bit) + 1 : MPT_TRACE_OTHER;
}

static void put_arg(struct record *r, char letter, const u64 *arg, unsigned int i, long ret)
{
	const void *data = (const void *)(uintptr_t)arg[i];
	u64 before = i ? arg[i - 1] : 0;

	switch (letter) {
	case 'v':
		put_number(r, arg[i]);
		break;
	case 'p':
	case 'a':
		put_number(r, rotate(arg[i]));
		break;
	case 'e':
		put_number(r, rotate(arg[i] + 1));
		break;
	case 'd':
		r->data = data;
		r->data_len = before < MPT_TRACE_DATA_MAX ? (unsigned int)before :
							    MPT_TRACE_DATA_MAX;
		break;
	case 'M':
		put_number(r, (u64)ret + 1);
		break;
	case 'B':
		put_number(r, ret != 0);
		break;
	case 'A':
		if (!r->code)
			put_number(r, rotate(*(const u64 *)data));
		break;
	case 'V':
		if (!r->code)
			put_number(r, arg[i]);
		break;
	case 'H':
		if (!r->code)
			put_check(r, data, before);
		break;
	}
}

static void encode(struct record *r, long ret, const u64 *arg)
{
	const char *letter = ops[r->op].args;
	bool value = r->op == MPT_OP_ID_gfn_to_mfn || r->op == MPT_OP_ID_from_virt_to_mfn ||
		     r->op == MPT_OP_ID_is_valid_gfn || r->op == TRACE_TRACKED;
	unsigned int i;

	if (!r->code && ret && !value)
		r->code = answer_code(ret);
	if (r->code == MPT_TRACE_OTHER)
		put_number(r, (u64)ret << 1 ^ (u64)(ret >> 63));
	for (i = 0; letter[i]; i++)
		put_arg(r, letter[i], arg, i, ret);
}

/* --- the ring --- */

/* Bytes @from.. of the arguments and the data behind them; what is beyond them is zero. */
static u64 take(const struct record *r, unsigned int from, unsigned int n)
{
	u8 out[8] = { 0 };
	unsigned int i, at;
	u64 word;

	if (from >= r->len && from - r->len + n <= r->data_len) {
		memcpy(out, r->data + (from - r->len), n);
		n = 0;
	}
	for (i = 0; i < n; i++) {
		at = from + i;
		if (at < r->len)
			out[i] = r->args[at];
		else if (at - r->len < r->data_len)
			out[i] = r->data[at - r->len];
	}
	memcpy(&word, out, sizeof(word));
	return word;
}

/* How many slots behind the first one. */
static unsigned int more_of(const struct record *r)
{
	unsigned int bytes = r->len + r->data_len;

	return bytes > FIRST_BYTES ? (bytes - FIRST_BYTES + MORE_BYTES - 1) / MORE_BYTES : 0;
}

static u64 mark(const struct trace *t, u64 n, unsigned int op)
{
	return op | (n >> t->shift & 0x3ff) << 6;
}

static void put_more(struct trace *t, const struct record *r, u64 n, unsigned int from)
{
	u64 *slot = t->slot + (n & t->mask) * 2;

	os_store_relaxed(&slot[1], take(r, from + 6, 8));
	os_store(&slot[0], mark(t, n, MPT_TRACE_MORE) | take(r, from, 6) << 16);
}

/*
 * The first slot comes last: when it is there, the others are. A thread that stood still for a whole
 * lap after it had taken its slots would write over newer records; it gives its own up instead. One
 * that stands still between the look and the stores still does: the reader then counts what it hit.
 */
static u64 put_record(struct trace *t, const struct record *r, u64 time)
{
	unsigned int i, more = more_of(r);
	u64 n = os_fetch_add(&t->head->head, more + 1);
	u64 *slot = t->slot + (n & t->mask) * 2, word;

	if (OS_UNLIKELY(os_load_relaxed(&t->head->head) - n > t->mask))
		return n;
	for (i = 0; i < more; i++)
		put_more(t, r, n + 1 + i, FIRST_BYTES + i * MORE_BYTES);
	if (more || r->data_len)
		word = take(r, 0, FIRST_BYTES);
	else
		memcpy(&word, r->args, sizeof(word));
	os_store_relaxed(&slot[1], word);
	os_store(&slot[0], mark(t, n, r->op + 1) | (u64)more << 16 | (u64)r->code << 25 |
				   (u64)(r->vgpu & 0xff) << 29 | time << 37);
	return n;
}

static void put_anchor(struct trace *t, u64 time)
{
	struct record r = { .op = TRACE_ANCHOR };

	put_number(&r, time);
	put_record(t, &r, time);
}

static u64 now(void)
{
	return os_now_ns() / MPT_TRACE_TIME_UNIT;
}

/* An anchor where the time's upper bits change, and in each quarter of a lap. */
static void emit(struct trace *t, struct record *r)
{
	u64 time = now(), epoch = time >> MPT_TRACE_TIME_BITS;
	u64 n, seen = os_load_relaxed(&t->head->epoch);
	u64 end;

	if (OS_UNLIKELY(seen != epoch)) {
		os_store_relaxed(&t->head->epoch, epoch);
		put_anchor(t, time);
	}
	n = put_record(t, r, time);
	end = n + 1 + more_of(r);
	if (OS_UNLIKELY((n ^ end) >> (t->shift - 2)))
		put_anchor(t, time);
}

/* --- what comes in --- */

static unsigned int vgpu_number(unsigned long handle)
{
	return (unsigned int)(handle % MPT_HANDLE_SLOTS);
}

/* The VM that a vGPU is being attached to; 0: unknown. */
static u64 target_id(const struct mpt_layer_inst *inst)
{
	struct mpt_vm *vm = mpt_thread_self()->target;
	u64 id = 0;

	os_mutex_lock(&inst->host->lock);
	if (!vm)
		vm = inst->host->vms;
	id = vm ? vm->id : 0;
	os_mutex_unlock(&inst->host->lock);
	return id;
}

/* A call's arguments as the letters want them: data behind its length. */
static void encode_call(struct record *r, const struct mpt_layer_call *call, long ret)
{
	const u64 access[] = { call->arg[0], call->arg[2], call->arg[1] };
	bool swap = call->op == MPT_OP_ID_read_gpa || call->op == MPT_OP_ID_write_gpa;

	encode(r, ret, swap ? access : call->arg);
}

/* Which vGPU a number is of: what the core is told names it by pointer. */
static void note_vgpu(struct trace *t, const struct mpt_layer_call *call)
{
	if (call->op == MPT_OP_ID_attach_vgpu && call->vgpu && !call->ret)
		os_store_relaxed(&t->vgpu[vgpu_number(call->vgpu->handle)], call->vgpu->vgpu);
	else if (call->op == MPT_OP_ID_detach_vgpu && call->vgpu)
		os_store_relaxed(&t->vgpu[vgpu_number(call->vgpu->handle)], NULL);
}

static void trace_after(struct mpt_layer_inst *inst, struct mpt_layer_call *call)
{
	struct record r;
	u64 vm;

	if (OS_UNLIKELY(call->op <= MPT_OP_ID_detach_vgpu))
		note_vgpu(inst->priv, call);

	r.op = call->op;
	r.code = 0;
	r.len = r.data_len = 0;
	memset(r.args, 0, 8);
	r.vgpu = call->vgpu ? vgpu_number(call->vgpu->handle) : 0;
	if (OS_UNLIKELY(call->op == MPT_OP_ID_attach_vgpu)) {
		vm = target_id(inst);
		encode(&r, call->ret, &vm);
	} else {
		encode_call(&r, call, call->ret);
	}
	emit(inst->priv, &r);
}

static void trace_dead(struct mpt_layer_inst *inst, struct mpt_layer_call *call)
{
	struct record r = {
		.op = call->op,
		.code = MPT_TRACE_DEAD,
		.vgpu = vgpu_number(call->handle),
	};

	/* The code tells the answer; only a frame stands in the arguments as well. */
	encode_call(&r, call,
		    call->op == MPT_OP_ID_gfn_to_mfn ? (long)INTEL_GVT_INVALID_ADDR : 0);
	emit(inst->priv, &r);
}

void mpt_trace_note(struct mpt_host *host, enum mpt_trace_id id, long ret, const u64 *arg)
{
	struct record r = { .op = id };

	encode(&r, ret, arg);
	emit(host->trace->priv, &r);
}

static unsigned int number_of(const struct trace *t, const void *vgpu)
{
	unsigned int i;

	for (i = 0; vgpu && i < MPT_HANDLE_SLOTS; i++)
		if (os_load_relaxed(&t->vgpu[i]) == vgpu)
			return i;
	return 0;
}

void mpt_trace_core(struct mpt_host *host, const void *vgpu, enum mpt_trace_id id, long ret,
		    const u64 *arg)
{
	struct trace *t = host->trace->priv;
	struct record r = { .op = id, .vgpu = number_of(t, vgpu) };

	encode(&r, ret, arg);
	emit(t, &r);
}

/* --- opening: FILE[:SIZE] --- */

static int parse_size(const char *text, const char *end, u64 *size)
{
	static const char units[] = "KMGT";
	const char *unit;
	u64 n = 0;

	for (; text < end && *text >= '0' && *text <= '9' && n < SIZE_MAX_; text++)
		n = n * 10 + (u64)(*text - '0');
	unit = text < end ? strchr(units, *text) : NULL;
	if (unit && n <= SIZE_MAX_) {
		n <<= 10 * (unsigned int)(unit - units + 1);
		text++;
	}
	if (text != end || n < SIZE_MIN || n > SIZE_MAX_)
		return -EINVAL;
	*size = n;
	return 0;
}

static int parse_arg(const char *arg, size_t len, char *path, size_t room, u64 *size)
{
	const char *colon = arg ? memrchr(arg, ':', len) : NULL;
	size_t name = colon && colon[1] >= '0' && colon[1] <= '9' ? (size_t)(colon - arg) : len;

	*size = SIZE_DEFAULT;
	if (!arg || !name || name >= room)
		return mpt_fail(-EINVAL, "trace", "the layer needs a file of at most %zu "
				"characters (write trace=FILE or trace=FILE:SIZE)", room - 1);
	memcpy(path, arg, name);
	path[name] = '\0';
	if (name != len && parse_size(colon + 1, arg + len, size))
		return mpt_fail(-EINVAL, "trace", "'%.*s' is no size from 64K to 64G (write "
				"trace=FILE:SIZE, K, M or G may follow the number)",
				(int)(len - name - 1 > 64 ? 64 : len - name - 1), colon + 1);
	return 0;
}

static int file_fail(const char *path, const char *what, int err)
{
	int ret = err == EACCES || err == EPERM || err == EROFS ? -EACCES :
		  err == ENOENT || err == ENOTDIR ? -ENOENT :
		  err == ENOSPC || err == EDQUOT || err == EFBIG ? -ENOSPC :
		  err == ENOMEM ? -ENOMEM : -EIO;

	return mpt_fail(ret, "trace", "%s: cannot %s: %s (name a file that can be written)", path,
			what, strerror(err));
}

/* What is there may be the only witness of a crash: it is moved aside, and its maps stay whole. */
static int move_aside(const char *path)
{
	char old[1024 + 8];
	struct stat st;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : file_fail(path, "look at it", errno);
	if (!S_ISREG(st.st_mode))
		return mpt_fail(-EINVAL, "trace", "%s: is no regular file (name another one)",
				path);
	snprintf(old, sizeof(old), "%s.old", path);
	return rename(path, old) ? file_fail(path, "rename it to FILE.old", errno) : 0;
}

static int map_file(struct trace *t, const char *path)
{
	int err, fd, ret = move_aside(path);

	if (ret)
		return ret;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return file_fail(path, "make it", errno);
	/* All of it now: a full disk would be a SIGBUS later. */
	err = posix_fallocate(fd, 0, (off_t)t->bytes);
	if (!err) {
		t->head = mmap(NULL, t->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		err = t->head == MAP_FAILED ? errno : 0;
	}
	close(fd);
	if (!err)
		return 0;
	unlink(path);
	return file_fail(path, "map it", err);
}

static void fill_header(struct trace *t, const char *spec)
{
	struct mpt_trace_header *h = t->head;
	struct timespec ts;

	h->version = MPT_TRACE_VERSION;
	h->order = MPT_TRACE_ORDER;
	h->slots = t->mask + 1;
	clock_gettime(CLOCK_REALTIME, &ts);
	h->real_ns = (u64)ts.tv_sec * 1000000000 + (u64)ts.tv_nsec;
	h->mono_ns = os_now_ns();
	h->pid = (u32)getpid();
	memcpy(h->op, ops, sizeof(ops));
	snprintf(h->spec, sizeof(h->spec), "%s", spec);
	t->slot = (u64 *)(void *)((char *)h + MPT_TRACE_HEADER);
	/* Last, so that a reader finds all or nothing. */
	memcpy(h->magic, MPT_TRACE_MAGIC, sizeof(h->magic));
	put_anchor(t, now());
	os_store_relaxed(&h->epoch, now() >> MPT_TRACE_TIME_BITS);
}

static int trace_open(struct mpt_layer_inst *inst, const char *arg, size_t len)
{
	char path[1024];
	struct trace *t;
	u64 size;
	int ret = parse_arg(arg, len, path, sizeof(path), &size);

	if (ret)
		return ret;
	t = mpt_zalloc(sizeof(*t));
	if (!t)
		return mpt_fail(-ENOMEM, "trace", "no memory for the layer");
	t->shift = 63 - (unsigned int)__builtin_clzll(size / MPT_TRACE_SLOT);
	t->mask = (1ULL << t->shift) - 1;
	t->bytes = MPT_TRACE_HEADER + ((size_t)MPT_TRACE_SLOT << t->shift);
	ret = map_file(t, path);
	if (ret) {
		mpt_free(t);
		return ret;
	}
	fill_header(t, inst->host->spec);
	inst->priv = t;
	if (!inst->host->trace)
		inst->host->trace = inst;
	return 0;
}

static void trace_close(struct mpt_layer_inst *inst)
{
	struct trace *t = inst->priv;

	if (inst->host->trace == inst)
		inst->host->trace = NULL;
	os_store(&t->head->closed, 1);
	munmap(t->head, t->bytes);
	mpt_free(t);
}

const struct mpt_layer mpt_layer_trace = {
	.name = "trace",
	.summary = "records every operation in a file that survives a crash (trace=FILE[:SIZE])",
	.open = trace_open,
	.close = trace_close,
	.after = trace_after,
	.dead = trace_dead,
};
