/* SPDX-License-Identifier: MIT */
/*
 * The sysfs tree by calls: its nodes, what they hold, offsets, what a write makes and destroys, who
 * is told. The grammar is test_sysfs_grammar.c's.
 */
#include <mpt/mpt.h>

#include "sysfs_rig.h"

static struct tree t;

/* --- the table --- */

struct names {
	char text[1024];
	int stop; /* answered by the callback */
};

static int take_name(void *arg, const char *name, const struct mpt_sysfs_stat *st)
{
	struct names *n = arg;
	size_t len = strlen(n->text);

	snprintf(n->text + len, sizeof(n->text) - len, "%s %o%s %llu\n", name, st->mode,
		 st->directory ? "/" : "", (unsigned long long)st->size);
	return n->stop;
}

static const char *names_in(const char *path)
{
	static struct names n;

	n = (struct names){ .stop = 0 };
	ck_assert_int_eq(mpt_sysfs_list(t.fs, path, take_name, &n), 0);
	return n.text;
}

START_TEST(directories)
{
	struct names n = { .stop = 7 };

	tree_open(&t, tree_specs[_i], 0);
	ck_assert_str_eq(names_in(""), "control 755/ 0\ntypes 755/ 0\n");
	tree_ok(tree_echo(&t, "12,64,128,4"));
	tree_ok(tree_echo(&t, "3,64,128,4"));
	ck_assert_str_eq(names_in("/"),
			 "control 755/ 0\ntypes 755/ 0\nvm3 755/ 0\nvm12 755/ 0\n");
	ck_assert_str_eq(names_in("control"), "create_gvt_instance 220 4096\n"
					      "plane_owner_show 440 4096\nversion 444 4096\n");
	ck_assert_str_eq(names_in("vm12"),
			 "counters 444 4096\nresources 444 4096\nstate 444 4096\ntype 444 4096\n"
			 "vgpu_bar_info 440 4096\nvgpu_id 440 4096\n");
	ck_assert_str_eq(names_in("/types"), "GVTg_V5_8 755/ 0\nGVTg_V5_4 755/ 0\n"
					     "GVTg_V5_2 755/ 0\nGVTg_V5_1 755/ 0\n");
	ck_assert_str_eq(names_in("types/GVTg_V5_8"),
			 "available_instances 444 4096\ndescription 444 4096\nname 444 4096\n"
			 "sizes 444 4096\n");
	ck_assert_int_eq(mpt_sysfs_list(t.fs, "vm3/state", take_name, &n), -ENOENT);
	ck_assert_int_eq(mpt_sysfs_list(t.fs, "vm4", take_name, &n), -ENOENT);
	ck_assert_int_eq(mpt_sysfs_list(t.fs, "", take_name, &n), 7);
	ck_assert_str_eq(n.text, "control 755/ 0\n");
	tree_close(&t);
}
END_TEST

static const char *const no_paths[] = {
	".", "..", "./control", "control/", "control//version", "//control", "controls", "contro",
	"control/version/", "control/version/x", "vm", "vm0", "vm01", "vm1", "vm65536", "vm70000",
	"vm3/", "vm3x", "vm-3", "vm+3", "vm 3", "vm3/none", "vm*", "vm*/state", "vm3*", "vm00003",
	"vm4294967299", "types/", "types/*", "types/GVTg_V5_", "types/GVTg_V5_88", "types//name",
	"types/GVTg_V5_8/none", "types/GVTg_V5_8/name/", "types/vm3", "type", " ", "VM3",
};

START_TEST(paths)
{
	struct mpt_sysfs_stat st;
	struct mpt_sysfs_file *f = (void *)&st;
	size_t i;

	tree_open(&t, "check,mock", 0);
	tree_ok(tree_echo(&t, "3,64,128,4"));
	for (i = 0; i < N(no_paths); i++) {
		ck_assert_msg(!tree_has(&t, no_paths[i]), "'%s' is there", no_paths[i]);
		ck_assert_int_eq(mpt_sysfs_open(t.fs, no_paths[i], MPT_SYSFS_READ, &f), -ENOENT);
		ck_assert_ptr_eq(f, &st);
	}
	ck_assert(strstr(mpt_last_error(), "'VM3' is not there"));
	ck_assert(tree_has(&t, "vm3/state") && tree_has(&t, "/vm3/state") && tree_has(&t, "/"));
	tree_ok(mpt_sysfs_stat(t.fs, "", &st));
	ck_assert(st.directory && st.mode == 0755 && !st.size);
	tree_close(&t);
}
END_TEST

START_TEST(modes)
{
	struct mpt_sysfs_file *f = NULL;
	char buf[16];

	tree_open(&t, "check,mock", 0);
	ck_assert_int_eq(mpt_sysfs_open(t.fs, CREATE, MPT_SYSFS_READ, &f), -EACCES);
	ck_assert_int_eq(mpt_sysfs_open(t.fs, CREATE, MPT_SYSFS_READ | MPT_SYSFS_WRITE, &f),
			 -EACCES);
	ck_assert_int_eq(mpt_sysfs_open(t.fs, "control/version", MPT_SYSFS_WRITE, &f), -EACCES);
	ck_assert_int_eq(mpt_sysfs_open(t.fs, "control", MPT_SYSFS_READ, &f), -EINVAL);
	ck_assert_int_eq(mpt_sysfs_open(t.fs, "control/version", 0, &f), -EINVAL);
	ck_assert_int_eq(mpt_sysfs_open(t.fs, "control/version", 5, &f), -EINVAL);
	ck_assert_ptr_null(f);
	ck_assert_int_eq(mpt_sysfs_echo(t.fs, "control/version", "1"), -EACCES);
	ck_assert_int_eq(mpt_sysfs_cat(t.fs, CREATE, buf, sizeof(buf)), -EACCES);
	ck_assert_int_eq(mpt_sysfs_cat(t.fs, "control/version", buf, 0), -EINVAL);
	tree_ok(mpt_sysfs_open(t.fs, CREATE, MPT_SYSFS_WRITE, &f));
	ck_assert_int_eq(mpt_sysfs_read(f, 0, buf, sizeof(buf)), -EACCES);
	mpt_sysfs_close(f);
	tree_ok(mpt_sysfs_open(t.fs, "control/version", MPT_SYSFS_READ, &f));
	ck_assert_int_eq(mpt_sysfs_write(f, 0, "1", 1), -EACCES);
	mpt_sysfs_close(f);
	mpt_sysfs_close(NULL);
	tree_close(&t);
}
END_TEST

/* --- contents --- */

START_TEST(contents)
{
	tree_open(&t, tree_specs[_i], 0);
	ck_assert_str_eq(tree_cat(&t, "control/version"), MPT_VERSION "\n");
	ck_assert_str_eq(tree_cat(&t, "control/plane_owner_show"),
			 "Planes:\nPipe A: 0 0 0 0\nPipe B: 0 0 0 0\nPipe C: 0 0 0\n");
	ck_assert_str_eq(tree_cat(&t, "types/GVTg_V5_8/name"), "GVTg_V5_8\n");
	ck_assert_str_eq(tree_cat(&t, "types/GVTg_V5_4/sizes"),
			 "low_gm_size 128\nhigh_gm_size 512\nfence 4\nresolution 1920x1200\n"
			 "weight 4\n");
	ck_assert_str_eq(tree_cat(&t, "types/GVTg_V5_8/description"),
			 "low_gm_size: 64MB\nhigh_gm_size: 384MB\nfence: 4\n"
			 "resolution: 1024x768\nweight: 2\n");
	ck_assert_str_eq(tree_cat(&t, "types/GVTg_V5_8/available_instances"), "7\n");
	tree_ok(tree_echo(&t, "5,64,384,4\n"));
	ck_assert_str_eq(tree_cat(&t, "types/GVTg_V5_8/available_instances"), "6\n");
	tree_ok(tree_echo(&t, "9,64,128,8"));
	ck_assert_str_eq(tree_cat(&t, "vm5/vgpu_id"), "1\n");
	ck_assert_str_eq(tree_cat(&t, "vm9/vgpu_id"), "2\n");
	ck_assert_str_eq(tree_cat(&t, "vm5/type"), "GVTg_V5_8\n");
	ck_assert_str_eq(tree_cat(&t, "vm9/type"), "custom\n");
	ck_assert_str_eq(tree_cat(&t, "vm9/state"), "active\n");
	ck_assert_str_eq(tree_cat(&t, "vm9/resources"),
			 "low_gm 0x0000000004000000 0x0000000004000000\n"
			 "high_gm 0x00000000e0000000 0x0000000008000000\n"
			 "fence 4 8\nresolution 1024x768\nweight 2\n");
	ck_assert(strstr(tree_cat(&t, "vm9/counters"), "mmio_reads 0\n"));
	tree_close(&t);
}
END_TEST

static void cfg_write(struct mpt_vm *vm, unsigned int offset, u32 value, unsigned int len)
{
	tree_ok(mpt_guest_cfg_write(vm, offset, &value, len));
}

/* What the guest has set, whether it decodes or not; 76 bytes always. */
START_TEST(bar_info)
{
	struct mpt_vm *vm;

	tree_open(&t, tree_specs[_i], 0);
	tree_ok(tree_echo(&t, "1,64,128,4"));
	ck_assert_str_eq(tree_cat(&t, "vm1/vgpu_bar_info"),
			 "0x0000000000000000 0x0000000001000000\n"
			 "0x0000000000000000 0x0000000040000000\n");
	tree_ok(mpt_vm_get(t.host, 1, &vm));
	cfg_write(vm, 0x10, 0xc0000000, 4);
	cfg_write(vm, 0x14, 0x1, 4);
	cfg_write(vm, 0x18, 0x80000000, 4);
	ck_assert_str_eq(tree_cat(&t, "vm1/vgpu_bar_info"),
			 "0x00000001c0000000 0x0000000001000000\n"
			 "0x0000000080000000 0x0000000040000000\n");
	ck_assert_uint_eq(strlen(tree_cat(&t, "vm1/vgpu_bar_info")), 76);
	cfg_write(vm, 0x14, 0, 4);
	cfg_write(vm, 0x04, 0x2, 2);
	ck_assert_str_eq(tree_cat(&t, "vm1/vgpu_bar_info"),
			 "0x00000000c0000000 0x0000000001000000\n"
			 "0x0000000080000000 0x0000000040000000\n");
	mpt_vm_put(vm);
	tree_close(&t);
}
END_TEST

/* The core's own counters and state, moved by a guest. */
START_TEST(guest_moves_them)
{
	struct mpt_vm *vm;
	u32 value = 0;

	tree_open(&t, tree_specs[_i], 0);
	tree_ok(tree_echo(&t, "2,64,128,4"));
	tree_ok(mpt_vm_get(t.host, 2, &vm));
	cfg_write(vm, 0x10, 0xc0000000, 4);
	cfg_write(vm, 0x04, 0x2, 2);
	tree_ok(mpt_guest_read(vm, 0xc0000000 + GVT_PVINFO_OFFSET, &value, 4));
	ck_assert_uint_eq(value, 0x76544776);
	ck_assert(strstr(tree_cat(&t, "vm2/counters"), "mmio_reads 1\n"));
	value = 1;
	tree_ok(mpt_guest_write(vm, 0xc0000000 + GVT_PVINFO_OFFSET + 0x808, &value, 4));
	ck_assert_str_eq(tree_cat(&t, "vm2/state"), "failsafe: insufficient resources\n");
	mpt_vm_put(vm);
	tree_close(&t);
}
END_TEST

/* --- offsets --- */

START_TEST(offsets)
{
	const char *text = "0x0000000000000000 0x0000000001000000\n"
			   "0x0000000000000000 0x0000000040000000\n";
	struct mpt_sysfs_file *f;
	char buf[100];
	unsigned int at;

	tree_open(&t, "check,mock", 0);
	tree_ok(tree_echo(&t, "1,64,128,4"));
	tree_ok(mpt_sysfs_open(t.fs, "vm1/vgpu_bar_info", MPT_SYSFS_READ, &f));
	for (at = 0; at < 76; at++) {
		ck_assert_int_eq(mpt_sysfs_read(f, at, buf, 1), 1);
		ck_assert_int_eq(buf[0], text[at]);
	}
	memset(buf, '#', sizeof(buf));
	ck_assert_int_eq(mpt_sysfs_read(f, 70, buf, sizeof(buf)), 6);
	ck_assert(!memcmp(buf, "00000\n##", 8));
	ck_assert_int_eq(mpt_sysfs_read(f, 0, buf, sizeof(buf)), 76);
	ck_assert_int_eq(mpt_sysfs_read(f, 76, buf, 1), 0);
	ck_assert_int_eq(mpt_sysfs_read(f, ~0ULL, buf, 1), 0);
	ck_assert_int_eq(mpt_sysfs_read(f, 0, buf, 0), 0);
	ck_assert_int_eq(mpt_sysfs_cat(t.fs, "vm1/vgpu_bar_info", buf, 10), 9);
	ck_assert_str_eq(buf, "0x0000000");
	mpt_sysfs_close(f);
	/* The first read may be anywhere. */
	tree_ok(mpt_sysfs_open(t.fs, "vm1/vgpu_bar_info", MPT_SYSFS_READ, &f));
	ck_assert_int_eq(mpt_sysfs_read(f, 19, buf, 18), 18);
	ck_assert(!memcmp(buf, "0x0000000001000000", 18));
	mpt_sysfs_close(f);
	tree_close(&t);
}
END_TEST

/* Who reads on reads the text that he began; from the beginning it is made anew. */
START_TEST(one_text)
{
	struct mpt_sysfs_file *f;
	struct mpt_vm *vm;
	char buf[4] = "";

	tree_open(&t, "check,mock", 0);
	tree_ok(mpt_sysfs_open(t.fs, "types/GVTg_V5_8/available_instances", MPT_SYSFS_READ, &f));
	ck_assert_int_eq(mpt_sysfs_read(f, 0, buf, 1), 1);
	ck_assert_int_eq(buf[0], '7');
	tree_ok(tree_echo(&t, "1,64,384,4"));
	ck_assert_int_eq(mpt_sysfs_read(f, 1, buf, 4), 1);
	ck_assert_int_eq(buf[0], '\n');
	ck_assert_int_eq(mpt_sysfs_read(f, 0, buf, 4), 2);
	ck_assert_int_eq(buf[0], '6');
	mpt_sysfs_close(f);
	/* A guest moves its BAR in the middle. */
	tree_ok(mpt_vm_get(t.host, 1, &vm));
	tree_ok(mpt_sysfs_open(t.fs, "vm1/vgpu_bar_info", MPT_SYSFS_READ, &f));
	ck_assert_int_eq(mpt_sysfs_read(f, 0, buf, 4), 4);
	cfg_write(vm, 0x10, 0xc0000000, 4);
	ck_assert_int_eq(mpt_sysfs_read(f, 9, buf, 4), 4);
	ck_assert(!memcmp(buf, "0000", 4));
	ck_assert_int_eq(mpt_sysfs_read(f, 0, buf, 4), 4);
	ck_assert_int_eq(mpt_sysfs_read(f, 9, buf, 4), 4);
	ck_assert(!memcmp(buf, "0c00", 4));
	mpt_vm_put(vm);
	mpt_sysfs_close(f);
	tree_close(&t);
}
END_TEST

START_TEST(writes)
{
	struct mpt_sysfs_file *f;
	char big[MPT_SYSFS_PAGE + 1];

	memset(big, '1', sizeof(big));
	tree_open(&t, "check,mock", 0);
	tree_ok(mpt_sysfs_open(t.fs, CREATE, MPT_SYSFS_WRITE, &f));
	ck_assert_int_eq(mpt_sysfs_write(f, 0, "", 0), 0);
	ck_assert_int_eq(mpt_sysfs_write(f, 0, big, sizeof(big)), -EINVAL);
	ck_assert(strstr(mpt_last_error(), "4097 bytes"));
	ck_assert_int_eq(mpt_sysfs_write(f, 0, big, MPT_SYSFS_PAGE), -EINVAL);
	ck_assert_int_eq(mpt_sysfs_write(f, 0, "1,64,128,4\n", 11), 11);
	/* Each write is a command, wherever it begins; half of one is none. */
	ck_assert_int_eq(mpt_sysfs_write(f, 11, "2,64,128,4", 10), 10);
	ck_assert_int_eq(mpt_sysfs_write(f, 5, "3,64,", 5), -EINVAL);
	ck_assert_int_eq(mpt_sysfs_write(f, 0, "128,4", 5), -EINVAL);
	ck_assert(tree_has(&t, "vm1") && tree_has(&t, "vm2") && !tree_has(&t, "vm3"));
	mpt_sysfs_close(f);
	tree_close(&t);
}
END_TEST

/* --- instances --- */

START_TEST(gone_while_open)
{
	struct mpt_sysfs_file *id, *state;
	char buf[32];

	tree_open(&t, tree_specs[_i], 0);
	tree_ok(tree_echo(&t, "1,64,128,4"));
	tree_ok(mpt_sysfs_open(t.fs, "vm1/vgpu_id", MPT_SYSFS_READ, &id));
	tree_ok(mpt_sysfs_open(t.fs, "vm1/state", MPT_SYSFS_READ, &state));
	ck_assert_int_eq(mpt_sysfs_read(state, 0, buf, 3), 3);
	tree_ok(tree_echo(&t, "-1"));
	ck_assert(!tree_has(&t, "vm1") && !tree_has(&t, "vm1/vgpu_id"));
	ck_assert_int_eq(mpt_sysfs_read(id, 0, buf, 8), -ENODEV);
	ck_assert_int_eq(mpt_sysfs_read(state, 3, buf, 8), -ENODEV);
	ck_assert(strstr(mpt_last_error(), "VM 1 has gone"));
	/* The next one is another one. */
	tree_ok(tree_echo(&t, "1,64,128,4"));
	ck_assert_int_eq(mpt_sysfs_read(id, 0, buf, 8), -ENODEV);
	ck_assert_str_eq(tree_cat(&t, "vm1/vgpu_id"), "1\n");
	mpt_sysfs_close(id);
	/* The other is closed with the tree. */
	tree_close(&t);
}
END_TEST

/* A VM that the hypervisor has stays, one that was made for the vGPU goes. */
START_TEST(vms)
{
	struct mpt_sysfs_config c;
	struct mpt_vm *vm;
	u32 word = 5;

	tree_device(&t, tree_specs[_i]);
	c = tree_config(&t);
	c.vm_memory = 32 * MIB;
	tree_ok(mpt_sysfs_new(t.host, &c, &t.fs));
	tree_ok(mpt_vm_create(t.host, 4));
	tree_ok(tree_echo(&t, "4,64,128,4"));
	tree_ok(tree_echo(&t, "6,64,128,4"));
	tree_ok(mpt_vm_get(t.host, 6, &vm));
	tree_ok(mpt_guest_write(vm, 32 * MIB - 4, &word, 4));
	word = 0;
	tree_ok(mpt_guest_read(vm, 32 * MIB - 4, &word, 4));
	ck_assert_uint_eq(word, 5);
	tree_ok(mpt_guest_read(vm, 32 * MIB, &word, 4));
	ck_assert_uint_eq(word, ~0U);
	mpt_vm_put(vm);
	tree_ok(tree_echo(&t, "-4"));
	tree_ok(tree_echo(&t, "-6"));
	ck_assert(tree_has_vm(&t, 4) && !tree_has_vm(&t, 6));
	tree_ok(mpt_vm_destroy(t.host, 4));
	tree_close(&t);
}
END_TEST

/* More than 2 GiB goes on above 4 GiB. */
START_TEST(memory_has_a_hole)
{
	struct mpt_sysfs_config c;
	struct mpt_vm *vm;
	u32 word = 7;

	tree_device(&t, "check,mock");
	c = tree_config(&t);
	c.vm_memory = (2ULL << 30) + MIB;
	tree_ok(mpt_sysfs_new(t.host, &c, &t.fs));
	tree_ok(tree_echo(&t, "6,64,128,4"));
	tree_ok(mpt_vm_get(t.host, 6, &vm));
	tree_ok(mpt_guest_write(vm, (4ULL << 30) + MIB - 4, &word, 4));
	word = 0;
	tree_ok(mpt_guest_read(vm, (4ULL << 30) + MIB - 4, &word, 4));
	ck_assert_uint_eq(word, 7);
	tree_ok(mpt_guest_read(vm, 2ULL << 30, &word, 4));
	ck_assert_uint_eq(word, ~0U);
	mpt_vm_put(vm);
	tree_close(&t);
}
END_TEST

/* Somebody holds the VM that was made: the instance goes, the VM stays, and free() tells. */
START_TEST(held_vm_stays)
{
	struct mpt_vm *vm;

	tree_open(&t, "check,mock", 0);
	tree_ok(tree_echo(&t, "1,64,128,4"));
	tree_ok(mpt_vm_get(t.host, 1, &vm));
	tree_ok(tree_echo(&t, "-1"));
	ck_assert(!tree_has(&t, "vm1") && tree_has_vm(&t, 1));
	mpt_vm_put(vm);
	tree_ok(mpt_vm_destroy(t.host, 1));
	tree_ok(tree_echo(&t, "2,64,128,4"));
	tree_ok(mpt_vm_get(t.host, 2, &vm));
	ck_assert_int_eq(mpt_sysfs_free(t.fs), -EBUSY);
	mpt_vm_put(vm);
	tree_ok(mpt_vm_destroy(t.host, 2));
	t.fs = NULL;
	tree_close(&t);
}
END_TEST

/* --- uevents --- */

static void display_ready(struct mpt_vm *vm, u32 value)
{
	tree_ok(mpt_guest_write(vm, 0xc0000000 + GVT_PVINFO_OFFSET + 0x804, &value, 4));
}

START_TEST(uevents)
{
	struct mpt_vm *vm;

	tree_open(&t, tree_specs[_i], 0);
	tree_ok(mpt_dom0_ready(t.host));
	ck_assert_str_eq(t.events, "add control:GVT_DOM0_READY=1,;");
	/* The published wrapper tells as well. */
	tree_ok(intel_gvt_hypervisor_dom0_ready());
	ck_assert_str_eq(t.events,
			 "add control:GVT_DOM0_READY=1,;add control:GVT_DOM0_READY=1,;");
	t.events[0] = '\0';
	tree_ok(tree_echo(&t, "1,64,128,4"));
	tree_ok(tree_echo(&t, "8,64,128,4"));
	ck_assert_str_eq(t.events, "");
	tree_ok(mpt_vm_get(t.host, 8, &vm));
	cfg_write(vm, 0x10, 0xc0000000, 4);
	cfg_write(vm, 0x04, 0x2, 2);
	display_ready(vm, 1);
	display_ready(vm, 0);
	display_ready(vm, 0x80000000);
	ck_assert_str_eq(t.events, "add drm:GVT_DISPLAY_READY=1,VMID=2,;"
				   "add drm:GVT_DISPLAY_READY=0,VMID=2,;"
				   "add drm:GVT_DISPLAY_READY=1,VMID=2,;");
	/* Nobody listens any more. */
	mpt_vm_put(vm);
	tree_ok(mpt_sysfs_free(t.fs));
	t.fs = NULL;
	t.events[0] = '\0';
	tree_ok(mpt_dom0_ready(t.host));
	mpt_uevent_display_ready(t.host, 1, true);
	ck_assert_str_eq(t.events, "");
	tree_close(&t);
}
END_TEST

/* --- a place that is kept --- */

START_TEST(kept_place)
{
	struct intel_vgpu_type place;
	struct mpt_vm *vm;

	tree_open(&t, "check,mock", 0);
	gvt_type_init(&place, 64 * MIB, 128 * MIB, 4);
	ck_assert_int_eq(gvt_place_keep(t.gvt, &place), -EINVAL); /* nowhere */
	place.low_start = 0;
	place.high_start = 1024 * MIB;
	tree_ok(gvt_place_keep(t.gvt, &place));
	tree_ok(tree_echo(&t, "1,64,128,4"));
	ck_assert(strstr(tree_cat(&t, "vm1/resources"), "low_gm 0x0000000004000000 "));
	ck_assert_int_eq(tree_echo(&t, "2,960,128,4"), -ENOSPC);
	place.low_start = 64 * MIB;
	ck_assert_int_eq(gvt_place_keep(t.gvt, &place), -ENOSPC);
	ck_assert_int_eq(tree_echo(&t, "2,960,128,4"), -ENOSPC);
	/* Who asks for it and for too many fences gets nothing, and it is kept still. */
	place.low_start = 0;
	place.fence = 32;
	tree_ok(mpt_vm_create(t.host, 9));
	tree_ok(mpt_vm_get(t.host, 9, &vm));
	ck_assert_int_eq(MPT_PTR_ERR(mpt_vgpu_create(vm, t.gvt, &place)), -ENOSPC);
	mpt_vm_put(vm);
	tree_ok(mpt_vm_destroy(t.host, 9));
	tree_ok(tree_echo(&t, "2,64,128,4"));
	ck_assert(strstr(tree_cat(&t, "vm2/resources"), "low_gm 0x0000000008000000 "));
	tree_ok(gvt_place_keep(t.gvt, NULL));
	tree_ok(tree_echo(&t, "3,64,128,4"));
	ck_assert(strstr(tree_cat(&t, "vm3/resources"), "low_gm 0x0000000000000000 "));
	tree_close(&t);
}
END_TEST

static Suite *sysfs_suite(void)
{
	Suite *s = suite_create("sysfs");
	TCase *tc = tcase_create("tree");
	int n = (int)specs_built(tree_specs, N(tree_specs));

	tcase_add_loop_test(tc, directories, 0, n);
	tcase_add_test(tc, paths);
	tcase_add_test(tc, modes);
	tcase_add_loop_test(tc, contents, 0, n);
	tcase_add_loop_test(tc, bar_info, 0, n);
	tcase_add_loop_test(tc, guest_moves_them, 0, n);
	tcase_add_test(tc, offsets);
	tcase_add_test(tc, one_text);
	tcase_add_test(tc, writes);
	tcase_add_loop_test(tc, gone_while_open, 0, n);
	tcase_add_loop_test(tc, vms, 0, n);
	tcase_add_test(tc, memory_has_a_hole);
	tcase_add_test(tc, held_vm_stays);
	tcase_add_loop_test(tc, uevents, 0, n);
	tcase_add_test(tc, kept_place);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { sysfs_suite };

	return mpt_test_main("sysfs", suites, N(suites));
}
