/* SPDX-License-Identifier: MIT */
/*
 * What stands in a new back end where examples/flat/flat.c has its regions of the same names: stubs
 * that say what is to be done. tools/new-backend.sh puts them in; nothing compiles this file itself.
 */

/* [attach] */
/*
 * TODO attach_vgpu (clauses VM, HND): bind the vGPU to the VM of mpt_attach_target() and give out a
 * handle by mpt_handle_new(). A VM has one vGPU: a second one is -EEXIST.
 */
static int flat_attach(void *vgpu, unsigned long *handle)
{
	(void)vgpu;
	(void)handle;
	return fail(-EOPNOTSUPP, "TODO attach_vgpu");
}

/*
 * TODO detach_vgpu (clauses HND, LIFE): the handle dies, what runs for it ends, and what the vGPU
 * left goes: its mappings, later its tracked pages and traps.
 */
static void flat_detach(unsigned long handle)
{
	(void)handle;
}
/* [/attach] */

/* [msi] */
/*
 * TODO inject_msi (clauses IRQ): interrupt the VM. It never sleeps and never waits for the guest; a
 * message to no interrupt controller's address is -EINVAL.
 */
static int flat_inject_msi(unsigned long handle, u32 addr, u16 data)
{
	unsigned long section;
	struct vm *vm = enter(handle, __func__, &section);

	(void)addr;
	(void)data;
	return vm ? leave(section, fail(-EOPNOTSUPP, "TODO inject_msi")) : -ESRCH;
}
/* [/msi] */

/* [memory] */
/*
 * TODO read_gpa (clauses MEM): copy guest memory of any length, at any alignment, across regions; all
 * or nothing. Where a byte is no RAM it is -EFAULT. After any failure the buffer is zeroed.
 */
static int flat_read_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	unsigned long section;
	struct vm *vm = enter(handle, __func__, &section);

	(void)gpa;
	memset(buf, 0, len);
	return vm ? leave(section, fail(-EOPNOTSUPP, "TODO read_gpa")) : -ESRCH;
}

/* TODO write_gpa (clauses MEM): the other way; read-only RAM is -EFAULT too, and nothing is written. */
static int flat_write_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	unsigned long section;
	struct vm *vm = enter(handle, __func__, &section);

	(void)gpa;
	(void)buf;
	(void)len;
	return vm ? leave(section, fail(-EOPNOTSUPP, "TODO write_gpa")) : -ESRCH;
}
/* [/memory] */

/* [dma] */
/*
 * TODO dma_map_guest_page (clauses DMA, RGN): let the device reach 4 KiB, or 2 MiB in a row (else
 * -EINVAL), and answer the address it is to use. No RAM: -EFAULT. Mappings are counted by that address,
 * and live until the last unmap even if the RAM goes. On failure *bus is untouched.
 */
static int flat_dma_map(unsigned long handle, unsigned long gfn, unsigned long size,
			dma_addr_t *bus)
{
	unsigned long section;
	struct vm *vm = enter(handle, __func__, &section);

	(void)gfn;
	(void)size;
	(void)bus;
	return vm ? leave(section, fail(-EOPNOTSUPP, "TODO dma_map_guest_page")) : -ESRCH;
}

/* TODO dma_unmap_guest_page (clauses DMA): one count less; an unknown address has no effect. */
static void flat_dma_unmap(unsigned long handle, dma_addr_t bus)
{
	unsigned long section;
	struct vm *vm = enter(handle, __func__, &section);

	(void)bus;
	if (vm)
		leave(section, 0);
}
/* [/dma] */

/* [quiesce] */
/*
 * TODO quiesce (clauses LIFE): hold the guest's accesses off the core while a vGPU goes, and wait for
 * the running ones. As long as none is delivered there is nothing to do.
 */
static int flat_quiesce(void *priv, void *vm, bool on)
{
	(void)priv;
	(void)vm;
	(void)on;
	return 0;
}
/* [/quiesce] */
