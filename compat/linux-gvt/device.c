/* SPDX-License-Identifier: MIT */
/*
 * A Skylake GT2 that is memory: its i915 device as far as a GVT core looks into it, registers,
 * global page table, fences, graphics memory, and the hardware contexts that a vGPU is given.
 * Nothing executes: what submits a command is in stubs.c.
 */
#include "i915_drv.h"
#include "gt/intel_context.h"
#include "gt/intel_ggtt_fencing.h"
#include "gt/intel_gtt.h"
#include "i915_gem_gtt.h"

#include "kernel.h"
#include "linux_gvt.h"
#include "side.h"

#define REGISTERS	(16UL << 20)
#define APERTURE	(1UL << 30)
#define GGTT_SIZE	(4UL << 30)
#define GGTT_ENTRIES	(GGTT_SIZE >> PAGE_SHIFT)
#define FENCES		32
#define MSI_CAP		0xac
#define PM_CAP		0xd0
#define GMCH_CONTROL	0x50
/* Where the BARs of the machine's device are; nobody looks there but through map_gfn_to_mfn. */
#define BAR0		0xde000000UL
#define BAR2		0x80000000UL

static struct drm_i915_private i915;
static struct pci_dev pci;
static struct drm_minor minor;
static struct intel_engine_cs engines[I915_NUM_ENGINES];
static struct i915_fence_reg fences[FENCES];
static struct i915_address_space context_vm;
static struct scatterlist pd_sg;
static struct sg_table pd_table = { .sgl = &pd_sg, .nents = 1 };
static u8 config[PCI_CFG_SPACE_EXP_SIZE];
static u8 *registers;
static u64 *ggtt;

/* --- configuration space --- */

static void config_init(void)
{
	*(u16 *)(config + PCI_VENDOR_ID) = PCI_VENDOR_ID_INTEL;
	*(u16 *)(config + PCI_DEVICE_ID) = 0x1912;
	*(u16 *)(config + PCI_STATUS) = PCI_STATUS_CAP_LIST;
	*(u16 *)(config + PCI_COMMAND) = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	config[PCI_REVISION_ID] = 7;
	*(u16 *)(config + PCI_CLASS_DEVICE) = PCI_CLASS_DISPLAY_VGA;
	*(u32 *)(config + PCI_BASE_ADDRESS_0) = BAR0 | PCI_BASE_ADDRESS_MEM_TYPE_64;
	*(u64 *)(config + PCI_BASE_ADDRESS_2) =
		BAR2 | PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH;
	*(u32 *)(config + PCI_BASE_ADDRESS_4) = 0xf000 | PCI_BASE_ADDRESS_SPACE_IO;
	config[PCI_INTERRUPT_PIN] = 1;
	*(u16 *)(config + GMCH_CONTROL) = 3 << 6; /* 8 MiB of global page table */
	config[PCI_CAPABILITY_LIST] = MSI_CAP;
	config[MSI_CAP] = PCI_CAP_ID_MSI;
	config[MSI_CAP + PCI_CAP_LIST_NEXT] = PM_CAP;
	config[PM_CAP] = PCI_CAP_ID_PM;
	*(u16 *)(config + PM_CAP + PCI_PM_PMC) = PCI_PM_CAP_DSI | 2;
}

int pci_read_config_dword(const struct pci_dev *dev, int where, u32 *val)
{
	memcpy(val, config + where, sizeof(*val));
	return 0;
}

static void pci_init(void)
{
	pci.vendor = PCI_VENDOR_ID_INTEL;
	pci.device = 0x1912;
	pci.revision = 7;
	pci.msi_cap = MSI_CAP;
	pci.resource[0].start = BAR0;
	pci.resource[0].end = BAR0 + (16UL << 20) - 1;
	pci.resource[2].start = BAR2;
	pci.resource[2].end = BAR2 + APERTURE - 1;
	dev_set_drvdata(&pci.dev, &i915.drm);
}

/* --- registers --- */

static u32 reg_read(struct intel_uncore *uncore, i915_reg_t reg, bool trace)
{
	return *(u32 *)(registers + reg.reg);
}

static void reg_write(struct intel_uncore *uncore, i915_reg_t reg, u32 val, bool trace)
{
	*(u32 *)(registers + reg.reg) = val;
}

/* Of what power-on sets, what a core's interrupts depend on: all is masked. */
static void registers_init(void)
{
	static const u32 imr[] = {
		0x20a8, 0x120a8, 0x1a0a8, 0x220a8, 0x44304, 0x44314, 0x44324, 0x44334, 0x44404,
		0x44414, 0x44424, 0x44444, 0x44464, 0x444e4, 0xc4004
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(imr); i++)
		*(u32 *)(registers + imr[i]) = ~0U;
}

static void uncore_init(struct intel_uncore *uncore)
{
	uncore->regs = (void __iomem *)registers;
	uncore->i915 = &i915;
	uncore->rpm = &i915.runtime_pm;
	uncore->funcs.mmio_readl = reg_read;
	uncore->funcs.mmio_writel = reg_write;
	/* It is always awake: one of each kind of reference is never given back. */
	atomic_set(&i915.runtime_pm.wakeref_count, 1 + INTEL_RPM_WAKELOCK_BIAS);
	i915.runtime_pm.kdev = &pci.dev;
	i915.runtime_pm.available = true;
}

intel_wakeref_t intel_runtime_pm_get(struct intel_runtime_pm *rpm)
{
	atomic_add(1 + INTEL_RPM_WAKELOCK_BIAS, &rpm->wakeref_count);
	return 1;
}

void intel_runtime_pm_put_unchecked(struct intel_runtime_pm *rpm)
{
	atomic_sub(1 + INTEL_RPM_WAKELOCK_BIAS, &rpm->wakeref_count);
}

enum forcewake_domains intel_uncore_forcewake_for_reg(struct intel_uncore *uncore, i915_reg_t reg,
						      unsigned int op)
{
	return 0;
}

void intel_uncore_forcewake_get(struct intel_uncore *uncore, enum forcewake_domains domains)
{
}

void intel_uncore_forcewake_put(struct intel_uncore *uncore, enum forcewake_domains domains)
{
}

/* --- what kind of device it is --- */

static void info_init(struct intel_device_info *info, struct intel_runtime_info *run)
{
	/* Of a word, the low bits say which kind of a platform. */
	const unsigned int platforms = 32 - INTEL_SUBPLATFORM_BITS;

	info->gen = 9;
	info->gen_mask = BIT(9 - 1);
	info->platform = INTEL_SKYLAKE;
	info->page_sizes = I915_GTT_PAGE_SIZE_4K | I915_GTT_PAGE_SIZE_64K | I915_GTT_PAGE_SIZE_2M;
	info->pipe_mask = BIT(PIPE_A) | BIT(PIPE_B) | BIT(PIPE_C);
	info->cpu_transcoder_mask = BIT(TRANSCODER_A) | BIT(TRANSCODER_B) | BIT(TRANSCODER_C) |
				    BIT(TRANSCODER_EDP);
	info->pipe_offsets[TRANSCODER_A] = PIPE_A_OFFSET;
	info->pipe_offsets[TRANSCODER_B] = PIPE_B_OFFSET;
	info->pipe_offsets[TRANSCODER_C] = PIPE_C_OFFSET;
	info->pipe_offsets[TRANSCODER_EDP] = PIPE_EDP_OFFSET;
	info->trans_offsets[TRANSCODER_A] = TRANSCODER_A_OFFSET;
	info->trans_offsets[TRANSCODER_B] = TRANSCODER_B_OFFSET;
	info->trans_offsets[TRANSCODER_C] = TRANSCODER_C_OFFSET;
	info->trans_offsets[TRANSCODER_EDP] = TRANSCODER_EDP_OFFSET;
	info->cursor_offsets[PIPE_A] = CURSOR_A_OFFSET;
	info->cursor_offsets[PIPE_B] = IVB_CURSOR_B_OFFSET;
	info->cursor_offsets[PIPE_C] = IVB_CURSOR_C_OFFSET;
	run->platform_mask[INTEL_SKYLAKE / platforms] =
		BIT(INTEL_SKYLAKE % platforms + INTEL_SUBPLATFORM_BITS);
	run->device_id = 0x1912;
}

/* --- engines, and the contexts on them --- */

static void engine_init(enum intel_engine_id id, const char *name, u32 mmio_base)
{
	struct intel_engine_cs *engine = &engines[id];

	engine->id = id;
	engine->mask = BIT(id);
	engine->mmio_base = mmio_base;
	engine->i915 = &i915;
	engine->gt = &i915.gt;
	snprintf(engine->name, sizeof(engine->name), "%s", name);
	i915.gt.engine[id] = engine;
}

static void context_destroy(struct kref *ref)
{
	struct intel_context *ce = container_of(ref, struct intel_context, ref);

	if (ce->vm)
		i915_vm_put(ce->vm);
	kfree(ce);
}

static const struct intel_context_ops context_ops = { .destroy = context_destroy };

struct intel_context *intel_context_create(struct intel_engine_cs *engine)
{
	struct intel_context *ce = kzalloc(sizeof(*ce), GFP_KERNEL);

	if (!ce)
		return ERR_PTR(-ENOMEM);
	kref_init(&ce->ref);
	ce->engine = engine;
	ce->ops = &context_ops;
	ce->vm = i915_vm_get(&context_vm);
	return ce;
}

/* The root of it is all that a core touches: it writes another address there. */
struct i915_ppgtt *i915_ppgtt_create(struct intel_gt *gt)
{
	struct i915_ppgtt *ppgtt = kzalloc(sizeof(*ppgtt), GFP_KERNEL);
	struct drm_i915_gem_object *root;

	if (!ppgtt)
		return ERR_PTR(-ENOMEM);
	ppgtt->pd = kzalloc(sizeof(*ppgtt->pd) + sizeof(*root), GFP_KERNEL);
	if (!ppgtt->pd) {
		kfree(ppgtt);
		return ERR_PTR(-ENOMEM);
	}
	root = (void *)(ppgtt->pd + 1);
	root->mm.pages = &pd_table;
	ppgtt->pd->pt.base = root;
	ppgtt->vm.total = 1ULL << 48;
	ppgtt->vm.i915 = &i915;
	kref_init(&ppgtt->vm.ref);
	return ppgtt;
}

void i915_vm_release(struct kref *ref)
{
	struct i915_ppgtt *ppgtt = container_of(ref, struct i915_ppgtt, vm.ref);

	kfree(ppgtt->pd);
	kfree(ppgtt);
}

dma_addr_t __px_dma(struct drm_i915_gem_object *object)
{
	return object->mm.pages->sgl->dma_address;
}

/* --- graphics memory and fences --- */

static void ggtt_init(void)
{
	unsigned int i;

	i915.ggtt.vm.total = GGTT_SIZE;
	i915.ggtt.vm.i915 = &i915;
	i915.ggtt.mappable_end = APERTURE;
	i915.ggtt.gmadr.start = BAR2;
	i915.ggtt.gmadr.end = BAR2 + APERTURE - 1;
	i915.ggtt.gsm = (void __iomem *)ggtt;
	i915.ggtt.num_fences = FENCES;
	mutex_init(&i915.ggtt.vm.mutex);
	drm_mm_init(&i915.ggtt.vm.mm, 0, GGTT_SIZE);
	for (i = 0; i < FENCES; i++) {
		fences[i].id = i;
		fences[i].ggtt = &i915.ggtt;
	}
	kref_init(&context_vm.ref);
}

int i915_gem_gtt_insert(struct i915_address_space *vm, struct drm_mm_node *node, u64 size,
			u64 alignment, unsigned long color, u64 start, u64 end, unsigned int flags)
{
	return drm_mm_insert_node_in_range(&vm->mm, node, size, alignment, color, start, end,
					   flags & PIN_HIGH ? DRM_MM_INSERT_HIGHEST :
							      DRM_MM_INSERT_LOW);
}

struct i915_fence_reg *i915_reserve_fence(struct i915_ggtt *table)
{
	unsigned int i;

	for (i = 0; i < FENCES; i++)
		if (!atomic_xchg(&fences[i].pin_count, 1))
			return &fences[i];
	return ERR_PTR(-ENOSPC);
}

void i915_unreserve_fence(struct i915_fence_reg *fence)
{
	WARN_ON(atomic_xchg(&fence->pin_count, 0) != 1);
}

/* drm_mm prints itself only when asked to. */
void drm_printf(struct drm_printer *printer, const char *fmt, ...)
{
}

/* --- the device --- */

struct drm_i915_private *device_init(void)
{
	registers = vzalloc(REGISTERS);
	ggtt = vzalloc(GGTT_ENTRIES * sizeof(*ggtt));
	if (!registers || !ggtt)
		return NULL;
	config_init();
	registers_init();
	pci_init();
	i915.drm.dev = &pci.dev;
	i915.drm.pdev = &pci;
	i915.drm.primary = &minor;
	info_init((struct intel_device_info *)INTEL_INFO(&i915), RUNTIME_INFO(&i915));
	uncore_init(&i915.uncore);
	i915.gt.i915 = &i915;
	i915.gt.uncore = &i915.uncore;
	i915.gt.ggtt = &i915.ggtt;
	engine_init(RCS0, "rcs0", RENDER_RING_BASE);
	engine_init(BCS0, "bcs0", BLT_RING_BASE);
	engine_init(VCS0, "vcs0", GEN6_BSD_RING_BASE);
	engine_init(VECS0, "vecs0", VEBOX_RING_BASE);
	ggtt_init();
	return &i915;
}

unsigned long long linux_gvt_ggtt(unsigned long index)
{
	return index < GGTT_ENTRIES ? ggtt[index] : 0;
}

unsigned int linux_gvt_reg(unsigned int offset)
{
	return offset < REGISTERS ? *(u32 *)(registers + offset) : 0;
}
