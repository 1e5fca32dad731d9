/* SPDX-License-Identifier: MIT */
/*
 * The services over the HSM among themselves: an opened HSM, its VMs, their memory and clients.
 *
 *   vhm_hsm.c        VMs: begin and end; the services that are one ioctl
 *   vhm_hsm_mem.c    guest memory
 *   vhm_hsm_host.c   pages of ours behind it, and their numbers
 *   vhm_hsm_ioreq.c  clients, and the thread that hands requests to them
 *   vhm_hsm_dev.c    the device
 *
 * Readers run in mpt_rcu sections. Lock order: hsm_vm.ram_lock, then acrn_hsm.lock or hsm_vm.lock,
 * which are leaves. Only ram_lock is held over an ioctl; none while a handler runs.
 */
#ifndef ACRN_VHM_HSM_PRIV_H
#define ACRN_VHM_HSM_PRIV_H

#include <sys/ioctl.h>

#include <linux/acrn.h>
#include <mpt/error.h>
#include <mpt/rcu.h>

#include "backends/acrn/vhm_hsm.h"
#include "libmpt/os.h"

#define HSM_VMS 64
#define HSM_CLIENTS 256
/* The HSM remembers so many pieces of memory for each VM, for its life (Linux 6.1, acrn/mm.c). */
#define HSM_RECORDS 256U
/*
 * Bytes of a piece: its list of pages is one allocation of the HSM's, 32 bytes a page, which must
 * be contiguous.
 */
#define HSM_PIECE (256ULL << 20)
#define HSM_HUGE (2ULL << 20)
/*
 * Guest memory has no machine address here, so each memory gets a number in the lower half of the
 * provider's addresses, in chunks.
 */
#define HSM_CHUNK_SHIFT 21
#define HSM_CHUNK (1ULL << HSM_CHUNK_SHIFT)
#define HSM_CHUNKS 32768U

#define hsm_fail(h, op, err, ...) mpt_fail_at((err), (op), (h)->provider.name, __VA_ARGS__)

/* Memory of ours that is, or was, a VM's. */
struct hsm_ram {
	struct hsm_ram *next; /* of the VM's */
	u8 *host;
	u64 size;
	u64 chunk, chunks; /* its number; chunks 0: none (any more) */
	bool readonly, placed;
};

struct hsm_span {
	u64 gpa, size;
	struct hsm_ram *ram;
};

/* In order; immutable once published. */
struct hsm_map {
	unsigned int n;
	struct hsm_span span[];
};

/* A range of a client's; @end inclusive. */
struct hsm_range {
	u32 type;
	u64 start, end;
};

/* Newest last; immutable once published. */
struct hsm_ranges {
	unsigned int n;
	struct hsm_range range[];
};

/*
 * A client. @refs: its number's, and each caller's that uses it. Holds a reference of its VM.
 * @bdf: bus << 8 | device << 3 | function, -1: none
 * @map: slots that are its, for the handler
 */
struct hsm_client {
	struct hsm_client *next; /* of the VM's, newest first; read in sections */
	struct hsm_vm *vm;
	unsigned int refs;
	int id;
	u64 serial;
	bool attached, gone;
	int bdf;
	struct hsm_ranges *ranges;
	ioreq_handler_t handler;
	void *priv;
	unsigned long map;
};

/* Who has a slot. */
enum { HSM_NOBODY = 0, HSM_SINK = -1, HSM_COMPLETING = -2 };

/*
 * A VM. @refs: the table's, clients' and callers' of find_get_vm(). @users: services that use
 * @file.
 */
struct hsm_vm {
	struct vhm_vm base;
	struct acrn_hsm *hsm;
	void *file;
	u16 id;
	unsigned int refs, users;
	unsigned int vcpus;
	union vhm_request_buffer *page;

	struct os_mutex ram_lock;
	struct hsm_map *map, *spare;
	struct hsm_ram *rams;
	unsigned int records;

	struct os_mutex lock; /* of changes of the client list and of ranges */
	struct hsm_client *clients;
	struct hsm_client *running; /* whose handler runs */
	int owner[VHM_REQUEST_MAX]; /* a client's id, or HSM_* */
	void *reader;
	pthread_t reader_self;
	bool stop, left, ending;
};

/* An address of the process and its memory, in order; immutable once published. */
struct hsm_hosts {
	unsigned int n;
	struct hsm_ram *ram[];
};

struct acrn_hsm {
	struct vhm_provider provider;
	const struct acrn_hsm_io *io;
	void *arg;
	void (*end)(void *arg);
	struct acrn_hsm_config config;
	struct os_mutex lock;
	struct hsm_vm *vm[HSM_VMS];
	u8 *place; /* by number: index into @vm, + 1 */
	struct hsm_client *client[HSM_CLIENTS];
	int next_id;
	u64 serial;
	u8 **chunk; /* where a chunk is */
	u32 *chunk_pages; /* and how much of it is there */
	u64 next_chunk;
	struct hsm_hosts *hosts, *spare;
	u64 strays, errors;
};

static inline struct acrn_hsm *hsm_of(struct vhm_provider *p)
{
	return OS_CONTAINER_OF(p, struct acrn_hsm, provider);
}

static inline int hsm_ioctl(struct hsm_vm *vm, unsigned int cmd, unsigned long arg)
{
	return vm->hsm->io->ioctl(vm->file, cmd, arg);
}

static inline u64 hsm_page_size(const struct acrn_hsm *h)
{
	return h->config.huge ? HSM_HUGE : MPT_PAGE_SIZE;
}

/* --- vhm_hsm.c --- */
/* With its file in use; NULL: none. */
struct hsm_vm *acrn_hsm_use(struct acrn_hsm *h, unsigned long vmid);
void acrn_hsm_unuse(struct hsm_vm *vm);
void acrn_hsm_vm_put(struct hsm_vm *vm);

/* --- vhm_hsm_host.c --- */
int acrn_hsm_mem_init(struct acrn_hsm *h);
void acrn_hsm_mem_exit(struct acrn_hsm *h);
void *acrn_hsm_pages(u64 size, bool huge); /* NULL: no memory */
void acrn_hsm_pages_free(void *host, u64 size);
int acrn_hsm_number(struct acrn_hsm *h, struct hsm_ram *ram); /* 0, -ENOMEM */
/* The device can reach it no more; who does so in a section is waited for. */
void acrn_hsm_forget(struct acrn_hsm *h, struct hsm_ram *ram);
u64 acrn_hsm_virt_to_phys(struct vhm_provider *p, void *page);
void *acrn_hsm_phys_to_virt(struct vhm_provider *p, u64 hpa);

/* --- vhm_hsm_mem.c --- */
/* All of a VM's goes; @keep: the kernel may still use the pages. */
void acrn_hsm_ram_end(struct hsm_vm *vm, bool keep);
int acrn_hsm_ram_add(void *dm, u16 vmid, u64 gpa, u64 size, bool readonly);
int acrn_hsm_ram_remove(void *dm, u16 vmid, u64 gpa, u64 size, bool keep);
int acrn_hsm_ram_move(void *dm, u16 vmid, u64 gpa, u64 size, u64 new_gpa);
void acrn_hsm_ram_free(void *dm, u16 vmid);
void *acrn_hsm_map_guest(struct vhm_provider *p, unsigned long vmid, u64 gpa, size_t size);
int acrn_hsm_unmap_guest(struct vhm_provider *p, unsigned long vmid, u64 gpa);
int acrn_hsm_max_gfn(struct hsm_vm *vm);
int acrn_hsm_add_region(struct vhm_provider *p, unsigned long vmid, unsigned long gpa,
			unsigned long hpa, unsigned long size, unsigned int type,
			unsigned int right);
int acrn_hsm_del_region(struct vhm_provider *p, unsigned long vmid, unsigned long gpa,
			unsigned long size);

/* --- vhm_hsm_ioreq.c --- */
/* 0, -ENOMEM. The default client is there. */
int acrn_hsm_reader_start(struct hsm_vm *vm);
/* It has left the HSM when this returns. */
void acrn_hsm_reader_stop(struct hsm_vm *vm);
void acrn_hsm_clients_end(struct hsm_vm *vm);
int acrn_hsm_client_new(struct vhm_provider *p, unsigned long vmid, ioreq_handler_t handler,
			void *client_priv, char *name);
void acrn_hsm_client_destroy(struct vhm_provider *p, int id);
int acrn_hsm_add_range(struct vhm_provider *p, int id, uint32_t type, long start, long end);
int acrn_hsm_del_range(struct vhm_provider *p, int id, uint32_t type, long start, long end);
struct vhm_request *acrn_hsm_reqbuf(struct vhm_provider *p, int id);
int acrn_hsm_attach(struct vhm_provider *p, int id);
int acrn_hsm_complete(struct vhm_provider *p, int id, uint64_t vcpu, struct vhm_request *req);
void acrn_hsm_intercept(struct vhm_provider *p, int id, int bus, int dev, int func);
void acrn_hsm_unintercept(struct vhm_provider *p, int id);

#endif
