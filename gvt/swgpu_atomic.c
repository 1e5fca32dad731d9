/* SPDX-License-Identifier: MIT */
/*
 * MI_SEMAPHORE_WAIT and MI_ATOMIC. The bus has reads and writes only, so an atomic operation is not
 * one to the guest's CPUs, only to the engines of the same thread.
 */
#include "swgpu.h"

#define MEM_GGTT (1U << 22)
#define POLL_REGISTER (1U << 16)

/* --- semaphores: the dword in memory, or a register, against the command's --- */

enum {
	SAD_GT_SDD,
	SAD_GTE_SDD,
	SAD_LT_SDD,
	SAD_LTE_SDD,
	SAD_EQ_SDD,
	SAD_NEQ_SDD
};

static bool signalled(u32 op, u32 sad, u32 sdd)
{
	switch (op) {
	case SAD_GT_SDD:
		return sad > sdd;
	case SAD_GTE_SDD:
		return sad >= sdd;
	case SAD_LT_SDD:
		return sad < sdd;
	case SAD_LTE_SDD:
		return sad <= sdd;
	case SAD_EQ_SDD:
		return sad == sdd;
	default:
		return sad != sdd;
	}
}

static bool semaphore_read(struct swgpu_engine *e, const u32 *dw, u32 *sad)
{
	if (dw[0] & POLL_REGISTER)
		return swgpu_reg_read(e, dw[2] & SWGPU_REG_MASK, sad);
	return swgpu_read(e, swgpu_space(e, dw[0] & MEM_GGTT), swgpu_addr(dw + 2, ~3U), sad, 4);
}

/* In signal mode memory would be looked at when a signal comes: polling does that as well. */
enum gvt_cmd_result swgpu_semaphore_wait(struct swgpu_engine *e, const u32 *dw, u32 n, u64 *budget)
{
	u32 op = dw[0] >> 12 & 7, sad;

	(void)n;
	(void)budget;
	if (op > SAD_NEQ_SDD || !semaphore_read(e, dw, &sad))
		return GVT_CMD_HANG;
	return signalled(op, sad, dw[1]) ? GVT_CMD_NEXT : GVT_CMD_WAIT;
}

/* --- atomics --- */

#define ATOMIC_INLINE (1U << 18)
#define ATOMIC_RETURN (1U << 16)
#define OP_QWORD 0x20 /* in the opcode: as the dword's, but of 64 bits */

enum {
	OP_AND = 1,
	OP_OR,
	OP_XOR,
	OP_MOVE,
	OP_INC,
	OP_DEC,
	OP_ADD,
	OP_SUB,
	OP_RSUB,
	OP_IMAX,
	OP_IMIN,
	OP_UMAX,
	OP_UMIN,
	OP_CMPWR,
	OP_PREDEC
};

/* Where operands are without inline data, and where the answer goes: numbers of CS_GPR. */
enum {
	GPR_OPERAND1 = 0,
	GPR_OPERAND2 = 2,
	GPR_RETURN = 4
};

/* Signed values of either width compare as unsigned ones with their sign bits flipped. */
static u64 compute(u32 op, u64 old, u64 one, u64 two, u64 sign)
{
	switch (op) {
	case OP_AND:
		return old & one;
	case OP_OR:
		return old | one;
	case OP_XOR:
		return old ^ one;
	case OP_MOVE:
		return one;
	case OP_INC:
		return old + 1;
	case OP_DEC:
	case OP_PREDEC:
		return old - 1;
	case OP_ADD:
		return old + one;
	case OP_SUB:
		return old - one;
	case OP_RSUB:
		return one - old;
	case OP_IMAX:
		return (old ^ sign) > (one ^ sign) ? old : one;
	case OP_IMIN:
		return (old ^ sign) < (one ^ sign) ? old : one;
	case OP_UMAX:
		return old > one ? old : one;
	case OP_UMIN:
		return old < one ? old : one;
	default: /* OP_CMPWR */
		return old == one ? two : old;
	}
}

/* Inline operands interleave: the low dwords of both, then the high ones. Missing ones are 0. */
static u64 operand(const struct swgpu_engine *e, const u32 *dw, u32 n, u32 which, bool qword)
{
	u32 at = 3 + which;
	u64 value;

	if (!(dw[0] & ATOMIC_INLINE)) {
		value = swgpu_reg64(e, SWGPU_GPR + 2 * (which ? GPR_OPERAND2 : GPR_OPERAND1));
		return qword ? value : (u32)value;
	}
	value = at < n ? dw[at] : 0;
	if (qword && at + 2 < n)
		value |= (u64)dw[at + 2] << 32;
	return value;
}

enum gvt_cmd_result swgpu_atomic(struct swgpu_engine *e, const u32 *dw, u32 n, u64 *budget)
{
	enum swgpu_space space = swgpu_space(e, dw[0] & MEM_GGTT);
	u32 code = dw[0] >> 8 & 0xff, op = code & ~OP_QWORD;
	bool qword = code & OP_QWORD;
	u64 addr = swgpu_addr(dw + 1, qword ? ~7U : ~3U), old = 0, value;

	(void)budget;
	if (op < OP_AND || op > OP_PREDEC || !swgpu_read(e, space, addr, &old, qword ? 8 : 4))
		return GVT_CMD_HANG;
	value = compute(op, old, operand(e, dw, n, 0, qword), operand(e, dw, n, 1, qword),
			qword ? 1ULL << 63 : 1U << 31);
	if (!swgpu_write(e, space, addr, &value, qword ? 8 : 4))
		return GVT_CMD_HANG;
	if (!(dw[0] & ATOMIC_RETURN))
		return GVT_CMD_NEXT;
	value = op == OP_PREDEC ? value : old;
	swgpu_reg64_set(e, SWGPU_GPR + 2 * GPR_RETURN, qword ? value : (u32)value);
	return GVT_CMD_NEXT;
}
