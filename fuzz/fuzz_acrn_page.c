/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: whole request pages for the ACRN back end, over a fake of VHM that has one VM. The
 * page's slots hold any bytes, and change behind the back end's back: between its turns, and while
 * the core is called. Whatever they hold: what was handed to our client and is still in its hands
 * when its handler begins is completed exactly once, nothing else is, and guest memory is written
 * only where it is.
 *
 * Input: records. A byte: bits 1:0 what, bits 7:4 the slot.
 *  0: a request is handed over: 64 bytes for its type, direction, address, size and value (see
 *     hand_over())
 *  1: a whole slot of bytes, state and client as they come
 *  2: the handler runs; each call of the core takes a byte more: bit 7: the slot of its bits 3:0 is
 *     overwritten by the next 8 bytes at 8 times its bits 6:4 (the slot's union, client and state)
 *  3: two bytes are the map's: bits that stand for nothing
 * What the input lacks at its end is 0. At the end the handler runs until nothing is left.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mpt/mpt.h>

#include "backends/acrn/acrn.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

#define RAM_SIZE (4ULL << 20)
#define TRAP 0xc0000000ULL
#define TRAP_SIZE 0x10000ULL
#define TRACKED 5ULL
#define CLIENT 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(what)                                                                 \
	do {                                                                       \
		if (!(what)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); \
			abort();                                                   \
		}                                                                  \
	} while (0)

static struct {
	const uint8_t *p, *end;
} in;

static struct mpt_host *host;
static struct mpt_vm *vm;
static struct intel_vgpu vgpu;
static u8 cfg_space[4096];
static struct acrn_inst inst;

/* --- a VHM with one VM --- */

static struct {
	struct vhm_provider provider;
	struct vhm_vm base;
	union vhm_request_buffer page;
	ioreq_handler_t handler;
	void *priv;
	unsigned long map;
	u8 *ram;
	unsigned int completed[VHM_REQUEST_MAX];
	bool running;
} vhm;

static int our_id(void)
{
	return VHM_CLIENT(vhm.provider.index, CLIENT);
}

static struct vhm_vm *find(struct vhm_provider *p, unsigned long vmid)
{
	(void)p;
	return vmid == 1 ? &vhm.base : NULL;
}

static void put(struct vhm_provider *p, struct vhm_vm *v)
{
	(void)p;
	(void)v;
}

static int info(struct vhm_provider *p, unsigned long vmid, struct vm_info *i)
{
	(void)p;
	(void)vmid;
	*i = (struct vm_info){ .max_vcpu = 4, .max_gfn = (int)(RAM_SIZE >> 12) - 1 };
	return 0;
}

static int create(struct vhm_provider *p, unsigned long vmid, ioreq_handler_t handler, void *priv,
		  char *name)
{
	(void)p;
	(void)vmid;
	(void)name;
	vhm.handler = handler;
	vhm.priv = priv;
	return CLIENT;
}

static void destroy(struct vhm_provider *p, int id)
{
	(void)p;
	(void)id;
}

static int range(struct vhm_provider *p, int id, uint32_t type, long start, long end)
{
	(void)p;
	(void)id;
	(void)type;
	must(start <= end);
	return 0;
}

static struct vhm_request *reqbuf(struct vhm_provider *p, int id)
{
	(void)p;
	(void)id;
	return vhm.page.req_queue;
}

static int attach(struct vhm_provider *p, int id)
{
	(void)p;
	(void)id;
	return 0;
}

static int complete(struct vhm_provider *p, int id, uint64_t vcpu, struct vhm_request *req)
{
	(void)p;
	(void)req;
	must(vhm.running && id == CLIENT && vcpu < VHM_REQUEST_MAX);
	vhm.completed[vcpu]++;
	vhm.map &= ~(1UL << vcpu);
	os_store(&vhm.page.req_queue[vcpu].processed, REQ_STATE_COMPLETE);
	return 0;
}

static void bdf(struct vhm_provider *p, int id, int bus, int dev, int func)
{
	(void)p;
	(void)id;
	(void)bus;
	(void)dev;
	(void)func;
}

static void no_bdf(struct vhm_provider *p, int id)
{
	(void)p;
	(void)id;
}

static void *map_guest(struct vhm_provider *p, unsigned long vmid, u64 gpa, size_t size)
{
	(void)p;
	(void)vmid;
	return gpa < RAM_SIZE && size <= RAM_SIZE - gpa ? vhm.ram + gpa : NULL;
}

static int add(struct vhm_provider *p, unsigned long vmid, unsigned long gpa, unsigned long hpa,
	       unsigned long size, unsigned int type, unsigned int right)
{
	(void)p;
	(void)vmid;
	(void)hpa;
	(void)type;
	(void)right;
	must(size && !((gpa | size) % 4096));
	return 0;
}

static int del(struct vhm_provider *p, unsigned long vmid, unsigned long gpa, unsigned long size)
{
	(void)p;
	(void)vmid;
	must(size && !((gpa | size) % 4096));
	return 0;
}

static int protect(struct vhm_provider *p, unsigned long vmid, unsigned long gpa, unsigned char set)
{
	(void)p;
	(void)vmid;
	(void)set;
	must(gpa < RAM_SIZE && !(gpa % 4096));
	return 0;
}

static u64 to_phys(struct vhm_provider *p, void *page)
{
	u64 offset = (u64)((u8 *)page - vhm.ram);

	return offset < RAM_SIZE ? VHM_HPA_BASE(p->index) + offset : ~0ULL;
}

static const struct vhm_services services = {
	.find_get_vm = find,
	.put_vm = put,
	.vhm_get_vm_info = info,
	.acrn_ioreq_create_client = create,
	.acrn_ioreq_destroy_client = destroy,
	.acrn_ioreq_add_iorange = range,
	.acrn_ioreq_del_iorange = range,
	.acrn_ioreq_get_reqbuf = reqbuf,
	.acrn_ioreq_attach_client = attach,
	.acrn_ioreq_complete_request = complete,
	.acrn_ioreq_intercept_bdf = bdf,
	.acrn_ioreq_unintercept_bdf = no_bdf,
	.map_guest_phys = map_guest,
	.add_memory_region = add,
	.del_memory_region = del,
	.write_protect_page = protect,
	.virt_to_phys = to_phys,
};

/* --- the back end over it --- */

static int open_fake(struct mpt_host *h, const void *opts, struct mpt_instance *out)
{
	const struct acrn_machine machine = { .provider = &vhm.provider };

	(void)opts;
	acrn_inst_init(&inst, h, "fuzz", &machine, 40);
	*out = (struct mpt_instance){ .priv = &inst, .caps = inst.caps };
	return 0;
}

static void close_fake(void *priv)
{
	acrn_inst_exit(priv);
}

static const struct mpt_backend backend = {
	.size = sizeof(struct mpt_backend),
	.abi = MPT_BACKEND_ABI,
	.name = "fuzz",
	.summary = "the ACRN back end over a fake of VHM",
	.caps = MPT_CAP_ALL & ~(MPT_CAP_WRITE_AFTER | MPT_CAP_INTX),
	.mpt = &acrn_gvt_mpt,
	.mpt_size = sizeof(struct intel_gvt_mpt),
	.open = open_fake,
	.close = close_fake,
	.vm_get = acrn_vm_get,
	.vm_put = acrn_vm_put,
};

/* --- input --- */

static void take(void *buf, size_t len)
{
	size_t left = (size_t)(in.end - in.p), n = len < left ? len : left;

	memset(buf, 0, len);
	if (n)
		memcpy(buf, in.p, n);
	in.p += n;
}

static u8 byte(void)
{
	u8 b;

	take(&b, 1);
	return b;
}

/* --- the core: what it is asked is within what it has, and the page may change meanwhile --- */

/* Slots that changed while the handler ran. */
static unsigned int touched;

static void behind_our_back(void)
{
	u8 how = byte(), bytes[8];
	struct vhm_request *req = &vhm.page.req_queue[how & 15];

	if (!(how & 128))
		return;
	take(bytes, sizeof(bytes));
	touched |= 1U << (how & 15);
	if ((how >> 4 & 7) == 7)
		memcpy(&req->client, bytes, 8);
	else
		memcpy(&req->reqs.data[how >> 4 & 7], bytes, 8);
}

static void trapped(u64 gpa, unsigned int len)
{
	must(len && len <= 8 && !(len & (len - 1)) && gpa % len == 0);
	must(gpa >= TRAP && gpa - TRAP < TRAP_SIZE && len <= TRAP_SIZE - (gpa - TRAP));
}

static int mmio_read(struct intel_vgpu *g, u64 gpa, void *buf, unsigned int len)
{
	(void)g;
	trapped(gpa, len);
	memset(buf, (int)gpa, len);
	behind_our_back();
	return gpa & 8 ? -EINVAL : 0;
}

static int mmio_write(struct intel_vgpu *g, u64 gpa, void *buf, unsigned int len)
{
	(void)g;
	(void)buf;
	trapped(gpa, len);
	behind_our_back();
	return gpa & 8 ? -EINVAL : 0;
}

static int cfg(struct intel_vgpu *g, unsigned int offset, void *buf, unsigned int len)
{
	(void)g;
	must(len && len <= 4 && !(len & (len - 1)) && offset % len == 0 && offset + len <= 256);
	memset(buf, (int)offset, len);
	behind_our_back();
	return 0;
}

static int store(struct intel_vgpu *g, u64 gpa, void *buf, unsigned int len)
{
	(void)g;
	(void)buf;
	must(gpa >> 12 == TRACKED && len <= 8 && (gpa + len - 1) >> 12 == TRACKED);
	behind_our_back();
	return 0;
}

static const struct intel_gvt_ops ops = {
	.emulate_cfg_read = cfg,
	.emulate_cfg_write = cfg,
	.emulate_mmio_read = mmio_read,
	.emulate_mmio_write = mmio_write,
	.write_protect_handler = store,
};

static void open_once(void)
{
	struct mpt_core core = { .size = sizeof(core), .ops = &ops, .opaque = cfg_space };
	struct mpt_vm *old;

	vhm.provider = (struct vhm_provider){
		.svc = &services, .name = "fuzz", .caps = VHM_CAP_HPA | VHM_CAP_WP,
	};
	must(!acrn_provider_add(&vhm.provider));
	vhm.base = (struct vhm_vm){ .provider = &vhm.provider,
				    .vmid = VHM_VMID(vhm.provider.index, 1) };
	vhm.ram = mpt_zalloc_pages(RAM_SIZE);
	must(vhm.ram);
	must(!mpt_host_open_table(&backend, NULL, &host));
	must(!mpt_host_set_policy(host, MPT_POLICY_RETURN));
	must(!mpt_host_set_core(host, &core));
	must(!mpt_vm_get(host, 1, &vm));
	vgpu.mpt = mpt_host_table(host);
	vgpu.cfg_space = cfg_space;
	old = mpt_target_set(vm);
	must(!intel_gvt_hypervisor_attach_vgpu(&vgpu));
	mpt_target_set(old);
	must(!intel_gvt_hypervisor_enable_page_track(&vgpu, TRACKED));
	must(!intel_gvt_hypervisor_set_trap_area(&vgpu, TRAP, TRAP + TRAP_SIZE - 1, true));
	must(vhm.handler);
#ifdef __SANITIZE_ADDRESS__
	/* The VM and this table are in pages of their own, which no leak checker looks into. */
	__lsan_register_root_region(vhm.priv, sizeof(struct acrn_vm));
	__lsan_register_root_region(((struct acrn_vm *)vhm.priv)->leaf, sizeof(struct acrn_leaf *));
#endif
}

/* --- records --- */

/* Bytes chosen so that a mutation of one of them matters: an address is one of a few, plus some. */
static void hand_over(unsigned int n)
{
	static const u64 base[] = { TRAP, TRACKED << 12, 0, RAM_SIZE, TRAP + TRAP_SIZE, ~0ULL };
	struct vhm_request *req = &vhm.page.req_queue[n];
	u8 b[16];
	u64 value;

	if (vhm.map >> n & 1)
		return;
	take(b, sizeof(b));
	memcpy(&value, b + 8, 8);
	memset(req, 0, sizeof(*req));
	req->type = b[0] & 128 ? b[0] : b[0] & 3;
	req->reqs.mmio_request.direction = b[1] & 128 ? b[1] : b[1] & 1;
	if (req->type == REQ_PCICFG) {
		req->reqs.pci_request.size = (int8_t)b[2];
		req->reqs.pci_request.value = (int32_t)value;
		req->reqs.pci_request.bus = b[3] >> 7;
		req->reqs.pci_request.dev = 2 + (b[3] >> 6 & 1);
		req->reqs.pci_request.reg = (int16_t)(b[4] | b[5] << 8);
	} else {
		req->reqs.mmio_request.size = b[2] & 128 ? (u64)(int64_t)(int8_t)b[2] : b[2];
		req->reqs.mmio_request.address = base[b[3] % OS_ARRAY_SIZE(base)] +
						 (u64)(int64_t)(int16_t)(b[4] | b[5] << 8);
		req->reqs.mmio_request.value = value;
	}
	req->client = our_id();
	os_store(&req->processed, REQ_STATE_PROCESSING);
	vhm.map |= 1UL << n;
}

static void any_bytes(unsigned int n)
{
	take(&vhm.page.req_queue[n], sizeof(vhm.page.req_queue[n]));
}

static bool in_our_hands(unsigned int n)
{
	const struct vhm_request *req = &vhm.page.req_queue[n];

	return vhm.map >> n & 1 && req->processed == REQ_STATE_PROCESSING &&
	       req->client == our_id();
}

/* Told once more, and in another way: an access that the guest's processor can have made. */
static bool sensible(const struct vhm_request *req)
{
	u64 size = req->reqs.mmio_request.size, addr = req->reqs.mmio_request.address;
	u64 reg = (u64)(int64_t)req->reqs.pci_request.reg;
	bool wide = req->type == REQ_MMIO || req->type == REQ_WP;

	if (req->reqs.mmio_request.direction > 1)
		return false;
	if (wide)
		return (size == 1 || size == 2 || size == 4 || size == 8) &&
		       addr <= addr + (size - 1);
	size = (u64)req->reqs.pci_request.size;
	return req->type == REQ_PCICFG && (size == 1 || size == 2 || size == 4) && reg < 256 &&
	       reg / size * size == reg && req->reqs.pci_request.bus == 0 &&
	       req->reqs.pci_request.dev == 2 && req->reqs.pci_request.func == 0;
}

static void run_handler(void)
{
	struct acrn_vm *v = vhm.priv;
	u64 bad = v->bad_requests;
	unsigned int n, ours = 0;

	for (n = 0; n < VHM_REQUEST_MAX; n++) {
		ours |= (unsigned int)in_our_hands(n) << n;
		bad += in_our_hands(n) && !sensible(&vhm.page.req_queue[n]);
	}
	memset(vhm.completed, 0, sizeof(vhm.completed));
	touched = 0;
	vhm.running = true;
	must(vhm.handler(our_id(), &vhm.map, vhm.priv) == 0);
	vhm.running = false;
	for (n = 0; n < VHM_REQUEST_MAX; n++) {
		must(vhm.completed[n] <= 1);
		if (!(touched >> n & 1))
			must(vhm.completed[n] == (ours >> n & 1));
		/* No bit stays that would wake us for ever. */
		must(!(vhm.map >> n & 1) || touched >> n & 1);
	}
	must(!(vhm.map >> VHM_REQUEST_MAX));
	/* What makes no sense is answered, and nothing else comes of it. */
	must(v->bad_requests == bad || touched);
}

static void record(void)
{
	u8 what = byte();
	u16 bits;

	switch (what & 3) {
	case 0:
		return hand_over(what >> 4);
	case 1:
		return any_bytes(what >> 4);
	case 2:
		return run_handler();
	default:
		take(&bits, sizeof(bits));
		vhm.map |= (unsigned long)bits << (what >> 4);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	long live;

	if (!host)
		open_once();
	live = mpt_alloc_live();
	in.p = data;
	in.end = data + size;
	memset(&vhm.page, 0, sizeof(vhm.page));
	vhm.map = 0;
	while (in.p < in.end)
		record();
	run_handler();
	run_handler();
	must(!vhm.map);
	must(mpt_alloc_live() == live);
	return 0;
}
