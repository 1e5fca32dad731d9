/* SPDX-License-Identifier: MIT */
/*
 * Which host and which VM a thread means: its own choice, without one the first of the open hosts,
 * whose list is here.
 */
#include "libmpt/internal.h"

static struct os_mutex hosts_lock = OS_MUTEX_INIT(hosts_lock);
static struct mpt_host *hosts; /* hosts_lock; read without it for "the first one" */

OS_THREAD_LOCAL(struct mpt_thread, thread_self)

struct mpt_thread *mpt_thread_self(void)
{
	return thread_self_mine();
}

struct mpt_host *mpt_host_current(void)
{
	return thread_self_mine()->host ? thread_self_mine()->host : os_load(&hosts);
}

struct mpt_host *mpt_host_use(struct mpt_host *host)
{
	struct mpt_host *old = thread_self_mine()->host;

	thread_self_mine()->host = host;
	return old;
}

const struct intel_gvt_mpt *mpt_current_table(void)
{
	struct mpt_host *host = mpt_host_current();

	return host ? &host->table : NULL;
}

void *mpt_backend_self(void)
{
	struct mpt_host *host = mpt_host_current();

	return host ? host->priv : NULL;
}

struct mpt_vm *mpt_target_set(struct mpt_vm *vm)
{
	struct mpt_vm *old = thread_self_mine()->target;

	thread_self_mine()->target = vm;
	return old;
}

struct mpt_host *mpt_target_host(void)
{
	struct mpt_vm *target = thread_self_mine()->target;

	return target ? target->host : mpt_host_current();
}

void mpt_hosts_add(struct mpt_host *host, bool first)
{
	struct mpt_host **p = &hosts;

	os_mutex_lock(&hosts_lock);
	while (!first && *p)
		p = &(*p)->next;
	host->next = *p;
	os_store(p, host);
	os_mutex_unlock(&hosts_lock);
}

void mpt_hosts_del(struct mpt_host *host)
{
	struct mpt_host **p;

	os_mutex_lock(&hosts_lock);
	for (p = &hosts; *p; p = &(*p)->next) {
		if (*p == host) {
			os_store(p, host->next);
			break;
		}
	}
	os_mutex_unlock(&hosts_lock);
	if (thread_self_mine()->host == host)
		thread_self_mine()->host = NULL;
}
