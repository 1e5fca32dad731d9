/* SPDX-License-Identifier: MIT */
/*
 * Commands of gen9 as dwords (Skylake PRM vol. 2a; Linux 6.1 gt/intel_gpu_commands.h; from memory).
 * Where they go and what they should do is not here.
 */
#include "guest_priv.h"

#define MI(op, flags) ((u32)(op) << 23 | (u32)(flags))
#define BATCH_PPGTT (1U << 8)

#define ALU(op, a, b) ((u32)(op) << 20 | (u32)(a) << 10 | (u32)(b))
#define ALU_LOAD 0x080
#define ALU_STORE 0x180
#define ALU_SRCA 0x20
#define ALU_SRCB 0x21
#define ALU_ACCU 0x31

#define SEMAPHORE_POLL (1U << 15)
#define SEMAPHORE_EQUAL (4U << 12) /* memory against data */

void guest_cs_begin(struct guest_cs *cs)
{
	cs->n = 0;
	cs->full = false;
}

void guest_cs_put(struct guest_cs *cs, u32 dw)
{
	if (cs->n < G_ARRAY(cs->dw))
		cs->dw[cs->n++] = dw;
	else
		cs->full = true;
}

void guest_cs_addr(struct guest_cs *cs, u64 addr)
{
	guest_cs_put(cs, (u32)addr);
	guest_cs_put(cs, (u32)(addr >> 32));
}

/* MI_BATCH_BUFFER_END, and an even number of dwords. */
void guest_cs_end(struct guest_cs *cs)
{
	guest_cs_put(cs, MI(0x0a, 0));
	if (cs->n & 1)
		guest_cs_put(cs, 0);
}

/* MI_STORE_DATA_IMM */
void guest_cs_store(struct guest_cs *cs, u64 addr, u32 value)
{
	guest_cs_put(cs, MI(0x20, 2));
	guest_cs_addr(cs, addr);
	guest_cs_put(cs, value);
}

void guest_cs_store64(struct guest_cs *cs, u64 addr, u64 value)
{
	guest_cs_put(cs, MI(0x20, 1U << 21 | 3));
	guest_cs_addr(cs, addr);
	guest_cs_addr(cs, value);
}

/* MI_LOAD_REGISTER_IMM */
void guest_cs_lri(struct guest_cs *cs, u32 reg, u32 value)
{
	guest_cs_put(cs, MI(0x22, 1));
	guest_cs_put(cs, reg);
	guest_cs_put(cs, value);
}

void guest_cs_lri64(struct guest_cs *cs, u32 reg, u64 value)
{
	guest_cs_put(cs, MI(0x22, 3));
	guest_cs_put(cs, reg);
	guest_cs_put(cs, (u32)value);
	guest_cs_put(cs, reg + 4);
	guest_cs_put(cs, (u32)(value >> 32));
}

/* MI_STORE_REGISTER_MEM */
void guest_cs_srm(struct guest_cs *cs, u32 reg, u64 addr)
{
	guest_cs_put(cs, MI(0x24, 2));
	guest_cs_put(cs, reg);
	guest_cs_addr(cs, addr);
}

void guest_cs_srm64(struct guest_cs *cs, u32 reg, u64 addr)
{
	guest_cs_srm(cs, reg, addr);
	guest_cs_srm(cs, reg + 4, addr + 4);
}

/* MI_LOAD_REGISTER_MEM */
void guest_cs_lrm(struct guest_cs *cs, u32 reg, u64 addr)
{
	guest_cs_put(cs, MI(0x29, 2));
	guest_cs_put(cs, reg);
	guest_cs_addr(cs, addr);
}

/* MI_LOAD_REGISTER_REG */
void guest_cs_lrr(struct guest_cs *cs, u32 from, u32 to)
{
	guest_cs_put(cs, MI(0x2a, 1));
	guest_cs_put(cs, from);
	guest_cs_put(cs, to);
}

/* MI_MATH: GPR @to = GPR @a op GPR @b */
void guest_cs_math(struct guest_cs *cs, u32 op, u32 a, u32 b, u32 to)
{
	guest_cs_put(cs, MI(0x1a, 4 - 1));
	guest_cs_put(cs, ALU(ALU_LOAD, ALU_SRCA, a));
	guest_cs_put(cs, ALU(ALU_LOAD, ALU_SRCB, b));
	guest_cs_put(cs, ALU(op, 0, 0));
	guest_cs_put(cs, ALU(ALU_STORE, to, ALU_ACCU));
}

/* MI_COPY_MEM_MEM: a dword */
void guest_cs_copy(struct guest_cs *cs, u64 from, u64 to)
{
	guest_cs_put(cs, MI(0x2e, 3));
	guest_cs_addr(cs, to);
	guest_cs_addr(cs, from);
}

/* MI_SEMAPHORE_WAIT, polling */
void guest_cs_wait_eq(struct guest_cs *cs, u64 addr, u32 value)
{
	guest_cs_put(cs, MI(0x1c, SEMAPHORE_POLL | SEMAPHORE_EQUAL | 2));
	guest_cs_put(cs, value);
	guest_cs_addr(cs, addr);
}

/* MI_BATCH_BUFFER_START */
void guest_cs_jump(struct guest_cs *cs, u64 batch)
{
	guest_cs_put(cs, MI(0x31, BATCH_PPGTT | 1));
	guest_cs_addr(cs, batch);
}

u32 guest_gpr(const struct guest_engine *e, u32 n)
{
	return e->info->base + 0x600 + 8 * n;
}
