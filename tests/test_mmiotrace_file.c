/* SPDX-License-Identifier: MIT */
/*
 * Whole mmiotrace files, the recorded probes among them, and the choice of the traced device.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../tools/mmiotrace.h"
#include "lib/runner.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const uint16_t known_ids[] = { 0x1902, 0x1912, 0x5912 };

static struct mmiotrace *trace_of(const char *text, size_t len)
{
	struct mmiotrace *t;
	FILE *f = tmpfile();

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text, 1, len, f), len);
	rewind(f);
	ck_assert_int_eq(mmiotrace_attach(f, "some.file", &t), 0);
	return t;
}

static struct mmiotrace *trace_of_str(const char *text)
{
	return trace_of(text, strlen(text));
}

static void data_path(char *path, size_t size, const char *kernel)
{
	const char *dir = getenv("srcdir");

	snprintf(path, size, "%s/tests/data/i915-%s-skl-probe.mmiotrace", dir ? dir : ".", kernel);
}

static struct mmiotrace *open_data(const char *kernel)
{
	char path[4096], why[4096];
	struct mmiotrace *t;

	data_path(path, sizeof(path), kernel);
	ck_assert_msg(!mmiotrace_open(path, &t, why, sizeof(why)), "%s", why);
	return t;
}

static const struct {
	const char *kernel;
	uint64_t reads, writes;
} data[] = { { "6.1", 3045, 3662 }, { "6.12", 3308, 3943 } };

START_TEST(data_round_trip)
{
	struct mmiotrace *t = open_data(data[_i].kernel);
	char path[4096], *text, *original;
	struct mmiotrace_record rec;
	size_t len;
	FILE *out = open_memstream(&text, &len), *in;

	ck_assert_ptr_nonnull(out);
	while (mmiotrace_next(t, &rec) > 0)
		ck_assert_int_eq(mmiotrace_write_record(out, &rec), 0);
	ck_assert_str_eq(mmiotrace_why(t), "");
	mmiotrace_close(t);
	fclose(out);
	data_path(path, sizeof(path), data[_i].kernel);
	in = fopen(path, "r");
	original = malloc(len + 1);
	ck_assert(in && original);
	ck_assert_uint_eq(fread(original, 1, len + 1, in), len);
	ck_assert_mem_eq(original, text, len);
	fclose(in);
	free(original);
	free(text);
}
END_TEST

START_TEST(data_totals)
{
	struct mmiotrace *t = open_data(data[_i].kernel);
	struct mmiotrace_totals sum;
	struct mmiotrace_record rec;

	ck_assert_int_eq(mmiotrace_check(t, &sum), 0);
	ck_assert_uint_eq(sum.records[MMIOTRACE_VERSION], 1);
	ck_assert_uint_eq(sum.records[MMIOTRACE_PCIDEV], 1);
	ck_assert_uint_eq(sum.records[MMIOTRACE_MAP], 2);
	ck_assert_uint_eq(sum.records[MMIOTRACE_UNMAP], 2);
	ck_assert_uint_eq(sum.records[MMIOTRACE_CFG], 5);
	ck_assert_uint_eq(sum.records[MMIOTRACE_MARK], 0);
	ck_assert_uint_eq(sum.records[MMIOTRACE_READ], data[_i].reads);
	ck_assert_uint_eq(sum.records[MMIOTRACE_WRITE], data[_i].writes);
	ck_assert_uint_eq(sum.lost, 0);
	ck_assert_uint_eq(mmiotrace_line(t), 0);
	ck_assert_int_eq(mmiotrace_next(t, &rec), 1);
	ck_assert_int_eq(rec.kind, MMIOTRACE_VERSION);
	mmiotrace_close(t);
}
END_TEST

START_TEST(data_device)
{
	struct mmiotrace *t = open_data(data[_i].kernel);
	struct mmiotrace_pcidev dev;
	struct mmiotrace_bar bar;

	ck_assert_int_eq(mmiotrace_find_device(t, known_ids, N(known_ids), &dev), 0);
	ck_assert_uint_eq(mmiotrace_line(t), 2);
	ck_assert_int_eq(mmiotrace_bar(&dev, 0, &bar), 0);
	ck_assert(bar.addr == 0xc0000000 && bar.len == 0x1000000);
	ck_assert(bar.is64 && !bar.prefetch && !bar.io);
	ck_assert_int_eq(mmiotrace_bar(&dev, 1, &bar), -ENOENT);
	ck_assert_int_eq(mmiotrace_bar(&dev, 2, &bar), 0);
	ck_assert(bar.addr == 0xb0000000 && bar.len == 0x10000000);
	ck_assert(bar.is64 && bar.prefetch && !bar.io);
	ck_assert_int_eq(mmiotrace_bar(&dev, 4, &bar), 0);
	ck_assert(bar.addr == 0x1040 && bar.len == 0x40 && bar.io && !bar.is64 && !bar.prefetch);
	mmiotrace_close(t);
}
END_TEST

START_TEST(file_errors_name_the_line)
{
	static const char text[] = "VERSION 20070824\nMARK 1.0 a\nR 4 1.0 1 0x0 0x0 0x0\nLost it\n";
	struct mmiotrace *t = trace_of_str(text);
	struct mmiotrace_totals sum = { .lost = 77 };
	struct mmiotrace_record rec;

	ck_assert_int_eq(mmiotrace_check(t, &sum), -EINVAL);
	ck_assert_str_eq(mmiotrace_why(t), "some.file:3: expected a space and the process id "
			 "(decimal, 32 bits) in a R record, found the end of the line");
	ck_assert_uint_eq(sum.lost, 77);
	ck_assert_int_eq(mmiotrace_next(t, &rec), -EINVAL);
	ck_assert_uint_eq(mmiotrace_line(t), 3);
	ck_assert_int_eq(mmiotrace_rewind(t), 0);
	ck_assert_str_eq(mmiotrace_why(t), "");
	ck_assert_int_eq(mmiotrace_next(t, &rec), 1);
	ck_assert_uint_eq(mmiotrace_line(t), 1);
	mmiotrace_close(t);
}
END_TEST

START_TEST(file_last_line)
{
	static const struct {
		const char *text;
		int ret;
	} ends[] = {
		{ "VERSION 20070824", 0 },
		{ "VERSION 20070824\nUNMAP 1.0 1 0x0 0", 0 },
		{ "VERSION 20070824\nUNMAP 1.0 1 0x0 ", -EINVAL },
		{ "VERSION 20070824\nR 4 16.6959", -EINVAL },
		{ "VERSION 20070824\nMA", -EINVAL },
		{ "VERSION 20070824\n\n", -EINVAL },
		{ "", -EINVAL },
	};

	for (size_t i = 0; i < N(ends); i++) {
		struct mmiotrace *t = trace_of_str(ends[i].text);

		ck_assert_msg(mmiotrace_check(t, NULL) == ends[i].ret, "%zu", i);
		mmiotrace_close(t);
	}
}
END_TEST

START_TEST(file_hostile_bytes)
{
	static char text[3 * MMIOTRACE_LINE_MAX];
	struct mmiotrace *t = trace_of("VERSION 20070824\nMARK 1.0 a\0b\n", 30);

	ck_assert_int_eq(mmiotrace_check(t, NULL), -EINVAL);
	ck_assert_str_eq(mmiotrace_why(t), "some.file:2: expected text, found a NUL byte");
	mmiotrace_close(t);
	memset(text, 'x', sizeof(text));
	memcpy(text, "MARK 1.0 ", 9);
	t = trace_of(text, sizeof(text));
	ck_assert_int_eq(mmiotrace_check(t, NULL), -EINVAL);
	ck_assert_str_eq(mmiotrace_why(t), "some.file:1: expected a line of at most 8192 bytes, "
			 "found a longer one");
	mmiotrace_close(t);
	text[MMIOTRACE_LINE_MAX] = '\n';
	t = trace_of(text, MMIOTRACE_LINE_MAX + 1);
	ck_assert_int_eq(mmiotrace_check(t, NULL), 0);
	mmiotrace_close(t);
}
END_TEST

START_TEST(file_lost_events_add_up)
{
	struct mmiotrace_totals sum;
	struct mmiotrace *t = trace_of_str("MARK 0.000000 Lost 3 events.\nCPU:0 [LOST 4 EVENTS]\n"
					   "CPU:0 [LOST EVENTS]\r\nLost 5 events\n");

	ck_assert_int_eq(mmiotrace_check(t, &sum), 0);
	ck_assert_uint_eq(sum.records[MMIOTRACE_LOST], 4);
	ck_assert_uint_eq(sum.lost, 12);
	ck_assert_uint_eq(sum.lost_uncounted, 1);
	mmiotrace_close(t);
	t = trace_of_str("Lost 18446744073709551615 events\nLost 2 events\nLost 1 events\n");
	ck_assert_int_eq(mmiotrace_check(t, &sum), 0);
	ck_assert_uint_eq(sum.lost, UINT64_MAX);
	mmiotrace_close(t);
}
END_TEST

START_TEST(file_that_cannot_be_opened)
{
	char why[128] = "";
	struct mmiotrace *t = NULL;
	struct mmiotrace_record rec;

	ck_assert_int_eq(mmiotrace_open("/nonexistent/trace", &t, why, sizeof(why)), -ENOENT);
	ck_assert_str_eq(why, "/nonexistent/trace: No such file or directory");
	ck_assert_ptr_null(t);
	ck_assert_int_eq(mmiotrace_open("/", &t, why, sizeof(why)), 0);
	ck_assert_int_eq(mmiotrace_next(t, &rec), -EIO);
	ck_assert_str_eq(mmiotrace_why(t), "/:1: cannot read: Is a directory");
	mmiotrace_close(t);
	mmiotrace_close(NULL);
}
END_TEST

START_TEST(file_that_is_a_pipe)
{
	struct mmiotrace_record rec;
	struct mmiotrace *t;
	int fd[2];

	ck_assert_int_eq(pipe(fd), 0);
	ck_assert_int_eq(write(fd[1], "VERSION 20070824\n", 17), 17);
	close(fd[1]);
	ck_assert_int_eq(mmiotrace_attach(fdopen(fd[0], "r"), "pipe", &t), 0);
	ck_assert_int_eq(mmiotrace_next(t, &rec), 1);
	ck_assert_int_eq(mmiotrace_next(t, &rec), 0);
	ck_assert_int_eq(mmiotrace_next(t, &rec), 0);
	ck_assert_int_eq(mmiotrace_check(t, NULL), -EINVAL);
	ck_assert_ptr_nonnull(strstr(mmiotrace_why(t), "expected a file that can be read twice"));
	mmiotrace_close(t);
}
END_TEST

#define REST " b c0000004 0 0 0 0 0 0 1000000 0 0 0 0 0 0 "

START_TEST(device_first_known_of_intel)
{
	struct mmiotrace_pcidev dev = { .irq = 99 };
	struct mmiotrace *t = trace_of_str("PCIDEV 0000 80865912" "0" REST "\n");

	ck_assert_int_eq(mmiotrace_find_device(t, known_ids, N(known_ids), &dev), -EINVAL);
	ck_assert_uint_eq(dev.irq, 99);
	mmiotrace_close(t);
	t = trace_of_str("PCIDEV 0000 8086191f" REST "skl_uncore\n"
			 "PCIDEV 0008 10de1912" REST "nouveau\n"
			 "MARK 0.000000 a mark in between\n"
			 "PCIDEV 0010 80861912" REST "i915\n"
			 "PCIDEV 0018 80865912" REST "\n");
	ck_assert_int_eq(mmiotrace_find_device(t, known_ids, N(known_ids), &dev), 0);
	ck_assert_uint_eq(dev.devfn, 0x10);
	ck_assert_uint_eq(dev.driver.len, 4);
	ck_assert_mem_eq(dev.driver.at, "i915", 4);
	ck_assert_int_eq(mmiotrace_find_device(t, known_ids, N(known_ids), &dev), 0);
	ck_assert_uint_eq(dev.devfn, 0x18);
	ck_assert_int_eq(mmiotrace_find_device(t, known_ids, N(known_ids), &dev), -ENOENT);
	ck_assert_uint_eq(dev.devfn, 0x18);
	mmiotrace_close(t);
}
END_TEST

START_TEST(device_bars)
{
	struct mmiotrace_pcidev dev = { 0 };
	struct mmiotrace_bar bar = { .len = 5 };

	ck_assert_int_eq(mmiotrace_bar(&dev, 7, &bar), -EINVAL);
	ck_assert_int_eq(mmiotrace_bar(&dev, UINT32_MAX, &bar), -EINVAL);
	ck_assert_int_eq(mmiotrace_bar(&dev, 0, &bar), -ENOENT);
	ck_assert_uint_eq(bar.len, 5);
	dev.bar[2] = 0x480000000c;
	dev.len[2] = 0x40000000;
	ck_assert_int_eq(mmiotrace_bar(&dev, 2, &bar), 0);
	ck_assert(bar.addr == 0x4800000000 && bar.is64 && bar.prefetch);
	dev.bar[6] = 0xc0001;
	dev.len[6] = 0x20000;
	ck_assert_int_eq(mmiotrace_bar(&dev, 6, &bar), 0);
	ck_assert(bar.addr == 0xc0000 && !bar.io && !bar.is64);
	dev.bar[0] = 0xfffffffffffff000;
	dev.len[0] = 0x1000;
	ck_assert_int_eq(mmiotrace_bar(&dev, 0, &bar), 0);
	dev.len[0] = 0x1001;
	ck_assert_int_eq(mmiotrace_bar(&dev, 0, &bar), -EINVAL);
	dev.bar[1] = 0xfebc1008;
	dev.len[1] = 0x1000;
	ck_assert_int_eq(mmiotrace_bar(&dev, 1, &bar), 0);
	ck_assert(bar.addr == 0xfebc1000 && !bar.is64 && bar.prefetch);
}
END_TEST

START_TEST(device_bar_hit)
{
	struct mmiotrace_bar bar = { .addr = 0xc0000000, .len = 0x1000000 };
	struct mmiotrace_bar top = { .addr = UINT64_MAX - 7, .len = 8 };
	uint64_t at = 1;

	ck_assert(!mmiotrace_bar_hit(&bar, 0xbfffffff, 1, &at));
	ck_assert(!mmiotrace_bar_hit(&bar, 0xbffffffc, 8, &at));
	ck_assert(!mmiotrace_bar_hit(&bar, 0xc0ffffff, 2, &at));
	ck_assert(!mmiotrace_bar_hit(&bar, 0xc1000000, 1, &at));
	ck_assert(!mmiotrace_bar_hit(&bar, UINT64_MAX, 8, &at));
	ck_assert_uint_eq(at, 1);
	ck_assert(mmiotrace_bar_hit(&bar, 0xc0000000, 8, &at));
	ck_assert_uint_eq(at, 0);
	ck_assert(mmiotrace_bar_hit(&bar, 0xc0fffffc, 4, &at));
	ck_assert_uint_eq(at, 0xfffffc);
	ck_assert(mmiotrace_bar_hit(&top, UINT64_MAX - 7, 8, &at));
	ck_assert(mmiotrace_bar_hit(&top, UINT64_MAX, 1, &at));
	ck_assert(!mmiotrace_bar_hit(&top, UINT64_MAX, 2, &at));
	bar.len = 2;
	ck_assert(!mmiotrace_bar_hit(&bar, 0xc0000000, 4, &at));
}
END_TEST

static Suite *file_suite(void)
{
	Suite *s = suite_create("mmiotrace-file");
	TCase *tc = tcase_create("file");

	tcase_add_loop_test(tc, data_round_trip, 0, N(data));
	tcase_add_loop_test(tc, data_totals, 0, N(data));
	tcase_add_loop_test(tc, data_device, 0, N(data));
	tcase_add_test(tc, file_errors_name_the_line);
	tcase_add_test(tc, file_last_line);
	tcase_add_test(tc, file_hostile_bytes);
	tcase_add_test(tc, file_lost_events_add_up);
	tcase_add_test(tc, file_that_cannot_be_opened);
	tcase_add_test(tc, file_that_is_a_pipe);
	tcase_add_test(tc, device_first_known_of_intel);
	tcase_add_test(tc, device_bars);
	tcase_add_test(tc, device_bar_hit);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { file_suite };

	return mpt_test_main("mmiotrace-file", suites, N(suites));
}
