/* SPDX-License-Identifier: MIT */
/*
 * What the client's files share: the connection (client.c), its RAM (client_ram.c), and what a vCPU
 * does (client_cpu.c). It is a client like any other: what it knows of the device it has from the
 * socket. Two things a socket cannot tell it are the testbed's own: that a vGPU came or went, and
 * what the core answered to an access.
 *
 * Lock order: ram_lock, lock, send_lock; all before the server's. A server's thread takes none of
 * the first two.
 */
#ifndef VU_CLIENT_H
#define VU_CLIENT_H

#include "backends/vfio-user/ahead.h"
#include "backends/vfio-user/sock.h"
#include "backends/vfio-user/vu.h"
#include "backends/vfio-user/wire.h"

/* What a guest's access may be at most, and the longest message of all that it takes. */
#define VU_CLIENT_ACCESS MPT_PAGE_SIZE
#define VU_CLIENT_MSG (VUW_HEAD_MAX + VU_CLIENT_ACCESS)

struct vu_client_map;

/* Where the BARs are. */
struct vu_decode {
	bool sized, placed; /* below is known */
	u64 size[VU_BARS];  /* 0: none */
	u64 base[VU_BARS];  /* 0: decodes nothing */
};

struct vu_client {
	struct vu_vm *vm;
	int fd, served; /* the pair's ends; -1: none */
	int irq_fd;
	bool started;
	unsigned long changes; /* atomically: vGPUs that came or went */

	struct os_mutex lock; /* an exchange, and what follows */
	unsigned long seen;   /* changes that decode knows of */
	struct vu_decode decode;
	struct vu_ahead ahead;
	u8 rx[VU_CLIENT_MSG];

	struct os_mutex send_lock;
	u16 next_id;

	struct os_mutex ram_lock;
	struct vu_client_map *map; /* read in sections, written under ram_lock */
	struct vu_client_map *spare_map;
};

/* --- client.c --- */
/* With the lock: 0, or -EBUSY with a sentence on a server's thread, which nobody would answer. */
int mpt_vu_client_begin(struct vu_client *c, const char *op);
void mpt_vu_client_end(struct vu_client *c);
/*
 * A request becomes its reply, whose data is good until the next. The lock is held. 0, what the
 * server refuses it with, -EIO: it does not speak to us any more.
 */
int mpt_vu_client_call(struct vu_client *c, struct vuw_msg *m, const struct vu_fds *fds);
/* A VM that exists: 0, -EINVAL, -EEXIST, -ENOMEM, -EIO; and one that does not: */
int mpt_vu_client_create(void *vu, unsigned int id);
int mpt_vu_client_destroy(void *vu, unsigned int id);
int mpt_vu_client_irq_take(void *vm, struct mpt_irq *irq);
int mpt_vu_client_irq_fd(void *vm);

/* --- client_ram.c --- */
int mpt_vu_client_ram_init(struct vu_client *c);
/* Nobody looks at it any more. */
void mpt_vu_client_ram_exit(struct vu_client *c);
int mpt_vu_client_ram_add(void *vm, u64 gpa, u64 size, unsigned int flags);
int mpt_vu_client_ram_remove(void *vm, u64 gpa, u64 size);
int mpt_vu_client_ram_move(void *vm, u64 gpa, u64 size, u64 new_gpa);
int mpt_vu_client_dirty(void *vm, u64 gfn, u64 nr, u8 *bitmap);
/*
 * The first bytes of an access, if they are RAM; *len becomes their number, or that of the bytes
 * before the next RAM. Any thread. False: no RAM, or a store to what is read-only.
 */
bool mpt_vu_client_ram(struct vu_client *c, u64 gpa, void *buf, unsigned int *len, bool write);

/* --- client_cpu.c --- */
int mpt_vu_client_mem(void *vm, u64 gpa, void *buf, unsigned int len, bool write);
int mpt_vu_client_cfg(void *vm, unsigned int offset, void *buf, unsigned int len, bool write);

#endif
