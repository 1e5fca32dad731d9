/* SPDX-License-Identifier: MIT */
/*
 * What the wrappers of <mpt/compat/linux.h> answer and pass on, compiled against a kernel's own GVT
 * headers with its own flags, so that its real layouts are read. How it comes to run in user space
 * is in run.c and check.sh.
 *
 * The header under test is force-included; a kernel of 5.10 is compiled as gnu89.
 */
#define HANDLE	0x48ad1eUL
#define ANSWER	0x5a
#define MSI_CAP	0xac
#define ARGS	5

/* Both are in run.c. */
extern int printk_calls;
const char *mpt_wrappers_wrong(void);

struct intel_gvt_host intel_gvt_host;

static struct intel_gvt gvt;
static struct intel_vgpu vgpu;
static const char *seen_op;
static unsigned long seen[ARGS];

static void note(const char *op, const unsigned long *args)
{
	seen_op = op;
	memcpy(seen, args, sizeof(seen));
}

static bool noted(const char *op, const unsigned long *args)
{
	return seen_op && !strcmp(seen_op, op) && !memcmp(seen, args, sizeof(seen));
}

#define FAKE(ret, answer, op, params, ...)				\
static ret fake_##op params						\
{									\
	unsigned long args[ARGS] = { __VA_ARGS__ };			\
									\
	note(#op, args);						\
	return (ret)(answer);						\
}

#define ADDRESS(p) ((unsigned long)(p))

FAKE(int, ANSWER, host_init, (struct device *dev, void *g, const void *ops),
     ADDRESS(dev), ADDRESS(g), ADDRESS(ops))
FAKE(void, 0, host_exit, (struct device *dev), ADDRESS(dev))
FAKE(int, ANSWER, attach_vgpu, (void *v, unsigned long *handle), ADDRESS(v), ADDRESS(handle))
FAKE(void, 0, detach_vgpu, (void *v), ADDRESS(v))
FAKE(int, ANSWER, inject_msi, (unsigned long h, u32 addr, u16 data), h, addr, data)
FAKE(unsigned long, ANSWER, from_virt_to_mfn, (void *p), ADDRESS(p))
FAKE(int, ANSWER, enable_page_track, (unsigned long h, u64 gfn), h, gfn)
FAKE(int, ANSWER, disable_page_track, (unsigned long h, u64 gfn), h, gfn)
FAKE(int, ANSWER, read_gpa, (unsigned long h, unsigned long gpa, void *buf, unsigned long len),
     h, gpa, ADDRESS(buf), len)
FAKE(int, ANSWER, write_gpa, (unsigned long h, unsigned long gpa, void *buf, unsigned long len),
     h, gpa, ADDRESS(buf), len)
FAKE(unsigned long, ANSWER, gfn_to_mfn, (unsigned long h, unsigned long gfn), h, gfn)
FAKE(int, ANSWER, dma_map_guest_page,
     (unsigned long h, unsigned long gfn, unsigned long size, dma_addr_t *dma),
     h, gfn, size, ADDRESS(dma))
FAKE(void, 0, dma_unmap_guest_page, (unsigned long h, dma_addr_t dma), h, dma)
FAKE(int, ANSWER, dma_pin_guest_page, (unsigned long h, dma_addr_t dma), h, dma)
FAKE(int, ANSWER, map_gfn_to_mfn,
     (unsigned long h, unsigned long gfn, unsigned long mfn, unsigned int nr, bool map),
     h, gfn, mfn, nr, map)
FAKE(int, ANSWER, set_trap_area, (unsigned long h, u64 start, u64 end, bool map),
     h, start, end, map)
FAKE(int, ANSWER, set_opregion, (void *v), ADDRESS(v))
FAKE(int, ANSWER, set_edid, (void *v, int port), ADDRESS(v), port)
FAKE(int, ANSWER, get_vfio_device, (void *v), ADDRESS(v))
FAKE(void, 0, put_vfio_device, (void *v), ADDRESS(v))
FAKE(bool, false, is_valid_gfn, (unsigned long h, unsigned long gfn), h, gfn)

static struct intel_gvt_mpt no_callback;
static struct intel_gvt_mpt all_callbacks = {
	.host_init = fake_host_init,
	.host_exit = fake_host_exit,
	.attach_vgpu = fake_attach_vgpu,
	.detach_vgpu = fake_detach_vgpu,
	.inject_msi = fake_inject_msi,
	.from_virt_to_mfn = fake_from_virt_to_mfn,
	.enable_page_track = fake_enable_page_track,
	.disable_page_track = fake_disable_page_track,
	.read_gpa = fake_read_gpa,
	.write_gpa = fake_write_gpa,
	.gfn_to_mfn = fake_gfn_to_mfn,
	.dma_map_guest_page = fake_dma_map_guest_page,
	.dma_unmap_guest_page = fake_dma_unmap_guest_page,
	.dma_pin_guest_page = fake_dma_pin_guest_page,
	.map_gfn_to_mfn = fake_map_gfn_to_mfn,
	.set_trap_area = fake_set_trap_area,
	.set_opregion = fake_set_opregion,
	.set_edid = fake_set_edid,
	.get_vfio_device = fake_get_vfio_device,
	.put_vfio_device = fake_put_vfio_device,
	.is_valid_gfn = fake_is_valid_gfn,
};

static void set_msi(u16 control, u32 addr, u16 data)
{
	u8 *cap = vgpu.cfg_space.virtual_cfg_space + MSI_CAP;

	memcpy(cap + 2, &control, sizeof(control));
	memcpy(cap + 4, &addr, sizeof(addr));
	memcpy(cap + 8, &data, sizeof(data));
}

/* The expressions below are also the message: the first wrong one is what the test prints. */
#define ANSWERS(call, want)						\
	do {								\
		if ((unsigned long)(intel_gvt_hypervisor_##call) !=	\
		    (unsigned long)(want))				\
			return #call " does not answer " #want;		\
	} while (0)

#define PASSED(op, call, ...)						\
	do {								\
		unsigned long args[ARGS] = { __VA_ARGS__ };		\
									\
		if (!noted(#op, args))					\
			return #call " passes something else on";	\
		seen_op = NULL;						\
	} while (0)

#define PASSES(op, call, want, ...)					\
	do {								\
		ANSWERS(call, want);					\
		PASSED(op, call, __VA_ARGS__);				\
	} while (0)

#define PASSES_VOID(op, call, ...)					\
	do {								\
		intel_gvt_hypervisor_##call;				\
		PASSED(op, call, __VA_ARGS__);				\
	} while (0)

static const char *absent(void)
{
	dma_addr_t dma = 0x1234;
	u64 word = ~0ULL;

	ANSWERS(host_init(NULL, &gvt, NULL), 0);
	intel_gvt_hypervisor_host_exit(NULL);
	ANSWERS(attach_vgpu(&vgpu), -EOPNOTSUPP);
	intel_gvt_hypervisor_detach_vgpu(&vgpu);
	set_msi(0, 0xfee00000, 0x41);
	ANSWERS(inject_msi(&vgpu), 0);
	set_msi(1, 0xfee00000, 0x41);
	ANSWERS(inject_msi(&vgpu), -EOPNOTSUPP);
	ANSWERS(virt_to_mfn(&vgpu), ~0UL);
	ANSWERS(enable_page_track(&vgpu, 1), -EOPNOTSUPP);
	ANSWERS(disable_page_track(&vgpu, 1), -EOPNOTSUPP);
	ANSWERS(write_gpa(&vgpu, 1, &word, sizeof(word)), -EOPNOTSUPP);
	if (word != ~0ULL)
		return "write_gpa changes its buffer";
	ANSWERS(read_gpa(&vgpu, 1, &word, sizeof(word)), -EOPNOTSUPP);
	if (word)
		return "read_gpa leaves its buffer as it was";
	ANSWERS(gfn_to_mfn(&vgpu, 1), ~0UL);
	ANSWERS(dma_map_guest_page(&vgpu, 1, 4096, &dma), -EOPNOTSUPP);
	if (dma != 0x1234)
		return "dma_map_guest_page writes an address";
	intel_gvt_hypervisor_dma_unmap_guest_page(&vgpu, 0x1234);
	ANSWERS(dma_pin_guest_page(&vgpu, 0x1234), -EOPNOTSUPP);
	ANSWERS(map_gfn_to_mfn(&vgpu, 1, 2, 3, true), 0);
	ANSWERS(set_trap_area(&vgpu, 1, 2, true), 0);
	ANSWERS(set_opregion(&vgpu), 0);
	ANSWERS(set_edid(&vgpu, 1), 0);
	ANSWERS(get_vfio_device(&vgpu), 0);
	intel_gvt_hypervisor_put_vfio_device(&vgpu);
	ANSWERS(is_valid_gfn(&vgpu, 1), true);
	return NULL;
}

/* The arguments differ within a call and between calls: none can take another's place unseen. */
static const char *present(void)
{
	unsigned long v = ADDRESS(&vgpu);
	dma_addr_t dma;
	u64 word;

	PASSES(host_init, host_init((void *)16, (void *)32, (void *)48), ANSWER, 16, 32, 48);
	PASSES_VOID(host_exit, host_exit((void *)64), 64);
	PASSES(attach_vgpu, attach_vgpu(&vgpu), ANSWER, v, ADDRESS(&vgpu.handle));
	PASSES_VOID(detach_vgpu, detach_vgpu(&vgpu), v);
	PASSES(from_virt_to_mfn, virt_to_mfn((void *)16), ANSWER, 16);
	PASSES(enable_page_track, enable_page_track(&vgpu, 3), ANSWER, HANDLE, 3);
	PASSES(disable_page_track, disable_page_track(&vgpu, 4), ANSWER, HANDLE, 4);
	PASSES(read_gpa, read_gpa(&vgpu, 5, &word, 6), ANSWER, HANDLE, 5, ADDRESS(&word), 6);
	PASSES(write_gpa, write_gpa(&vgpu, 7, &word, 8), ANSWER, HANDLE, 7, ADDRESS(&word), 8);
	PASSES(gfn_to_mfn, gfn_to_mfn(&vgpu, 9), ANSWER, HANDLE, 9);
	PASSES(dma_map_guest_page, dma_map_guest_page(&vgpu, 10, 4096, &dma), ANSWER,
	       HANDLE, 10, 4096, ADDRESS(&dma));
	PASSES_VOID(dma_unmap_guest_page, dma_unmap_guest_page(&vgpu, 19), HANDLE, 19);
	PASSES(dma_pin_guest_page, dma_pin_guest_page(&vgpu, 11), ANSWER, HANDLE, 11);
	PASSES(map_gfn_to_mfn, map_gfn_to_mfn(&vgpu, 12, 13, 14, true), ANSWER,
	       HANDLE, 12, 13, 14, 1);
	PASSES(set_trap_area, set_trap_area(&vgpu, 15, 16, true), ANSWER, HANDLE, 15, 16, 1);
	PASSES(set_opregion, set_opregion(&vgpu), ANSWER, v);
	PASSES(set_edid, set_edid(&vgpu, 17), ANSWER, v, 17);
	PASSES(get_vfio_device, get_vfio_device(&vgpu), ANSWER, v);
	PASSES_VOID(put_vfio_device, put_vfio_device(&vgpu), v);
	PASSES(is_valid_gfn, is_valid_gfn(&vgpu, 18), false, HANDLE, 18);
	return NULL;
}

static const char *msi(void)
{
	unsigned int bit;

	set_msi(0, 0xfee01000, 0x4142);
	ANSWERS(inject_msi(&vgpu), 0);
	set_msi(0xfffe, 0xfee01000, 0x4142);
	ANSWERS(inject_msi(&vgpu), 0);
	if (seen_op)
		return "inject_msi injects while MSI is disabled";
	for (bit = 1; bit < 16; bit++) {
		printk_calls = 0;
		set_msi(1 | 1 << bit, 0xfee01000, 0x4142);
		ANSWERS(inject_msi(&vgpu), -EINVAL);
		if (seen_op)
			return "inject_msi injects by a capability that it refuses";
		if (printk_calls != 1)
			return "inject_msi refuses a capability without a message";
	}
	set_msi(1, 0xfee01000, 0x4142);
	PASSES(inject_msi, inject_msi(&vgpu), ANSWER, HANDLE, 0xfee01000, 0x4142);
	return NULL;
}

/* The first thing found wrong, or NULL. */
const char *mpt_wrappers_wrong(void)
{
	const char *wrong;

	vgpu.gvt = &gvt;
	vgpu.handle = HANDLE;
	gvt.device_info.msi_cap_offset = MSI_CAP;

	intel_gvt_host.mpt = NULL;
	wrong = absent();
	intel_gvt_host.mpt = &no_callback;
	if (!wrong)
		wrong = absent();
	intel_gvt_host.mpt = &all_callbacks;
	if (!wrong)
		wrong = present();
	if (!wrong)
		wrong = msi();
	return wrong;
}
