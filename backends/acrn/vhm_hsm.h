/* SPDX-License-Identifier: MIT */
/*
 * VHM's services over the upstream HSM (Linux, /dev/acrn_hsm, <linux/acrn.h>), for a process that
 * makes its VMs itself: what its users see. One open file is one VM. What the HSM does not offer to
 * user space is absent: no write protection, no translation to host-physical addresses.
 */
#ifndef ACRN_VHM_HSM_H
#define ACRN_VHM_HSM_H

#include "backends/acrn/vhm_provider.h"

#define ACRN_HSM_PATH "/dev/acrn_hsm"

struct acrn_hsm;
struct acrn_sim;

/**
 * struct acrn_hsm_io - the way to a HSM: the device, the simulator's, or a script.
 * @open: one file; 0, -errno
 * @ioctl: 0 or more, or -errno, as ioctl(2) of the file
 * @start: a thread that runs @fn; 0, -ENOMEM
 * @interrupt: the ioctl in which @thread sleeps ends; one that has not begun yet need not
 * @relax: others shall get on
 * @hold: NULL, or told around a lock that is held over ioctls
 * @stray: NULL, or told of each request that no client takes
 */
struct acrn_hsm_io {
	int (*open)(void *arg, void **file);
	int (*ioctl)(void *file, unsigned int cmd, unsigned long arg);
	void (*close)(void *file);
	int (*start)(void *arg, void **thread, void (*fn)(void *fn_arg), void *fn_arg);
	void (*interrupt)(void *file, void *thread);
	void (*join)(void *arg, void *thread);
	void (*relax)(void *arg);
	void (*hold)(void *arg, bool on);
	void (*stray)(void *file, const struct vhm_request *req);
};

/**
 * struct acrn_hsm_config - of the VMs that are made; zero: the defaults.
 * @name: of the back end, for sentences; NULL: "acrn"
 * @vm_name: a hypervisor from 3.0 on takes it, one before takes 16 bytes of UUID
 * @vcpus: wanted; the hypervisor says how many there are
 * @affinity: physical CPUs; 0: as the hypervisor's scenario says
 * @polling: vCPUs poll for completion
 * @huge: guest memory of 2 MiB pages, in multiples of them
 * @gpa_bits: of the guest's addresses; 0: 39
 */
struct acrn_hsm_config {
	const char *name;
	char vm_name[16];
	unsigned int vcpus;
	u64 affinity;
	bool polling, huge;
	unsigned int gpa_bits;
};

/**
 * acrn_hsm_probe() - whether @path (NULL: ACRN_HSM_PATH) is a HSM that can be used.
 * Return: 0; -ENODEV (no such file: not here), -EACCES (not permitted), -EIO (it is something
 * else), with a sentence. Nothing is changed.
 */
int acrn_hsm_probe(const char *path, const char *name);

/** acrn_hsm_open() - over a device. Return: as acrn_hsm_probe(); -ENOMEM, -ENOSPC (providers). */
int acrn_hsm_open(const char *path, const struct acrn_hsm_config *config, struct acrn_hsm **hsm);
/** acrn_hsm_open_io() - over anything. @io, @arg: valid until acrn_hsm_close(). */
int acrn_hsm_open_io(const struct acrn_hsm_io *io, void *arg,
		     const struct acrn_hsm_config *config, struct acrn_hsm **hsm);
/** acrn_hsm_open_sim() - over a machine of a profile with hsm (sim_hsm.c), which outlives it. */
int acrn_hsm_open_sim(struct acrn_sim *sim, const struct acrn_hsm_config *config,
		      struct acrn_hsm **hsm);
/** acrn_hsm_close() - ends all VMs that are left. Nobody uses the provider any more. */
void acrn_hsm_close(struct acrn_hsm *hsm);

struct vhm_provider *acrn_hsm_provider(struct acrn_hsm *hsm);
/* @dm is the struct acrn_hsm. A VM's number is ours: the HSM's is only a wish. */
extern const struct acrn_dm_ops acrn_hsm_dm_ops;
/* The file of a VM, for who knows what is behind it; NULL: no such VM. */
void *acrn_hsm_file(struct acrn_hsm *hsm, u16 vmid);
/* Requests that no client took, and all that went wrong in serving them. */
u64 acrn_hsm_strays(struct acrn_hsm *hsm);
u64 acrn_hsm_errors(struct acrn_hsm *hsm);

#endif
