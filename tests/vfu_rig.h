/* SPDX-License-Identifier: MIT */
/*
 * What the suites of the vfio-user back end share: a VM that waits on a socket, a core that writes
 * down what it is told, and the check that nothing is left. The client is in vfu_cl.h.
 */
#ifndef MPT_TESTS_VFU_RIG_H
#define MPT_TESTS_VFU_RIG_H

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mpt/alloc.h>
#include <mpt/mpt.h>
#include <mpt/testbed.h>

#include "backends/vfio-user/server.h"
#include "lib/runner.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define PAGE MPT_PAGE_SIZE
#define MIB (1ULL << 20)
#define GIB (1ULL << 30)
#define MS 1000000ULL

/* The device: BAR0 of 64 bits, BAR2 of 32, BAR4 of I/O whose upper half is hardwired. */
#define BAR0_SIZE (1 * MIB)
#define BAR2_SIZE 0x10000U
#define BAR4_SIZE 0x40U
#define BAR0_AT 0x4c0000000ULL
#define BAR2_AT 0xd0000000ULL
#define CFG_CAP 0x50U

#define RIG_CALLS 256
struct rig_call {
	char what; /* r, w: MMIO; a, d: RAM added, removed */
	u64 addr, val;
	unsigned int len;
};

static struct {
	struct mpt_host *host;
	struct mpt_vm *vm;
	struct vu_vm *v;
	struct intel_vgpu vgpu;
	bool attached;
	char dir[80], path[96];
	int fds, fds_idle; /* of this process, before; and without a client */

	pthread_mutex_t lock; /* the rest */
	u8 cfg[4096], writable[4096];
	u8 mmio[65536];
	struct rig_call call[RIG_CALLS];
	unsigned int calls, resets, cfg_reads, cfg_writes;
	int answer;				      /* of every MMIO access */
	void (*hook)(bool write, u64 gpa, void *buf); /* called with no lock */
} rig = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* --- the core --- */

static inline void rig_note(char what, u64 addr, u64 val, unsigned int len)
{
	pthread_mutex_lock(&rig.lock);
	if (rig.calls < RIG_CALLS)
		rig.call[rig.calls] = (struct rig_call){ what, addr, val, len };
	rig.calls++;
	pthread_mutex_unlock(&rig.lock);
}

static inline int rig_mmio(bool write, u64 gpa, void *buf, unsigned int len)
{
	u64 val = 0;
	u8 *at = rig.mmio + gpa % sizeof(rig.mmio);

	if (write)
		memcpy(&val, buf, len);
	rig_note(write ? 'w' : 'r', gpa, val, len);
	pthread_mutex_lock(&rig.lock);
	memcpy(write ? (void *)at : buf, write ? buf : (void *)at, len);
	pthread_mutex_unlock(&rig.lock);
	if (rig.hook)
		rig.hook(write, gpa, buf);
	return rig.answer;
}

static inline int rig_mmio_read(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int len)
{
	(void)vgpu;
	return rig_mmio(false, gpa, buf, len);
}

static inline int rig_mmio_write(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int len)
{
	(void)vgpu;
	return rig_mmio(true, gpa, buf, len);
}

static inline void rig_region(struct intel_vgpu *vgpu, u64 gfn, u64 nr, bool added)
{
	(void)vgpu;
	rig_note(added ? 'a' : 'd', gfn, nr, 0);
}

static inline int rig_cfg_read(struct intel_vgpu *vgpu, unsigned int offset, void *buf,
			       unsigned int len)
{
	(void)vgpu;
	pthread_mutex_lock(&rig.lock);
	memcpy(buf, rig.cfg + offset, len);
	rig.cfg_reads++;
	pthread_mutex_unlock(&rig.lock);
	return 0;
}

static inline int rig_cfg_write(struct intel_vgpu *vgpu, unsigned int offset, void *buf,
				unsigned int len)
{
	const u8 *from = buf;
	unsigned int i;

	(void)vgpu;
	pthread_mutex_lock(&rig.lock);
	for (i = 0; i < len; i++) {
		u8 mask = rig.writable[offset + i];

		rig.cfg[offset + i] = (u8)((rig.cfg[offset + i] & ~mask) | (from[i] & mask));
	}
	rig.cfg_writes++;
	pthread_mutex_unlock(&rig.lock);
	return 0;
}

static inline void rig_vgpu_reset(struct intel_vgpu *vgpu)
{
	(void)vgpu;
	pthread_mutex_lock(&rig.lock);
	rig.resets++;
	pthread_mutex_unlock(&rig.lock);
}

static const struct intel_gvt_ops rig_ops = {
	.emulate_cfg_read = rig_cfg_read,
	.emulate_cfg_write = rig_cfg_write,
	.emulate_mmio_read = rig_mmio_read,
	.emulate_mmio_write = rig_mmio_write,
	.vgpu_reset = rig_vgpu_reset,
	.guest_region_event = rig_region,
};

static inline void rig_put(u8 *at, u64 value, unsigned int len)
{
	memcpy(at, &value, len);
}

static inline void rig_cfg_make(void)
{
	rig_put(rig.cfg, 0x19128086, 4);
	rig_put(rig.cfg + 4, 0x00100000, 4); /* capabilities */
	rig_put(rig.writable + 4, 0x0407, 2);
	rig_put(rig.cfg + 0x10, 0x4, 4);
	rig_put(rig.writable + 0x10, ~(BAR0_SIZE - 1), 8);
	rig_put(rig.writable + 0x18, ~(BAR2_SIZE - 1), 4);
	rig_put(rig.cfg + 0x20, 0x1, 4);
	rig_put(rig.writable + 0x20, 0xffff & ~(BAR4_SIZE - 1), 4);
	rig.cfg[0x34] = CFG_CAP;
	rig.cfg[CFG_CAP] = 5; /* MSI */
	rig.writable[CFG_CAP + 2] = 1;
}

/* --- descriptors of this process --- */

static inline int rig_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* Until something is so that another thread brings about; bounded, so that a hang is a failure. */
#define rig_until(cond)                                                           \
	do {                                                                      \
		unsigned int turns_ = 0;                                          \
		while (!(cond)) {                                                 \
			ck_assert_msg(turns_++ < 20000, "this never is: " #cond); \
			usleep(500);                                              \
		}                                                                 \
	} while (0)

/* --- the host --- */

static inline void rig_attach(void)
{
	struct mpt_vm *old = mpt_target_set(rig.vm);

	ck_assert_msg(!intel_gvt_hypervisor_attach_vgpu(&rig.vgpu), "%s", mpt_last_error());
	mpt_target_set(old);
	rig.attached = true;
}

static inline void rig_detach(void)
{
	intel_gvt_hypervisor_detach_vgpu(&rig.vgpu);
	rig.attached = false;
}

static inline void rig_folder(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(rig.dir, sizeof(rig.dir), "%s/vfuXXXXXX", tmp && strlen(tmp) < 60 ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(rig.dir));
	snprintf(rig.path, sizeof(rig.path), "%s/s", rig.dir);
}

/* A host with a VM on a socket, the vGPU attached. */
static inline void rig_open(void)
{
	struct mpt_core core = { .size = sizeof(core), .ops = &rig_ops, .opaque = &rig };
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	char spec[160];

	memset(&rig, 0, sizeof(rig));
	rig.lock = lock;
	rig_cfg_make();
	rig_folder();
	rig.fds = rig_fds();
	snprintf(spec, sizeof(spec), "vfio-user:socket=%s", rig.path);
	ck_assert_msg(!mpt_host_open(spec, &rig.host), "%s", mpt_last_error());
	ck_assert_int_eq(mpt_host_set_policy(rig.host, MPT_POLICY_RETURN), 0);
	ck_assert_int_eq(mpt_host_set_core(rig.host, &core), 0);
	ck_assert_int_eq(mpt_vm_get(rig.host, 1, &rig.vm), 0);
	rig.v = mpt_vm_priv(rig.vm);
	rig.vgpu.mpt = mpt_host_table(rig.host);
	rig.vgpu.cfg_space = rig.cfg;
	rig_attach();
	rig.fds_idle = rig_fds();
}

/* Nothing stays: no memory, no descriptor, no name. */
static inline void rig_close(void)
{
	if (rig.attached)
		rig_detach();
	ck_assert_uint_eq(mpt_vu_dma_live(rig.v), 0);
	mpt_vm_put(rig.vm);
	ck_assert_int_eq(mpt_host_close(rig.host), 0);
	ck_assert_int_eq(mpt_alloc_live(), 0);
	ck_assert_int_eq(rig_fds(), rig.fds);
	ck_assert_msg(!rmdir(rig.dir), "%s is not empty", rig.dir);
}

/* The server's places, those included that are gone but held. */
static inline unsigned int rig_places(void)
{
	unsigned int n;

	os_mutex_lock(&rig.v->lock);
	n = rig.v->nr_places;
	os_mutex_unlock(&rig.v->lock);
	return n;
}

static inline unsigned int rig_calls(void)
{
	unsigned int n;

	pthread_mutex_lock(&rig.lock);
	n = rig.calls;
	pthread_mutex_unlock(&rig.lock);
	return n;
}

static inline unsigned int rig_resets(void)
{
	unsigned int n;

	pthread_mutex_lock(&rig.lock);
	n = rig.resets;
	pthread_mutex_unlock(&rig.lock);
	return n;
}

/* A file of memory. @sealed: it cannot shrink. */
static inline int rig_memfd(u64 size, bool sealed)
{
	int fd = memfd_create("vfu", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
	if (sealed)
		ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
	return fd;
}

/* --- as the core --- */

static inline int rig_gpa_read(u64 gpa, void *buf, unsigned long len)
{
	return intel_gvt_hypervisor_read_gpa(&rig.vgpu, gpa, buf, len);
}

static inline int rig_gpa_write(u64 gpa, const void *buf, unsigned long len)
{
	return intel_gvt_hypervisor_write_gpa(&rig.vgpu, gpa, (void *)(uintptr_t)buf, len);
}

#endif
