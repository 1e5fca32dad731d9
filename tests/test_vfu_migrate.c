/* SPDX-License-Identifier: MIT */
/*
 * Migration over vfio-user: every way from state to state, what a vGPU does in each, and who is
 * offered it. What moves from one vGPU to another is test_vfu_move.c's.
 */
#include "gvt/execlist.h"
#include "libmpt/internal.h"
#include "vfu_mig_rig.h"

static const u32 real_states[] = { VUW_STATE_STOP, VUW_STATE_RUNNING, VUW_STATE_STOP_COPY,
				   VUW_STATE_RESUMING };

/* --- states --- */

START_TEST(every_transition)
{
	struct mig_blob good;
	struct mig c;
	u32 from, i;

	mig_up(&c);
	good = mig_save(&c);
	for (from = 0; from < VUW_STATES; from++) {
		for (i = 0; i < N(real_states); i++) {
			mig_enter(&c, from, &good);
			if (from == VUW_STATE_ERROR) {
				ck_assert_int_eq(mig_set(&c, real_states[i]), EINVAL);
				mig_state_is(&c, from);
				continue;
			}
			mig_go(&c, real_states[i]);
			ck_assert_uint_eq(mig_feature_reply(&c).argsz, 16);
			ck_assert_uint_eq(c.reply_len, 16);
			mig_state_is(&c, real_states[i]);
		}
	}
	free(good.p);
	mig_down(&c);
}
END_TEST

START_TEST(no_such_state)
{
	static const u32 none[] = { VUW_STATE_ERROR, 5, 6, 7, 8, 255, 256 + VUW_STATE_STOP, ~0U };
	struct mig_blob good;
	struct mig c;
	u32 from, i;

	mig_up(&c);
	good = mig_save(&c);
	for (from = 0; from < VUW_STATES; from++) {
		mig_enter(&c, from, &good);
		for (i = 0; i < N(none); i++) {
			ck_assert_int_eq(mig_set(&c, none[i]), EINVAL);
			mig_state_is(&c, from);
		}
	}
	free(good.p);
	mig_down(&c);
}
END_TEST

START_TEST(reset_is_running)
{
	struct mig_blob good;
	struct mig c;
	u32 from;

	mig_up(&c);
	good = mig_save(&c);
	for (from = 0; from < VUW_STATES; from++) {
		mig_enter(&c, from, &good);
		mig_reset(&c);
		mig_state_is(&c, VUW_STATE_RUNNING);
		mig_go(&c, VUW_STATE_STOP_COPY);
		mig_state_is(&c, VUW_STATE_STOP_COPY);
	}
	free(good.p);
	mig_down(&c);
}
END_TEST

/* What the guest submits is executed when the vGPU runs again, and not before. */
START_TEST(stands_still)
{
	struct gvt_exec_engine *e;
	struct mig c;

	mig_up(&c);
	mig_decode(&c);
	e = &c.v->exec->engine[GVT_VCS];
	mig_write(&c, 0x1229c, 0x80008000, 4);
	mig_go(&c, VUW_STATE_STOP);
	mig_submit(&c, 0x12000, 0x71, MIG_CONTEXT);
	ck_assert_uint_eq(gvt_run(c.gvt, 1 << 20), 0);
	ck_assert(!gvt_run_pending(c.gvt));
	ck_assert(e->queued);
	ck_assert(!e->hung);
	mig_go(&c, VUW_STATE_STOP_COPY);
	ck_assert_uint_eq(gvt_run(c.gvt, 1 << 20), 0);
	ck_assert(e->queued && !e->hung);
	mig_go(&c, VUW_STATE_RUNNING);
	gvt_run(c.gvt, 1 << 20);
	ck_assert(e->hung);
	mig_down(&c);
}
END_TEST

/* --- who is offered it --- */

static void nothing_there(struct mig *c)
{
	static const u32 asked[] = { VUW_FEATURE_GET | VUW_FEATURE_MIGRATION,
				     VUW_FEATURE_PROBE | VUW_FEATURE_MIGRATION,
				     VUW_FEATURE_GET | VUW_FEATURE_MIG_STATE,
				     VUW_FEATURE_PROBE | VUW_FEATURE_LOG_START,
				     VUW_FEATURE_SET | VUW_FEATURE_LOG_STOP };
	struct vuw_mig_data q = { 4096, 64 };
	size_t i;

	ck_assert(!strstr((const char *)c->reply + 4, "migration"));
	for (i = 0; i < N(asked); i++)
		ck_assert_int_eq(mig_feature(c, asked[i], NULL, 0, 64), EOPNOTSUPP);
	ck_assert_int_eq(mig_set(c, VUW_STATE_STOP), EOPNOTSUPP);
	ck_assert_int_eq(mig_call(c, VUW_MIG_DATA_READ, &q, sizeof(q), NULL, 0), EINVAL);
	ck_assert_int_eq(mig_push(c, "x", 1), EINVAL);
	ck_assert(mig_active(c));
}

/* The client again, but for its memory. */
static void reconnect(struct mig *c, const char *caps)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	if (c->fd >= 0)
		mig_hangup(c);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", c->path);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(connect(c->fd, (struct sockaddr *)&at, sizeof(at)), 0);
	mig_greet(c, caps);
}

START_TEST(only_if_both_can)
{
	struct mig c;

	mig_open(&c);
	reconnect(&c, "{\"capabilities\":{\"max_msg_fds\":8}}");
	nothing_there(&c);
	reconnect(&c, MIG_CAPS);
	ck_assert(strstr((const char *)c.reply + 4, "\"migration\":{\"pgsize\":4096,"
						    "\"max_bitmap_size\":1048552}"));
	reconnect(&c, "{\"capabilities\":{\"migration\":{\"pgsize\":65536}}}");
	ck_assert(strstr((const char *)c.reply + 4, "\"migration\":{\"pgsize\":4096}"));
	mig_state_is(&c, VUW_STATE_RUNNING);
	reconnect(&c, "{\"capabilities\":{\"migration\":{\"max_bitmap_size\":4096}}}");
	ck_assert(strstr((const char *)c.reply + 4, "\"migration\":{\"max_bitmap_size\":4096}"));
	/* A core that cannot hand out a state. */
	c.host->core.state_save = NULL;
	reconnect(&c, MIG_CAPS);
	nothing_there(&c);
	mig_down(&c);
}
END_TEST

START_TEST(what_is_offered)
{
	struct vuw_migration flags;
	struct mig c;

	mig_up(&c);
	ck_assert_int_eq(mig_feature(&c, VUW_FEATURE_GET | VUW_FEATURE_MIGRATION, NULL, 0, 16), 0);
	ck_assert_uint_eq(c.reply_len, 16);
	ck_assert_uint_eq(mig_feature_reply(&c).argsz, 16);
	ck_assert_uint_eq(mig_feature_reply(&c).flags, VUW_FEATURE_GET | VUW_FEATURE_MIGRATION);
	memcpy(&flags, c.reply + 8, sizeof(flags));
	ck_assert_uint_eq(flags.flags, VUW_MIGRATION_STOP_COPY);
	/* Room for a part only: it is told how much there is. */
	ck_assert_int_eq(mig_feature(&c, VUW_FEATURE_GET | VUW_FEATURE_MIGRATION, NULL, 0, 15), 0);
	ck_assert_uint_eq(c.reply_len, 8);
	ck_assert_uint_eq(mig_feature_reply(&c).argsz, 16);
	ck_assert_int_eq(mig_feature(&c, VUW_FEATURE_GET | VUW_FEATURE_MIGRATION, NULL, 0, 7),
			 EINVAL);
	/* What is probed is repeated. */
	ck_assert_int_eq(mig_feature(&c,
				     VUW_FEATURE_PROBE | VUW_FEATURE_GET | VUW_FEATURE_SET |
					     VUW_FEATURE_MIG_STATE,
				     "abc", 3, 11),
			 0);
	ck_assert_uint_eq(c.reply_len, 11);
	ck_assert_int_eq(memcmp(c.reply + 8, "abc", 3), 0);
	ck_assert_int_eq(mig_feature(&c, VUW_FEATURE_PROBE | 9, NULL, 0, 64), EOPNOTSUPP);
	mig_down(&c);
}
END_TEST

/* --- a core that has more to say --- */

static struct {
	size_t len;	   /* of its state */
	int save, restore; /* what it answers */
	size_t restored;
} fake;

static u8 fake_byte(size_t at)
{
	return (u8)(at * 7 + (at >> 13));
}

static int fake_save(struct intel_vgpu *vgpu, int (*write)(void *arg, const void *buf, size_t len),
		     void *arg)
{
	static u8 part[100003];
	size_t at, i, n;
	int ret = 0;

	(void)vgpu;
	for (at = 0; at < fake.len && !ret; at += n) {
		n = fake.len - at < sizeof(part) ? fake.len - at : sizeof(part);
		for (i = 0; i < n; i++)
			part[i] = fake_byte(at + i);
		ret = write(arg, part, n);
	}
	return ret ? ret : fake.save;
}

static int fake_restore(struct intel_vgpu *vgpu, const void *blob, size_t len)
{
	(void)vgpu;
	for (fake.restored = 0; fake.restored < len; fake.restored++)
		if (((const u8 *)blob)[fake.restored] != fake_byte(fake.restored))
			break;
	return fake.restore;
}

static void fake_up(struct mig *c, size_t len)
{
	mig_up(c);
	memset(&fake, 0, sizeof(fake));
	fake.len = len;
	c->host->core.state_save = fake_save;
	c->host->core.state_restore = fake_restore;
}

START_TEST(long_state)
{
	static const size_t lens[] = {
		0, 1, MIG_XFER - 1, MIG_XFER, MIG_XFER + 1, 5 * MIG_XFER, 32 * MIB
	};
	struct mig_blob b;
	struct mig c;
	size_t i, at;

	fake_up(&c, 0);
	for (i = 0; i < N(lens); i++) {
		fake.len = lens[i];
		b = mig_save(&c);
		ck_assert_uint_eq(b.len, lens[i]);
		for (at = 0; at < b.len && b.p[at] == fake_byte(at); at++)
			;
		ck_assert_uint_eq(at, b.len);
		mig_go(&c, VUW_STATE_RESUMING);
		mig_push_all(&c, &b, MIG_XFER);
		mig_go(&c, VUW_STATE_RUNNING);
		ck_assert_uint_eq(fake.restored, lens[i]);
		free(b.p);
	}
	mig_down(&c);
}
END_TEST

/* Only what was not taken is an ERROR; else the device is where it was. */
START_TEST(core_fails)
{
	struct mig c;

	fake_up(&c, 32 * MIB + 1);
	mig_go(&c, VUW_STATE_STOP);
	ck_assert_int_eq(mig_set(&c, VUW_STATE_STOP_COPY), ENOSPC);
	mig_state_is(&c, VUW_STATE_STOP);
	fake.len = 100;
	fake.save = -EIO;
	ck_assert_int_eq(mig_set(&c, VUW_STATE_STOP_COPY), EIO);
	mig_state_is(&c, VUW_STATE_STOP);
	mig_go(&c, VUW_STATE_RUNNING);
	ck_assert_int_eq(mig_set(&c, VUW_STATE_STOP_COPY), EIO);
	mig_state_is(&c, VUW_STATE_RUNNING);
	fake.save = 0;
	fake.restore = -ENOMEM;
	mig_go(&c, VUW_STATE_RESUMING);
	ck_assert_int_eq(mig_set(&c, VUW_STATE_STOP_COPY), ENOMEM);
	mig_state_is(&c, VUW_STATE_ERROR);
	mig_reset(&c);
	mig_go(&c, VUW_STATE_STOP_COPY);
	ck_assert_uint_eq(mig_piece(&c, 1000), 100);
	mig_down(&c);
}
END_TEST

/* --- the log of mptctl serve --- */

static char told[1024];

static void hear(void *arg, enum mpt_log_level level, const char *func, const char *text)
{
	size_t n = strlen(told);

	(void)arg;
	(void)func;
	if (strstr(text, "migration"))
		snprintf(told + n, sizeof(told) - n, "%d %s\n", level, text);
}

START_TEST(states_are_told)
{
	struct mig c;

	told[0] = '\0';
	mpt_log_set(hear, NULL, MPT_LOG_INFO);
	fake_up(&c, 100);
	mig_go(&c, VUW_STATE_STOP_COPY);
	mig_go(&c, VUW_STATE_STOP_COPY);
	fake.restore = -EIO;
	mig_go(&c, VUW_STATE_RESUMING);
	ck_assert_int_eq(mig_set(&c, VUW_STATE_RUNNING), EIO);
	mig_down(&c);
	mpt_log_set(NULL, NULL, MPT_LOG_ERROR);
	ck_assert_msg(strstr(told, "VM 1: migration is STOP\n") &&
			      strstr(told, "VM 1: migration is STOP_COPY\n") &&
			      strstr(told, "VM 1: migration is RESUMING\n") &&
			      strstr(told, "VM 1: migration is ERROR after a failure: "),
		      "%s", told);
}
END_TEST

static Suite *migrate_suite(void)
{
	Suite *s = suite_create("vfu-migrate");
	TCase *t = tcase_create("states");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, every_transition);
	tcase_add_test(t, no_such_state);
	tcase_add_test(t, reset_is_running);
	tcase_add_test(t, stands_still);
	tcase_add_test(t, only_if_both_can);
	tcase_add_test(t, what_is_offered);
	tcase_add_test(t, long_state);
	tcase_add_test(t, core_fails);
	tcase_add_test(t, states_are_told);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { migrate_suite };

	return mpt_test_main("test_vfu_migrate", suites, N(suites));
}
