/* SPDX-License-Identifier: MIT */
/*
 * The watcher between a clause and the host's table, made from ops.def: whatever a clause tries, an
 * answer is 0 or of the operation's own errnos, a failure leaves a sentence, and out-parameters are
 * untouched by it (read_gpa's buffer zeroed). Each call is kept for the report (calls.c).
 */
#include <string.h>

#include "env.h"

/* One environment at a time is watched; threads of a clause see it too. */
static struct cf_env *watched;

static void *const *slot_of(const struct intel_gvt_mpt *t, enum mpt_op_id op)
{
	static const size_t offset[MPT_OP_COUNT] = {
#define MPT_OP(scope, kind, id, ...) offsetof(struct intel_gvt_mpt, id),
#include <mpt/ops.def>
#undef MPT_OP
	};

	return (void *const *)(const void *)((const char *)t + offset[op]);
}

bool cf_table_has(const struct intel_gvt_mpt *t, enum mpt_op_id op)
{
	return *slot_of(t, op) != NULL;
}

static void mark(u32 *word, u32 bits)
{
	__atomic_or_fetch(word, bits, __ATOMIC_RELAXED);
}

int cf_note(struct cf_env *e, enum mpt_op_id op, int answer)
{
	const struct mpt_op_info *info = mpt_op_info(op);

	mark(&e->res->called, 1U << op);
	if (!answer)
		return 0;
	if (answer > 0 || !mpt_errno_bit(answer) || !(info->errnos & mpt_errno_bit(answer)))
		cf_fail(e, "%s: expected 0 or an errno that ops.def lists for it, seen %d (%s)",
			info->name, answer, mpt_errno_name(answer));
	mark(&e->res->seen[op], mpt_errno_bit(answer));
	return answer;
}

bool cf_names_who(struct cf_env *e, const char *sentence)
{
	const char *layer;
	unsigned int i;

	for (i = 0; (layer = mpt_layer_each(i, NULL)); i++)
		if (strstr(sentence, layer))
			return true;
	/* What the layers have in common fails under a common name. */
	return strstr(sentence, ": layers: ") || strstr(sentence, mpt_host_name(e->host));
}

static int answered(enum mpt_op_id op, int answer)
{
	struct cf_env *e = watched;
	const char *why = mpt_last_error();

	cf_note(e, op, answer);
	if (answer && !cf_names_who(e, why))
		cf_fail(e,
			"%s answered -%s: expected a sentence that names the back end or a layer, "
			"seen \"%s\"",
			mpt_op_info(op)->name, mpt_errno_name(answer), why);
	return answer;
}

static unsigned long frame(enum mpt_op_id op, unsigned long mfn)
{
	struct cf_env *e = watched;

	mark(&e->res->called, 1U << op);
	if (mfn != INTEL_GVT_INVALID_ADDR && mfn >= INTEL_GVT_INVALID_ADDR >> MPT_PAGE_SHIFT)
		cf_fail(e,
			"%s: expected a frame number or exactly ~0UL, seen 0x%lx (an errno or a "
			"shifted one)",
			mpt_op_info(op)->name, mfn);
	return mfn;
}

static bool truth(enum mpt_op_id op, bool yes)
{
	mark(&watched->res->called, 1U << op);
	return yes;
}

/* --- a watching callback for each operation --- */

#define STRIP(...) __VA_ARGS__
#define RET_INT int
#define RET_VOID void
#define RET_MFN unsigned long
#define RET_BOOL bool

/* The arguments of a call as numbers, and a bit for each that is a pointer; one to five of them. */
#define NUMBER(a) (u64)(uintptr_t)(a)
#define POINTER(a)                                                                 \
	_Generic((a), bool : 0U, int : 0U, u16 : 0U, u32 : 0U, unsigned long : 0U, \
		 unsigned long long : 0U, default : 1U)
#define EACH_1(m, a) m(0, a)
#define EACH_2(m, a, b) m(0, a), m(1, b)
#define EACH_3(m, a, b, c) EACH_2(m, a, b), m(2, c)
#define EACH_4(m, a, b, c, d) EACH_3(m, a, b, c), m(3, d)
#define EACH_5(m, a, b, c, d, e) EACH_4(m, a, b, c, d), m(4, e)
#define COUNT_(a, b, c, d, e, n, ...) n
#define PASTE_(n, m, ...) EACH_##n(m, __VA_ARGS__)
#define PASTE(n, ...) PASTE_(n, __VA_ARGS__)
#define EACH(m, ...) PASTE(COUNT_(__VA_ARGS__, 5, 4, 3, 2, 1, 0), m, __VA_ARGS__)
#define VALUE_OF(i, a) NUMBER(a)
#define POINTER_OF(i, a) POINTER(a) << (i)

static u64 begin(enum cf_call_kind kind, enum mpt_op_id op, const char *args, const u64 *value,
		 const u32 *pointer, unsigned int n)
{
	u32 pointers = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		pointers |= pointer[i];
	return cf_call_begin(kind, mpt_op_info(op)->name, args, value, pointers, n);
}

/* A host's operations have pointers only. */
#define BEGIN_HOST(kind, id, names) \
	u64 number =                \
		cf_call_begin(CF_CALL_##kind, mpt_op_info(CF_ID(id))->name, names, NULL, ~0U, 0)
#define BEGIN(kind, id, names, ...)                                          \
	const u64 value[] = { EACH(VALUE_OF, __VA_ARGS__) };                 \
	const u32 pointer[] = { EACH(POINTER_OF, __VA_ARGS__) };             \
	u64 number = begin(CF_CALL_##kind, CF_ID(id), names, value, pointer, \
			   (unsigned int)CF_COUNT(value))

#define BODY_INT(id, args)                \
	int answer;                       \
	mpt_clear_error();                \
	answer = watched->real->id args;  \
	cf_call_end(number, (u64)answer); \
	return answered(CF_ID(id), answer)
#define BODY_VOID(id, args)                           \
	mark(&watched->res->called, 1U << CF_ID(id)); \
	watched->real->id args;                       \
	cf_call_end(number, 0)
#define BODY_MFN(id, args)                             \
	unsigned long answer = watched->real->id args; \
	cf_call_end(number, answer);                   \
	return frame(CF_ID(id), answer)
#define BODY_BOOL(id, args)                   \
	bool answer = watched->real->id args; \
	cf_call_end(number, answer);          \
	return truth(CF_ID(id), answer)

#define DEF_HOST(kind, id, params, args)     \
	static RET_##kind watch_##id params  \
	{                                    \
		BEGIN_HOST(kind, id, #args); \
		BODY_##kind(id, args);       \
	}
#define DEF_ATTACH(kind, id, params, args)                    \
	static RET_##kind watch_##id params                   \
	{                                                     \
		BEGIN(kind, id, #args, vgpu, (void *)handle); \
		BODY_##kind(id, args);                        \
	}
#define DEF_DETACH(kind, id, params, args) DEF_HANDLE(kind, id, params, args)
#define DEF_HANDLE(kind, id, params, args)                              \
	static RET_##kind watch_##id(unsigned long handle STRIP params) \
	{                                                               \
		BEGIN(kind, id, "(handle" #args, handle STRIP args);    \
		BODY_##kind(id, (handle STRIP args));                   \
	}
#define DEF_VGPU(kind, id, params, args)                         \
	static RET_##kind watch_##id(void *vgpu STRIP params)    \
	{                                                        \
		BEGIN(kind, id, "(vgpu" #args, vgpu STRIP args); \
		BODY_##kind(id, (vgpu STRIP args));              \
	}

#define MPT_OP(scope, kind, id, wrapper, params, args, ...) DEF_##scope(kind, id, params, args)
#include <mpt/ops.def>
#undef MPT_OP

/* --- those with something to look at besides --- */

static int own_attach(void *vgpu, unsigned long *handle)
{
	unsigned long before = *handle;
	int r = watch_attach_vgpu(vgpu, handle);

	if (r && *handle != before)
		cf_fail(watched, "attach_vgpu failed: expected the handle untouched, seen 0x%lx",
			*handle);
	if (!r)
		cf_call_out(*handle);
	if (!r && !*handle)
		cf_fail(watched, "attach_vgpu: expected a handle, seen 0, which is never valid");
	return r;
}

static int own_dma_map(unsigned long handle, unsigned long gfn, unsigned long size,
		       dma_addr_t *dma_addr)
{
	static const dma_addr_t poison = 0x5ca1ab1e0badULL;
	dma_addr_t mine = poison;
	int r = watch_dma_map_guest_page(handle, gfn, size, &mine);

	if (r && mine != poison)
		cf_fail(watched,
			"dma_map_guest_page of gfn 0x%lx, size 0x%lx failed: expected *dma_addr "
			"untouched, seen 0x%llx",
			gfn, size, (unsigned long long)mine);
	if (!r)
		cf_call_out(mine);
	if (!r && mine % MPT_PAGE_SIZE)
		cf_fail(watched, "dma_map_guest_page: expected the address of a page, seen 0x%llx",
			(unsigned long long)mine);
	if (!r)
		*dma_addr = mine;
	return r;
}

static int own_read(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	int r = watch_read_gpa(handle, gpa, buf, len);

	if (r)
		cf_fill(watched, 0, buf, len, "buffer of a failed read_gpa of 0x%lx bytes at 0x%lx",
			len, gpa);
	return r;
}

void cf_record(struct cf_env *e)
{
	e->real = mpt_host_table(e->host);
#define MPT_OP(scope, kind, id, ...) e->table.id = e->real->id ? watch_##id : NULL;
#include <mpt/ops.def>
#undef MPT_OP
	if (e->table.attach_vgpu)
		e->table.attach_vgpu = own_attach;
	if (e->table.dma_map_guest_page)
		e->table.dma_map_guest_page = own_dma_map;
	if (e->table.read_gpa)
		e->table.read_gpa = own_read;
	__atomic_store_n(&watched, e, __ATOMIC_RELEASE);
}
