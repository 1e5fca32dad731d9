/* SPDX-License-Identifier: MIT */
/*
 * What `mptctl run` writes: recordings, which replay again, the report as text and JSON, the
 * picture.
 */
#include "../tools/json.h"
#include "../tools/plot.h"
#include "../tools/report.h"
#include "run_rig.h"

/* --- recordings --- */

static void replay_again(struct session_config c)
{
	char first[4096];

	ck_assert_msg(!run(&c), "%s", r.why);
	check_healthy();
	snprintf(first, sizeof(first), "%s", c.record);
	ck_assert_msg(!run_on("mock", first), "%s", r.why);
	check_healthy();
	ck_assert_uint_eq(r.differ, 0);
	ck_assert_uint_eq(r.skipped, 0);
	ck_assert_uint_gt(r.accesses, 0);
}

START_TEST(recording_replays)
{
	struct session_config c = { .spec = "mock", .trace = probe_path(probes[_i]) };

	c.record = temp_path();
	replay_again(c);
	ck_assert_uint_gt(r.accesses, 6000);
	ck_assert_uint_gt(r.vgpu.ggtt_writes, 200);
	/* Of another vGPU than the trace's. */
	c.type = "4";
	c.record = temp_path();
	replay_again(c);
	ck_assert_uint_eq(r.vgpu.low_size, 128 * MIB);
}
END_TEST

START_TEST(recording_without_a_trace_replays)
{
	replay_again((struct session_config){ .spec = "mock", .type = "2", .record = temp_path() });
	ck_assert_uint_eq(r.accesses, 9);
	ck_assert_uint_eq(r.vgpu.low_size, 256 * MIB);
	ck_assert_str_eq(r.device, "8086:1912 at 00:02.0");
}
END_TEST

/* What was not fed is not in it; what stands beside accesses is. */
START_TEST(recording_holds_what_was_fed)
{
	const char *trace = temp_trace(HEAD "MARK 1.0 hello\nR 4 1.5 1 0xd0000000 0x1 0x0 0\n"
				       "R 4 1.6 2 0xc0078044 0x1 0x0 0\n"
				       "MARK 1.7 cfg r 2 0x0 0x0\n");
	struct session_config c = { .spec = "mock", .trace = trace, .record = temp_path() };
	char text[1024] = "";
	FILE *f;

	ck_assert_int_eq(run(&c), 0);
	f = fopen(c.record, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_gt(fread(text, 1, sizeof(text) - 1, f), 0);
	fclose(f);
	ck_assert_str_eq(text, HEAD "MARK 1.000000 hello\n"
				    "R 4 1.600000 2 0xc0078044 0x4000000 0x0 0\n"
				    "MARK 1.700000 cfg r 2 0x0 0x8086\n");
}
END_TEST

START_TEST(recording_that_cannot_be_written)
{
	struct session_config c = { .spec = "mock", .trace = probe_path("6.1"),
				    .record = "/nonexistent/file" };

	ck_assert_int_eq(run(&c), -EIO);
	ck_assert_str_eq(r.why, "/nonexistent/file: No such file or directory");
	ck_assert(session_ledger_empty(&r));
	c.record = "/dev/full";
	ck_assert_int_eq(run(&c), -EIO);
	ck_assert_str_eq(r.why, "/dev/full: cannot record: No space left on device");
	ck_assert(session_ledger_empty(&r));
	/* So little that it shows at the end only. */
	c.trace = NULL;
	ck_assert_int_eq(run(&c), -EIO);
	ck_assert_str_eq(r.why, "/dev/full: cannot record: No space left on device");
}
END_TEST

/* --- what a user sees --- */

static unsigned int reports;
static char *text;
static size_t text_len;

static void print_text(void *arg, struct intel_gvt *gvt, const struct session_result *res)
{
	FILE *f = open_memstream(&text, &text_len);

	ck_assert_ptr_nonnull(f);
	report_text(f, gvt, arg, res, false);
	ck_assert_int_eq(fclose(f), 0);
	reports++;
}

/* Length of the line that begins with these words; 0: there is none. */
static size_t line_length(const char *words)
{
	const char *at = strstr(text, words);

	return at ? strcspn(at, "\n") : 0;
}

START_TEST(report_as_text)
{
	char title[] = "a title";
	struct session_config c = { .spec = "mock",
				    .trace = probe_path("6.1"),
				    .report = print_text,
				    .report_arg = title };
	size_t width;

	reports = 0;
	ck_assert_int_eq(run(&c), 0);
	ck_assert_uint_eq(reports, 1);
	ck_assert_ptr_null(strchr(text, '\033'));
	ck_assert_int_eq(strncmp(text, "a title\n", 8), 0);
	width = line_length("  class ");
	ck_assert_uint_gt(width, 60);
	ck_assert_uint_eq(line_length("  gmbus "), width);
	ck_assert_uint_eq(line_length("  workaround "), width);
	ck_assert_uint_eq(line_length("  all "), width);
	width = line_length("  busiest registers ");
	ck_assert_uint_eq(line_length("  GPIOD "), width);
	ck_assert_uint_eq(line_length("  DP_AUX_CH_DATA1_A "), width);
	ck_assert_ptr_nonnull(
		strstr(text, "aperture 64 MiB at 0, hidden 128 MiB at 256 MiB, 4 fences\n"));
	ck_assert_ptr_nonnull(strstr(text, "unknown registers   0 (0 accesses)\n"));
	ck_assert_ptr_nonnull(strstr(text, "254 entries written"));
	ck_assert_ptr_nonnull(strstr(text, "attach 1 (0)"));
	ck_assert_ptr_nonnull(strstr(text, "  healthy: "));
	free(text);
	c.trace = "/nonexistent";
	ck_assert_int_eq(run(&c), -ENOENT);
	ck_assert_uint_eq(reports, 1);
}
END_TEST

static struct session_result counted;

static void print_counted(void *arg, struct intel_gvt *gvt, const struct session_result *res)
{
	struct gvt_vgpu_info *v = &counted.vgpu;
	char title[] = "t";

	counted = *res;
	v->submissions = 101;
	v->completed = 102;
	v->preempted = 103;
	v->hung = 104;
	v->units = 105;
	v->ppgtt_spaces = *(int *)arg ? 0 : 106;
	v->ppgtt_tables = 107;
	v->ppgtt_tracked = 108;
	v->ppgtt_untracked = 109;
	v->ppgtt_mapped = 110;
	v->ppgtt_scratch = 111;
	print_text(title, gvt, &counted);
}

/* What was submitted and shadowed; where there is nothing, there is no line. */
START_TEST(report_of_engines)
{
	char title[] = "t";
	int gone = 0;
	struct session_config c = { .spec = "mock", .report = print_counted, .report_arg = &gone };

	ck_assert_int_eq(run(&c), 0);
	ck_assert_ptr_nonnull(strstr(text, "  engines             101 lists; contexts: "
					   "102 completed, 103 preempted\n"
					   "                      105 units used, 104 hangs\n"));
	ck_assert_ptr_nonnull(strstr(text, "  page tables         107 of 106 address spaces; "
					   "108 tracked, 109 untracked\n"
					   "                      110 mapped for DMA, "
					   "111 entries without RAM\n"));
	free(text);
	gone = 1;
	ck_assert_int_eq(run(&c), 0);
	ck_assert_ptr_nonnull(strstr(text, "  page tables         110 mapped for DMA, "));
	free(text);
	c.report = print_text;
	c.report_arg = title;
	ck_assert_int_eq(run(&c), 0);
	ck_assert_ptr_null(strstr(text, "  engines "));
	ck_assert_ptr_null(strstr(text, "  page tables "));
	free(text);
}
END_TEST

START_TEST(report_of_trouble)
{
	char title[] = "t";
	struct session_config c = { .spec = "mock", .report = print_text, .report_arg = title };

	c.trace = temp_trace(HEAD "W 1 1.0 1 0xc0800003 0x1 0x0 0\nMARK 1.0 Lost 3 events.\n"
			     "R 4 1.1 1 0xd0000000 0x0 0x0 0\nR 4 1.1 1 0xc01ff000 0x0 0x0 0\n"
			     "UNKNOWN 0.4 1 0xc0002080 0f,01,02 0x0 0\nCPU:1 [LOST EVENTS]\n");
	ck_assert_int_eq(run(&c), 0);
	ck_assert_ptr_nonnull(strstr(text, "3 events lost\n"));
	ck_assert_ptr_nonnull(strstr(text, "events lost at 1 places\n"));
	ck_assert_ptr_nonnull(strstr(text, "1 accesses not decoded\n"));
	ck_assert_ptr_nonnull(strstr(text, "1 outside the BARs skipped"));
	ck_assert_ptr_nonnull(strstr(text, "  unknown registers    offset"));
	ck_assert_ptr_nonnull(strstr(text, "0x1ff000        1        0\n"));
	ck_assert_ptr_nonnull(
		strstr(text, "  errors              1, the first: write of 0xc0800003"));
	ck_assert_ptr_nonnull(strstr(text, "  failsafe            guest error\n"));
	ck_assert_ptr_nonnull(strstr(text, "  NOT healthy\n"));
	free(text);
}
END_TEST

/* Of 4, 8, 40, 100 and 1000000 ns; between the steps, and beyond the last. */
START_TEST(median_of_times)
{
	struct tally t;

	ck_assert_int_eq(tally_init(&t), 0);
	tally_other(&t, "config", false, 1000000);
	ck_assert_uint_eq(tally_median_ns(&t, &t.cls[0]), TALLY_STEP_NS * (TALLY_STEPS - 1));
	tally_other(&t, "config", true, 8);
	ck_assert_uint_eq(tally_median_ns(&t, &t.cls[0]), 8);
	tally_other(&t, "config", true, 43);
	ck_assert_uint_eq(tally_median_ns(&t, &t.cls[0]), 40);
	tally_other(&t, "aperture", true, 4);
	tally_other(&t, "aperture", false, 100);
	ck_assert_uint_eq(tally_median_ns(&t, &t.cls[1]), 4);
	ck_assert_uint_eq(tally_median_ns(&t, &t.all), 40);
	ck_assert_uint_eq(t.all.reads, 2);
	ck_assert_uint_eq(t.all.writes, 3);
	ck_assert_uint_eq(t.all.ns, 1000155);
	tally_free(&t);
}
END_TEST

/* A device with more classes than there is room for loses names, never counts. */
START_TEST(more_classes_than_room)
{
	static char names[TALLY_CLASSES + 2][8];
	struct tally t;
	unsigned int i;

	ck_assert_int_eq(tally_init(&t), 0);
	for (i = 0; i < N(names); i++) {
		snprintf(names[i], sizeof(names[i]), "c%u", i);
		tally_other(&t, names[i], true, i);
	}
	ck_assert_uint_eq(t.n, TALLY_CLASSES);
	ck_assert_str_eq(t.cls[TALLY_CLASSES - 1].name, "other");
	ck_assert_uint_eq(t.cls[TALLY_CLASSES - 1].writes, 3);
	ck_assert_uint_eq(t.all.writes, N(names));
	tally_free(&t);
}
END_TEST

static u64 last_done, last_total;

static void progress(const char *what, u64 done, u64 total)
{
	ck_assert_str_eq(what, "replay");
	ck_assert_uint_le(done, total);
	ck_assert_uint_ge(done, last_done);
	last_done = done;
	last_total = total;
}

START_TEST(progress_and_picture)
{
	struct session_config c = { .spec = "mock",
				    .trace = probe_path("6.1"),
				    .progress = progress };
	FILE *f = open_memstream(&text, &text_len);

	last_done = 0;
	c.plot = plot_new("t", plot_gen9_bands, plot_gen9_nr_bands);
	ck_assert_ptr_nonnull(c.plot);
	ck_assert_int_eq(run(&c), 0);
	ck_assert_uint_eq(last_done, last_total);
	ck_assert_uint_eq(last_total, 6718);
	ck_assert_int_eq(plot_write(c.plot, f), 0);
	plot_free(c.plot);
	ck_assert_int_eq(fclose(f), 0);
	/* All that was fed is drawn: nothing of it was in the aperture. */
	ck_assert_ptr_nonnull(strstr(text, ">3,050</text>"));
	ck_assert_ptr_nonnull(strstr(text, ">3,662</text>"));
	free(text);
}
END_TEST

#if TOOLS_HAVE_JSON
static void add_json(void *arg, struct intel_gvt *gvt, const struct session_result *res)
{
	counted = *res;
	counted.vgpu.units = 7;
	counted.vgpu.ppgtt_scratch = 8;
	report_json(arg, gvt, "caf\xe9.mmiotrace", &counted);
}

START_TEST(report_as_json)
{
	json_t *list = json_array(), *o, *vgpu;
	struct session_config c = { .spec = "mock", .report = add_json, .report_arg = list };
	char *dump;

	c.trace = temp_trace(HEAD "R 4 1.1 1 0xc01ff000 0x0 0x0 0\n"
				  "MARK 1.0 Lost 18446744073709551615 events.\n");
	ck_assert_int_eq(run(&c), 0);
	ck_assert_uint_eq(json_array_size(list), 1);
	o = json_array_get(list, 0);
	ck_assert_str_eq(json_string_value(json_object_get(o, "run")), "caf?.mmiotrace");
	ck_assert(json_is_true(json_object_get(o, "healthy")));
	ck_assert_int_eq(json_integer_value(json_object_get(o, "accesses")), 1);
	ck_assert(json_integer_value(json_object_get(o, "lost")) == INT64_MAX);
	ck_assert_uint_eq(json_array_size(json_object_get(o, "registers")), 1);
	ck_assert_uint_eq(json_array_size(json_object_get(o, "classes")), 1);
	ck_assert(json_is_object(json_object_get(json_object_get(o, "ledger"), "made")));
	vgpu = json_object_get(o, "vgpu");
	ck_assert_int_eq(json_integer_value(json_object_get(vgpu, "fences")), 4);
	ck_assert_int_eq(json_integer_value(json_object_get(vgpu, "units")), 7);
	ck_assert_int_eq(json_integer_value(json_object_get(vgpu, "ppgtt_scratch")), 8);
	ck_assert_int_eq(json_integer_value(json_object_get(vgpu, "ppgtt_untracked")), 0);
	dump = json_dumps(list, 0);
	ck_assert_ptr_nonnull(dump);
	free(dump);
	json_decref(list);
}
END_TEST
#endif

static Suite *output_suite(void)
{
	Suite *s = suite_create("run-output");
	TCase *tc = tcase_create("output");

	tcase_add_loop_test(tc, recording_replays, 0, N(probes));
	tcase_add_test(tc, recording_without_a_trace_replays);
	tcase_add_test(tc, recording_holds_what_was_fed);
	tcase_add_test(tc, recording_that_cannot_be_written);
	tcase_add_test(tc, report_as_text);
	tcase_add_test(tc, report_of_engines);
	tcase_add_test(tc, report_of_trouble);
	tcase_add_test(tc, median_of_times);
	tcase_add_test(tc, more_classes_than_room);
	tcase_add_test(tc, progress_and_picture);
#if TOOLS_HAVE_JSON
	tcase_add_test(tc, report_as_json);
#endif
	rig_add(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { output_suite };

	return mpt_test_main("run-output", suites, N(suites));
}
