/* SPDX-License-Identifier: MIT */
/*
 * Interrupts into a VM: messages with all the ways in which they are dropped silently, vectors that
 * wait in a vCPU's local APIC, and levels of lines. No time passes here.
 */
#include "backends/acrn/sim_priv.h"

/* A message's address and data, as the local APIC reads them. */
#define MSI_BASE(addr) ((addr) >> 20 & 0xfff)
#define MSI_DEST(addr) ((unsigned int)((addr) >> 12) & 0xff)
#define MSI_REDIRECT 8U
#define MSI_LOGICAL 4U
#define MSI_VECTOR(data) ((unsigned int)(data) & 0xff)
#define MSI_MODE(data) ((unsigned int)((data) >> 8) & 7)

enum { MODE_FIXED = 0, MODE_LOWEST = 1, MODE_EXTINT = 7 };
enum { LINE_HIGH, LINE_LOW, LINE_RAISING_PULSE, LINE_FALLING_PULSE, LINE_OPS };

/* --- messages --- */

static unsigned int destinations(struct acrn_hvm *vm, u64 addr, u64 data)
{
	unsigned int dest = MSI_DEST(addr), all = (1U << vm->nr_vcpus) - 1, who;

	if (addr & MSI_LOGICAL)
		who = dest & all;
	else if (dest == 0xff)
		who = all;
	else
		who = dest < vm->nr_vcpus ? 1U << dest : 0;
	if (addr & MSI_REDIRECT || MSI_MODE(data) == MODE_LOWEST)
		who &= -who;
	return who;
}

/* Whether it was pending in each already. */
static bool pend(struct acrn_hvm *vm, unsigned int who, unsigned int vector)
{
	u64 bit = 1ULL << vector % 64;
	bool merged = true;
	unsigned int n;

	for (n = 0; n < vm->nr_vcpus; n++)
		if (who >> n & 1)
			merged &= !!(os_fetch_or(&vm->vcpu[n].irr[vector / 64], bit) & bit);
	return merged;
}

static bool accepted(unsigned int mode, unsigned int vector)
{
	if (mode == MODE_EXTINT)
		return true;
	return (mode == MODE_FIXED || mode == MODE_LOWEST) && vector >= 16;
}

static void deliver(struct acrn_hvm *vm, u64 addr, u64 data)
{
	unsigned int vector = MSI_VECTOR(data), who = destinations(vm, addr, data);
	const struct acrn_sim_hooks *hooks = os_load(&vm->hooks);
	void *arg = os_load(&vm->hooks_arg);
	bool merged = false;

	if (!accepted(MSI_MODE(data), vector) || !who) {
		os_fetch_add(&vm->msi_dropped, 1);
		return;
	}
	if (MSI_MODE(data) != MODE_EXTINT && !os_load(&vm->irq_at_once))
		merged = pend(vm, who, vector);
	os_fetch_add(merged ? &vm->msi_merged : &vm->msi_delivered, 1);
	acrn_trace(vm->sim, "vm %u vector %u to %x%s", vm->id, vector, who,
		   merged ? " merged" : "");
	if (hooks && hooks->msi)
		hooks->msi(arg, (u32)addr, (u32)data, merged);
}

/* The hook is called when the hypercall's lock is free again. */
long acrn_hc_inject_msi(struct acrn_sim *sim, u16 vmid, u64 addr, u64 data)
{
	struct acrn_hvm *vm = acrn_hc_enter(sim, vmid, "inject_msi");
	bool good;

	if (!vm)
		return sim->config.profile->no_vm;
	good = MSI_BASE(addr) == 0xfee;
	os_fetch_add(&vm->refs, 1);
	acrn_hc_leave(vm, good ? 0 : -1);
	if (good)
		deliver(vm, addr, data);
	acrn_hvm_put(vm);
	return good ? 0 : -1;
}

void acrn_msi_counts(struct acrn_hvm *vm, u64 *delivered, u64 *merged, u64 *dropped)
{
	*delivered = os_load(&vm->msi_delivered);
	*merged = os_load(&vm->msi_merged);
	*dropped = os_load(&vm->msi_dropped);
}

int acrn_vcpu_take_irq(struct acrn_vcpu *v)
{
	int i, vector;
	u64 word;

	acrn_point(v->vm->sim, "take_irq");
	for (i = (int)OS_ARRAY_SIZE(v->irr) - 1; i >= 0; i--) {
		word = os_load(&v->irr[i]);
		if (!word)
			continue;
		vector = 63 - __builtin_clzll(word);
		os_fetch_and(&v->irr[i], ~(1ULL << vector));
		return i * 64 + vector;
	}
	return -1;
}

void acrn_vcpu_irq_at_once(struct acrn_hvm *vm, bool on)
{
	os_store(&vm->irq_at_once, on);
}

/* --- lines --- */

/* Whether this is a rising edge. */
static bool set_line(struct acrn_hvm *vm, u32 gsi, u32 op)
{
	u64 bit = 1ULL << gsi % 64, *word = &vm->pins[gsi / 64];

	switch (op) {
	case LINE_HIGH:
		return !(os_fetch_or(word, bit) & bit);
	case LINE_RAISING_PULSE:
		return !(os_fetch_and(word, ~bit) & bit);
	case LINE_FALLING_PULSE:
		return !(os_fetch_or(word, bit) & bit);
	default:
		os_fetch_and(word, ~bit);
		return false;
	}
}

long acrn_hc_set_irqline(struct acrn_sim *sim, u16 vmid, u32 gsi, u32 op)
{
	struct acrn_hvm *vm = acrn_hc_enter(sim, vmid, "set_irqline");
	const struct acrn_sim_hooks *hooks;
	void *arg;
	bool edge;

	if (!vm)
		return sim->config.profile->no_vm;
	if (gsi >= ACRN_PINS || op >= LINE_OPS)
		return acrn_hc_leave(vm, -1);
	edge = set_line(vm, gsi, op);
	hooks = os_load(&vm->hooks);
	arg = os_load(&vm->hooks_arg);
	acrn_hc_leave(vm, 0);
	if (edge && hooks && hooks->pin)
		hooks->pin(arg, gsi);
	return 0;
}
