/* SPDX-License-Identifier: MIT */
/*
 * The services of vhm.h: each is handed to the provider whose VM or client it names. Nothing is
 * decided here but whom to ask, and whether a test wants the call to fail.
 */
#include "backends/acrn/vhm_provider.h"

#include "libmpt/os.h"

static struct os_mutex providers_lock = OS_MUTEX_INIT(providers_lock);
static struct vhm_provider *providers[ACRN_PROVIDERS];

int acrn_provider_add(struct vhm_provider *p)
{
	unsigned int i;

	os_mutex_lock(&providers_lock);
	for (i = 0; i < ACRN_PROVIDERS && providers[i]; i++)
		;
	if (i < ACRN_PROVIDERS) {
		p->index = i;
		os_store(&providers[i], p);
	}
	os_mutex_unlock(&providers_lock);
	return i < ACRN_PROVIDERS ? 0 : -ENOSPC;
}

void acrn_provider_del(struct vhm_provider *p)
{
	os_mutex_lock(&providers_lock);
	os_store(&providers[p->index], NULL);
	os_mutex_unlock(&providers_lock);
}

const char *acrn_service_name(enum vhm_service id)
{
	static const char *const names[] = {
#define VHM(route, kind, id, ...) #id,
#include "backends/acrn/vhm.def"
#undef VHM
	};

	return id < VHM_SERVICES ? names[id] : "?";
}

/* --- whose is it? --- */

static struct vhm_provider *by_index(unsigned long index)
{
	return index < ACRN_PROVIDERS ? os_load(&providers[index]) : NULL;
}

static struct vhm_provider *by_VMID(unsigned long *vmid)
{
	struct vhm_provider *p = by_index(*vmid >> 16);

	*vmid = VHM_VMID_LOCAL(*vmid);
	return p;
}

static struct vhm_provider *by_CLIENT(int *id)
{
	struct vhm_provider *p = *id < 0 ? NULL : by_index((unsigned long)*id >> 20);

	*id = VHM_CLIENT_LOCAL(*id);
	return p;
}

static struct vhm_provider *by_VM(struct vhm_vm **vm)
{
	return *vm ? (*vm)->provider : NULL;
}

/* The service VM's identity map is the default: also of the device's own memory. */
static struct vhm_provider *by_HPA(unsigned long *hpa)
{
	return by_index((*hpa >> VHM_HPA_SHIFT) - 1);
}

/* Whether a test wants this call to fail. */
static bool planned(struct vhm_provider *p, enum vhm_service id)
{
	struct vhm_fault *f = &p->fault;

	if (OS_UNLIKELY(p->before))
		p->before(p, id);
	if (OS_LIKELY(!os_load_relaxed(&f->nth)) || !(f->services >> id & 1))
		return false;
	return os_fetch_add(&f->calls, 1) + 1 == f->nth;
}

/* --- the services --- */

#define VHM_ASK(route, id, args, fail)                                    \
	struct vhm_provider *p = by_##route(&first);                      \
                                                                          \
	if (OS_UNLIKELY(!p || !p->svc->id || planned(p, VHM_ID_##id)))    \
		return fail;                                              \
	return p->svc->id(p, first VHM_UNPACK args);

/* What the provider numbered gets the upper part. */
#define VHM_ASK_CLIENT(route, id, args, fail)                             \
	struct vhm_provider *p = by_##route(&first);                      \
	int client;                                                       \
                                                                          \
	if (OS_UNLIKELY(!p || !p->svc->id || planned(p, VHM_ID_##id)))    \
		return fail;                                              \
	client = p->svc->id(p, first VHM_UNPACK args);                    \
	return client < 0 ? client : VHM_CLIENT(p->index, client);

/* What gives back is never refused. */
#define VHM_ASK_VOID(route, id, args, fail)                               \
	struct vhm_provider *p = by_##route(&first);                      \
                                                                          \
	if (OS_UNLIKELY(!p || !p->svc->id))                               \
		return;                                                   \
	planned(p, VHM_ID_##id);                                          \
	p->svc->id(p, first VHM_UNPACK args);

#define VHM_ASK_INT VHM_ASK
#define VHM_ASK_ULONG VHM_ASK
#define VHM_ASK_BUF VHM_ASK
#define VHM_ASK_PTR VHM_ASK
#define VHM_ASK_VM VHM_ASK

#define VHM(route, kind, id, params, args, fail)                          \
	VHM_R_##kind id(VHM_T_##route first VHM_UNPACK params)            \
	{                                                                 \
		VHM_ASK_##kind(route, id, args, fail)                     \
	}
#define hpa first /* vhm.def's name of it */
#include "backends/acrn/vhm.def"
#undef hpa
#undef VHM
