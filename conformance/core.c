/* SPDX-License-Identifier: MIT */
/*
 * The tiny core of the suite: it records what it is told, answers what the clause asked for, and
 * has no device behind it. Attaching happens in its vgpu_create, as in a real core.
 */
#include <string.h>

#include "env.h"

/* What cores use in front of a vGPU of theirs. */
static struct cf_vgpu *own(struct intel_vgpu *vgpu)
{
	return (struct cf_vgpu *)(void *)((char *)vgpu - offsetof(struct cf_vgpu, base));
}

u8 cf_device_byte(u64 addr)
{
	return (u8)(0x5a ^ (addr * 7) ^ (addr >> 12) ^ (addr >> 32));
}

void cf_device_bytes(u64 addr, void *buf, size_t len)
{
	u8 *b = buf;
	size_t i;

	for (i = 0; i < len; i++)
		b[i] = cf_device_byte(addr + i);
}

static void keep(const struct cf_event *ev)
{
	static const char *const names[CF_EVENTS] = {
		[CF_CFG_READ] = "emulate_cfg_read",   [CF_CFG_WRITE] = "emulate_cfg_write",
		[CF_MMIO_READ] = "emulate_mmio_read", [CF_MMIO_WRITE] = "emulate_mmio_write",
		[CF_STORE] = "write_protect_handler", [CF_REGION] = "guest_region_event",
		[CF_APERTURE_READ] = "aperture_read", [CF_APERTURE_WRITE] = "aperture_write",
		[CF_FAILED] = "emulation_failed",     [CF_DESTROY] = "vgpu_destroy",
	};
	const u64 value[] = { ev->addr, ev->len };

	cf_call_begin(CF_CALL_EVENT, names[ev->kind], "(at, len)", value, 0, 2);
}

static void note(struct cf_core *c, const struct cf_event *ev)
{
	keep(ev);
	pthread_mutex_lock(&c->lock);
	c->told[ev->kind]++;
	if (c->logged < CF_LOG)
		c->log[c->logged++] = *ev;
	pthread_mutex_unlock(&c->lock);
}

/* Records, runs the hook. Return: what the clause wants this kind to answer. */
static int told(struct cf_env *e, struct intel_vgpu *vgpu, enum cf_event_kind kind, u64 addr,
		u64 len, const void *data, int aux)
{
	struct cf_event ev = { .kind = kind, .vgpu = vgpu, .addr = addr, .len = len, .aux = aux };

	if (data)
		memcpy(ev.data, data, len < sizeof(ev.data) ? len : sizeof(ev.data));
	note(&e->core, &ev);
	if (e->core.hook)
		e->core.hook(e, &ev);
	return e->core.answer[kind];
}

/* Configuration space is the vGPU's own 256 bytes, so that a hypervisor can find its BARs. */
static void device_bytes(struct intel_vgpu *vgpu, enum cf_event_kind kind, u64 addr, void *buf,
			 unsigned int len)
{
	if (kind == CF_CFG_READ && addr < 256 && len <= 256 - addr)
		memcpy(buf, vgpu->cfg_space + addr, len);
	else
		cf_device_bytes(addr, buf, len);
}

static int device_read(struct cf_env *e, struct intel_vgpu *vgpu, enum cf_event_kind kind, u64 addr,
		       void *buf, unsigned int len)
{
	int r = told(e, vgpu, kind, addr, len, NULL, 0);

	if (!r)
		device_bytes(vgpu, kind, addr, buf, len);
	else if (e->core.scribble)
		memset(buf, 0x11, len);
	return r;
}

static int core_cfg_read(struct intel_vgpu *vgpu, unsigned int offset, void *buf,
			 unsigned int bytes)
{
	return device_read(own(vgpu)->env, vgpu, CF_CFG_READ, offset, buf, bytes);
}

/*
 * BAR 0 and 2 can be sized and placed, in whole words as firmware does it. PCI Local Bus
 * Specification 3.0, 6.2.5.1.
 */
static void bar_write(struct intel_vgpu *vgpu, unsigned int offset, u32 value)
{
	static const u64 size[] = { CF_BAR0_SIZE, (u64)CF_APERTURE_PAGES << MPT_PAGE_SHIFT };
	u64 mask = offset < 0x20 ? -size[(offset - 0x10) / 8] : 0;
	u32 word;

	mask >>= offset % 8 ? 32 : 0;
	memcpy(&word, vgpu->cfg_space + offset, 4);
	/* The aperture is no power of two: no address is cut to it. */
	value &= value == ~0U ? (u32)mask : ~0U;
	word = offset % 8 ? value : (value & ~0xfU) | (word & 0xf);
	memcpy(vgpu->cfg_space + offset, &word, 4);
}

static int core_cfg_write(struct intel_vgpu *vgpu, unsigned int offset, void *buf,
			  unsigned int bytes)
{
	int r = told(own(vgpu)->env, vgpu, CF_CFG_WRITE, offset, bytes, buf, 0);
	u32 value;

	if (!r && bytes == 4 && offset % 4 == 0 && offset >= 0x10 && offset < 0x28) {
		memcpy(&value, buf, 4);
		bar_write(vgpu, offset, value);
	}
	return r;
}

static int core_mmio_read(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int bytes)
{
	return device_read(own(vgpu)->env, vgpu, CF_MMIO_READ, gpa, buf, bytes);
}

static int core_mmio_write(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int bytes)
{
	return told(own(vgpu)->env, vgpu, CF_MMIO_WRITE, gpa, bytes, buf, 0);
}

static struct intel_vgpu *core_create(struct intel_gvt *gvt, struct intel_vgpu_type *type)
{
	struct cf_env *e = gvt->env;
	struct cf_vgpu *cv = &e->vgpus[type->slot];
	int r;

	if (type->answer)
		return type->answer == 1 ? NULL : MPT_ERR_PTR(type->answer);
	cv->base = (struct intel_vgpu){ .mpt = &e->table,
					.cfg_space = cv->cfg,
					.msi_cap_offset = 0xac,
					.id = (int)type->slot + 1 };
	cv->env = e;
	cv->cfg[0x10] |= 4; /* 64 bits */
	cv->cfg[0x18] |= 4;
	r = HV(attach_vgpu)(&cv->base);
	if (r)
		return MPT_ERR_PTR(r);
	cv->live = true;
	return &cv->base;
}

static void core_destroy(struct intel_vgpu *vgpu)
{
	struct cf_vgpu *cv = own(vgpu);

	told(cv->env, vgpu, CF_DESTROY, 0, 0, NULL, 0);
	cv->live = false;
	HV(detach_vgpu)(vgpu);
}

static void core_nothing(struct intel_vgpu *vgpu)
{
	(void)vgpu;
}

static int core_store(struct intel_vgpu *vgpu, u64 gpa, void *data, unsigned int bytes)
{
	struct cf_env *e = own(vgpu)->env;
	int r = told(e, vgpu, CF_STORE, gpa, bytes, data, 0);

	/* A page that is not the core's is not the core's to store either. */
	if (r != -ENXIO && (e->core.flags & MPT_CORE_STORES) && !(e->has & MPT_CAP_WRITE_AFTER))
		HV(write_gpa)(vgpu, gpa, data, bytes);
	return r;
}

static void core_hotplug(struct intel_vgpu *vgpu, bool connected)
{
	(void)vgpu;
	(void)connected;
}

static struct intel_vgpu_type *core_type(struct intel_gvt *gvt, const char *name)
{
	(void)gvt;
	(void)name;
	return NULL;
}

static void core_region(struct intel_vgpu *vgpu, u64 gfn, u64 nr, bool added)
{
	told(own(vgpu)->env, vgpu, CF_REGION, gfn, nr, NULL, added);
}

const struct intel_gvt_ops cf_core_ops = {
	.emulate_cfg_read = core_cfg_read,
	.emulate_cfg_write = core_cfg_write,
	.emulate_mmio_read = core_mmio_read,
	.emulate_mmio_write = core_mmio_write,
	.vgpu_create = core_create,
	.vgpu_destroy = core_destroy,
	.vgpu_reset = core_nothing,
	.vgpu_activate = core_nothing,
	.vgpu_deactivate = core_nothing,
	.vgpu_release = core_nothing,
	.write_protect_handler = core_store,
	.emulate_hotplug = core_hotplug,
	.gvt_find_vgpu_type = core_type,
	.guest_region_event = core_region,
};

/* --- what goes through struct mpt_core --- */

static int aperture_read(void *opaque, u64 offset, void *buf, unsigned int len)
{
	return device_read(opaque, NULL, CF_APERTURE_READ, offset, buf, len);
}

static int aperture_write(void *opaque, u64 offset, const void *buf, unsigned int len)
{
	return told(opaque, NULL, CF_APERTURE_WRITE, offset, len, buf, 0);
}

static void emulation_failed(struct intel_vgpu *vgpu, int err)
{
	told(own(vgpu)->env, vgpu, CF_FAILED, 0, 0, NULL, err);
}

int cf_core_on(struct cf_env *e)
{
	struct mpt_core core = {
		.size = sizeof(core),
		.flags = e->core.flags,
		.ops = &cf_core_ops,
		.opaque = e,
		.aperture_mfn = CF_APERTURE_MFN,
		.aperture_pages = CF_APERTURE_PAGES,
		.aperture_read = aperture_read,
		.aperture_write = aperture_write,
		.emulation_failed = emulation_failed,
	};

	CF_INT(e, 0, mpt_host_set_core(e->host, &core), "mpt_host_set_core");
	e->core_set = true;
	CF_INT(e, 0,
	       cf_note(e, CF_ID(host_init), mpt_host_init(e->host, NULL, &e->gvt, &cf_core_ops)),
	       "host_init of the suite's core");
	e->inited = true;
	return CF_PASS;
}

void cf_core_off(struct cf_env *e)
{
	if (e->inited) {
		mpt_host_exit(e->host, NULL, &e->gvt);
		cf_note(e, CF_ID(host_exit), 0);
	}
	if (e->core_set)
		mpt_host_set_core(e->host, NULL);
	e->inited = e->core_set = false;
}

/* --- what the clause reads --- */

void cf_forget(struct cf_env *e)
{
	pthread_mutex_lock(&e->core.lock);
	memset(e->core.told, 0, sizeof(e->core.told));
	e->core.logged = 0;
	pthread_mutex_unlock(&e->core.lock);
}

u64 cf_told(struct cf_env *e, enum cf_event_kind kind)
{
	u64 n;

	pthread_mutex_lock(&e->core.lock);
	n = e->core.told[kind];
	pthread_mutex_unlock(&e->core.lock);
	return n;
}

struct cf_event cf_event(struct cf_env *e, enum cf_event_kind kind, unsigned int n)
{
	struct cf_event ev = { .kind = kind };
	unsigned int i;

	pthread_mutex_lock(&e->core.lock);
	for (i = 0; i < e->core.logged; i++)
		if (e->core.log[i].kind == kind && n-- == 0) {
			ev = e->core.log[i];
			break;
		}
	pthread_mutex_unlock(&e->core.lock);
	return ev;
}

void cf_hook_block(struct cf_env *e, const struct cf_event *ev)
{
	u64 end = cf_now_ms() + CF_PATIENCE;

	(void)ev;
	__atomic_add_fetch(&e->core.inside, 1, __ATOMIC_ACQ_REL);
	while (!__atomic_load_n(&e->core.release, __ATOMIC_ACQUIRE) && cf_now_ms() < end)
		cf_sleep_ms(1);
	__atomic_sub_fetch(&e->core.inside, 1, __ATOMIC_ACQ_REL);
}

int cf_wait_inside(struct cf_env *e)
{
	u64 end = cf_now_ms() + CF_PATIENCE;

	while (!__atomic_load_n(&e->core.inside, __ATOMIC_ACQUIRE) && cf_now_ms() < end)
		cf_sleep_ms(1);
	CF_THAT(e, __atomic_load_n(&e->core.inside, __ATOMIC_ACQUIRE),
		"a guest access: expected to reach the core within %u ms, seen nothing",
		CF_PATIENCE);
	return CF_PASS;
}

void cf_release(struct cf_env *e)
{
	__atomic_store_n(&e->core.release, true, __ATOMIC_RELEASE);
}
