/* SPDX-License-Identifier: MIT */
/* IRQ: interrupts as messages, as an eventfd and as a pin; PV: PV MMIO; VMM: what a VMM is told. */
#include <string.h>
#include <unistd.h>

#include "areas.h"

/*
 * To logical destination 1, which any guest's first CPU has; the redirection hint is another
 * address to the same. Vectors below 16 and most delivery modes are refused by interrupt
 * controllers (Intel SDM volume 3, 10.11).
 */
#define ADDR 0xfee01004U
#define HINT 8U
#define DATA 0x4143U
#define VECTOR(i) ((u16)(0x20 + (i) % 0xd0))

static void msi_cap(struct intel_vgpu *v, u16 control, u32 addr, u16 data)
{
	u8 *cap = v->cfg_space + v->msi_cap_offset;

	memcpy(cap + MPT_MSI_CONTROL, &control, sizeof(control));
	memcpy(cap + MPT_MSI_ADDRESS, &addr, sizeof(addr));
	memcpy(cap + MPT_MSI_DATA, &data, sizeof(data));
}

static int took(struct cf_env *e, struct mpt_vm *vm, u32 addr, u16 data)
{
	struct mpt_irq irq = { 0 };

	CF_INT(e, 0, mpt_irq_take(vm, &irq), "taking an interrupt");
	CF_THAT(e, !irq.intx && irq.addr == addr && irq.data == data,
		"an interrupt: expected address 0x%x, data 0x%x, seen 0x%x, 0x%x%s", addr, data,
		irq.addr, irq.data, irq.intx ? " (of the pin)" : "");
	return CF_PASS;
}

static int none(struct cf_env *e, struct mpt_vm *vm)
{
	struct mpt_irq irq;

	return cf_int(e, -ENOENT, mpt_irq_take(vm, &irq), "taking an interrupt when there is none");
}

static int irq_msi(struct cf_env *e)
{
	CF_TRY(none(e, e->vm));
	msi_cap(e->v, MPT_MSI_ENABLE, ADDR, DATA);
	CF_INT(e, 0, HV(inject_msi)(e->v), "inject_msi");
	CF_TRY(took(e, e->vm, ADDR, DATA));
	CF_TRY(none(e, e->vm));
	e->v->msi_cap_offset = 0x90;
	msi_cap(e->v, MPT_MSI_ENABLE, ADDR + HINT, DATA + 1);
	CF_INT(e, 0, HV(inject_msi)(e->v), "inject_msi with the capability at 0x90");
	CF_TRY(took(e, e->vm, ADDR + HINT, DATA + 1));
	return cf_u64(e, 2, cf_stats(e, e->vm).msi, "MSIs delivered");
}

static int irq_disabled(struct cf_env *e)
{
	msi_cap(e->v, 0, ADDR, DATA);
	CF_INT(e, 0, HV(inject_msi)(e->v), "inject_msi with MSI disabled");
	msi_cap(e->v, 0x0080, ADDR, DATA);
	CF_INT(e, 0, HV(inject_msi)(e->v), "inject_msi with MSI disabled, 64-bit form");
	msi_cap(e->v, MPT_MSI_ENABLE, ADDR, DATA);
	CF_TRY(none(e, e->vm));
	return cf_u64(e, 0, cf_stats(e, e->vm).msi, "MSIs delivered");
}

static int irq_control(struct cf_env *e)
{
	unsigned int bit;

	for (bit = 1; bit < 16; bit++) {
		msi_cap(e->v, (u16)(MPT_MSI_ENABLE | 1U << bit), ADDR, DATA);
		CF_INT(e, -EINVAL, HV(inject_msi)(e->v), "inject_msi with control bit %u set", bit);
	}
	return none(e, e->vm);
}

static int irq_order(struct cf_env *e)
{
	unsigned int i;

	for (i = 0; i < 64; i++)
		CF_INT(e, 0, e->table.inject_msi(e->v->handle, ADDR + i % 2 * HINT, VECTOR(i)),
		       "inject_msi");
	for (i = 0; i < 64; i++)
		CF_TRY(took(e, e->vm, ADDR + i % 2 * HINT, VECTOR(i)));
	return none(e, e->vm);
}

static int irq_untaken(struct cf_env *e)
{
	struct mpt_vm_stats s;
	struct mpt_irq irq;
	u64 i, taken = 0;

	for (i = 0; i < 20000; i++)
		CF_INT(e, 0, e->table.inject_msi(e->v->handle, ADDR, VECTOR(i)),
		       "inject_msi number %llu", (unsigned long long)i);
	while (!mpt_irq_take(e->vm, &irq))
		taken++;
	s = cf_stats(e, e->vm);
	CF_U64(e, 20000, taken + s.irq_lost, "interrupts taken and lost of 20000");
	CF_INT(e, 0, e->table.inject_msi(e->v->handle, ADDR, VECTOR(7)),
	       "inject_msi after the queue was emptied");
	return took(e, e->vm, ADDR, VECTOR(7));
}

static int irq_eventfd(struct cf_env *e)
{
	int fd = mpt_irq_fd(e->vm), i;
	u64 count = 0;

	for (i = 0; i < 5; i++)
		CF_INT(e, 0, e->table.inject_msi(e->v->handle, ADDR, DATA), "inject_msi");
	CF_THAT(e, read(fd, &count, sizeof(count)) == sizeof(count),
		"the eventfd after 5 interrupts: expected it readable, seen nothing");
	CF_U64(e, 5, count, "the eventfd's count");
	CF_THAT(e, read(fd, &count, sizeof(count)) < 0 && errno == EAGAIN,
		"the eventfd read again: expected EAGAIN, seen a count");
	for (i = 0; i < 5; i++)
		CF_TRY(took(e, e->vm, ADDR, DATA));
	return cf_int(e, fd, mpt_irq_fd(e->vm), "the VM's eventfd asked for again");
}

static int irq_other(struct cf_env *e)
{
	struct mpt_vm *other;

	CF_TRY(cf_vm_new(e, 2, NULL, &other));
	CF_TRY(cf_attach(e, 1, other));
	msi_cap(&e->vgpus[1].base, MPT_MSI_ENABLE, ADDR, VECTOR(2));
	CF_INT(e, 0, HV(inject_msi)(&e->vgpus[1].base), "inject_msi for the second VM");
	CF_TRY(none(e, e->vm));
	CF_TRY(took(e, other, ADDR, VECTOR(2)));
	return none(e, other);
}

static int inject_one(struct cf_env *e)
{
	return cf_int(e, 0, e->table.inject_msi(e->v->handle, ADDR, DATA),
		      "inject_msi beside another");
}

static int inject_loop(struct cf_env *e, void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < 2000; i++)
		CF_TRY(inject_one(e));
	return CF_PASS;
}

static int irq_parallel(struct cf_env *e)
{
	struct mpt_irq irq;
	u64 taken = 0, mine;
	int a, b;

	/* One thread alone, then three: a back end may have taken the first for the only one. */
	for (mine = 0; mine < 100; mine++)
		CF_TRY(inject_one(e));
	CF_TRY(cf_thread_start(e, 0, inject_loop, NULL));
	CF_TRY(cf_thread_start(e, 1, inject_loop, NULL));
	for (; !cf_thread_done(e, 0) || !cf_thread_done(e, 1); mine++) {
		CF_TRY(inject_one(e));
		if (!mpt_irq_take(e->vm, &irq))
			taken++;
		cf_breathe();
	}
	a = cf_thread_join(e, 0);
	b = cf_thread_join(e, 1);
	CF_TRY(a ? a : b);
	while (!mpt_irq_take(e->vm, &irq))
		taken++;
	CF_U64(e, 4000 + mine, cf_stats(e, e->vm).msi, "MSIs delivered");
	return cf_u64(e, 4000 + mine, taken + cf_stats(e, e->vm).irq_lost,
		      "interrupts taken and lost");
}

static int irq_address(struct cf_env *e)
{
	static const u32 wrong[] = { 0, 0x1000, 0xfed00000, 0xfef00000, 0xffffffff };
	size_t i;
	int r;

	for (i = 0; i < CF_COUNT(wrong); i++) {
		r = e->table.inject_msi(e->v->handle, wrong[i], DATA);
		if (!r)
			CF_TRY(took(e, e->vm, wrong[i], DATA));
		else
			CF_INT(e, -EINVAL, r, "inject_msi to address 0x%x", wrong[i]);
		CF_TRY(none(e, e->vm));
	}
	return CF_PASS;
}

/* --- the pin --- */

static int pin_is(struct cf_env *e, bool level, u64 edges)
{
	struct mpt_vm_stats s = cf_stats(e, e->vm);

	CF_U64(e, level, s.intx_level, "the pin's level");
	return cf_u64(e, edges, s.intx, "rising edges of the pin");
}

static int edge(struct cf_env *e)
{
	struct mpt_irq irq = { 0 };

	CF_INT(e, 0, mpt_irq_take(e->vm, &irq), "taking the pin's interrupt");
	CF_THAT(e, irq.intx && !irq.addr && !irq.data,
		"the pin's interrupt: expected intx without address and data, seen 0x%x, 0x%x",
		irq.addr, irq.data);
	return CF_PASS;
}

static int irq_intx(struct cf_env *e)
{
	CF_TRY(pin_is(e, false, 0));
	CF_INT(e, 0, HV(set_intx)(e->v, false), "set_intx low, which it is");
	CF_TRY(none(e, e->vm));
	CF_INT(e, 0, HV(set_intx)(e->v, true), "set_intx high");
	CF_TRY(pin_is(e, true, 1));
	CF_TRY(edge(e));
	CF_INT(e, 0, HV(set_intx)(e->v, true), "set_intx high again");
	CF_TRY(pin_is(e, true, 1));
	CF_TRY(none(e, e->vm));
	CF_INT(e, 0, HV(set_intx)(e->v, false), "set_intx low");
	CF_TRY(pin_is(e, false, 1));
	CF_TRY(none(e, e->vm));
	CF_INT(e, 0, HV(set_intx)(e->v, true), "set_intx high");
	CF_TRY(pin_is(e, true, 2));
	CF_TRY(edge(e));
	return cf_int(e, 0, HV(set_intx)(e->v, false), "set_intx low");
}

/* --- PV MMIO --- */

#define PV_END (CF_BAR0 + CF_BAR0_SIZE - 1)

static int pv(struct cf_env *e, int want, u64 start, u64 end, bool on)
{
	return cf_int(e, want, HV(set_pvmmio)(e->v, start, end, on),
		      "set_pvmmio 0x%llx..0x%llx, %s", (unsigned long long)start,
		      (unsigned long long)end, on ? "on" : "off");
}

static int pv_live(struct cf_env *e, u64 want)
{
	if (e->has & CF_HAS_LEDGER)
		CF_U64(e, want, cf_ledger(e).live[MPT_LEDGER_PVMMIO],
		       "the ledger's PV MMIO entries");
	return CF_PASS;
}

static int pv_toggle(struct cf_env *e)
{
	int i;

	for (i = 0; i < 5; i++) {
		u64 start = i % 2 ? CF_BAR0_HIGH : CF_BAR0;

		CF_TRY(pv(e, 0, start, start + CF_BAR0_SIZE - 1, true));
		CF_TRY(pv_live(e, 1));
		CF_TRY(pv(e, 0, start, start + CF_BAR0_SIZE - 1, false));
		CF_TRY(pv_live(e, 0));
	}
	return CF_PASS;
}

static int pv_twice(struct cf_env *e)
{
	CF_TRY(pv(e, 0, CF_BAR0, PV_END, false));
	CF_TRY(pv(e, 0, CF_BAR0, PV_END, true));
	CF_TRY(pv(e, 0, CF_BAR0, PV_END, true));
	CF_TRY(pv_live(e, 1));
	CF_TRY(pv(e, 0, CF_BAR0, PV_END, false));
	CF_TRY(pv_live(e, 0));
	return pv(e, 0, CF_BAR0, PV_END, false);
}

static int pv_elsewhere(struct cf_env *e)
{
	const u64 high_end = CF_BAR0_HIGH + CF_BAR0_SIZE - 1;

	CF_TRY(pv(e, 0, CF_BAR0, PV_END, true));
	CF_TRY(pv(e, -EEXIST, CF_BAR0_HIGH, high_end, true));
	CF_TRY(pv(e, -EEXIST, CF_BAR0, PV_END - 4096, true));
	CF_TRY(pv(e, -ENOENT, CF_BAR0_HIGH, high_end, false));
	CF_TRY(pv(e, -ENOENT, CF_BAR0, PV_END - 4096, false));
	CF_TRY(pv_live(e, 1));
	CF_TRY(pv(e, 0, CF_BAR0, PV_END, false));
	CF_TRY(pv(e, 0, CF_BAR0_HIGH, high_end, true));
	return pv(e, 0, CF_BAR0_HIGH, high_end, false);
}

static int pv_wrong(struct cf_env *e)
{
	CF_TRY(pv(e, -EINVAL, CF_BAR0, CF_BAR0 - 1, true));
	CF_TRY(pv(e, -EINVAL, PV_END, CF_BAR0, true));
	CF_TRY(pv(e, -EINVAL, CF_BAR0_HIGH, PV_END, true));
	/* 2 MiB of registers and the shared page (ACRN kernel 4.19, i915_pvinfo.h). */
	CF_TRY(pv(e, -EINVAL, CF_BAR0, CF_BAR0 + MPT_HUGE_SIZE - 1, true));
	CF_TRY(pv(e, -EINVAL, CF_BAR0 + 8, PV_END, true));
	return pv_live(e, 0);
}

/* --- the VMM --- */

static int vmm_opregion(struct cf_env *e)
{
	CF_INT(e, 0, HV(set_opregion)(e->v), "set_opregion");
	CF_U64(e, 1, cf_stats(e, e->vm).opregion, "set_opregion calls seen by the VM");
	return cf_int(e, 0, HV(set_opregion)(e->v), "set_opregion again");
}

static int vmm_edid(struct cf_env *e)
{
	static const int wrong[] = { -1, 16, 255, 256, 0x7fffffff, -0x7fffffff - 1 };
	size_t i;

	CF_INT(e, 0, HV(set_edid)(e->v, 1), "set_edid of port B");
	CF_INT(e, 0, HV(set_edid)(e->v, 3), "set_edid of port D");
	CF_U64(e, 2, cf_stats(e, e->vm).edid, "set_edid calls seen by the VM");
	for (i = 0; i < CF_COUNT(wrong); i++)
		CF_INT(e, -EINVAL, HV(set_edid)(e->v, wrong[i]), "set_edid of port %d", wrong[i]);
	return cf_u64(e, 2, cf_stats(e, e->vm).edid, "set_edid calls after refusals");
}

static int vmm_device(struct cf_env *e)
{
	int i;

	for (i = 1; i <= 3; i++) {
		CF_INT(e, 0, HV(get_vfio_device)(e->v), "get_vfio_device");
		CF_U64(e, (u64)i, (u64)cf_stats(e, e->vm).vfio_device,
		       "holders of the VMM's device");
	}
	if (e->has & CF_HAS_LEDGER)
		CF_U64(e, 1, cf_ledger(e).live[MPT_LEDGER_VFIO], "the ledger's entries of it");
	for (i = 2; i >= 0; i--) {
		HV(put_vfio_device)(e->v);
		CF_U64(e, (u64)i, (u64)cf_stats(e, e->vm).vfio_device,
		       "holders of the VMM's device");
	}
	HV(put_vfio_device)(e->v);
	if (!(e->has & CF_HAS_LEDGER))
		return CF_PASS;
	e->violations++;
	return cf_u64(e, 1, cf_ledger(e).violations, "violations after a put without a get");
}

const struct mpt_clause cf_irq[] = {
	{
		.id = "IRQ-1",
		.text = "inject_msi reads address and data of the guest's MSI capability, where "
			"the vGPU says it is, and the guest takes one interrupt with them.",
		.bug_class = BUG_MSI_WRAPPER,
		.ops = CF_OP(inject_msi),
		.run = irq_msi,
	},
	{
		.id = "IRQ-2",
		.text = "With MSI disabled inject_msi is 0: nothing is injected and nothing "
			"remembered.",
		.bug_class = BUG_MSI_WRAPPER,
		.run = irq_disabled,
	},
	{
		.id = "IRQ-3",
		.text = "Any other bit of the MSI control word is -EINVAL, and nothing is "
			"injected.",
		.bug_class = BUG_MSI_WRAPPER,
		.run = irq_control,
	},
	{
		.id = "IRQ-4",
		.text = "Interrupts arrive in order, none merged.",
		.ops = CF_OP(inject_msi),
		.run = irq_order,
	},
	{
		.id = "IRQ-5",
		.text = "Injecting never waits for a guest that takes nothing; what is lost is "
			"counted.",
		.bug_class = BUG_ATOMIC,
		.ops = CF_OP(inject_msi),
		.run = irq_untaken,
	},
	{
		.id = "IRQ-6",
		.text = "Interrupts can be waited for on an eventfd that counts them.",
		.bug_class = BUG_K9,
		.needs_caps = CF_HAS_IRQ_FD,
		.ops = CF_OP(inject_msi),
		.run = irq_eventfd,
	},
	{
		.id = "IRQ-7",
		.text = "An interrupt reaches the vGPU's own VM and no other.",
		.ops = CF_OP(inject_msi),
		.run = irq_other,
	},
	{
		.id = "IRQ-8",
		.text = "Threads may inject at once; none is lost uncounted.",
		.bug_class = BUG_LOCK,
		.ops = CF_OP(inject_msi),
		.run = irq_parallel,
	},
	{
		.id = "IRQ-9",
		.text = "A message to an address that is no interrupt controller's is refused "
			"with -EINVAL, or delivered as it is; never bent.",
		.bug_class = BUG_K_MSI,
		.ops = CF_OP(inject_msi),
		.pairs = CF_PAIRS(CF_P(inject_msi, EINVAL)),
		.run = irq_address,
	},
	{
		.id = "IRQ-10",
		.text = "set_intx drives a level: a rise is one interrupt, the same level again "
			"none, a fall none.",
		.needs_caps = MPT_CAP_INTX,
		.ops = CF_OP(set_intx),
		.run = irq_intx,
	},
	{ .id = NULL },
};

const struct mpt_clause cf_pv[] = {
	{
		.id = "PV-1",
		.text = "PV MMIO goes on and off any number of times, at any place of the BAR.",
		.bug_class = BUG_A26,
		.needs_caps = MPT_CAP_PVMMIO,
		.ops = CF_OP(set_pvmmio),
		.run = pv_toggle,
	},
	{
		.id = "PV-2",
		.text = "Asking for the state it is in already is 0 and changes nothing.",
		.bug_class = BUG_PV_TWICE,
		.needs_caps = MPT_CAP_PVMMIO,
		.ops = CF_OP(set_pvmmio),
		.run = pv_twice,
	},
	{
		.id = "PV-3",
		.text = "While it is on at one place, switching it on at another is -EEXIST and "
			"off at another -ENOENT.",
		.bug_class = BUG_PV_MOVED,
		.needs_caps = MPT_CAP_PVMMIO,
		.ops = CF_OP(set_pvmmio),
		.pairs = CF_PAIRS(CF_P(set_pvmmio, EEXIST), CF_P(set_pvmmio, ENOENT)),
		.run = pv_elsewhere,
	},
	{
		.id = "PV-4",
		.text = "An end before the start, a place within a page, or less than the "
			"register file and the shared page is -EINVAL.",
		.bug_class = BUG_RANGE,
		.needs_caps = MPT_CAP_PVMMIO,
		.ops = CF_OP(set_pvmmio),
		.pairs = CF_PAIRS(CF_P(set_pvmmio, EINVAL)),
		.run = pv_wrong,
	},
	{ .id = NULL },
};

const struct mpt_clause cf_vmm[] = {
	{
		.id = "VMM-1",
		.text = "set_opregion tells the VMM of the vGPU's opregion; at no address of the "
			"back end's choice.",
		.bug_class = BUG_K11 "; " BUG_A28,
		.row = "opregion",
		.needs_caps = CF_HAS_OPREGION,
		.ops = CF_OP(set_opregion),
		.run = vmm_opregion,
	},
	{
		.id = "VMM-2",
		.text = "set_edid takes the ports a GPU has; another is -EINVAL and is not "
			"counted.",
		.bug_class = BUG_K11 "; " BUG_K12 "; " BUG_RANGE,
		.needs_caps = CF_HAS_EDID,
		.ops = CF_OP(set_edid),
		.pairs = CF_PAIRS(CF_P(set_edid, EINVAL)),
		.run = vmm_edid,
	},
	{
		.id = "VMM-3",
		.text = "The VMM's device is held by count; a put without a get is a violation.",
		.bug_class = BUG_REFERENCE,
		.needs_caps = CF_HAS_VFIO,
		.ops = CF_OP(get_vfio_device) | CF_OP(put_vfio_device),
		.misuse = true,
		.run = vmm_device,
	},
	{ .id = NULL },
};
