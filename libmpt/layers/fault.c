/* SPDX-License-Identifier: MIT */
/*
 * The fault layer: lets the Nth call of an operation fail once, without calling what is below.
 * Failing allocations is the allocator's business (mpt_alloc_fail_at()).
 */
#include "libmpt/layers/layer.h"

#define ALL_OPS (~0U)

struct fault {
	struct os_mutex lock; /* all below */
	u32 ops; /* which are counted, a bit each */
	u64 countdown; /* 0: off; 1: the next one */
	int err; /* 0: the operation's first */
	bool fired;
	enum mpt_op_id fired_op;
};

static bool can_fail(enum mpt_op_id op)
{
	const struct mpt_op_info *info = mpt_op_info(op);

	return info->errnos || op == MPT_OP_ID_gfn_to_mfn || op == MPT_OP_ID_from_virt_to_mfn ||
	       op == MPT_OP_ID_is_valid_gfn;
}

static void set(struct fault *f, u32 ops, u64 nth, int err)
{
	os_mutex_lock(&f->lock);
	f->ops = ops;
	f->countdown = nth;
	f->err = err;
	f->fired = false;
	os_mutex_unlock(&f->lock);
}

static int arm(struct fault *f, enum mpt_op_id op, u64 nth, int err)
{
	err = err > 0 ? -err : err;
	if ((unsigned int)op > MPT_OP_COUNT || (op < MPT_OP_COUNT && !can_fail(op)))
		return mpt_fail(-EINVAL, "fault", "operation %s cannot fail",
				(unsigned int)op < MPT_OP_COUNT ? mpt_op_info(op)->name : "?");
	if (err && op < MPT_OP_COUNT && !(mpt_op_info(op)->errnos & mpt_errno_bit(err)))
		return mpt_fail(-EINVAL, "fault", "%s may not answer -%s (see <mpt/ops.def>)",
				mpt_op_info(op)->name, mpt_errno_name(err));
	set(f, op < MPT_OP_COUNT ? 1U << op : ALL_OPS, nth, err);
	return 0;
}

static int op_by_name(const char *name, size_t len, enum mpt_op_id *op)
{
	unsigned int i;

	*op = MPT_OP_COUNT;
	if (len == 3 && !memcmp(name, "any", 3))
		return 0;
	for (i = 0; i < MPT_OP_COUNT; i++) {
		const char *n = mpt_op_info((enum mpt_op_id)i)->name;

		if (strlen(n) == len && !memcmp(n, name, len)) {
			*op = (enum mpt_op_id)i;
			return 0;
		}
	}
	return -EINVAL;
}

static void list_ops(char *buf, size_t len)
{
	size_t n = (size_t)snprintf(buf, len, "any");
	unsigned int i;

	for (i = 0; i < MPT_OP_COUNT && n < len; i++)
		if (can_fail((enum mpt_op_id)i))
			n += (size_t)snprintf(buf + n, len - n, ", %s",
					      mpt_op_info((enum mpt_op_id)i)->name);
}

/* fault=OP:N or fault=any:N */
static int parse_arg(struct fault *f, const char *arg, size_t len)
{
	char list[384];
	const char *colon = memchr(arg, ':', len);
	size_t i, name = colon ? (size_t)(colon - arg) : len;
	enum mpt_op_id op;
	u64 nth = 0;

	if (op_by_name(arg, name, &op)) {
		list_ops(list, sizeof(list));
		return mpt_fail(-EINVAL, "fault", "unknown operation '%.*s' (write fault=OP:N, OP one "
				"of %s)", (int)(name > 64 ? 64 : name), arg, list);
	}
	for (i = name + 1; i < len && arg[i] >= '0' && arg[i] <= '9' && nth < UINT64_MAX / 16; i++)
		nth = nth * 10 + (u64)(arg[i] - '0');
	if (!colon || i != len || !nth)
		return mpt_fail(-EINVAL, "fault", "'%.*s' has no call number (write fault=OP:N, N from 1)",
				(int)(len > 64 ? 64 : len), arg);
	return arm(f, op, nth, 0);
}

static int fault_open(struct mpt_layer_inst *inst, const char *arg, size_t len)
{
	struct fault *f = mpt_zalloc(sizeof(*f));
	int ret;

	if (!f)
		return mpt_fail(-ENOMEM, "fault", "no memory for the layer");
	os_mutex_init(&f->lock);
	ret = arg ? parse_arg(f, arg, len) : 0;
	if (ret) {
		os_mutex_destroy(&f->lock);
		mpt_free(f);
		return ret;
	}
	inst->priv = f;
	return 0;
}

static void fault_close(struct mpt_layer_inst *inst)
{
	struct fault *f = inst->priv;

	os_mutex_destroy(&f->lock);
	mpt_free(f);
}

static long failure(enum mpt_op_id op, int err)
{
	const struct mpt_op_info *info = mpt_op_info(op);

	if (!info->errnos)
		return op == MPT_OP_ID_is_valid_gfn ? 0 : (long)INTEL_GVT_INVALID_ADDR;
	return info->errnos & mpt_errno_bit(err) ? err : mpt_errno_first(info->errnos);
}

static bool fault_before(struct mpt_layer_inst *inst, struct mpt_layer_call *call)
{
	struct fault *f = inst->priv;
	bool fire = false;

	if (!can_fail(call->op))
		return false;
	os_mutex_lock(&f->lock);
	if (f->countdown && (f->ops & 1U << call->op) && !--f->countdown) {
		fire = true;
		f->fired = true;
		f->fired_op = call->op;
		call->ret = failure(call->op, f->err);
	}
	os_mutex_unlock(&f->lock);
	if (!fire)
		return false;
	/* The contract zeroes a failed read's buffer. */
	if (call->op == MPT_OP_ID_read_gpa)
		memset((void *)(uintptr_t)call->arg[1], 0, call->arg[2]);
	mpt_fail((int)call->ret, "fault", "%s: failed on request", mpt_op_info(call->op)->name);
	return true;
}

const struct mpt_layer mpt_layer_fault = {
	.name = "fault",
	.summary = "lets the Nth call of an operation fail (fault=OP:N, fault=any:N)",
	.open = fault_open,
	.close = fault_close,
	.before = fault_before,
};

static struct fault *fault_of(struct mpt_host *host)
{
	struct mpt_layer_inst *inst = mpt_layer_of(host, &mpt_layer_fault);

	if (inst)
		return inst->priv;
	mpt_fail(-EOPNOTSUPP, host->be.name, "no fault layer (open \"fault,%s\")", host->be.name);
	return NULL;
}

int mpt_fault_at(struct mpt_host *host, enum mpt_op_id op, u64 nth, int err)
{
	struct fault *f = fault_of(host);

	return f ? arm(f, op, nth, err) : -EOPNOTSUPP;
}

int mpt_fault_arm(struct mpt_host *host, u32 ops, u64 nth, int err)
{
	struct fault *f = fault_of(host);
	unsigned int op;
	u32 able = 0;

	for (op = 0; op < MPT_OP_COUNT; op++)
		if (can_fail((enum mpt_op_id)op))
			able |= 1U << op;
	if (!f)
		return -EOPNOTSUPP;
	if (ops && !(ops & able))
		return mpt_fail(-EINVAL, "fault", "none of the operations 0x%x can fail", ops);
	set(f, ops ? ops : ALL_OPS, nth, err > 0 ? -err : err);
	return 0;
}

bool mpt_fault_fired(struct mpt_host *host, enum mpt_op_id *op)
{
	struct mpt_layer_inst *inst = mpt_layer_of(host, &mpt_layer_fault);
	struct fault *f = inst ? inst->priv : NULL;
	bool fired;

	if (!f)
		return false;
	os_mutex_lock(&f->lock);
	fired = f->fired;
	if (fired && op)
		*op = f->fired_op;
	os_mutex_unlock(&f->lock);
	return fired;
}
