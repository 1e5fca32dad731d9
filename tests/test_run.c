/* SPDX-License-Identifier: MIT */
/*
 * `mptctl run` in this process: the recorded probes on every shape of the mock and over other back ends,
 * which vGPU a trace is replayed into, what is no trace, what makes a run unhealthy. What a run
 * writes is in test_run_output.c, failing at every step in test_run_fail.c, the command line in
 * tool.sh.
 */
#include "../tools/replay.h"
#include "run_rig.h"

/* --- the probes --- */

static const char *specs[] = {
	"mock", "check,mock", "mock:trap=after", "mock:contig=no", "mock:map=no",
	"mock:trap-area=no", "mock:intx=no,pin=no,virt=no,mfn=no,pvmmio=no",
	"mock:track=no,seed=7", "vfio-user", "check,vfio-user",
	"check,acrn-sim", "acrn-sim:vcpus=4,profile=2019", "acrn-sim:vcpus=1,polling=yes",
	"check,kvm-stub", "kvm-stub:hugepages=no,intx=no,pin=no",
};

static void check_served(void)
{
	unsigned int i;

	ck_assert_uint_eq(r.tally.unknown_regs, 0);
	ck_assert_uint_eq(r.tally.all.unknown, 0);
	for (i = 0; i < r.tally.n; i++)
		ck_assert_str_ne(r.tally.cls[i].name, "unknown");
	ck_assert_uint_eq(r.tally.all.reads + r.tally.all.writes, r.accesses);
	ck_assert_uint_gt(r.vgpu.ggtt_writes, 200);
	ck_assert_uint_eq(r.vgpu.ggtt_scratch, 0);
	ck_assert_uint_gt(r.stats.msi, 0);
	ck_assert_uint_eq(r.stats.msi, r.vgpu.interrupts);
	ck_assert_uint_eq(r.stats.intx, 0);
	ck_assert_uint_eq(r.skipped, 0);
}

START_TEST(probe_is_served)
{
	const char *spec = specs[(size_t)_i / N(probes)], *kernel = probes[(size_t)_i % N(probes)];

	ck_assert_msg(!run_on(spec, probe_path(kernel)), "%s: %s", spec, r.why);
	check_healthy();
	check_served();
	ck_assert_str_eq(r.device, "8086:1912 at 00:02.0");
}
END_TEST

/* As the probes' own PVINFO reads say. */
START_TEST(probe_vgpu_is_the_recorded_one)
{
	ck_assert_int_eq(run_on("mock", probe_path(probes[_i])), 0);
	ck_assert_uint_eq(r.vgpu.low_start, 0);
	ck_assert_uint_eq(r.vgpu.low_size, 64 * MIB);
	ck_assert_uint_eq(r.vgpu.high_start, 256 * MIB);
	ck_assert_uint_eq(r.vgpu.high_size, 128 * MIB);
	ck_assert_uint_eq(r.vgpu.fence_count, 4);
	ck_assert_uint_eq(r.vgpu.bar0, 0xc0000000);
	ck_assert_uint_eq(r.vgpu.bar2, 0xb0000000);
	ck_assert_uint_eq(r.vgpu.bar2_size, 256 * MIB);
}
END_TEST

START_TEST(no_trace_reads_pvinfo)
{
	ck_assert_int_eq(run_on("mock", NULL), 0);
	check_healthy();
	ck_assert_uint_eq(r.accesses, 9);
	ck_assert_uint_eq(r.differ, 0);
	ck_assert_str_eq(r.device, "");
	ck_assert_uint_eq(r.vgpu.high_size, 384 * MIB);
}
END_TEST

/* --- which vGPU --- */

static int run_sized(const char *type, u64 low, u64 high, u64 fence)
{
	return run(&(struct session_config){ .spec = "mock",
					     .trace = probe_path("6.1"),
					     .type = type,
					     .low = low,
					     .high = high,
					     .fence = fence });
}

START_TEST(type_is_chosen)
{
	ck_assert_int_eq(run_sized("8", 0, 0, 0), 0);
	ck_assert_uint_eq(r.vgpu.high_size, 384 * MIB);
	ck_assert_int_eq(run_sized("GVTg_V5_4", 0, 0, 0), 0);
	ck_assert_uint_eq(r.vgpu.low_size, 128 * MIB);
	ck_assert_uint_eq(r.vgpu.high_size, 512 * MIB);
	ck_assert_int_eq(run_sized(NULL, 96 * MIB, 200 * MIB, 7), 0);
	ck_assert_uint_eq(r.vgpu.low_size, 96 * MIB);
	ck_assert_uint_eq(r.vgpu.high_size, 200 * MIB);
	ck_assert_uint_eq(r.vgpu.fence_count, 7);
	/* A different vGPU answers with its own PVINFO, and that is right. */
	check_healthy();
}
END_TEST

static const struct {
	const char *type;
	u64 low, high, fence;
	int err;
	const char *why;
} bad_types[] = {
	{ "3", 0, 0, 0, -ENOENT, "known: GVTg_V5_8, GVTg_V5_4, GVTg_V5_2" },
	/* The recorded aperture has 256 MiB. */
	{ "1", 0, 0, 0, -ENOENT, "no type '1'" },
	{ "8", MIB, MIB, 1, -EINVAL, "exclude each other" },
	{ NULL, 64 * MIB, 0, 0, -EINVAL, "go together" },
	{ NULL, 0, 0, 4, -EINVAL, "go together" },
	{ NULL, 512 * MIB, MIB, 4, -ENOSPC, "largest free piece is 256 MiB" },
	{ NULL, MIB, 4096 * MIB, 4, -ENOSPC, "hidden memory" },
	{ NULL, MIB, MIB, 33, -EINVAL, "1 to 32" },
	{ NULL, MIB, MIB, 1ULL << 32, -EINVAL, "1 to 32" },
	{ NULL, 1, MIB, 1, -EINVAL, "multiple of 1 MiB" },
};

START_TEST(type_that_cannot_be)
{
	ck_assert_int_eq(run_sized(bad_types[_i].type, bad_types[_i].low, bad_types[_i].high,
				   bad_types[_i].fence), bad_types[_i].err);
	ck_assert_msg(strstr(r.why, bad_types[_i].why), "%s", r.why);
	ck_assert(!session_healthy(&r));
	ck_assert(session_ledger_empty(&r));
}
END_TEST

START_TEST(trace_without_pvinfo_gets_type_8)
{
	ck_assert_int_eq(run_lines("R 4 1.0 1 0xc0002080 0x0 0x0 0\n"), 0);
	check_healthy();
	ck_assert_uint_eq(r.vgpu.low_size, 64 * MIB);
	ck_assert_uint_eq(r.vgpu.high_size, 384 * MIB);
	ck_assert_uint_eq(r.accesses, 1);
}
END_TEST

#define SIZES(bar) \
	"R 8 1.0 1 " bar "78040 0x200000001000000 0x0 0\n" \
	"R 4 1.1 1 " bar "78048 0x18000000 0x0 0\n" \
	"R 2 1.2 1 " bar "7804c 0x0 0x0 0\n" \
	"R 2 1.3 1 " bar "7804e 0x800 0x0 0\n" \
	"R 1 1.4 1 " bar "78050 0x5 0x0 0\n" \
	"R 1 1.4 1 " bar "78051 0x0 0x0 0\n" \
	"R 2 1.5 1 " bar "78052 0x0 0x0 0\n"

static void check_sizes(void)
{
	check_healthy();
	ck_assert_uint_eq(r.vgpu.low_start, 16 * MIB);
	ck_assert_uint_eq(r.vgpu.low_size, 32 * MIB);
	ck_assert_uint_eq(r.vgpu.high_start, 384 * MIB);
	ck_assert_uint_eq(r.vgpu.high_size, 128 * MIB);
	ck_assert_uint_eq(r.vgpu.fence_count, 5);
	ck_assert_uint_eq(r.differ, 0);
}

/* Whatever the width of the reads; what is read later does not count. */
START_TEST(sizes_from_any_width)
{
	ck_assert_msg(!run_lines(SIZES("0xc00") "R 4 2.0 1 0xc0078044 0x100000 0x0 0\n"
				 "W 4 2.1 1 0xc0078044 0x100000 0x0 0\n"), "%s", r.why);
	ck_assert_uint_eq(r.differ, 1);
	r.differ = 0;
	check_sizes();
}
END_TEST

/* The BAR is sized and moved before PVINFO is read, and above 4 GiB at that. */
START_TEST(sizes_after_a_bar_has_moved)
{
	ck_assert_msg(!run_lines("MARK 0.1 cfg w 4 0x10 0xffffffff\n"
				 "MARK 0.2 cfg r 4 0x10 0xff000004\n"
				 "MARK 0.3 cfg w 4 0x10 0x11000000\n"
				 "MARK 0.4 cfg w 2 0x14 0x1\n"
				 "MARK 0.5 cfg w 2 0x16 0x0\n" SIZES("0x1110")
				 "R 4 2.0 1 0xc0078044 0x1 0x0 0\n"), "%s", r.why);
	check_sizes();
	ck_assert_uint_eq(r.vgpu.bar0, 0x111000000);
	ck_assert_uint_eq(r.skipped, 1);
	ck_assert_uint_eq(r.accesses, 12);
}
END_TEST

/* --- what is no trace to replay --- */

#define PCIDEV(ids, bar0, bar2, len0, len2) \
	VERSION_LINE "PCIDEV 0010 " ids " b " bar0 " 0 " bar2 " 0 1041 0 0 " len0 " 0 " len2 \
		     " 0 40 0 0 \n"
/* Of the usual device, with other BARs. */
#define BARS(bar0, bar2, len0, len2) PCIDEV("80861912", bar0, bar2, len0, len2)

static const struct {
	const char *text, *why;
} bad_traces[] = {
	{ "", ":1: expected a record, found an empty file" },
	{ HEAD "R 4 1.0 1 0xc00020", ":3: expected" },
	{ HEAD "MARK 1.0 cfg r 3 0x0 0x0\n", ":3: expected" },
	{ VERSION_LINE, ": expected a PCIDEV line" },
	{ PCIDEV("10de1912", "c0000004", "b000000c", "1000000", "10000000"),
	  ": expected a PCIDEV line" },
	{ PCIDEV("8086ffff", "c0000004", "b000000c", "1000000", "10000000"),
	  ": expected a PCIDEV line" },
	{ BARS("c0000004", "b000000c", "1000000", "8000000"),
	  ":2: expected a BAR2 (aperture) of 256, 512 or 1024 MiB, found one of 0x8000000 bytes" },
	{ BARS("c0000004", "0", "1000000", "0"), ":2: expected a device with a memory BAR2" },
	{ BARS("c0000004", "b0000001", "1000000", "10000000"), "memory BAR2" },
	{ BARS("0", "b000000c", "0", "10000000"), ":2: expected a device with a memory BAR0" },
	{ BARS("c0000004", "b000000c", "400000", "10000000"), ":2: expected a BAR0 of 16 MiB" },
	{ BARS("c0800004", "b000000c", "1000000", "10000000"), ":2: expected BAR0 at a multiple" },
	{ BARS("400000000004", "b000000c", "1000000", "10000000"), "below 2^46" },
	{ BARS("b0000004", "b000000c", "1000000", "10000000"), "inside BAR2" },
	{ BARS("2000004", "b000000c", "1000000", "10000000"), "reach into the BARs" },
	{ HEAD "R 8 1.0 1 0xc0078040 0x200000001000001 0x0 0\n"
	       "R 8 1.0 1 0xc0078048 0x800000018000000 0x0 0\n"
	       "R 4 1.0 1 0xc0078050 0x4 0x0 0\n",
	  ": the vGPU that its PVINFO reads tell of: gvt: aperture: place 0x1000001" },
	{ HEAD "R 8 1.0 1 0xc0078040 0x200000001000000 0x0 0\n"
	       "R 8 1.0 1 0xc0078048 0x800000018000000 0x0 0\n"
	       "R 4 1.0 1 0xc0078050 0x21 0x0 0\n",
	  ": the vGPU that its PVINFO reads tell of: gvt: 33 fences" },
};

static const char *content(const char *path)
{
	static char buf[64];
	FILE *f = fopen(path, "r");
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(buf, 1, sizeof(buf) - 1, f);
	buf[n] = '\0';
	fclose(f);
	return buf;
}

/* The sentence names the file, and what would have been written over is as it was. */
START_TEST(trace_that_is_refused)
{
	const char *trace = temp_trace(bad_traces[_i].text), *record = temp_trace("old\n");
	struct session_config c = { .spec = "mock", .trace = trace, .record = record };

	ck_assert_int_eq(run(&c), -EINVAL);
	ck_assert_msg(!strncmp(r.why, trace, strlen(trace)), "%s", r.why);
	ck_assert_msg(strstr(r.why, bad_traces[_i].why), "%s", r.why);
	ck_assert_str_eq(content(record), "old\n");
	ck_assert_uint_eq(r.accesses, 0);
}
END_TEST

START_TEST(file_that_cannot_be_read)
{
	ck_assert_int_eq(run_on("mock", "/nonexistent/trace"), -ENOENT);
	ck_assert_str_eq(r.why, "/nonexistent/trace: No such file or directory");
}
END_TEST

START_TEST(host_or_memory_that_cannot_be)
{
	struct session_config c = { .spec = "mock", .memory = 32 * MIB };

	ck_assert_int_eq(run(&c), -EINVAL);
	ck_assert_ptr_nonnull(strstr(r.why, "at least 64 MiB"));
	c.memory = 64 * MIB + 1;
	ck_assert_int_eq(run(&c), -EINVAL);
	c.memory = UINT64_MAX & ~0xfffULL;
	ck_assert_int_eq(run(&c), -EINVAL);
	/* Around the hole for BARs. */
	c.memory = 5ULL << 30;
	ck_assert_int_eq(run(&c), 0);
	check_healthy();
	c.spec = "mock:phys-bits=32";
	ck_assert_int_eq(run(&c), -EINVAL);
	ck_assert_int_eq(run_on("nope", NULL), -ENOENT);
	ck_assert_ptr_nonnull(strstr(r.why, "back ends: mock"));
	ck_assert_ptr_nonnull(strstr(r.why, "; layers: check, fault"));
	ck_assert_int_eq(run_on("mock:nope=1", NULL), -EINVAL);
	ck_assert_ptr_nonnull(strstr(r.why, "known: phys-bits"));
}
END_TEST

/* --- records beside accesses --- */

START_TEST(other_records_are_counted)
{
	const char *trace = temp_trace(
		VERSION_LINE "PCIDEV 0000 808629c0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 \n"
		"PCIDEV 0010 10de1912 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 \n" DEVICE_LINE
		"PCIDEV 0018 80861912 b d0000004 0 e000000c 0 0 0 0 1000000 0 10000000 "
		"0 0 0 0 i915\n"
		"LSPCI 00:02.0 VGA compatible controller\n"
		"MAP 0.1 1 0xc0000000 0xffffc90000000000 0x200000 0x0 0\n"
		"MARK 0.2 any text\n"
		"R 4 0.3 1 0xc0002080 0x0 0x0 0\n"
		"UNKNOWN 0.4 1 0xc0002080 0f,01,02 0x0 0\n"
		"R 4 0.5 -1 0xd0002080 0x0 0x0 0\n"
		"W 4 0.5 1 0xbffffffc 0x0 0x0 0\n"
		"R 8 0.5 1 0xc0fffffc 0x0 0x0 0\n"
		"R 4 0.5 1 0xc1000000 0x0 0x0 0\n"
		"R 4 0.6 3 0xb0000000 0x0 0x0 0\n"
		"MARK 0.7 Lost 3 events.\n"
		"CPU:1 [LOST EVENTS]\n"
		"CPU:0 [LOST 4 EVENTS]\n"
		"UNMAP 0.8 1 0x0 0\n"
		"UNMAP 0.9 -1 0x0 0\n");

	ck_assert_msg(!run_on("mock", trace), "%s", r.why);
	check_healthy();
	ck_assert_uint_eq(r.accesses, 3); /* the registers, the BAR2 below BAR0, the aperture */
	ck_assert_uint_eq(r.skipped, 3);
	ck_assert_uint_eq(r.marks, 1);
	ck_assert_uint_eq(r.maps, 3);
	ck_assert_uint_eq(r.undecoded, 1);
	ck_assert_uint_eq(r.lost, 7);
	ck_assert_uint_eq(r.lost_uncounted, 1);
	ck_assert_str_eq(r.device, "8086:1912 at 00:02.0");
}
END_TEST

/* No table knows these; an access of 8 bytes covers two registers. */
START_TEST(unknown_registers_are_told)
{
	ck_assert_int_eq(run_lines("R 8 1.0 1 0xc01ff000 0x0 0x0 0\n"
				   "W 4 1.1 1 0xc01ff000 0x0 0x0 0\n"
				   "R 4 1.2 1 0xc0300000 0x0 0x0 0\n"
				   "R 8 1.3 1 0xc0078000 0x0 0x0 0\n"), 0);
	check_healthy();
	ck_assert_uint_eq(r.tally.unknown_regs, 2);
	ck_assert_uint_eq(r.tally.all.unknown, 3);
	ck_assert_uint_eq(r.tally.all.registers, 4);
	ck_assert_str_eq(r.tally.cls[0].name, "unknown");
	ck_assert_uint_eq(r.tally.cls[0].unknown, 3);
	ck_assert_str_eq(r.tally.cls[1].name, "pvinfo");
	ck_assert_uint_eq(r.tally.cls[1].unknown, 0);
	ck_assert_uint_eq(r.tally.reg[0x1ff000 / 4].reads, 1);
	ck_assert_uint_eq(r.tally.reg[0x1ff000 / 4].writes, 1);
	ck_assert_uint_eq(r.tally.reg[0x1ff004 / 4].reads, 1);
}
END_TEST

/* --- what makes a run unhealthy --- */

/* RCS ring mode, page tables on, and PVINFO was never read. */
#define FAILSAFE_LINE "W 4 1.0 1 0xc000229c 0x2000200 0x0 0\n"

START_TEST(failsafe_is_unhealthy)
{
	ck_assert_int_eq(run_lines(FAILSAFE_LINE), 0);
	ck_assert_int_eq(r.vgpu.failsafe, GVT_FAILSAFE_UNSUPPORTED_GUEST);
	ck_assert_uint_eq(r.errors, 0);
	ck_assert(!session_healthy(&r));
	/* The same after a look at PVINFO is what each driver does. */
	ck_assert_int_eq(run_lines("R 8 0.5 1 0xc0078000 0x0 0x0 0\n" FAILSAFE_LINE), 0);
	check_healthy();
}
END_TEST

START_TEST(error_answer_is_unhealthy)
{
	ck_assert_int_eq(run_lines("W 1 1.0 1 0xc0800003 0x1 0x0 0\n"), 0);
	ck_assert_uint_eq(r.errors, 1);
	ck_assert_msg(strstr(r.first_error, "write of 0xc0800003: -EINVAL: gvt:"), "%s",
		      r.first_error);
	ck_assert(!session_healthy(&r));
	ck_assert_int_eq(run_lines("MARK 1.0 cfg w 4 0x53 0x0\n"), 0);
	ck_assert_uint_eq(r.errors, 1);
	ck_assert_msg(strstr(r.first_error, "config write of 0x53: -EINVAL"), "%s", r.first_error);
	ck_assert(!session_healthy(&r));
}
END_TEST

/* In failsafe PVINFO is memory like any register: the one way to a value that is not the vGPU's. */
START_TEST(foreign_pvinfo_is_unhealthy)
{
	ck_assert_int_eq(run_lines(FAILSAFE_LINE "R 4 1.1 1 0xc0078040 0x0 0x0 0\n"
				   "W 4 1.2 1 0xc0078040 0x1234 0x0 0\n"
				   "R 4 1.3 1 0xc0078040 0x0 0x0 0\n"), 0);
	ck_assert_uint_eq(r.pvinfo_bad, 1);
	ck_assert_str_eq(r.first_pvinfo, "PVINFO 0x40 reads 0x1234, this vGPU's value is 0x0");
	ck_assert(!session_healthy(&r));
}
END_TEST

START_TEST(pvinfo_own_values)
{
	const struct gvt_vgpu_info v = { .id = 3, .low_start = 0x1000000, .low_size = 0x4000000,
					 .high_start = 0x20000000, .high_size = 0x18000000,
					 .fence_count = 4 };
	const struct {
		u32 at, width;
		u64 value;
	} own[] = {
		{ 0x00, 8, 0x4776544776544776ULL }, { 0x04, 4, 0x47765447 }, { 0x07, 1, 0x47 },
		{ 0x08, 2, 1 }, { 0x0a, 2, 0 }, { 0x0c, 4, 3 }, { 0x40, 4, 0x1000000 },
		{ 0x40, 8, 0x400000001000000ULL }, { 0x46, 2, 0x400 }, { 0x48, 4, 0x20000000 },
		{ 0x4c, 4, 0x18000000 }, { 0x50, 4, 4 },
	};
	size_t i;
	u64 want;

	for (i = 0; i < N(own); i++) {
		unsigned int bit;

		ck_assert(replay_pvinfo_own(&v, own[i].at, own[i].width, own[i].value, &want));
		for (bit = 0; bit < 8 * own[i].width; bit++) {
			u64 other = own[i].value ^ 1ULL << bit;

			ck_assert(!replay_pvinfo_own(&v, own[i].at, own[i].width, other, &want));
			ck_assert_uint_eq(want, own[i].value);
		}
	}
	/* The rest is free: of 8 bytes at the fences only the lower half counts. */
	ck_assert(replay_pvinfo_own(&v, 0x10, 4, 0xffffffff, &want));
	ck_assert(replay_pvinfo_own(&v, 0x50, 8, 0x1234567800000004ULL, &want));
	ck_assert(!replay_pvinfo_own(&v, 0x50, 8, 0x1234567800000005ULL, &want));
	ck_assert_uint_eq(want, 0x1234567800000004ULL);
	ck_assert(replay_pvinfo_own(&v, 0xff8, 8, ~0ULL, &want));
}
END_TEST

/* The second set_trap_area is the one that takes the trap away. */
START_TEST(what_is_left_is_unhealthy)
{
	ck_assert_int_eq(run_on("check,fault=set_trap_area:2,mock", NULL), 0);
	ck_assert_str_eq(r.fault, "set_trap_area");
	ck_assert_uint_eq(r.ledger.left, 1);
	ck_assert_msg(strstr(r.left, "the trap of 0x1000000 bytes from 0xc0000000 of ") == r.left,
		      "%s", r.left);
	ck_assert_msg(strstr(r.left, "was left at detach"), "%s", r.left);
	ck_assert(!session_healthy(&r));
}
END_TEST

START_TEST(failing_call_that_the_core_absorbs)
{
	ck_assert_int_eq(run_on("fault=dma_map_guest_page:3,check,mock", probe_path("6.1")), 0);
	ck_assert_str_eq(r.fault, "dma_map_guest_page");
	ck_assert_uint_eq(r.vgpu.ggtt_scratch, 1);
	check_healthy();
	/* check is put in front of a spec that has none, whatever the word is part of. */
	ck_assert_int_eq(run_on("fault=dma_map_guest_page:3,mock", probe_path("6.1")), 0);
	ck_assert_str_eq(r.fault, "dma_map_guest_page");
	check_healthy();
}
END_TEST

START_TEST(failing_firmware_is_unhealthy)
{
	ck_assert_int_eq(run_on("fault=set_trap_area:1,mock", probe_path("6.1")), 0);
	ck_assert_uint_ge(r.errors, 1);
	ck_assert_msg(strstr(r.first_error, "firmware's config write of 0x4"), "%s", r.first_error);
	ck_assert(!session_healthy(&r));
}
END_TEST

/* Each reason alone. */
START_TEST(verdict_of_each_part)
{
	struct session_result good = { .have_ledger = true }, v = good;
	unsigned int i;

	ck_assert(session_healthy(&v));
	v.err = -EIO;
	ck_assert(!session_healthy(&v));
	v = good;
	v.errors = 1;
	ck_assert(!session_healthy(&v));
	v = good;
	v.pvinfo_bad = 1;
	ck_assert(!session_healthy(&v));
	v = good;
	v.vgpu.failsafe = GVT_FAILSAFE_RESOURCES;
	ck_assert(!session_healthy(&v));
	v = good;
	v.iommu_faults = 1;
	ck_assert(!session_healthy(&v));
	v = good;
	v.ledger.left = 1;
	ck_assert(!session_healthy(&v));
	v = good;
	v.ledger.violations = 1;
	ck_assert(!session_healthy(&v));
	for (i = 0; i < MPT_LEDGER_KINDS; i++) {
		v = good;
		v.ledger.live[i] = 1;
		ck_assert(!session_healthy(&v));
	}
	v = (struct session_result){ .differ = 1, .skipped = 1, .lost = 1, .undecoded = 1 };
	ck_assert(session_healthy(&v));
}
END_TEST

static Suite *run_suite(void)
{
	Suite *s = suite_create("run");
	TCase *tc = tcase_create("probes");

	tcase_add_loop_test(tc, probe_is_served, 0,
			    (int)(N(probes) * specs_built(specs, N(specs))));
	tcase_add_loop_test(tc, probe_vgpu_is_the_recorded_one, 0, N(probes));
	tcase_add_test(tc, no_trace_reads_pvinfo);
	rig_add(s, tc);
	tc = tcase_create("vgpu");
	tcase_add_test(tc, type_is_chosen);
	tcase_add_loop_test(tc, type_that_cannot_be, 0, N(bad_types));
	tcase_add_test(tc, trace_without_pvinfo_gets_type_8);
	tcase_add_test(tc, sizes_from_any_width);
	tcase_add_test(tc, sizes_after_a_bar_has_moved);
	rig_add(s, tc);
	tc = tcase_create("input");
	tcase_add_loop_test(tc, trace_that_is_refused, 0, N(bad_traces));
	tcase_add_test(tc, file_that_cannot_be_read);
	tcase_add_test(tc, host_or_memory_that_cannot_be);
	tcase_add_test(tc, other_records_are_counted);
	tcase_add_test(tc, unknown_registers_are_told);
	rig_add(s, tc);
	tc = tcase_create("verdict");
	tcase_add_test(tc, failsafe_is_unhealthy);
	tcase_add_test(tc, error_answer_is_unhealthy);
	tcase_add_test(tc, foreign_pvinfo_is_unhealthy);
	tcase_add_test(tc, pvinfo_own_values);
	tcase_add_test(tc, what_is_left_is_unhealthy);
	tcase_add_test(tc, failing_call_that_the_core_absorbs);
	tcase_add_test(tc, failing_firmware_is_unhealthy);
	tcase_add_test(tc, verdict_of_each_part);
	rig_add(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { run_suite };

	return mpt_test_main("run", suites, N(suites));
}
