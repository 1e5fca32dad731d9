/* SPDX-License-Identifier: MIT */
/*
 * Registers as commands see them: those that an engine keeps by itself, the others through the
 * client. Which a command may access is gvt_cmd_reg_ok()'s matter, and of FORCE_TO_NONPRIV.
 *
 * The client's registers are the vGPU's, one for all contexts. Those that user space may write are
 * each context's own, as in the hardware (swgpu_units.c): shared, they would tell one process of
 * the guest what another does. What else the guest's driver has opened by FORCE_TO_NONPRIV is
 * shared: a driver looks there for what it has opened, and answers for it.
 */
#include "swgpu.h"

#define TIMESTAMP 0x358
#define NONPRIV 0x4d0
#define NONPRIV_SLOTS 12
#define NONPRIV_ADDR 0x03fffffcU
#define MEM_GGTT (1U << 22)
#define SRM_PREDICATE (1U << 21)

#define OWN(offset, number) [(offset) / 4] = (number) + 1
#define OWN_64(offset, number) OWN(offset, number), OWN((offset) + 4, (number) + 1)
#define OWN_GPR(n) OWN_64(0x600 + 8 * (n), SWGPU_GPR + 2 * (n))
const u8 swgpu_own_numbers[SWGPU_OWN_NUMBERS] = {
	OWN(0x030, SWGPU_RING_TAIL),
	OWN(0x034, SWGPU_RING_HEAD),
	OWN(0x038, SWGPU_RING_START),
	OWN(0x03c, SWGPU_RING_CTL),
	OWN(0x068, SWGPU_IPEHR),
	OWN(0x110, SWGPU_BBSTATE),
	OWN(0x114, SWGPU_SBBADDR),
	OWN(0x118, SWGPU_SBBSTATE),
	OWN(0x11c, SWGPU_SBBADDR_UDW),
	OWN(0x140, SWGPU_BBADDR),
	OWN(0x158, SWGPU_BB_OFFSET),
	OWN(0x168, SWGPU_BBADDR_UDW),
	OWN(0x200, SWGPU_SWCTRL),
	OWN(0x214, SWGPU_PREDICATE_RESULT_2),
	OWN(0x244, SWGPU_CONTEXT_CONTROL),
	OWN(0x3a8, SWGPU_CTX_TIMESTAMP),
	OWN_64(0x400, SWGPU_PREDICATE_SRC0),
	OWN_64(0x408, SWGPU_PREDICATE_SRC1),
	OWN_64(0x410, SWGPU_PREDICATE_DATA),
	OWN(0x418, SWGPU_PREDICATE_RESULT),
	OWN(0x41c, SWGPU_PREDICATE_RESULT_1),
	OWN_GPR(0),
	OWN_GPR(1),
	OWN_GPR(2),
	OWN_GPR(3),
	OWN_GPR(4),
	OWN_GPR(5),
	OWN_GPR(6),
	OWN_GPR(7),
	OWN_GPR(8),
	OWN_GPR(9),
	OWN_GPR(10),
	OWN_GPR(11),
	OWN_GPR(12),
	OWN_GPR(13),
	OWN_GPR(14),
	OWN_GPR(15),
};

u64 swgpu_reg64(const struct swgpu_engine *e, enum swgpu_reg low)
{
	return (u64)e->reg[low + 1] << 32 | e->reg[low];
}

void swgpu_reg64_set(struct swgpu_engine *e, enum swgpu_reg low, u64 value)
{
	e->reg[low] = (u32)value;
	e->reg[low + 1] = (u32)(value >> 32);
}

static void position_batch(struct swgpu_engine *e, u32 depth, enum swgpu_reg first)
{
	const struct swgpu_batch *b = &e->batch[depth];
	bool valid = e->depth >= depth;

	swgpu_reg64_set(e, first, valid ? b->addr | SWGPU_BB_VALID : 0);
	e->reg[first + 2] = valid && b->space == SWGPU_PPGTT ? SWGPU_BB_PPGTT : 0;
}

void swgpu_reg_position(struct swgpu_engine *e)
{
	e->reg[SWGPU_RING_HEAD] = swgpu_engine_head(NULL, e);
	e->reg[SWGPU_RING_TAIL] = e->work.tail;
	e->reg[SWGPU_RING_START] = (u32)e->work.ring_start;
	/* Pages less one in bits 20:12, and bit 0: enabled. */
	e->reg[SWGPU_RING_CTL] = 0;
	if (e->work.ring_size)
		e->reg[SWGPU_RING_CTL] = ((e->work.ring_size - 4096) & 0x1ff000) | 1;
	position_batch(e, 1, SWGPU_BBADDR);
	position_batch(e, 2, SWGPU_SBBADDR);
}

/* --- access --- */

/* The guest has opened it to user space; the slots' handler has seen that it may. */
static bool opened(const struct swgpu_engine *e, u32 reg)
{
	u32 slot = swgpu_engine_base[e->engine] + NONPRIV, i;

	for (i = 0; i < NONPRIV_SLOTS; i++) {
		if ((e->client.reg_read(e->client.arg, slot + i * 4) & NONPRIV_ADDR) == reg)
			return true;
	}
	return false;
}

static bool may(struct swgpu_engine *e, u32 reg, bool write)
{
	bool privileged = swgpu_privileged(e);

	if (gvt_cmd_reg_ok(e->engine, reg, write, privileged) ||
	    (!privileged && gvt_cmd_reg_ok(e->engine, reg, write, true) && opened(e, reg)))
		return true;
	e->denied++;
	return false;
}

static bool is_timestamp(u32 reg, u32 *shift)
{
	unsigned int i;

	for (i = 0; i < GVT_NUM_ENGINES; i++) {
		*shift = (reg - swgpu_engine_base[i] - TIMESTAMP) * 8;
		if (!*shift || *shift == 32)
			return true;
	}
	return false;
}

static u32 own_read(struct swgpu_engine *e, enum swgpu_reg number)
{
	if (number == SWGPU_CTX_TIMESTAMP)
		return e->reg[number] + (u32)(e->client.now(e->client.arg) - e->since);
	if (number >= SWGPU_RING_HEAD)
		swgpu_reg_position(e);
	return e->reg[number];
}

bool swgpu_reg_read(struct swgpu_engine *e, u32 reg, u32 *value)
{
	enum swgpu_reg number = swgpu_reg_own(e->engine, reg);
	u32 shift;

	*value = 0;
	if (!may(e, reg, false))
		return false;
	if (number != SWGPU_NUM_REGS)
		*value = own_read(e, number);
	else if (is_timestamp(reg, &shift))
		*value = (u32)(e->client.now(e->client.arg) >> shift);
	else if (!swgpu_unit_read(e, reg, value))
		*value = e->client.reg_read(e->client.arg, reg);
	return true;
}

/* Of both, bits 31:16 of a write select which of 15:0 change. */
static void own_write(struct swgpu_engine *e, enum swgpu_reg number, u32 value)
{
	if (number == SWGPU_CONTEXT_CONTROL || number == SWGPU_SWCTRL)
		value = (e->reg[number] & ~(value >> 16)) | (value & value >> 16);
	e->reg[number] = value;
}

bool swgpu_reg_write(struct swgpu_engine *e, u32 reg, u32 value)
{
	enum swgpu_reg number = swgpu_reg_own(e->engine, reg);

	if (!may(e, reg, true))
		return false;
	if (number != SWGPU_NUM_REGS)
		own_write(e, number, value);
	else if (!swgpu_unit_write(e, reg, value))
		e->client.reg_write(e->client.arg, reg, value);
	return true;
}

/* --- commands. A register that must not be accessed turns its part into a no-operation. --- */

enum gvt_cmd_result swgpu_load_reg_imm(struct swgpu_engine *e, const u32 *dw, u32 n, u64 *budget)
{
	u32 i;

	(void)budget;
	for (i = 1; i + 1 < n; i += 2)
		swgpu_reg_write(e, dw[i] & SWGPU_REG_MASK, dw[i + 1]);
	return GVT_CMD_NEXT;
}

enum gvt_cmd_result swgpu_load_reg_reg(struct swgpu_engine *e, const u32 *dw, u32 n, u64 *budget)
{
	u32 value;

	(void)n;
	(void)budget;
	if (swgpu_reg_read(e, dw[1] & SWGPU_REG_MASK, &value))
		swgpu_reg_write(e, dw[2] & SWGPU_REG_MASK, value);
	return GVT_CMD_NEXT;
}

enum gvt_cmd_result swgpu_load_reg_mem(struct swgpu_engine *e, const u32 *dw, u32 n, u64 *budget)
{
	u32 value;

	(void)n;
	(void)budget;
	if (!swgpu_read(e, swgpu_space(e, dw[0] & MEM_GGTT), swgpu_addr(dw + 2, ~3U), &value, 4))
		return GVT_CMD_HANG;
	swgpu_reg_write(e, dw[1] & SWGPU_REG_MASK, value);
	return GVT_CMD_NEXT;
}

enum gvt_cmd_result swgpu_store_reg_mem(struct swgpu_engine *e, const u32 *dw, u32 n, u64 *budget)
{
	u32 value;

	(void)n;
	(void)budget;
	if ((dw[0] & SRM_PREDICATE) && !(e->reg[SWGPU_PREDICATE_RESULT] & 1))
		return GVT_CMD_NEXT;
	if (!swgpu_reg_read(e, dw[1] & SWGPU_REG_MASK, &value))
		return GVT_CMD_NEXT;
	if (!swgpu_write(e, swgpu_space(e, dw[0] & MEM_GGTT), swgpu_addr(dw + 2, ~3U), &value, 4))
		return GVT_CMD_HANG;
	return GVT_CMD_NEXT;
}
