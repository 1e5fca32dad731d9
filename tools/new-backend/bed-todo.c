/* SPDX-License-Identifier: MIT */
/*
 * What stands in a new back end where examples/flat/bed.c, the testbed, has its regions of the same
 * names: stubs that say what is to be done. tools/new-backend.sh puts them in; nothing compiles this
 * file itself.
 */

/* [memory] */
/* TODO: whether all bytes of a range are RAM (that can be written). */
bool flat_is_ram(const struct vm *vm, u64 gpa, u64 len, bool write)
{
	(void)vm;
	(void)gpa;
	(void)len;
	(void)write;
	return false;
}

/* TODO: from the guest's memory or to it; all of it is RAM. */
void flat_copy(struct vm *vm, u64 gpa, u8 *buf, u64 len, bool write)
{
	(void)vm;
	(void)gpa;
	(void)buf;
	(void)len;
	(void)write;
}

/* TODO: whether machine frames of a range are in a row, aligned to it. */
bool flat_in_a_row(const struct vm *vm, u64 gfn, u64 pages)
{
	(void)vm;
	(void)gfn;
	(void)pages;
	return false;
}
/* [/memory] */

/* [ram] */
/* TODO mpt_ram_add(): plug RAM in; then tell the core by mpt_deliver_region(). */
static int bed_ram_add(void *vm, u64 gpa, u64 size, unsigned int flags)
{
	(void)vm;
	(void)gpa;
	(void)size;
	(void)flags;
	return fail(-EOPNOTSUPP, "TODO mpt_ram_add");
}

/* TODO mpt_ram_remove(): take a region away as it was plugged in. */
static int bed_ram_remove(void *vm, u64 gpa, u64 size)
{
	(void)vm;
	(void)gpa;
	(void)size;
	return fail(-EOPNOTSUPP, "TODO mpt_ram_remove");
}

/* TODO mpt_ram_move(): the same memory at another guest address. */
static int bed_ram_move(void *vm, u64 gpa, u64 size, u64 new_gpa)
{
	(void)vm;
	(void)gpa;
	(void)size;
	(void)new_gpa;
	return fail(-EOPNOTSUPP, "TODO mpt_ram_move");
}
/* [/ram] */

/* [vcpu] */
/* TODO mpt_guest_read(), mpt_guest_write(): RAM, else a BAR of the vGPU by mpt_deliver_mmio(). */
static int bed_mem_access(void *vm, u64 gpa, void *buf, unsigned int len, bool write)
{
	(void)vm;
	(void)gpa;
	(void)buf;
	(void)len;
	(void)write;
	return fail(-EOPNOTSUPP, "TODO mpt_guest_read, mpt_guest_write");
}

/* TODO mpt_guest_cfg_read(), mpt_guest_cfg_write(): by mpt_deliver_cfg(). */
static int bed_cfg_access(void *vm, unsigned int offset, void *buf, unsigned int len, bool write)
{
	(void)vm;
	(void)offset;
	(void)buf;
	(void)len;
	(void)write;
	return fail(-EOPNOTSUPP, "TODO mpt_guest_cfg_read, mpt_guest_cfg_write");
}
/* [/vcpu] */

/* [irq] */
/* TODO mpt_irq_take(): the first interrupt that was injected and not yet taken. */
static int bed_irq_take(void *vm, struct mpt_irq *irq)
{
	(void)vm;
	(void)irq;
	return fail(-ENOENT, "TODO mpt_irq_take");
}
/* [/irq] */

/* [bus] */
/* TODO mpt_bus_read(), mpt_bus_write(): what the device does; outside a live mapping it is -EFAULT. */
static int bed_bus_access(void *self, u64 bus, void *buf, unsigned int len, bool write)
{
	(void)self;
	(void)bus;
	(void)buf;
	(void)len;
	(void)write;
	return fail(-EOPNOTSUPP, "TODO mpt_bus_read, mpt_bus_write");
}

/* TODO mpt_fault_take(): the last access that was refused. */
static int bed_fault_take(void *self, struct mpt_iommu_fault *fault)
{
	(void)self;
	(void)fault;
	return fail(-ENOENT, "TODO mpt_fault_take");
}
/* [/bus] */
