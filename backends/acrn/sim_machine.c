/* SPDX-License-Identifier: MIT */
/*
 * A simulated machine begins and ends: its parts in order, what it was asked for, the line that
 * calls its dispatcher. What the parts do is theirs.
 */
#include "backends/acrn/sim_priv.h"

static void provider_init(struct acrn_sim *sim)
{
	sim->provider = (struct vhm_provider){
		.svc = &acrn_sim_services,
		.name = "acrn-sim",
		.caps = VHM_CAP_HPA | VHM_CAP_WP | VHM_CAP_IRQLINE,
	};
}

static int sim_init(struct acrn_sim *sim)
{
	int ret;

	sim->vm = mpt_zalloc_pages(ACRN_NUMBERS * sizeof(sim->vm[0]));
	sim->was = mpt_zalloc_pages(ACRN_NUMBERS);
	if (!sim->vm || !sim->was)
		return -ENOMEM;
	ret = acrn_mem_init(sim, sim->provider.index);
	if (ret)
		return ret;
	acrn_sched_init(sim, sim->config.seed, sim->config.seeded);
	acrn_door_init(&sim->upcall, "an upcall");
	os_mutex_init(&sim->life);
	ret = acrn_svc_init(sim);
	if (!ret)
		return 0;
	os_mutex_destroy(&sim->life);
	acrn_sched_exit(sim);
	acrn_mem_exit(sim);
	return ret;
}

static void sim_free(struct acrn_sim *sim)
{
	mpt_free_pages(sim->vm, ACRN_NUMBERS * sizeof(sim->vm[0]));
	mpt_free_pages(sim->was, ACRN_NUMBERS);
	mpt_free(sim);
}

static void config_fill(struct acrn_sim_config *c)
{
	if (!c->profile)
		c->profile = acrn_profile_find("strict");
	if (!c->vcpus || c->vcpus > VHM_REQUEST_MAX)
		c->vcpus = c->vcpus ? VHM_REQUEST_MAX : 1;
	if (c->gpa_bits < ACRN_GPA_BITS_MIN)
		c->gpa_bits = c->gpa_bits ? ACRN_GPA_BITS_MIN : ACRN_GPA_BITS_MAX;
	if (c->gpa_bits > ACRN_GPA_BITS_MAX)
		c->gpa_bits = ACRN_GPA_BITS_MAX;
	if (!c->patience_ms)
		c->patience_ms = 60000;
}

int acrn_sim_new(const struct acrn_sim_config *config, struct acrn_sim **out)
{
	struct acrn_sim *sim = mpt_zalloc(sizeof(*sim));
	int ret;

	if (!sim)
		return -ENOMEM;
	sim->config = *config;
	config_fill(&sim->config);
	sim->bugs = sim->config.profile->bugs | config->bugs;
	provider_init(sim);
	ret = acrn_provider_add(&sim->provider);
	if (ret) {
		mpt_free(sim);
		return ret;
	}
	ret = sim_init(sim);
	if (ret) {
		acrn_provider_del(&sim->provider);
		sim_free(sim);
		return ret;
	}
	*out = sim;
	return 0;
}

static void end_vms(struct acrn_sim *sim)
{
	unsigned int id;

	for (id = 0; id < ACRN_NUMBERS && os_load(&sim->vms); id++) {
		if (!os_load(&sim->vm[id]))
			continue;
		acrn_hc_pause_vm(sim, (u16)id);
		acrn_hc_destroy_vm(sim, (u16)id);
	}
}

void acrn_sim_free(struct acrn_sim *sim)
{
	acrn_svc_exit(sim);
	end_vms(sim);
	acrn_provider_del(&sim->provider);
	os_mutex_destroy(&sim->life);
	acrn_sched_exit(sim);
	acrn_mem_exit(sim);
	sim_free(sim);
}

struct vhm_provider *acrn_sim_provider(struct acrn_sim *sim)
{
	return &sim->provider;
}

struct acrn_sim *acrn_sim_of(struct vhm_provider *p)
{
	return OS_CONTAINER_OF(p, struct acrn_sim, provider);
}

const struct acrn_sim_config *acrn_sim_config(const struct acrn_sim *sim)
{
	return &sim->config;
}

unsigned int acrn_sim_bugs(const struct acrn_sim *sim)
{
	return sim->bugs;
}

void **acrn_sim_svc(struct acrn_sim *sim)
{
	return &sim->svc;
}

struct acrn_door *acrn_sim_upcall(struct acrn_sim *sim)
{
	return &sim->upcall;
}

u64 acrn_sim_upcalls(struct acrn_sim *sim)
{
	return os_load(&sim->upcalls);
}

void acrn_sim_upcall_here(struct acrn_sim *sim, bool (*fn)(struct acrn_sim *sim, u16 vmid))
{
	sim->upcall_here = fn;
}

void acrn_upcall_raise(struct acrn_hvm *vm)
{
	struct acrn_sim *sim = vm->sim;

	if (sim->upcall_here && sim->upcall_here(sim, vm->id))
		return;
	os_fetch_add(&sim->upcalls, 1);
	acrn_door_ring(sim, &sim->upcall);
}
