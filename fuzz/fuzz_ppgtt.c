/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: a guest's page tables and their shadows. An input is a history of a guest that
 * creates address spaces, stores to its tables, has them pinned and destroys them, while RAM goes
 * and comes and the device is reset. After each pin the shadow is what a walk of guest memory by
 * tests/ppgtt_model.h finds; at the end nothing is left.
 *
 * Input: a byte says how the hypervisor tells of stores (modes[]); then operations, a byte each and
 * what it takes (see take_step()). What the input lacks at its end is 0.
 */
#include "asserts.h"

#include "tests/ppgtt_model.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define STEPS 400

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum step {
	STEP_ENTRY, /* where, an entry made of parts */
	STEP_RAW, /* where, an entry of any bits */
	STEP_BYTES, /* where, a byte in the entry, how many, up to 16 of them */
	STEP_STORM, /* a frame; many stores to it */
	STEP_CREATE, /* a space; its roots if it has none */
	STEP_DESTROY,
	STEP_HOLD, /* or let go */
	STEP_PIN,
	STEP_UNPIN,
	STEP_REGION, /* RAM goes, or comes */
	STEP_IPS, /* 64 KiB pages on or off */
	STEP_RESET,
	NUM_STEPS
};

struct input {
	const u8 *at;
	size_t left;
};

static const char *const modes[] = {
	"check,mock",
	"check,mock:trap=after",
	"check,mock:track=no",
	"check,mock:contig=no",
};

/* Few places in a table, so that stores meet: 64 KiB entries and what is between, both ends. */
static const unsigned int place[] = { 0, 1, 16, 17, 32, 511 };

#define PLACES (N(place) * N(place) * N(place) * N(place))

static struct ppgtt_model m;
static unsigned int turn; /* which addresses are compared next */

static u64 take(struct input *in, unsigned int bytes)
{
	u64 value = 0;

	if (bytes > in->left)
		bytes = (unsigned int)in->left;
	memcpy(&value, in->at, bytes);
	in->at += bytes;
	in->left -= bytes;
	return value;
}

/* --- stores --- */

/* A frame that may be a table, or a page that may be mapped. */
static u64 take_page(struct input *in)
{
	static const u64 base[] = { 0x400000, 0x800000, RIG_EXTRA, NO_RAM, RIG_RAM - 0x10000 };
	unsigned int n = (unsigned int)take(in, 1);

	if (n < 128)
		return pm_gpa(n % PM_FRAMES);
	return base[n % N(base)] + ((u64)(n - 128) / N(base) % 24 << 12);
}

/* Two bytes of flags: the low 13 bits as they are, the rest to the top. */
static u64 take_entry(struct input *in)
{
	u64 page = take_page(in), flags = take(in, 2);

	return page | (flags & 0x1fff) | flags >> 13 << 60;
}

static u64 take_place(struct input *in, unsigned int *room)
{
	unsigned int n = (unsigned int)take(in, 1), frame = n % PM_FRAMES;
	u64 gpa = pm_gpa(frame) + 8 * place[take(in, 1) % N(place)];

	/* What follows the last frame of each row is no table, but may be named as one. */
	*room = frame == PM_LOW_FRAMES - 1 || frame == PM_FRAMES - 1 ? 8 : 24;
	return gpa;
}

static void store_entry(struct input *in, bool raw)
{
	unsigned int room;
	u64 gpa = take_place(in, &room), entry = raw ? take(in, 8) : take_entry(in);

	pm_store(&m, gpa, &entry, 8);
}

static void store_bytes(struct input *in)
{
	unsigned int room, i, off, len;
	u64 gpa = take_place(in, &room);
	u8 bytes[16];

	off = (unsigned int)take(in, 1) % 8;
	len = (unsigned int)take(in, 1) % 16 + 1;
	len = len < room - off ? len : room - off;
	for (i = 0; i < len; i++)
		bytes[i] = (u8)take(in, 1);
	pm_store(&m, gpa + off, bytes, len);
}

static void store_storm(struct input *in)
{
	unsigned int frame = (unsigned int)take(in, 1) % PM_FRAMES, n;
	u64 entry = take_entry(in);

	for (n = 0; n < 12; n++)
		pm_set(&m, frame, place[n % N(place)], n % 3 ? entry : 0);
}

/* --- address spaces --- */

static bool roots_ram(const struct pm_space *s)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		if (s->pdp[i] && !pm_ram(&m, s->pdp[i]))
			return false;
	return true;
}

static bool in_use(const struct pm_space *s)
{
	return s->guest || s->held;
}

static bool unique(const struct pm_space *s)
{
	unsigned int i;

	for (i = 0; i < PM_SPACES; i++) {
		const struct pm_space *o = &m.space[i];

		if (o != s && in_use(o) && o->levels == s->levels &&
		    !memcmp(o->pdp, s->pdp, sizeof(o->pdp)))
			return false;
	}
	return true;
}

/* Roots for a space that has none. Return: whether no other has them. */
static bool take_roots(struct input *in, struct pm_space *s)
{
	unsigned int i, n, levels = take(in, 1) % 2 ? 3 : 4;

	if (in_use(s))
		return true;
	*s = (struct pm_space){ .levels = (int)levels };
	for (i = 0; i < (levels == 4 ? 1U : 4U); i++) {
		n = (unsigned int)take(in, 1);
		if (levels == 4 || n % 4)
			s->pdp[i] = pm_gpa(n / 4 % PM_FRAMES);
	}
	return unique(s);
}

static void space_left(struct pm_space *s)
{
	if (!in_use(s))
		s->shadowed = false;
}

static void space_create(struct input *in, struct pm_space *s)
{
	int ret;

	if (!take_roots(in, s))
		return;
	ret = gvt_ppgtt_notify(m.r.v, true, s->levels, s->pdp);
	ck_assert_int_eq(ret, in_use(s) || roots_ram(s) ? 0 : -EFAULT);
	s->guest += !ret;
}

static void space_destroy(struct pm_space *s)
{
	int ret;

	if (!s->levels || (!s->guest && !unique(s)))
		return;
	ret = gvt_ppgtt_notify(m.r.v, false, s->levels, s->pdp);
	ck_assert_int_eq(ret, s->guest ? 0 : -ENOENT);
	s->guest -= !ret;
	space_left(s);
}

static void space_put(struct pm_space *s)
{
	for (; s->pins; s->pins--)
		gvt_mm_unpin(m.r.v, s->held);
	gvt_mm_put(m.r.v, s->held);
	s->held = NULL;
	space_left(s);
}

static void space_hold(struct input *in, struct pm_space *s)
{
	int ret;

	if (s->held) {
		space_put(s);
		return;
	}
	if (!take_roots(in, s))
		return;
	ret = gvt_mm_get(m.r.v, s->levels, s->pdp, &s->held);
	ck_assert_int_eq(ret, s->guest || roots_ram(s) ? 0 : -EFAULT);
}

/* --- pins --- */

static u64 place_va(const struct pm_space *s, unsigned int n)
{
	unsigned int shift;
	u64 va = 0;

	for (shift = 12; shift <= 39; shift += 9, n /= N(place)) {
		if (s->levels == 3 && shift == 30)
			return va | (u64)(n % 4) << 30;
		va |= (u64)place[n % N(place)] << shift;
	}
	return va;
}

/* Each time others, until all have been looked at. */
static void compare(const struct pm_space *s, const u64 root[4])
{
	unsigned int n;

	turn = (turn + 1) % 19;
	for (n = turn; n < PLACES; n += 19)
		pm_compare_va(&m, s, root, place_va(s, n));
}

/* Return: whether it is pinned now. */
static bool space_pin(struct pm_space *s)
{
	u64 root[4] = { 1, 2, 3, 4 };
	int ret;

	if (!s->held)
		return false;
	ret = gvt_mm_pin(m.r.v, s->held, root);
	ck_assert_int_eq(ret, roots_ram(s) ? 0 : -EFAULT);
	if (ret)
		return false;
	s->pins++;
	s->shadowed = true;
	compare(s, root);
	/* Without tracking an address space is right from its own pin on, and no other one's. */
	if (m.track)
		pm_compare_sets(&m);
	return true;
}

static void space_unpin(struct pm_space *s)
{
	if (!s->pins)
		return;
	gvt_mm_unpin(m.r.v, s->held);
	s->pins--;
}

/* --- the rest --- */

static void toggle_region(void)
{
	m.extra = !m.extra;
	if (!m.extra) {
		rig_ok(mpt_ram_remove(m.r.vm, RIG_EXTRA, RIG_EXTRA_SIZE));
		return;
	}
	rig_ok(mpt_ram_add(m.r.vm, RIG_EXTRA, RIG_EXTRA_SIZE, 0));
	memset(m.mem[PM_LOW_FRAMES], 0, (PM_FRAMES - PM_LOW_FRAMES) * 4096);
}

static void toggle_ips(void)
{
	m.ips = !m.ips;
	rig_reg_set(&m.r, 0x4080, m.ips ? 0xf : 0);
}

/* Submission may hold what it held, which is of no use now. */
static void reset(void)
{
	unsigned int i;
	u64 root[4];

	m.r.ops->vgpu_reset(m.r.vgpu);
	rig_cfg_place(&m.r);
	m.ips = false;
	for (i = 0; i < PM_SPACES; i++) {
		struct pm_space *s = &m.space[i];

		if (s->held) {
			ck_assert_int_eq(gvt_mm_pin(m.r.v, s->held, root), -EIO);
			space_put(s);
		}
		memset(s, 0, sizeof(*s));
	}
	ck_assert_uint_eq(rig_info(&m.r).ppgtt_spaces, 0);
	pm_compare_sets(&m);
}

static void take_step(struct input *in)
{
	unsigned int n = (unsigned int)take(in, 1);
	struct pm_space *s = &m.space[n / NUM_STEPS % PM_SPACES];

	switch ((enum step)(n % NUM_STEPS)) {
	case STEP_ENTRY:
	case STEP_RAW:
		store_entry(in, n % NUM_STEPS == STEP_RAW);
		break;
	case STEP_BYTES:
		store_bytes(in);
		break;
	case STEP_STORM:
		store_storm(in);
		break;
	case STEP_CREATE:
		space_create(in, s);
		break;
	case STEP_DESTROY:
		space_destroy(s);
		break;
	case STEP_HOLD:
		space_hold(in, s);
		break;
	case STEP_PIN:
		space_pin(s);
		break;
	case STEP_UNPIN:
		space_unpin(s);
		break;
	case STEP_REGION:
		toggle_region();
		break;
	case STEP_IPS:
		toggle_ips();
		break;
	case STEP_RESET:
	default:
		reset();
	}
}

/* Without tracking all is right once everything that is shadowed was pinned. */
static void pin_all(void)
{
	bool all = true;
	unsigned int i;

	for (i = 0; i < PM_SPACES; i++) {
		struct pm_space *s = &m.space[i];
		bool pinned = space_pin(s);

		all = all && (pinned || !s->shadowed);
	}
	if (all && !m.track)
		pm_compare_sets(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	unsigned int i;

	pm_open(&m, modes[take(&in, 1) % N(modes)]);
	turn = 0;
	for (i = 0; i < STEPS && in.left; i++)
		take_step(&in);
	pin_all();
	for (i = 0; i < PM_SPACES; i++)
		if (m.space[i].held)
			space_put(&m.space[i]);
	pm_close_all(&m);
	return 0;
}
