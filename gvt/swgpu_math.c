/* SPDX-License-Identifier: MIT */
/* MI_MATH: the ALU over the 16 registers CS_GPR (Skylake PRM vol. 2a, MI_MATH). */
#include "swgpu.h"

enum alu_op {
	ALU_NOOP = 0x000,
	ALU_LOAD = 0x080,
	ALU_LOADINV = 0x480,
	ALU_LOAD0 = 0x081,
	ALU_LOAD1 = 0x481,
	ALU_ADD = 0x100,
	ALU_SUB = 0x101,
	ALU_AND = 0x102,
	ALU_OR = 0x103,
	ALU_XOR = 0x104,
	ALU_STORE = 0x180,
	ALU_STOREINV = 0x580,
};
enum alu_operand {
	SRCA = 0x20,
	SRCB = 0x21,
	ACCU = 0x31,
	ZF = 0x32,
	CF = 0x33
};

struct alu {
	u64 a, b, accu;
	bool zero, carry;
};

static bool alu_load(struct alu *alu, u32 to, u64 value)
{
	if (to != SRCA && to != SRCB)
		return false;
	*(to == SRCA ? &alu->a : &alu->b) = value;
	return true;
}

static bool alu_load_reg(const struct swgpu_engine *e, struct alu *alu, u32 to, u32 from,
			 u64 invert)
{
	return from < 16 && alu_load(alu, to, swgpu_reg64(e, SWGPU_GPR + from * 2) ^ invert);
}

/* A flag is stored as all ones or all zeros. */
static bool alu_store(struct swgpu_engine *e, const struct alu *alu, u32 to, u32 from, u64 invert)
{
	u64 value;

	switch (from) {
	case ACCU:
		value = alu->accu;
		break;
	case ZF:
		value = alu->zero ? ~0ULL : 0;
		break;
	case CF:
		value = alu->carry ? ~0ULL : 0;
		break;
	default:
		return false;
	}
	if (to >= 16)
		return false;
	swgpu_reg64_set(e, SWGPU_GPR + to * 2, value ^ invert);
	return true;
}

static bool alu_compute(struct alu *alu, u32 op)
{
	switch (op) {
	case ALU_ADD:
		alu->carry = __builtin_add_overflow(alu->a, alu->b, &alu->accu);
		break;
	case ALU_SUB:
		alu->carry = __builtin_sub_overflow(alu->a, alu->b, &alu->accu);
		break;
	case ALU_AND:
		alu->accu = alu->a & alu->b;
		break;
	case ALU_OR:
		alu->accu = alu->a | alu->b;
		break;
	case ALU_XOR:
		alu->accu = alu->a ^ alu->b;
		break;
	default:
		return false;
	}
	alu->carry = alu->carry && (op == ALU_ADD || op == ALU_SUB);
	alu->zero = !alu->accu;
	return true;
}

static bool alu_one(struct swgpu_engine *e, struct alu *alu, u32 dw)
{
	u32 op = dw >> 20, first = dw >> 10 & 0x3ff, second = dw & 0x3ff;

	switch (op) {
	case ALU_NOOP:
		return true;
	case ALU_LOAD:
	case ALU_LOADINV:
		return alu_load_reg(e, alu, first, second, op == ALU_LOADINV ? ~0ULL : 0);
	case ALU_LOAD0:
	case ALU_LOAD1:
		return alu_load(alu, first, op == ALU_LOAD1 ? ~0ULL : 0);
	case ALU_STORE:
	case ALU_STOREINV:
		return alu_store(e, alu, first, second, op == ALU_STOREINV ? ~0ULL : 0);
	default:
		return alu_compute(alu, op);
	}
}

enum gvt_cmd_result swgpu_math(struct swgpu_engine *e, const u32 *dw, u32 n, u64 *budget)
{
	struct alu alu = { 0 };
	u32 i;

	(void)budget;
	for (i = 1; i < n; i++) {
		if (!alu_one(e, &alu, dw[i]))
			return GVT_CMD_HANG;
	}
	return GVT_CMD_NEXT;
}
