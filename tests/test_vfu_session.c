/* SPDX-License-Identifier: MIT */
/* The vfio-user server's clients: negotiation, one after the other, a vGPU that goes. */
#include "vfu_cl.h"

/* --- negotiation --- */

static void hello_answer(struct cl *c, const char *json, const char *want, u16 minor)
{
	u8 body[1024] = { 0 }, reply[1024];
	size_t len;

	rig_put(body + 2, minor, 2);
	memcpy(body + 4, json, strlen(json) + 1);
	ck_assert(cl_send(c, 1, 0, body, 4 + strlen(json) + 1, NULL, 0));
	ck_assert_int_eq(cl_reply(c, 1, reply, sizeof(reply), &len), 0);
	ck_assert_uint_eq(reply[0] | reply[1] << 8, 0);
	ck_assert_uint_eq(reply[2] | reply[3] << 8, minor < 1 ? minor : 1);
	ck_assert_uint_eq(len, 4 + strlen(want) + 1);
	ck_assert_str_eq((char *)reply + 4, want);
}

/* The answer is a subset of what was asked, and no more than the server can. */
START_TEST(capabilities)
{
	static const struct {
		const char *ask, *answer;
		u16 minor;
	} cases[] = {
		{ "{}", "{\"capabilities\":{}}", 0 },
		{ "{\"capabilities\":{\"max_msg_fds\":1}}",
		  "{\"capabilities\":{\"max_msg_fds\":8}}", 1 },
		{ "{\"capabilities\":{\"max_msg_fds\":99,\"max_data_xfer_size\":4294967296,"
		  "\"max_dma_maps\":7,\"pgsizes\":2101248,\"write_multiple\":true,"
		  "\"twin_socket\":{\"supported\":true},\"other\":[1]}}",
		  "{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":1048576,"
		  "\"max_dma_maps\":65535,\"pgsizes\":4096,\"write_multiple\":true}}",
		  7 },
		{ "{\"capabilities\":{\"write_multiple\":false}}", "{\"capabilities\":{}}", 65535 },
	};
	struct cl c;
	size_t i;

	for (i = 0; i < N(cases); i++) {
		cl_connect(&c);
		hello_answer(&c, cases[i].ask, cases[i].answer, cases[i].minor);
		cl_alive(&c);
		cl_close(&c);
	}
}
END_TEST

START_TEST(without_json)
{
	struct cl c;

	cl_connect(&c);
	ck_assert_int_eq(cl_version(&c, 0, 0, NULL), 0);
	cl_alive(&c);
	cl_close(&c);
}
END_TEST

START_TEST(other_major)
{
	struct cl c;

	cl_connect(&c);
	cl_version(&c, 1, 0, CL_JSON);
	ck_assert(cl_closed(&c));
	cl_close(&c);
	cl_hello(&c);
	cl_close(&c);
}
END_TEST

/* A version that is refused may be said anew; nothing else may come before one, and no second. */
START_TEST(order)
{
	const u8 info[16] = { 16 };
	struct cl c;

	cl_connect(&c);
	ck_assert_int_eq(cl_call(&c, 4, info, 16), EINVAL);
	ck_assert_int_eq(cl_map(&c, 0, PAGE, 0, -1, 3), EINVAL);
	ck_assert_int_eq(cl_call(&c, 13, NULL, 0), EINVAL);
	ck_assert_uint_eq(rig_resets(), 0);
	ck_assert_int_eq(cl_version(&c, 0, 1, "{"), EINVAL);
	ck_assert_int_eq(cl_version(&c, 0, 1, "{\"capabilities\":{\"max_data_xfer_size\":0}}"),
			 EINVAL);
	ck_assert_int_eq(cl_call(&c, 4, info, 16), EINVAL);
	ck_assert_int_eq(cl_version(&c, 0, 1, CL_JSON), 0);
	cl_alive(&c);
	ck_assert_int_eq(cl_version(&c, 0, 1, CL_JSON), EINVAL);
	cl_alive(&c);
	cl_close(&c);
}
END_TEST

/* --- coming and going --- */

START_TEST(one_after_the_other)
{
	struct cl c;
	int i;

	for (i = 0; i < 50; i++) {
		cl_hello(&c);
		ck_assert_int_eq(cl_map(&c, 0, MIB, 0, -1, 3), 0);
		cl_close(&c);
	}
	rig_until(rig_resets() == 50);
	ck_assert_uint_eq(rig_places(), 0);
}
END_TEST

/* A second client waits until the first has gone, and finds nothing of its. */
START_TEST(second_client_waits)
{
	struct pollfd p = { .events = POLLIN };
	struct cl a, b;
	u8 body[64] = { 0 }, reply[1024];
	size_t len;
	int fd = rig_memfd(MIB, true);

	cl_hello(&a);
	ck_assert_int_eq(cl_map(&a, 0, MIB, 0, fd, 3), 0);
	cl_connect(&b);
	ck_assert(cl_send(&b, 1, 0, body, 4, NULL, 0));
	p.fd = b.fd;
	ck_assert_int_eq(poll(&p, 1, 50), 0);
	cl_alive(&a);
	cl_close(&a);
	ck_assert_int_eq(cl_reply(&b, 1, reply, sizeof(reply), &len), 0);
	ck_assert_uint_eq(rig_resets(), 1);
	ck_assert_int_eq(rig_gpa_read(0, reply, 4), -EFAULT);
	ck_assert_int_eq(cl_map(&b, 0, MIB, 0, fd, 3), 0);
	ck_assert_int_eq(rig_gpa_read(0, reply, 4), 0);
	cl_close(&b);
	close(fd);
}
END_TEST

/* The vGPU goes while a client is there: that is closed, and the next vGPU's clients are served. */
START_TEST(vgpu_goes)
{
	struct cl c;

	cl_hello(&c);
	ck_assert_int_eq(cl_map(&c, 0, MIB, 0, -1, 3), 0);
	rig_detach();
	ck_assert(cl_closed(&c));
	cl_close(&c);
	/* One may knock in between. */
	cl_connect(&c);
	rig_attach();
	ck_assert_int_eq(cl_version(&c, 0, 1, CL_JSON), 0);
	rig_detach();
	cl_close(&c);
	rig_attach();
	cl_hello(&c);
	cl_alive(&c);
	cl_close(&c);
}
END_TEST

/* --- without memory --- */

/* What a guest's beginning needs of the server. False: something of it was refused. */
static bool begin_of_a_guest(int mem, int event)
{
	struct cl c;
	bool ok;

	cl_connect(&c);
	ok = !cl_version(&c, 0, 1, CL_JSON) && !cl_map(&c, 0, MIB, 0, mem, 3) &&
	     !cl_map(&c, MIB, MIB, 0, -1, 3) && !cl_irqs(&c, 1, 0x24, 0, 1, event) &&
	     !cl_call(&c, 13, NULL, 0) && !cl_unmap(&c, 0, MIB, 0);
	cl_close(&c);
	return ok;
}

/* Whichever allocation fails: the client is told or goes, and the next one is served. */
START_TEST(allocation_fails)
{
	int mem = rig_memfd(MIB, _i), event = eventfd(0, EFD_NONBLOCK);
	bool failed = true, ok;
	unsigned long n;

	for (n = 1; failed; n++) {
		mpt_alloc_fail_at(n);
		ok = begin_of_a_guest(mem, event);
		failed = mpt_alloc_failed();
		mpt_alloc_fail_at(0);
		ck_assert(ok == !failed);
		ck_assert(begin_of_a_guest(mem, event));
		rig_until(!rig_places());
	}
	ck_assert_uint_gt(n, 4);
	close(mem);
	close(event);
}
END_TEST

static int open_again(void)
{
	struct mpt_host *host;
	struct mpt_vm *vm, *old;
	struct intel_vgpu vgpu = { .cfg_space = rig.cfg };
	struct mpt_core core = { .size = sizeof(core), .ops = &rig_ops, .opaque = &rig };
	char spec[160];
	int ret;

	snprintf(spec, sizeof(spec), "vfio-user:socket=%s2", rig.path);
	ret = mpt_host_open(spec, &host);
	if (ret)
		return ret;
	ck_assert_int_eq(mpt_host_set_core(host, &core), 0);
	ret = mpt_vm_get(host, 1, &vm);
	if (!ret) {
		vgpu.mpt = mpt_host_table(host);
		old = mpt_target_set(vm);
		ret = intel_gvt_hypervisor_attach_vgpu(&vgpu);
		mpt_target_set(old);
		if (!ret)
			intel_gvt_hypervisor_detach_vgpu(&vgpu);
		mpt_vm_put(vm);
	}
	ck_assert_int_eq(mpt_host_close(host), 0);
	return ret;
}

START_TEST(opening_fails)
{
	long live = mpt_alloc_live();
	int fds = rig_fds();
	bool failed = true;
	unsigned long n;
	int ret;

	for (n = 1; failed; n++) {
		mpt_alloc_fail_at(n);
		ret = open_again();
		failed = mpt_alloc_failed();
		mpt_alloc_fail_at(0);
		ck_assert_msg(ret == (failed ? -ENOMEM : 0), "%lu: %d, %s", n, ret,
			      mpt_last_error());
		ck_assert_int_eq(mpt_alloc_live(), live);
		ck_assert_int_eq(rig_fds(), fds);
	}
	ck_assert_uint_gt(n, 8);
}
END_TEST

/* --- names --- */

static int open_at(const char *path, unsigned int vms)
{
	struct mpt_host *host;
	char spec[400];
	int ret;

	snprintf(spec, sizeof(spec), "vfio-user:socket=%s,vms=%u", path, vms);
	ret = mpt_host_open(spec, &host);
	if (!ret)
		ck_assert_int_eq(mpt_host_close(host), 0);
	return ret;
}

static void stale_socket(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(sun.sun_path, path, strlen(path) + 1);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	close(fd);
}

START_TEST(names)
{
	char path[256];
	struct stat st;
	int fd;

	/* Somebody listens there. */
	ck_assert_int_eq(open_at(rig.path, 1), -EBUSY);
	snprintf(path, sizeof(path), "%s/file", rig.dir);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	ck_assert_int_eq(open_at(path, 1), -EEXIST);
	ck_assert_int_eq(unlink(path), 0);
	/* What nobody listens at any more. */
	stale_socket(path);
	ck_assert_int_eq(open_at(path, 1), 0);
	ck_assert_int_ne(stat(path, &st), 0);
	/* Of several the third is in the way; the first two go again. */
	snprintf(path, sizeof(path), "%s/v.3", rig.dir);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	snprintf(path, sizeof(path), "%s/v", rig.dir);
	ck_assert_int_eq(open_at(path, 4), -EEXIST);
	snprintf(path, sizeof(path), "%s/v.3", rig.dir);
	ck_assert_int_eq(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/no/folder", rig.dir);
	ck_assert_int_eq(open_at(path, 1), -ENOENT);
	memset(path, 'x', 107);
	path[0] = path[2] = '/';
	path[107] = '\0';
	ck_assert_int_eq(open_at(path, 1), -ENOENT);
	path[107] = 'x';
	path[108] = '\0';
	ck_assert_int_eq(open_at(path, 1), -EINVAL);
	/* For its owner only. */
	ck_assert_int_eq(stat(rig.path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
}
END_TEST

/* A name that somebody else has taken meanwhile is left alone. */
START_TEST(name_taken)
{
	struct stat st;

	ck_assert_int_eq(unlink(rig.path), 0);
	stale_socket(rig.path);
	rig_detach();
	mpt_vm_put(rig.vm);
	ck_assert_int_eq(mpt_host_close(rig.host), 0);
	ck_assert_int_eq(stat(rig.path, &st), 0);
	ck_assert_int_eq(unlink(rig.path), 0);
	rmdir(rig.dir);
	rig_open();
}
END_TEST

static Suite *session_suite(void)
{
	Suite *s = suite_create("vfio-user session");
	TCase *t = tcase_create("session");

	tcase_add_checked_fixture(t, rig_open, rig_close);
	tcase_add_test(t, capabilities);
	tcase_add_test(t, without_json);
	tcase_add_test(t, other_major);
	tcase_add_test(t, order);
	tcase_add_test(t, one_after_the_other);
	tcase_add_test(t, second_client_waits);
	tcase_add_test(t, vgpu_goes);
	tcase_add_loop_test(t, allocation_fails, 0, 2);
	tcase_add_test(t, opening_fails);
	tcase_add_test(t, names);
	tcase_add_test(t, name_taken);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { session_suite };

	return mpt_test_main("vfu_session", suites, N(suites));
}
