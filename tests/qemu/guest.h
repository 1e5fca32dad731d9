/* SPDX-License-Identifier: MIT */
/* What the files of the guest's program share: result lines, buffers, batches, a register. */
#ifndef MPT_GUEST_H
#define MPT_GUEST_H

#include <stdint.h>

#include <i915_drm.h>

#define PAGE 4096
#define MI_BATCH_BUFFER_END 0x05000000
#define BAR0 "/sys/bus/pci/devices/0000:00:02.0/resource0"
#define PVINFO 0x78000

extern int card;

/* ioctl() that a signal does not end. Return: 0, -errno. */
int call(unsigned long request, void *arg);
/* The two kinds of result lines. */
void pass(const char *name);
void fail(const char *name, const char *why, ...) __attribute__((format(printf, 2, 3)));
uint64_t now(void); /* ns */

struct buffer {
	uint32_t handle;
	uint32_t *map; /* write-back; a vGPU's GPU is as coherent as the real one with its LLC */
};

int buffer_new(struct buffer *b);
void buffer_free(struct buffer *b);
int buffer_write(struct buffer *b, const void *from, uint32_t size);
int buffer_wait(struct buffer *b);

/* A batch that stores one dword. */
struct job {
	struct buffer target, batch;
	uint64_t ring;
	uint32_t context;
	uint64_t pinned; /* the target's address is ours to choose, and this; 0: by relocation */
};

int job_new(struct job *j, uint64_t ring, uint32_t context, uint64_t pinned);
void job_free(struct job *j);

/* The median time of reading a register that costs the device nothing, in ns. 0: no way. */
uint64_t register_read(void);

/* --- guest_hang.c --- */
void hang_found(void);
void hang_told(void);

#endif
