/* SPDX-License-Identifier: MIT */
/*
 * VHM's services over the upstream HSM against transcripts: which ioctl is called when, with which
 * arguments, and what becomes of each that fails. Also the way to a device that is none.
 */
#include "acrn_transcript.h"

#define HUGE_SIZE (2ULL << 20)
#define PIECE (256ULL << 20)

static const struct acrn_dm_ops *const dm = &acrn_hsm_dm_ops;

struct trig {
	struct transcript t;
	struct acrn_hsm *hsm;
	unsigned int index;
	long live;
};

static void trig_open(struct trig *r, const struct tr_step *steps, unsigned int n)
{
	const struct acrn_hsm_config config = { .vcpus = 2, .vm_name = "guest" };

	r->live = mpt_alloc_live();
	tr_init(&r->t, steps, n);
	ck_assert_int_eq(acrn_hsm_open_io(&tr_io, &r->t, &config, &r->hsm), 0);
	r->index = acrn_hsm_provider(r->hsm)->index;
}

static void trig_close(struct trig *r)
{
	acrn_hsm_close(r->hsm);
	tr_check(&r->t);
	ck_assert_int_eq(mpt_alloc_live(), r->live);
}

static unsigned long id_of(const struct trig *r, u16 vm)
{
	return VHM_VMID(r->index, vm);
}

#define CALL(l) { .line = (l) }
#define FAIL(l, err) { .line = (l), .ret = (err) }
#define CREATE "CREATE_VM vmid=0 0 vcpus=2 0 name=guest flag=0x0 buf=page affinity=0x0"
#define BEGIN \
	{ CREATE, 0, 5, 2 }, \
	CALL("CREATE_IOREQ_CLIENT"), \
	CALL("START_VM")
#define END \
	CALL("PAUSE_VM"), \
	CALL("DESTROY_IOREQ_CLIENT"), \
	CALL("DESTROY_VM")

/* --- scripts that are followed --- */

START_TEST(test_life)
{
	static const struct tr_step steps[] = { BEGIN, END };
	struct trig r;
	u16 id = 0;

	trig_open(&r, steps, OS_ARRAY_SIZE(steps));
	ck_assert_int_eq(dm->vm_new(r.hsm, &id), 0);
	ck_assert_uint_eq(id, 5);
	ck_assert_ptr_eq(acrn_hsm_file(r.hsm, 5), &r.t);
	dm->vm_end(r.hsm, id);
	ck_assert_uint_eq(r.t.closes, 1);
	trig_close(&r);
}
END_TEST

/* All that is configured is in the call. */
START_TEST(test_config)
{
	static const struct tr_step steps[] = {
		{ "CREATE_VM vmid=9 0 vcpus=4 0 name=a-name-of-16-byt flag=0x4 buf=page "
		  "affinity=0xf0", 0, 3, 4 },
		CALL("CREATE_IOREQ_CLIENT"), CALL("START_VM"), END
	};
	struct acrn_hsm_config config = { .vcpus = 4, .affinity = 0xf0, .polling = true };
	struct trig r = { .live = mpt_alloc_live() };
	u16 id = 9;

	memcpy(config.vm_name, "a-name-of-16-byt", 16);
	tr_init(&r.t, steps, OS_ARRAY_SIZE(steps));
	ck_assert_int_eq(acrn_hsm_open_io(&tr_io, &r.t, &config, &r.hsm), 0);
	ck_assert_int_eq(dm->vm_new(r.hsm, &id), 0);
	/* The number is ours: the hypervisor's own one means nothing here. */
	ck_assert_uint_eq(id, 9);
	trig_close(&r);
}
END_TEST

/* Memory in pieces, taken away as if it were a device's, moved, protected from stores. */
START_TEST(test_ram)
{
	static const struct tr_step steps[] = {
		BEGIN,
		CALL("SET_MEMSEG type=0 attr=0x47 gpa=0x0 at=A+0x0 len=0x10000000"),
		CALL("SET_MEMSEG type=0 attr=0x47 gpa=0x10000000 at=A+0x10000000 len=0x200000"),
		CALL("SET_MEMSEG type=0 attr=0x45 gpa=0x20000000 at=B+0x0 len=0x1000"),
		CALL("UNSET_MEMSEG type=1 attr=0x0 gpa=0x20000000 at=0x0 len=0x1000"),
		CALL("SET_MEMSEG type=0 attr=0x45 gpa=0x30000000 at=B+0x0 len=0x1000"),
		CALL("UNSET_MEMSEG type=1 attr=0x0 gpa=0x0 at=0x0 len=0x10200000"),
		END
	};
	struct trig r;
	u16 id = 0;

	trig_open(&r, steps, OS_ARRAY_SIZE(steps));
	ck_assert_int_eq(dm->vm_new(r.hsm, &id), 0);
	ck_assert_int_eq(dm->ram_add(r.hsm, id, 0, PIECE + HUGE_SIZE, false), 0);
	ck_assert_int_eq(dm->ram_add(r.hsm, id, 0x20000000, 4096, true), 0);
	ck_assert_int_eq(dm->ram_move(r.hsm, id, 0x20000000, 4096, 0x30000000), 0);
	ck_assert_int_eq(dm->ram_remove(r.hsm, id, 0, PIECE + HUGE_SIZE, false), 0);
	trig_close(&r);
}
END_TEST

/* What fails in the middle leaves nothing of itself in the guest. */
START_TEST(test_ram_fails_half_way)
{
	static const struct tr_step steps[] = {
		BEGIN,
		CALL("SET_MEMSEG type=0 attr=0x47 gpa=0x0 at=A+0x0 len=0x10000000"),
		FAIL("SET_MEMSEG type=0 attr=0x47 gpa=0x10000000 at=A+0x10000000 len=0x200000",
		     -ENOMEM),
		CALL("UNSET_MEMSEG type=1 attr=0x0 gpa=0x0 at=0x0 len=0x10000000"),
		END
	};
	struct trig r;
	u16 id = 0;

	trig_open(&r, steps, OS_ARRAY_SIZE(steps));
	ck_assert_int_eq(dm->vm_new(r.hsm, &id), 0);
	ck_assert_int_eq(dm->ram_add(r.hsm, id, 0, PIECE + HUGE_SIZE, false), -ENOMEM);
	ck_assert_ptr_null(map_guest_phys(id_of(&r, id), 0, 1));
	trig_close(&r);
}
END_TEST

/* A trap area is where nothing is; an aperture is a device's frames, whatever type is asked for. */
START_TEST(test_regions)
{
	static const struct tr_step steps[] = {
		BEGIN,
		CALL("SET_MEMSEG type=0 attr=0x47 gpa=0x0 at=A+0x0 len=0x3000"),
		CALL("SET_MEMSEG type=1 attr=0x107 gpa=0xc0000000 at=0xd0000000 len=0x400000"),
		CALL("UNSET_MEMSEG type=1 attr=0x0 gpa=0xc0000000 at=0x0 len=0x400000"),
		CALL("UNSET_MEMSEG type=1 attr=0x0 gpa=0x1000 at=0x0 len=0x1000"),
		CALL("SET_MEMSEG type=0 attr=0x45 gpa=0x1000 at=A+0x1000 len=0x1000"),
		FAIL("SET_MEMSEG type=1 attr=0x107 gpa=0xc0000000 at=0xd0000000 len=0x1000",
		     -EPERM),
		FAIL("UNSET_MEMSEG type=1 attr=0x0 gpa=0xc0000000 at=0x0 len=0x1000", -EINVAL),
		END
	};
	struct vhm_provider *p;
	struct trig r;
	u16 id = 0;
	u64 hpa;

	trig_open(&r, steps, OS_ARRAY_SIZE(steps));
	p = acrn_hsm_provider(r.hsm);
	ck_assert_int_eq(dm->vm_new(r.hsm, &id), 0);
	ck_assert_int_eq(dm->ram_add(r.hsm, id, 0, 0x3000, false), 0);
	ck_assert_int_eq(add_memory_region(id_of(&r, id), 0xc0000000, 0xd0000000, 0x400000,
					   MEM_TYPE_WC, MEM_ACCESS_RWX), 0);
	ck_assert_int_eq(del_memory_region(id_of(&r, id), 0xc0000000, 0x400000), 0);
	ck_assert_int_eq(del_memory_region(id_of(&r, id), 0x1000, 0x1000), 0);
	hpa = p->svc->virt_to_phys(p, map_guest_phys(id_of(&r, id), 0x1000, 1));
	ck_assert_int_eq(add_memory_region(id_of(&r, id), 0x1000, hpa, 0x1000, MEM_TYPE_WB,
					   MEM_ACCESS_READ | MEM_ACCESS_EXEC), 0);
	/* The hypervisor's refusal, and the HSM's: both are only a failure to a caller of VHM. */
	ck_assert_int_eq(add_memory_region(id_of(&r, id), 0xc0000000, 0xd0000000, 0x1000,
					   MEM_TYPE_WC, MEM_ACCESS_RWX), -EFAULT);
	ck_assert_int_eq(del_memory_region(id_of(&r, id), 0xc0000000, 0x1000), -EFAULT);
	trig_close(&r);
}
END_TEST

START_TEST(test_interrupts)
{
	static const struct tr_step steps[] = {
		BEGIN,
		CALL("INJECT_MSI addr=0xfee01000 data=0x4041"),
		FAIL("INJECT_MSI addr=0x1000 data=0x41", -EPERM),
		CALL("SET_IRQLINE 0x10"),
		CALL("SET_IRQLINE 0x100000010"),
		FAIL("SET_IRQLINE 0x100000010", -EPERM),
		END
	};
	struct vhm_provider *p;
	struct trig r;
	u16 id = 0;

	trig_open(&r, steps, OS_ARRAY_SIZE(steps));
	p = acrn_hsm_provider(r.hsm);
	ck_assert_int_eq(dm->vm_new(r.hsm, &id), 0);
	ck_assert_int_eq(vhm_inject_msi(id_of(&r, id), 0xfee01000, 0x4041), 0);
	ck_assert_int_eq(vhm_inject_msi(id_of(&r, id), 0x1000, 0x41), -EFAULT);
	ck_assert_int_eq(p->svc->set_irqline(p, id, 16, true), 0);
	ck_assert_int_eq(p->svc->set_irqline(p, id, 16, false), 0);
	ck_assert_int_eq(p->svc->set_irqline(p, id, 16, false), -EFAULT);
	trig_close(&r);
}
END_TEST

/* --- requests --- */

static int handler(int id, unsigned long *map, void *priv)
{
	struct vhm_request *last = priv, *req = acrn_ioreq_get_reqbuf(id);
	unsigned int slot;

	for (slot = 0; slot < VHM_REQUEST_MAX; slot++) {
		if (!(os_load(map) >> slot & 1))
			continue;
		*last = req[slot];
		req[slot].reqs.mmio_request.value = 0x1234;
		acrn_ioreq_complete_request(id, slot, &req[slot]);
	}
	return 0;
}

static struct vhm_request mmio(u32 type, u32 direction, u64 addr, u64 size)
{
	return (struct vhm_request){
		.type = type,
		.reqs.mmio_request = { .direction = direction, .address = addr, .size = size },
	};
}

START_TEST(test_requests)
{
	static const struct tr_step steps[] = {
		BEGIN,
		CALL("NOTIFY vmid=0 0 vcpu=0"), CALL("NOTIFY vmid=0 0 vcpu=1"),
		CALL("NOTIFY vmid=0 0 vcpu=0"), CALL("NOTIFY vmid=0 0 vcpu=0"),
		CALL("NOTIFY vmid=0 0 vcpu=1"),
		END
	};
	struct vhm_request last = { 0 }, like;
	struct trig r;
	u16 id = 0;
	int c;

	trig_open(&r, steps, OS_ARRAY_SIZE(steps));
	ck_assert_int_eq(dm->vm_new(r.hsm, &id), 0);
	c = acrn_ioreq_create_client(id_of(&r, id), handler, &last, (char[]){ "vgpu" });
	ck_assert_int_gt(c, 0);
	ck_assert_int_eq(acrn_ioreq_add_iorange(c, REQ_MMIO, 0x1000, 0x1fff), 0);
	ck_assert_int_eq(acrn_ioreq_attach_client(c), 0);
	like = mmio(REQ_MMIO, REQUEST_READ, 0x1ff8, 8);
	tr_request(&r.t, 0, &like);
	ck_assert_int_eq(last.client, c);
	ck_assert_uint_eq(last.reqs.mmio_request.address, 0x1ff8);
	ck_assert_uint_eq(r.t.page->req_queue[0].reqs.mmio_request.value, 0x1234);
	/* One byte too long, of another type, write-protected: nobody's. */
	like = mmio(REQ_MMIO, REQUEST_READ, 0x1ffc, 8);
	tr_request(&r.t, 1, &like);
	ck_assert_uint_eq(r.t.page->req_queue[1].reqs.mmio_request.value, ~0ULL);
	like = mmio(REQ_PORTIO, REQUEST_READ, 0x1000, 4);
	tr_request(&r.t, 0, &like);
	ck_assert_uint_eq(r.t.page->req_queue[0].reqs.mmio_request.value, ~0U);
	ck_assert_int_eq(acrn_ioreq_add_iorange(c, REQ_WP, 0x1000, 0x1fff), 0);
	like = mmio(REQ_WP, REQUEST_WRITE, 0x1000, 4);
	tr_request(&r.t, 0, &like);
	ck_assert_uint_eq(acrn_hsm_strays(r.hsm), 3);
	like = (struct vhm_request){
		.type = REQ_PCICFG,
		.reqs.pci_request = { .size = 4, .dev = 2, .reg = 0x10 },
	};
	acrn_ioreq_intercept_bdf(c, 0, 2, 0);
	tr_request(&r.t, 1, &like);
	ck_assert_int_eq(last.reqs.pci_request.reg, 0x10);
	acrn_ioreq_destroy_client(c);
	trig_close(&r);
}
END_TEST

struct slow {
	struct transcript *t;
	struct vhm_request like;
	unsigned int inside, go, done;
};

static int slow_handler(int id, unsigned long *map, void *priv)
{
	struct slow *s = priv;
	unsigned int i;

	(void)map;
	os_store(&s->inside, 1);
	while (!os_load(&s->go))
		os_yield();
	for (i = 0; i < 1000; i++)
		os_yield();
	os_store(&s->done, 1);
	acrn_ioreq_complete_request(id, 0, NULL);
	return 0;
}

static void *ask(void *arg)
{
	struct slow *s = arg;

	tr_request(s->t, 0, &s->like);
	return NULL;
}

/* A client's end waits for its handler, in which it may be used. */
START_TEST(test_destroy_waits)
{
	static const struct tr_step steps[] = { BEGIN, CALL("NOTIFY vmid=0 0 vcpu=0"), END };
	struct slow s = { .like = mmio(REQ_MMIO, REQUEST_READ, 0x1000, 4) };
	pthread_t asks;
	struct trig r;
	u16 id = 0;
	int c;

	trig_open(&r, steps, OS_ARRAY_SIZE(steps));
	s.t = &r.t;
	ck_assert_int_eq(dm->vm_new(r.hsm, &id), 0);
	c = acrn_ioreq_create_client(id_of(&r, id), slow_handler, &s, (char[]){ "vgpu" });
	acrn_ioreq_attach_client(c);
	acrn_ioreq_add_iorange(c, REQ_MMIO, 0x1000, 0x1fff);
	ck_assert_int_eq(pthread_create(&asks, NULL, ask, &s), 0);
	while (!os_load(&s.inside))
		os_yield();
	os_store(&s.go, 1);
	acrn_ioreq_destroy_client(c);
	ck_assert_uint_eq(os_load(&s.done), 1);
	pthread_join(asks, NULL);
	trig_close(&r);
}
END_TEST

/* What a kernel client has is not looked at, nor a slot beyond the vCPUs, nor one twice. */
START_TEST(test_not_ours)
{
	static const struct tr_step steps[] = { BEGIN, CALL("NOTIFY vmid=0 0 vcpu=0"), END };
	struct vhm_request like = mmio(REQ_MMIO, REQUEST_READ, 0, 4);
	struct trig r;
	u16 id = 0;

	trig_open(&r, steps, OS_ARRAY_SIZE(steps));
	ck_assert_int_eq(dm->vm_new(r.hsm, &id), 0);
	r.t.page->req_queue[1].client = 1;
	os_store(&r.t.page->req_queue[1].processed, REQ_STATE_PROCESSING);
	os_store(&r.t.page->req_queue[2].processed, REQ_STATE_PROCESSING);
	tr_request(&r.t, 0, &like);
	ck_assert_uint_eq(r.t.page->req_queue[1].processed, REQ_STATE_PROCESSING);
	ck_assert_uint_eq(r.t.page->req_queue[2].processed, REQ_STATE_PROCESSING);
	trig_close(&r);
}
END_TEST

/* --- each failure of each ioctl at each place --- */

/* A VM, its memory, a client, a request, an aperture: gone through whatever is answered. */
static int scenario(struct trig *r)
{
	struct vhm_request last, like = mmio(REQ_MMIO, REQUEST_WRITE, 0x80000000, 4);
	u16 id = 0;
	int ret = dm->vm_new(r->hsm, &id), c, bad = 0;

	if (ret)
		return ret;
	bad = dm->ram_add(r->hsm, id, 0, PIECE + HUGE_SIZE, false);
	c = acrn_ioreq_create_client(id_of(r, id), handler, &last, (char[]){ "vgpu" });
	acrn_ioreq_attach_client(c);
	acrn_ioreq_add_iorange(c, REQ_MMIO, 0x80000000, 0x80000fff);
	bad |= add_memory_region(id_of(r, id), 0xc0000000, 0xd0000000, 4096, MEM_TYPE_UC, 7);
	bad |= vhm_inject_msi(id_of(r, id), 0xfee00000, 0x41);
	if (r->t.fail_with == -EPERM)
		tr_request(&r->t, 0, &like);
	bad |= del_memory_region(id_of(r, id), 0xc0000000, 4096);
	if (!bad)
		bad |= dm->ram_move(r->hsm, id, 0, PIECE + HUGE_SIZE, 0x20000000);
	if (!bad)
		bad |= dm->ram_remove(r->hsm, id, 0x20000000, PIECE + HUGE_SIZE, true);
	acrn_ioreq_destroy_client(c);
	dm->vm_end(r->hsm, id);
	return bad;
}

static bool in_closed_set(int err)
{
	static const int set[] = { EINVAL, EFAULT, ENOMEM, EIO, ENOSPC, EEXIST, ENOENT };
	size_t i;

	for (i = 0; i < OS_ARRAY_SIZE(set); i++)
		if (err == -set[i])
			return true;
	return false;
}

START_TEST(test_fail_each)
{
	static const int errs[] = { EPERM, EINVAL, ENOMEM, EFAULT, EBUSY };
	int err = errs[_i], ret;
	struct trig r;
	u64 nth;

	for (nth = 1;; nth++) {
		trig_open(&r, NULL, 0);
		r.t.fail_at = nth;
		r.t.fail_with = -err;
		mpt_clear_error();
		ret = scenario(&r);
		/* What would close a living VM's file, leave its reader inside, or the like. */
		trig_close(&r);
		ck_assert_uint_eq(r.t.opens, r.t.closes);
		if (r.t.calls < nth)
			break;
		ck_assert_msg(nth < 4 ? in_closed_set(ret) : ret <= 0, "%d", ret);
		if (nth < 4)
			ck_assert_str_ne(mpt_last_error(), "");
	}
	ck_assert_uint_gt(nth, 10);
}
END_TEST

/* A VM that cannot be destroyed keeps its file: closing it would crash the service VM's kernel. */
START_TEST(test_never_destroyed)
{
	struct trig r;
	u16 id = 0;

	trig_open(&r, NULL, 0);
	ck_assert_int_eq(dm->vm_new(r.hsm, &id), 0);
	ck_assert_int_eq(dm->ram_add(r.hsm, id, 0, 4096, false), 0);
	r.t.fail_cmd = ACRN_IOCTL_DESTROY_VM;
	r.t.fail_with = -EPERM;
	dm->vm_end(r.hsm, id);
	ck_assert_ptr_nonnull(strstr(mpt_last_error(), "stays open"));
	ck_assert_uint_eq(r.t.closes, 0);
	ck_assert_uint_eq(acrn_hsm_errors(r.hsm), 1);
	trig_close(&r);
}
END_TEST

START_TEST(test_not_told)
{
	static const struct tr_step steps[] = {
		BEGIN, FAIL("NOTIFY vmid=0 0 vcpu=0", -EPERM), CALL("NOTIFY vmid=0 0 vcpu=1"), END
	};
	struct vhm_request like = mmio(REQ_MMIO, REQUEST_READ, 0, 4);
	struct trig r;
	u16 id = 0;

	trig_open(&r, steps, OS_ARRAY_SIZE(steps));
	ck_assert_int_eq(dm->vm_new(r.hsm, &id), 0);
	/* Complete, but nobody was told: never once more, and the others are served. */
	tr_request(&r.t, 0, &like);
	tr_request(&r.t, 1, &like);
	ck_assert_uint_eq(acrn_hsm_errors(r.hsm), 1);
	trig_close(&r);
}
END_TEST

START_TEST(test_no_thread)
{
	static const struct tr_step steps[] = { { CREATE, 0, 5, 2 }, CALL("CREATE_IOREQ_CLIENT"),
						END };
	struct trig r;
	u16 id = 0;

	trig_open(&r, steps, OS_ARRAY_SIZE(steps));
	r.t.refuse_open = EMFILE;
	ck_assert_int_eq(dm->vm_new(r.hsm, &id), -EIO);
	r.t.refuse_open = 0;
	r.t.no_thread = true;
	ck_assert_int_eq(dm->vm_new(r.hsm, &id), -ENOMEM);
	trig_close(&r);
}
END_TEST

/* --- the transcript itself --- */

START_TEST(test_wrong_order_is_seen)
{
	static const struct tr_step swapped[] = {
		{ CREATE, 0, 5, 2 }, CALL("START_VM"), CALL("CREATE_IOREQ_CLIENT"), END
	};
	static const struct tr_step argument[] = {
		BEGIN, CALL("INJECT_MSI addr=0xfee01000 data=0x42"), END
	};
	struct trig r;
	u16 id = 0;

	trig_open(&r, swapped, OS_ARRAY_SIZE(swapped));
	ck_assert_int_lt(dm->vm_new(r.hsm, &id), 0);
	acrn_hsm_close(r.hsm);
	ck_assert_ptr_nonnull(strstr(r.t.wrong, "CREATE_IOREQ_CLIENT, not START_VM"));
	trig_open(&r, argument, OS_ARRAY_SIZE(argument));
	id = 0;
	ck_assert_int_eq(dm->vm_new(r.hsm, &id), 0);
	vhm_inject_msi(id_of(&r, id), 0xfee01000, 0x41);
	acrn_hsm_close(r.hsm);
	ck_assert_ptr_nonnull(strstr(r.t.wrong, "data=0x41, not"));
}
END_TEST

START_TEST(test_bad_order_is_seen)
{
	struct acrn_vm_creation c = { .ioreq_buf = 4096 };
	struct acrn_ioreq_notify n = { .vcpu = 0 };
	struct transcript t;
	void *file;

	tr_init(&t, NULL, 0);
	tr_open(&t, &file);
	tr_ioctl(file, ACRN_IOCTL_CREATE_VM, (unsigned long)&c);
	tr_ioctl(file, ACRN_IOCTL_CREATE_IOREQ_CLIENT, 0);
	tr_ioctl(file, ACRN_IOCTL_START_VM, 0);
	ck_assert_str_eq(t.wrong, "");
	tr_ioctl(file, ACRN_IOCTL_NOTIFY_REQUEST_FINISH, (unsigned long)&n);
	ck_assert_ptr_nonnull(strstr(t.wrong, "NOTIFY"));
	t.wrong[0] = 0;
	tr_ioctl(file, ACRN_IOCTL_DESTROY_IOREQ_CLIENT, 0);
	ck_assert_ptr_nonnull(strstr(t.wrong, "while the VM runs"));
	t.wrong[0] = 0;
	tr_close(file);
	ck_assert_ptr_nonnull(strstr(t.wrong, "living"));
}
END_TEST

/* --- devices that are none --- */

START_TEST(test_probe)
{
	struct acrn_hsm_config config = { .name = "acrn" };
	struct acrn_hsm *hsm;
	long live = mpt_alloc_live();

	ck_assert_int_eq(acrn_hsm_probe("/nowhere/acrn_hsm", "acrn"), -ENODEV);
	ck_assert_ptr_nonnull(strstr(mpt_last_error(), "no /nowhere/acrn_hsm"));
	ck_assert_int_eq(acrn_hsm_probe("/dev/null", "acrn"), -EIO);
	ck_assert_ptr_nonnull(strstr(mpt_last_error(), "no ACRN HSM"));
	ck_assert_int_lt(acrn_hsm_probe("/", "acrn"), 0);
	ck_assert_int_eq(acrn_hsm_open("/dev/null", &config, &hsm), -EIO);
	ck_assert_int_eq(mpt_alloc_live(), live);
}
END_TEST

static Suite *hsm_suite(void)
{
	Suite *s = suite_create("acrn hsm");
	TCase *t = tcase_create("scripts");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_life);
	tcase_add_test(t, test_config);
	tcase_add_test(t, test_ram);
	tcase_add_test(t, test_ram_fails_half_way);
	tcase_add_test(t, test_regions);
	tcase_add_test(t, test_interrupts);
	tcase_add_test(t, test_requests);
	tcase_add_test(t, test_destroy_waits);
	tcase_add_test(t, test_not_ours);
	suite_add_tcase(s, t);
	t = tcase_create("failures");
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_fail_each, 0, 5);
	tcase_add_test(t, test_never_destroyed);
	tcase_add_test(t, test_not_told);
	tcase_add_test(t, test_no_thread);
	tcase_add_test(t, test_probe);
	suite_add_tcase(s, t);
	t = tcase_create("transcripts");
	tcase_add_test(t, test_wrong_order_is_seen);
	tcase_add_test(t, test_bad_order_is_seen);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { hsm_suite };

	return mpt_test_main("acrn hsm", suites, 1);
}
