/* SPDX-License-Identifier: MIT */
/* The scenarios' common ground, and what is looked at after each of them. */
#include "rig.h"

const char skipped[] = "skipped";

static struct rig *current; /* whose bus the fake device is on */

/* --- accesses --- */

u32 cfg_read(struct rig *r, unsigned int at, unsigned int len)
{
	u32 value = 0;

	mpt_guest_cfg_read(r->vm, at, &value, len);
	return value;
}

int cfg_write(struct rig *r, unsigned int at, u32 value, unsigned int len)
{
	return mpt_guest_cfg_write(r->vm, at, &value, len);
}

u64 guest_read(struct rig *r, u64 gpa, unsigned int len)
{
	u64 value = 0;

	mpt_guest_read(r->vm, gpa, &value, len);
	return value;
}

int guest_write(struct rig *r, u64 gpa, u64 value, unsigned int len)
{
	return mpt_guest_write(r->vm, gpa, &value, len);
}

u64 bus_read(struct rig *r, u64 addr)
{
	u64 value = 0;

	mpt_bus_read(r->host, addr, &value, sizeof(value));
	return value;
}

int linux_gvt_bus(unsigned long long addr, void *buf, unsigned int len, int write);
int linux_gvt_bus(unsigned long long addr, void *buf, unsigned int len, int write)
{
	return write ? mpt_bus_write(current->host, addr, buf, len) :
		       mpt_bus_read(current->host, addr, buf, len);
}

struct mpt_vm_stats rig_stats(struct rig *r)
{
	struct mpt_vm_stats stats = { .msi = 0 };

	mpt_vm_stats_get(r->vm, &stats);
	return stats;
}

/* --- a vGPU --- */

int rig_create(struct rig *r, unsigned int type)
{
	struct intel_vgpu *vgpu = mpt_vgpu_create(r->vm, linux_gvt_device(), linux_gvt_type(type));

	if (MPT_IS_ERR(vgpu))
		return MPT_PTR_ERR(vgpu);
	r->vgpu = vgpu;
	linux_gvt_place(vgpu, &r->place);
	r->ops->vgpu_activate(vgpu);
	return 0;
}

int rig_destroy(struct rig *r)
{
	struct intel_vgpu *vgpu = r->vgpu;

	if (!vgpu)
		return 0;
	r->vgpu = NULL;
	r->ops->vgpu_deactivate(vgpu);
	r->ops->vgpu_reset(vgpu);
	return mpt_vgpu_destroy(r->vm, vgpu);
}

const char *rig_boot(struct rig *r)
{
	EQ(cfg_write(r, 0x10, (u32)BAR0, 4), 0);
	EQ(cfg_write(r, 0x14, 0, 4), 0);
	EQ(cfg_write(r, 0x18, (u32)BAR2, 4), 0);
	EQ(cfg_write(r, 0x1c, 0, 4), 0);
	EQ(cfg_write(r, 0x04, 6, 2), 0);
	EQ(guest_read(r, BAR0 + PVINFO, 8), 0x4776544776544776ULL);
	return NULL;
}

/* --- before and after --- */

static void count_piece(void *arg, const void *where, unsigned long size)
{
	(void)where;
	(void)size;
	++*(unsigned long *)arg;
}

unsigned long rig_held(void)
{
	unsigned long n = 0;

	linux_gvt_memory_each(count_piece, &n);
	return n;
}

static int rig_open(struct rig *r, const char *spec)
{
	int ret = mpt_host_open(spec, &r->host);

	if (ret)
		return ret;
	current = r;
	r->spec = spec;
	r->caps = mpt_host_caps(r->host);
	mpt_vm_create(r->host, 1);
	ret = mpt_vm_get(r->host, 1, &r->vm);
	if (!ret)
		ret = mpt_ram_add(r->vm, 0, RAM_SIZE, 0);
	if (!ret)
		ret = linux_gvt_register(r->host);
	r->ops = mpt_host_core(r->host)->ops;
	return ret;
}

static int rig_close(struct rig *r)
{
	int ret;

	linux_gvt_unregister();
	mpt_vm_put(r->vm);
	mpt_vm_destroy(r->host, 1);
	ret = mpt_host_close(r->host);
	memset(r, 0, sizeof(*r));
	return ret;
}

static int print_entry(void *arg, const struct mpt_ledger_entry *entry, bool left)
{
	char text[MPT_ERROR_MAX];

	(void)arg;
	mpt_ledger_describe(entry, left, text, sizeof(text));
	printf("    %s (%s)\n", text, linux_gvt_symbol(entry->where));
	return 0;
}

#define SHOWN 16

/* The pieces since the @arg-th: they come in the order in which they were asked for. */
static void print_piece(void *arg, const void *where, unsigned long size)
{
	long *skip = arg;

	if ((*skip)-- <= 0 && *skip > -SHOWN)
		printf("    %lu bytes that %s asked for\n", size, linux_gvt_symbol(where));
}

/* Compares what a scenario left behind with what is known to be left. */
static const char *after(const struct scenario *s, struct rig *r, unsigned long held)
{
	struct linux_gvt_warning warning[16];
	unsigned int i, warns = linux_gvt_warnings(warning, 16);
	long skip = (long)held;
	struct mpt_ledger ledger;

	for (i = 0; i < warns && i < 16; i++)
		if (warns != s->warns || s->finding)
			printf("    warning at %s:%u, %lu times\n", warning[i].file,
			       warning[i].line, warning[i].count);
	EQ(warns, s->warns);
	EQ(linux_gvt_overruns(), s->overruns);
	if (rig_held() != held + s->forgets)
		linux_gvt_memory_each(print_piece, &skip);
	EQ(rig_held(), held + s->forgets);
	if (mpt_ledger_get(r->host, &ledger))
		return NULL;
	if (ledger.left != s->left)
		mpt_ledger_each(r->host, print_entry, NULL);
	if (ledger.violations != s->violates && mpt_ledger_violation(r->host, 0))
		printf("    %s\n", mpt_ledger_violation(r->host, 0));
	EQ(ledger.left, s->left);
	EQ(ledger.violations, s->violates);
	EQ(ledger.live[MPT_LEDGER_ATTACH], 0);
	EQ(ledger.lost, 0);
	return NULL;
}

static const char *run(const struct scenario *s, const char *spec)
{
	unsigned long held = rig_held();
	struct rig r = { .spec = spec };
	const char *wrong, *wrong_after = NULL;

	if (rig_open(&r, spec)) {
		printf("    %s\n", mpt_last_error());
		return "the host could not be opened";
	}
	if ((r.caps & s->needs) != s->needs)
		wrong = skipped;
	else if (!s->bare && rig_create(&r, 0))
		wrong = "no vGPU could be made";
	else
		wrong = s->run(&r);
	rig_destroy(&r);
	if (!wrong)
		wrong_after = after(s, &r, held);
	if (rig_close(&r) && !wrong)
		wrong_after = "the host could not be closed";
	return wrong ? wrong : wrong_after;
}

/* --- the program --- */

static unsigned int passed, failed, skips;

static void run_all(const struct scenario *s, const char *spec, const char *only)
{
	const char *wrong;

	for (; s->name; s++) {
		if (only && !strstr(s->name, only))
			continue;
		wrong = run(s, spec);
		if (wrong == skipped) {
			skips++;
			printf("skip %s: %s\n", spec, s->name);
		} else if (wrong) {
			failed++;
			printf("not ok %s: %s\n    %s\n", spec, s->name, wrong);
		} else {
			passed++;
			printf("ok %s: %s\n", spec, s->name);
			if (s->finding)
				printf("finding: %s\n", s->finding);
		}
		fflush(stdout);
	}
}

/* The back end is what comes last; its options are its own. */
static bool in_this_build(const char *spec)
{
	char name[32];
	size_t len = strcspn(spec, ":");

	while (len && spec[len - 1] != ',' && spec[len - 1] != '=')
		len--;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(spec + len, ":"), spec + len);
	return mpt_backend_find(name);
}

int main(int argc, char **argv)
{
	static const struct scenario *const all[] = { life_scenarios, space_scenarios,
						      ppgtt_scenarios, fail_scenarios,
						      defect_scenarios };
	const char *spec = argc > 1 ? argv[1] : "check,mock", *only = argc > 2 ? argv[2] : NULL;
	unsigned int i;

	if (!in_this_build(spec)) {
		printf("%s: 0 passed, 0 failed, 1 skipped\n", spec);
		return 0;
	}
	linux_gvt_log(only != NULL);
	if (linux_gvt_start()) {
		printf("not ok %s: the core does not take the fake device over\n", spec);
		return 1;
	}
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		run_all(all[i], spec, only);
	printf("%s: %u passed, %u failed, %u skipped\n", spec, passed, failed, skips);
	return failed || !passed;
}
