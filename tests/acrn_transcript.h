/* SPDX-License-Identifier: MIT */
/*
 * A HSM that is a script: each ioctl is written down with every field of its argument and compared
 * with the script's next line, which says what it answers. Addresses of this process are written by
 * name: "page", and A, B, ... for memory in the order in which it is first seen. Beside the script
 * the order itself is watched: what a HSM cannot forgive is a complaint.
 *
 * ATTACH is in no script, for it is called as often as threads like: it waits until a request was
 * put into the page, or the thread is interrupted.
 */
#ifndef ACRN_TRANSCRIPT_H
#define ACRN_TRANSCRIPT_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/acrn.h>

#include <mpt/error.h>

#include "backends/acrn/vhm_hsm.h"
#include "libmpt/os.h"
#include "runner.h"

#define TR_LINE 160
#define TR_MEMORIES 8

/* @ret: 0 or -errno; @vmid, @vcpus: what CREATE_VM writes back */
struct tr_step {
	const char *line;
	int ret;
	u16 vmid, vcpus;
};

/*
 * @steps: NULL: anything, answered with 0
 * @fail_at: this ioctl (from 1, ATTACH not counted) fails with @fail_with, once; @fail_cmd: each of
 *	these does
 * @log: what was called
 */
struct transcript {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	const struct tr_step *steps;
	unsigned int n, at;
	u64 fail_at, calls;
	int fail_with;
	unsigned int fail_cmd;
	bool no_thread;
	unsigned int refuse_open;
	char wrong[2 * TR_LINE + 64];
	char log[64][TR_LINE];
	unsigned int logged;
	/* The VM. */
	union vhm_request_buffer *page;
	bool opened, created, client, started, paused, destroyed, inside, interrupted;
	unsigned int vcpus, opens, closes;
	unsigned long bits;
	struct {
		u64 at, len;
	} memory[TR_MEMORIES];
	unsigned int memories;
};

static inline void tr_init(struct transcript *t, const struct tr_step *steps, unsigned int n)
{
	memset(t, 0, sizeof(*t));
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->cond, NULL);
	t->steps = steps;
	t->n = n;
	t->vcpus = 2;
}

/* The first complaint counts. */
static inline void tr_wrong(struct transcript *t, const char *what, const char *more)
{
	if (!t->wrong[0])
		snprintf(t->wrong, sizeof(t->wrong), "%s%s", what, more);
}

/* --- writing an ioctl down --- */

static inline void tr_memory(struct transcript *t, char *to, size_t size, u64 at, u64 len)
{
	unsigned int i;

	for (i = 0; i < t->memories; i++) {
		if (at < t->memory[i].at || at > t->memory[i].at + t->memory[i].len)
			continue;
		snprintf(to, size, "%c+0x%llx", 'A' + (int)i,
			 (unsigned long long)(at - t->memory[i].at));
		if (at + len > t->memory[i].at + t->memory[i].len)
			t->memory[i].len = at + len - t->memory[i].at;
		return;
	}
	if (t->memories == TR_MEMORIES)
		return tr_wrong(t, "too many memories", "");
	t->memory[t->memories].at = at;
	t->memory[t->memories].len = len;
	snprintf(to, size, "%c+0x0", 'A' + (int)t->memories++);
}

static inline void tr_memmap(struct transcript *t, char *line, const char *name, unsigned long arg)
{
	const struct acrn_vm_memmap *m = (const void *)arg;
	char at[32];

	if (m->type == ACRN_MEMMAP_RAM)
		tr_memory(t, at, sizeof(at), m->vma_base, m->len);
	else
		snprintf(at, sizeof(at), "0x%llx", (unsigned long long)m->service_vm_pa);
	snprintf(line, TR_LINE, "%s type=%u attr=0x%x gpa=0x%llx at=%s len=0x%llx", name, m->type,
		 m->attr, (unsigned long long)m->user_vm_pa, at, (unsigned long long)m->len);
}

static inline void tr_create(struct transcript *t, char *line, unsigned long arg)
{
	const struct acrn_vm_creation *c = (const void *)arg;
	char name[17] = "";

	memcpy(name, &c->uuid, 16);
	t->page = (void *)(uintptr_t)c->ioreq_buf;
	snprintf(line, TR_LINE, "CREATE_VM vmid=%u %u vcpus=%u %u name=%s flag=0x%llx buf=%s "
		 "affinity=0x%llx", c->vmid, c->reserved0, c->vcpu_num, c->reserved1, name,
		 (unsigned long long)c->vm_flag,
		 c->ioreq_buf && c->ioreq_buf % 4096 == 0 ? "page" : "?",
		 (unsigned long long)c->cpu_affinity);
}

static inline void tr_write_down(struct transcript *t, char *line, unsigned int cmd,
				 unsigned long arg)
{
	const struct acrn_ioreq_notify *n = (const void *)arg;
	const struct acrn_msi_entry *msi = (const void *)arg;

	switch (cmd) {
	case ACRN_IOCTL_CREATE_VM:
		return tr_create(t, line, arg);
	case ACRN_IOCTL_SET_MEMSEG:
		return tr_memmap(t, line, "SET_MEMSEG", arg);
	case ACRN_IOCTL_UNSET_MEMSEG:
		return tr_memmap(t, line, "UNSET_MEMSEG", arg);
	case ACRN_IOCTL_INJECT_MSI:
		snprintf(line, TR_LINE, "INJECT_MSI addr=0x%llx data=0x%llx",
			 (unsigned long long)msi->msi_addr, (unsigned long long)msi->msi_data);
		return;
	case ACRN_IOCTL_SET_IRQLINE:
		snprintf(line, TR_LINE, "SET_IRQLINE 0x%lx", arg);
		return;
	case ACRN_IOCTL_NOTIFY_REQUEST_FINISH:
		snprintf(line, TR_LINE, "NOTIFY vmid=%u %u vcpu=%u", n->vmid, n->reserved,
			 n->vcpu);
		return;
	default:
		snprintf(line, TR_LINE, "%s%s",
			 cmd == ACRN_IOCTL_DESTROY_VM ? "DESTROY_VM" :
			 cmd == ACRN_IOCTL_START_VM ? "START_VM" :
			 cmd == ACRN_IOCTL_PAUSE_VM ? "PAUSE_VM" :
			 cmd == ACRN_IOCTL_CREATE_IOREQ_CLIENT ? "CREATE_IOREQ_CLIENT" :
			 cmd == ACRN_IOCTL_DESTROY_IOREQ_CLIENT ? "DESTROY_IOREQ_CLIENT" :
			 "another ioctl", arg ? " with an argument" : "");
	}
}

/* --- what a HSM cannot forgive --- */

static inline void tr_order(struct transcript *t, unsigned int cmd)
{
	switch (cmd) {
	case ACRN_IOCTL_CREATE_VM:
		if (t->created)
			tr_wrong(t, "a second CREATE_VM", "");
		return;
	case ACRN_IOCTL_START_VM:
		if (!t->client)
			tr_wrong(t, "START_VM without a client", "");
		break;
	case ACRN_IOCTL_DESTROY_IOREQ_CLIENT:
		if (t->inside)
			tr_wrong(t, "the client is destroyed under its reader", "");
		if (t->started && !t->paused)
			tr_wrong(t, "the client is destroyed while the VM runs", "");
		break;
	case ACRN_IOCTL_DESTROY_VM:
		if (t->client && t->fail_at != t->calls)
			tr_wrong(t, "DESTROY_VM with a client", "");
		break;
	case ACRN_IOCTL_PAUSE_VM:
		if (t->inside)
			tr_wrong(t, "PAUSE_VM with a reader inside", "");
		break;
	}
	if (!t->created || t->destroyed)
		tr_wrong(t, "an ioctl without a VM", "");
}

/* The slot's state as the HSM stores it. */
static inline void tr_notify(struct transcript *t, unsigned long arg)
{
	const struct acrn_ioreq_notify *n = (const void *)arg;
	u32 was = REQ_STATE_PROCESSING;

	if (n->vcpu >= t->vcpus || !(t->bits >> n->vcpu & 1))
		return tr_wrong(t, "NOTIFY of a slot that the client has not", "");
	t->bits &= ~(1UL << n->vcpu);
	if (!os_cas(&t->page->req_queue[n->vcpu].processed, &was, REQ_STATE_COMPLETE))
		tr_wrong(t, "NOTIFY of a slot that is not being processed", "");
	pthread_cond_broadcast(&t->cond);
}

static inline void tr_done_well(struct transcript *t, unsigned int cmd, unsigned long arg)
{
	struct acrn_vm_creation *c = (void *)arg;

	switch (cmd) {
	case ACRN_IOCTL_CREATE_VM:
		t->created = true;
		c->vmid = t->steps && t->at ? t->steps[t->at - 1].vmid : 5;
		c->vcpu_num = t->steps && t->at ? t->steps[t->at - 1].vcpus : (u16)t->vcpus;
		t->vcpus = c->vcpu_num;
		break;
	case ACRN_IOCTL_CREATE_IOREQ_CLIENT:
		t->client = true;
		break;
	case ACRN_IOCTL_DESTROY_IOREQ_CLIENT:
		t->client = false;
		break;
	case ACRN_IOCTL_START_VM:
		t->started = true;
		break;
	case ACRN_IOCTL_PAUSE_VM:
		t->paused = true;
		break;
	case ACRN_IOCTL_DESTROY_VM:
		t->destroyed = true;
		break;
	case ACRN_IOCTL_NOTIFY_REQUEST_FINISH:
		tr_notify(t, arg);
		break;
	}
}

/* --- the way to it --- */

static inline int tr_open(void *arg, void **file)
{
	struct transcript *t = arg;

	if (t->refuse_open)
		return -(int)t->refuse_open;
	t->opened = true;
	t->opens++;
	*file = t;
	return 0;
}

static inline int tr_attach(struct transcript *t)
{
	int ret = 0;

	if (!t->client)
		tr_wrong(t, "ATTACH without a client", "");
	t->inside = true;
	while (!t->interrupted && !t->bits)
		pthread_cond_wait(&t->cond, &t->lock);
	t->interrupted = false;
	t->inside = false;
	return ret;
}

static inline int tr_answer(struct transcript *t, const char *line, unsigned int cmd)
{
	const struct tr_step *s = t->at < t->n ? &t->steps[t->at] : NULL;

	t->calls++;
	if (t->calls == t->fail_at || (t->fail_cmd && t->fail_cmd == cmd))
		return t->fail_with;
	if (!t->steps)
		return 0;
	if (!s || strcmp(s->line, line)) {
		char both[2 * TR_LINE + 16];

		snprintf(both, sizeof(both), "%s, not %s", line, s ? s->line : "the end");
		tr_wrong(t, "called: ", both);
		return -EIO;
	}
	t->at++;
	return s->ret;
}

static inline int tr_ioctl(void *file, unsigned int cmd, unsigned long arg)
{
	struct transcript *t = file;
	char line[TR_LINE] = "";
	int ret;

	pthread_mutex_lock(&t->lock);
	if (cmd == ACRN_IOCTL_ATTACH_IOREQ_CLIENT) {
		ret = tr_attach(t);
	} else {
		tr_write_down(t, line, cmd, arg);
		tr_order(t, cmd);
		if (t->logged < OS_ARRAY_SIZE(t->log))
			memcpy(t->log[t->logged++], line, TR_LINE);
		ret = tr_answer(t, line, cmd);
		/* A vCPU that could not be told has its slot complete all the same. */
		if (ret >= 0 || (cmd == ACRN_IOCTL_NOTIFY_REQUEST_FINISH && ret == -EPERM))
			tr_done_well(t, cmd, arg);
	}
	pthread_mutex_unlock(&t->lock);
	return ret;
}

static inline void tr_close(void *file)
{
	struct transcript *t = file;

	if (t->created && !t->destroyed)
		tr_wrong(t, "the file of a living VM is closed", "");
	t->closes++;
}

struct tr_thread {
	pthread_t id;
	void (*fn)(void *arg);
	void *arg;
};

static inline void *tr_main(void *arg)
{
	struct tr_thread *t = arg;

	t->fn(t->arg);
	return NULL;
}

static inline int tr_start(void *arg, void **thread, void (*fn)(void *fn_arg), void *fn_arg)
{
	struct tr_thread *th = ((struct transcript *)arg)->no_thread ? NULL :
			       mpt_zalloc(sizeof(*th));

	if (!th)
		return -ENOMEM;
	th->fn = fn;
	th->arg = fn_arg;
	*thread = th;
	ck_assert_int_eq(pthread_create(&th->id, NULL, tr_main, th), 0);
	return 0;
}

static inline void tr_interrupt(void *file, void *thread)
{
	struct transcript *t = file;

	(void)thread;
	pthread_mutex_lock(&t->lock);
	t->interrupted = t->inside;
	pthread_cond_broadcast(&t->cond);
	pthread_mutex_unlock(&t->lock);
}

static inline void tr_join(void *arg, void *thread)
{
	(void)arg;
	pthread_join(((struct tr_thread *)thread)->id, NULL);
	mpt_free(thread);
}

static inline void tr_relax(void *arg)
{
	(void)arg;
	os_yield();
}

static const struct acrn_hsm_io tr_io = {
	.open = tr_open,
	.ioctl = tr_ioctl,
	.close = tr_close,
	.start = tr_start,
	.interrupt = tr_interrupt,
	.join = tr_join,
	.relax = tr_relax,
};

/* --- requests --- */

/* As the HSM's dispatcher leaves it for the default client; until it is complete. */
static inline void tr_request(struct transcript *t, unsigned int slot,
			      const struct vhm_request *like)
{
	struct vhm_request *req = &t->page->req_queue[slot];

	pthread_mutex_lock(&t->lock);
	req->type = like->type;
	req->reqs = like->reqs;
	req->client = 0;
	os_store(&req->processed, REQ_STATE_PROCESSING);
	t->bits |= 1UL << slot;
	pthread_cond_broadcast(&t->cond);
	while (os_load(&req->processed) != REQ_STATE_COMPLETE && !t->wrong[0])
		pthread_cond_wait(&t->cond, &t->lock);
	os_store(&req->processed, REQ_STATE_FREE);
	pthread_mutex_unlock(&t->lock);
}

/* Everything was called that is in the script, and nothing was wrong. */
static inline void tr_check(struct transcript *t)
{
	ck_assert_msg(!t->wrong[0], "%s", t->wrong);
	if (t->steps)
		ck_assert_msg(t->at == t->n, "not called: %s", t->steps[t->at].line);
}

#endif
