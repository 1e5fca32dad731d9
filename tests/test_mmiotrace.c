/* SPDX-License-Identifier: MIT */
/*
 * Single lines of an mmiotrace, read and written; files are in test_mmiotrace_file.c, replaying
 * a trace into a vGPU is tested elsewhere.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../tools/mmiotrace.h"
#include "lib/runner.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define PCIDEV_LINE                                                                               \
	"PCIDEV 0010 80861912 b c0000004 0 b000000c 0 1041 0 0 1000000 0 10000000 0 40 0 0 "

/* Parses from a heap block of exactly @len bytes, so that a sanitizer sees any read beyond. */
static int parse(const char *line, size_t len, struct mmiotrace_record *rec, char *why)
{
	static char *block;

	free(block);
	block = malloc(len ? len : 1);
	ck_assert_ptr_nonnull(block);
	memcpy(block, line, len);
	return mmiotrace_parse_line(block, len, rec, why, MMIOTRACE_WHY_MAX);
}

static struct mmiotrace_record good(const char *line)
{
	char why[MMIOTRACE_WHY_MAX] = "";
	struct mmiotrace_record rec;

	ck_assert_msg(!parse(line, strlen(line), &rec, why), "%s: %s", line, why);
	return rec;
}

/* Lines as a kernel or --record writes them. @prefixes: how many proper prefixes parse as well. */
static const struct {
	const char *line;
	enum mmiotrace_kind kind;
	size_t prefixes;
} lines[] = {
	{ "VERSION 20070824", MMIOTRACE_VERSION, 0 },
	{ PCIDEV_LINE, MMIOTRACE_PCIDEV, 1 },
	{ "PCIDEV 00f8 80869d48 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 i915", MMIOTRACE_PCIDEV, 5 },
	{ "PCIDEV ffff ffffffff ffffffff ffffffffffffffff 1 2 3 4 5 6 7 8 9 a b c ffffffffffffffff "
	  "a b",
	  MMIOTRACE_PCIDEV, 19 },
	{ "LSPCI 00:02.0 VGA compatible controller", MMIOTRACE_LSPCI, 33 },
	{ "LSPCI ", MMIOTRACE_LSPCI, 0 },
	{ "MAP 16.695309 1 0xc0000000 0xffffc90000000000 0x200000 0x0 0", MMIOTRACE_MAP, 0 },
	{ "UNMAP 19.759691 -1 0x0 0", MMIOTRACE_UNMAP, 0 },
	{ "UNMAP 19.759691 2147483647 0x0 -2147483648", MMIOTRACE_UNMAP, 9 },
	{ "R 8 16.695309 1 0xc0078000 0x4776544776544776 0x0 0", MMIOTRACE_READ, 0 },
	{ "R 1 0.000000 -1 0x0 0xffffff80 0x0 0", MMIOTRACE_READ, 0 },
	{ "W 4 4294967295.999999 2 0xffffffffffffffff 0x0 0xffffffff81000000 0",
	  MMIOTRACE_WRITE, 0 },
	{ "W 2 1.000000001 2 0x10 0x1 0x0 0", MMIOTRACE_WRITE, 0 },
	{ "UNKNOWN 16.700000 1 0xc0078000 0f,b6,00 0x0 0", MMIOTRACE_UNKNOWN, 0 },
	{ "MARK 0.000000 X is up", MMIOTRACE_MARK, 7 },
	{ "MARK 0.000000 ", MMIOTRACE_MARK, 0 },
	{ "MARK 3.141592 cfg", MMIOTRACE_MARK, 3 },
	{ "MARK 3.141592 cfgx r 4 0x0 0x0", MMIOTRACE_MARK, 16 },
	{ "MARK 3.141592 lost 3 events.", MMIOTRACE_MARK, 14 },
	{ "MARK 3.141592 Lost many events.", MMIOTRACE_MARK, 17 },
	{ "MARK 3.141592 cfg r 2 0x50 0xc0", MMIOTRACE_CFG, 5 },
	{ "MARK 3.141592 cfg w 4 0xffc 0xffffffff", MMIOTRACE_CFG, 11 },
	{ "MARK 3.141592 cfg w 1 0xfff 0xff", MMIOTRACE_CFG, 5 },
	{ "MARK 0.000000 Lost 3 events.", MMIOTRACE_LOST, 14 },
	{ "MARK 0.000000 Lost 18446744073709551615 events", MMIOTRACE_LOST, 32 },
	{ "Lost 3 events", MMIOTRACE_LOST, 0 },
	{ "CPU:1 [LOST 3 EVENTS]", MMIOTRACE_LOST, 0 },
	{ "CPU:0 [LOST EVENTS]", MMIOTRACE_LOST, 0 },
};

START_TEST(line_kind)
{
	ck_assert_int_eq(good(lines[_i].line).kind, lines[_i].kind);
}
END_TEST

START_TEST(line_round_trip)
{
	struct mmiotrace_record rec = good(lines[_i].line), back;
	char buf[MMIOTRACE_LINE_MAX + 1], why[MMIOTRACE_WHY_MAX];
	int len = mmiotrace_format(&rec, buf, sizeof(buf));

	ck_assert_int_gt(len, 0);
	ck_assert_int_eq(buf[len - 1], '\n');
	ck_assert_int_eq(mmiotrace_parse_line(buf, len, &back, why, sizeof(why)), 0);
	ck_assert(mmiotrace_equal(&rec, &back));
	ck_assert_uint_eq((size_t)len, strlen(lines[_i].line) + 1);
	ck_assert_mem_eq(buf, lines[_i].line, len - 1);
}
END_TEST

START_TEST(line_cut_anywhere)
{
	const char *line = lines[_i].line;
	size_t records = 0;

	for (size_t len = 0; len < strlen(line); len++) {
		struct mmiotrace_record rec, before;
		char why[MMIOTRACE_WHY_MAX] = "";
		int ret;

		memset(&rec, 0x5a, sizeof(rec));
		before = rec;
		ret = parse(line, len, &rec, why);
		if (!ret) {
			records++;
			continue;
		}
		ck_assert_int_eq(ret, -EINVAL);
		ck_assert_mem_eq(why, "expected ", 9);
		ck_assert_mem_eq(&rec, &before, sizeof(rec));
	}
	ck_assert_uint_eq(records, lines[_i].prefixes);
}
END_TEST

/* Every byte of every line, replaced by each of a few that matter: no crash, and honest answers. */
START_TEST(line_one_byte_wrong)
{
	static const char bytes[] = { 0, ' ', '-', '.', '0', '9', 'f', 'g', 'x', '\n', '\r', -1 };
	char line[128], why[MMIOTRACE_WHY_MAX], buf[MMIOTRACE_LINE_MAX + 1];
	size_t len = strlen(lines[_i].line);

	for (size_t at = 0; at < len; at++) {
		for (size_t b = 0; b < sizeof(bytes); b++) {
			struct mmiotrace_record rec;

			memcpy(line, lines[_i].line, len);
			line[at] = bytes[b];
			if (parse(line, len, &rec, why))
				ck_assert_mem_eq(why, "expected ", 9);
			else
				ck_assert_int_gt(mmiotrace_format(&rec, buf, sizeof(buf)), 0);
		}
	}
}
END_TEST

/* @why: how the sentence must go on after "expected ". */
static const struct {
	const char *line;
	const char *why;
} bad[] = {
	{ "", "R, W, MARK, MAP, UNMAP, UNKNOWN, VERSION, PCIDEV or LSPCI, found the end" },
	{ "Hello", "R, W, MARK, MAP, UNMAP, UNKNOWN, VERSION, PCIDEV or LSPCI, found \"Hello\"" },
	{ "r 4 1.0 1 0x0 0x0 0x0 0", "R, W," },
	{ "RR 4 1.0 1 0x0 0x0 0x0 0", "R, W," },
	{ " R 4 1.0 1 0x0 0x0 0x0 0", "R, W," },
	{ "# tracer: mmiotrace", "R, W," },
	{ "rw what?", "R, W," },
	{ "VERSION", "\" 20070824\" in a VERSION record, found the end of the line" },
	{ "VERSION 20070825", "\" 20070824\"" },
	{ "VERSION 200708240", "the end of the VERSION record, found \"0\"" },
	{ "R", "a space and the width (1, 2, 4 or 8) in a R record, found the end of the line" },
	{ "R 3 1.0 1 0x0 0x0 0x0 0", "the width (1, 2, 4 or 8) in a R record, found \"3\"" },
	{ "R 0 1.0 1 0x0 0x0 0x0 0", "the width" },
	{ "R 9 1.0 1 0x0 0x0 0x0 0", "the width" },
	{ "R 16 1.0 1 0x0 0x0 0x0 0", "the width (1, 2, 4 or 8) in a R record, found \"16\"" },
	{ "R -4 1.0 1 0x0 0x0 0x0 0", "the width" },
	{ "R 4  1.0 1 0x0 0x0 0x0 0", "the time as seconds.microseconds" },
	{ "R 4 1 1 0x0 0x0 0x0 0", "the time" },
	{ "R 4 1. 1 0x0 0x0 0x0 0", "the time" },
	{ "R 4 .5 1 0x0 0x0 0x0 0", "the time" },
	{ "R 4 -1.0 1 0x0 0x0 0x0 0", "the time" },
	{ "R 4 1e3 1 0x0 0x0 0x0 0", "the time" },
	{ "R 4 1.0000000001 1 0x0 0x0 0x0 0", "the time" },
	{ "R 4 18446744073.0 1 0x0 0x0 0x0 0", "the time" },
	{ "R 4 99999999999999999999999999.0 1 0x0 0x0 0x0 0", "the time" },
	{ "R 4 1.0 2147483648 0x0 0x0 0x0 0", "the map id (decimal, 32 bits)" },
	{ "R 4 1.0 -2147483649 0x0 0x0 0x0 0", "the map id" },
	{ "R 4 1.0 0x1 0x0 0x0 0x0 0", "a space and the physical address" },
	{ "R 4 1.0 1 c0000000 0x0 0x0 0", "the physical address (0x and hex digits, 64 bits)" },
	{ "R 4 1.0 1 0x 0x0 0x0 0", "the physical address" },
	{ "R 4 1.0 1 0X0 0x0 0x0 0", "the physical address" },
	{ "R 4 1.0 1 0x10000000000000000 0x0 0x0 0",
	  "the physical address (0x and hex digits, 64 bits) in a R record, "
	  "found \"0x10000000000000000\"" },
	{ "R 4 1.0 1 0x0 0x10000000000000000 0x0 0", "the value" },
	{ "R 4 1.0 1 0x0 0x0 0xg 0", "the program counter" },
	{ "R 4 1.0 1 0x0 0x0 0x0", "a space and the process id" },
	{ "R 4 1.0 1 0x0 0x0 0x0 ",
	  "the process id (decimal, 32 bits) in a R record, found the end" },
	{ "R 4 1.0 1 0x0 0x0 0x0 0 ", "the end of the R record, found \" \"" },
	{ "R 4 1.0 1 0x0 0x0 0x0 0 0", "the end of the R record" },
	{ "W 4 1.0 1 0x0 0x0 0x0 0x0", "the end of the W record, found \"x0\"" },
	{ "MAP 1.0 1 0x0 0x0 0x0 0x0", "a space and the process id" },
	{ "MAP 1.0 1 0x0 0x0 0x10000000000000000 0x0 0", "the length" },
	{ "MAP 1.0 1 0x0 0xffffffffffffffffff 0x1 0x0 0", "the virtual address" },
	{ "UNMAP 1.0 --1 0x0 0", "the map id" },
	{ "UNMAP 1.0 - 0x0 0", "the map id" },
	{ "UNKNOWN 1.0 1 0x0 0f,b6 0x0 0", "a comma and opcode bytes (xx,xx,xx)" },
	{ "UNKNOWN 1.0 1 0x0 f,b6,00 0x0 0", "opcode bytes" },
	{ "UNKNOWN 1.0 1 0x0 0x0fb600 0x0 0", "opcode bytes" },
	{ "PCIDEV 010 80861912 b", "device and function (2 hex digits)" },
	{ "PCIDEV 00100 80861912 b", "a space and the vendor id (4 hex digits)" },
	{ "PCIDEV 0010 8086:1912 b", "the device id (4 hex digits)" },
	{ "PCIDEV 0010 80861912 100000000 0 0 0 0 0 0 0 0 0 0 0 0 0 0 ", "the irq" },
	{ "PCIDEV 0010 80861912 b 0 0 0 0 0 0", "a space and seven BAR addresses" },
	{ "PCIDEV 0010 80861912 b 0 0 0 0 0 0 0 1 1 1 1 1 1", "a space and seven BAR lengths" },
	{ "PCIDEV 0010 80861912 b 0 0 0 0 0 0 0 1 1 1 1 1 1 10000000000000000 ",
	  "seven BAR lengths" },
	{ "PCIDEV 0010 80861912 b 0xc0000004 0 0 0 0 0 0 0 0 0 0 0 0 0 ", "a space and seven BAR" },
	{ "LSPCI", "a space and a line of lspci" },
	{ "MARK 1.0", "a space and any text" },
	{ "MARK x Lost 3 events.", "the time" },
	{ "MARK 1.0 cfg ", "r or w in a MARK record, found the end of the line" },
	{ "MARK 1.0 cfg x 4 0x0 0x0", "r or w in a MARK record, found \"x\"" },
	{ "MARK 1.0 cfg read 4 0x0 0x0", "a space and the width (1, 2 or 4)" },
	{ "MARK 1.0 cfg r 8 0x0 0x0", "the width (1, 2 or 4) in a MARK record, found \"8\"" },
	{ "MARK 1.0 cfg r 3 0x0 0x0", "the width (1, 2 or 4)" },
	{ "MARK 1.0 cfg r 4 0 0x0", "the offset" },
	{ "MARK 1.0 cfg r 4 0x0", "a space and the value" },
	{ "MARK 1.0 cfg r 4 0x0 0x100000000",
	  "the value (0x and hex digits, no more than the width" },
	{ "MARK 1.0 cfg r 2 0x0 0x10000", "the value" },
	{ "MARK 1.0 cfg w 1 0x0 0x100", "the value" },
	{ "MARK 1.0 cfg w 4 0xffd 0x0",
	  "the offset (0x and hex digits, all of the access below 0x10" },
	{ "MARK 1.0 cfg w 1 0x1000 0x0", "the offset" },
	{ "MARK 1.0 cfg w 1 0x10000 0x0", "the offset" },
	{ "MARK 1.0 cfg w 1 0x0 0x0 ", "the end of the MARK record" },
	{ "Lost events", "the number of lost events" },
	{ "Lost 18446744073709551616 events", "the number of lost events" },
	{ "Lost 3 events.", "the end of the Lost record" },
	{ "CPU:1", "\" [LOST EVENTS]\" in a CPU: record" },
	{ "CPU: [LOST 3 EVENTS]", "a processor number" },
	{ "CPU:1 [LOST 18446744073709551616 EVENTS]", "the number of lost events" },
	{ "R 4 1.0 1 \x01\xff 0x0 0x0 0",
	  "the physical address (0x and hex digits, 64 bits) in a R record, found \"?\?\"" },
	{ "Rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr",
	  "R, W, MARK, MAP, UNMAP, UNKNOWN, VERSION, PCIDEV or LSPCI, "
	  "found \"Rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr...\"" },
};

START_TEST(line_refused)
{
	char why[MMIOTRACE_WHY_MAX] = "";
	struct mmiotrace_record rec;

	ck_assert_int_eq(parse(bad[_i].line, strlen(bad[_i].line), &rec, why), -EINVAL);
	ck_assert_msg(!strncmp(why, "expected ", 9) &&
		      !strncmp(why + 9, bad[_i].why, strlen(bad[_i].why)),
		      "\"%s\" gave: %s", bad[_i].line, why);
}
END_TEST

START_TEST(line_access_fields)
{
	struct mmiotrace_record r = good("R 4 16.695902 7 0xc0078010 0xc 0x1234 -5");

	ck_assert_uint_eq(r.ns, 16695902000u);
	ck_assert_uint_eq(r.access.width, 4);
	ck_assert_int_eq(r.access.id, 7);
	ck_assert_uint_eq(r.access.phys, 0xc0078010);
	ck_assert_uint_eq(r.access.value, 0xc);
	ck_assert_uint_eq(r.access.pc, 0x1234);
	ck_assert_int_eq(r.access.pid, -5);
	r = good("UNKNOWN 0.000001 -1 0xFEEDbeef 0f,B6,01 0x0 0");
	ck_assert_uint_eq(r.ns, 1000);
	ck_assert_int_eq(r.access.id, -1);
	ck_assert_uint_eq(r.access.phys, 0xfeedbeef);
	ck_assert_mem_eq(r.access.opcode, "\x0f\xb6\x01", 3);
}
END_TEST

START_TEST(line_time_is_exact)
{
	ck_assert_uint_eq(good("MARK 0.1 a").ns, 100000000u);
	ck_assert_uint_eq(good("MARK 0.000000001 a").ns, 1);
	ck_assert_uint_eq(good("MARK 16777217.000001 a").ns, 16777217000001000u);
	ck_assert_uint_eq(good("MARK 18446744071.999999999 a").ns, 18446744071999999999u);
	ck_assert_uint_eq(good("MARK 007.500000 a").ns, 7500000000u);
}
END_TEST

/* The kernel prints a whole register where an instruction moved less (arch/x86/mm/pf_in.c). */
START_TEST(line_value_is_cut_to_width)
{
	struct mmiotrace_record r = good("R 1 0.000000 1 0x0 0xffffff80 0x0 0");

	ck_assert_uint_eq(r.access.value, 0xffffff80);
	ck_assert_uint_eq(mmiotrace_value(&r.access), 0x80);
	r = good("W 4 0.000000 1 0x0 0x8b48000000000001 0x0 0");
	ck_assert_uint_eq(mmiotrace_value(&r.access), 1);
	r = good("W 8 0.000000 1 0x0 0x8b48000000000001 0x0 0");
	ck_assert_uint_eq(mmiotrace_value(&r.access), 0x8b48000000000001);
}
END_TEST

START_TEST(line_map_fields)
{
	struct mmiotrace_record r =
		good("MAP 2.000003 -2147483648 0xc0000000 0xffffc90000000000 0x200000 0x1 2");

	ck_assert_uint_eq(r.ns, 2000003000u);
	ck_assert_int_eq(r.map.id, INT32_MIN);
	ck_assert_uint_eq(r.map.phys, 0xc0000000);
	ck_assert_uint_eq(r.map.virt, 0xffffc90000000000);
	ck_assert_uint_eq(r.map.len, 0x200000);
	ck_assert_uint_eq(r.map.pc, 1);
	ck_assert_int_eq(r.map.pid, 2);
	r = good("UNMAP 2.0 -1 0x3 4");
	ck_assert(!r.map.phys && !r.map.virt && !r.map.len);
	ck_assert_int_eq(r.map.id, -1);
	ck_assert_uint_eq(r.map.pc, 3);
	ck_assert_int_eq(r.map.pid, 4);
}
END_TEST

START_TEST(line_pcidev_fields)
{
	struct mmiotrace_record r = good(PCIDEV_LINE "i915 with spaces");
	static const uint64_t bars[] = { 0xc0000004, 0, 0xb000000c, 0, 0x1041, 0, 0 };
	static const uint64_t lens[] = { 0x1000000, 0, 0x10000000, 0, 0x40, 0, 0 };

	ck_assert_uint_eq(r.pcidev.bus, 0);
	ck_assert_uint_eq(r.pcidev.devfn, 0x10);
	ck_assert_uint_eq(r.pcidev.vendor, 0x8086);
	ck_assert_uint_eq(r.pcidev.device, 0x1912);
	ck_assert_uint_eq(r.pcidev.irq, 11);
	ck_assert_mem_eq(r.pcidev.bar, bars, sizeof(bars));
	ck_assert_mem_eq(r.pcidev.len, lens, sizeof(lens));
	ck_assert_uint_eq(r.pcidev.driver.len, 16);
	ck_assert_mem_eq(r.pcidev.driver.at, "i915 with spaces", 16);
	ck_assert_uint_eq(good(PCIDEV_LINE).pcidev.driver.len, 0);
}
END_TEST

START_TEST(line_cfg_and_lost_fields)
{
	struct mmiotrace_record r = good("MARK 7.351896 cfg w 2 0x50 0xc0");

	ck_assert_uint_eq(r.ns, 7351896000u);
	ck_assert(r.cfg.write);
	ck_assert_uint_eq(r.cfg.width, 2);
	ck_assert_uint_eq(r.cfg.offset, 0x50);
	ck_assert_uint_eq(r.cfg.value, 0xc0);
	ck_assert(!good("MARK 7.351896 cfg r 2 0x50 0xc0").cfg.write);
	r = good("CPU:3 [LOST 17 EVENTS]");
	ck_assert_int_eq(r.lost.form, MMIOTRACE_LOST_CPU);
	ck_assert_int_eq(r.lost.cpu, 3);
	ck_assert_uint_eq(r.lost.count, 17);
	ck_assert_int_eq(good("CPU:3 [LOST EVENTS]").lost.form, MMIOTRACE_LOST_CPU_UNCOUNTED);
	ck_assert_uint_eq(good("MARK 0.000000 Lost 5 events.").lost.count, 5);
	ck_assert_uint_eq(good("MARK 0.000000 Lost 6 events").lost.count, 6);
	r = good("Lost 7 events");
	ck_assert_uint_eq(r.lost.count, 7);
	ck_assert(!r.ns && !r.lost.cpu);
}
END_TEST

START_TEST(line_ends)
{
	struct mmiotrace_record r;
	char why[MMIOTRACE_WHY_MAX];

	ck_assert_int_eq(good("VERSION 20070824\n").kind, MMIOTRACE_VERSION);
	ck_assert_int_eq(good("VERSION 20070824\r\n").kind, MMIOTRACE_VERSION);
	ck_assert_uint_eq(good("MARK 1.0 a\r\n").text.len, 1);
	ck_assert_uint_eq(good("MARK 1.0 a\rb\r\r\n").text.len, 3);
	ck_assert_uint_eq(good(PCIDEV_LINE "\r\n").pcidev.driver.len, 0);
	ck_assert_int_eq(good("MARK 1.0 cfg r 1 0x0 0x0\r\n").kind, MMIOTRACE_CFG);
	ck_assert_int_eq(parse("MARK 1.0 a\nb\n", 13, &r, why), -EINVAL);
	ck_assert_str_eq(why, "expected one line, found a line feed inside");
	ck_assert_int_eq(parse("MARK 1.0 a\0b", 12, &r, why), -EINVAL);
	ck_assert_str_eq(why, "expected text, found a NUL byte");
	ck_assert_int_eq(parse("\n", 1, &r, why), -EINVAL);
	ck_assert_int_eq(parse("\r\n", 2, &r, why), -EINVAL);
	ck_assert_int_eq(mmiotrace_parse_line(NULL, 0, &r, why, sizeof(why)), -EINVAL);
	ck_assert_int_eq(mmiotrace_parse_line("x", 1, &r, NULL, 0), -EINVAL);
}
END_TEST

START_TEST(line_length_is_bounded)
{
	static char line[MMIOTRACE_LINE_MAX + 2], out[MMIOTRACE_LINE_MAX + 1];
	char why[MMIOTRACE_WHY_MAX], small[16];
	struct mmiotrace_record r;

	memset(line, 'x', sizeof(line));
	memcpy(line, "MARK 1.000000 ", 14);
	ck_assert_int_eq(parse(line, MMIOTRACE_LINE_MAX, &r, why), 0);
	ck_assert_int_eq(mmiotrace_format(&r, out, sizeof(out)), MMIOTRACE_LINE_MAX + 1);
	ck_assert_int_eq(mmiotrace_format(&r, out, sizeof(out) - 1), -EINVAL);
	ck_assert_int_eq(parse(line, MMIOTRACE_LINE_MAX + 1, &r, why), -EINVAL);
	ck_assert_str_eq(why, "expected a line of at most 8192 bytes, found a longer one");
	memset(line + 1, '0', sizeof(line) - 1);
	ck_assert_int_eq(parse(line, MMIOTRACE_LINE_MAX, &r, why), -EINVAL);
	ck_assert_int_eq(mmiotrace_parse_line("x", 1, &r, small, sizeof(small)), -EINVAL);
	ck_assert_str_eq(small, "expected R, W, ");
}
END_TEST

static int written(const struct mmiotrace_record *rec, char **text, size_t *len)
{
	FILE *f = open_memstream(text, len);
	int ret;

	ck_assert_ptr_nonnull(f);
	ret = mmiotrace_write_record(f, rec);
	fclose(f);
	return ret;
}

static void refused(struct mmiotrace_record rec)
{
	char *text;
	size_t len;

	ck_assert_int_eq(written(&rec, &text, &len), -EINVAL);
	ck_assert_uint_eq(len, 0);
	free(text);
}

static struct mmiotrace_record mark(const char *text, size_t len)
{
	return (struct mmiotrace_record){ .kind = MMIOTRACE_MARK, .text = { text, len } };
}

START_TEST(write_refuses_what_it_could_not_read)
{
	struct mmiotrace_record r = { .kind = MMIOTRACE_CFG, .cfg = { .width = 4 } };

	refused(mark("a\nb", 3));
	refused(mark("a\0b", 3));
	refused(mark("a\r", 2));
	refused(mark("cfg r 4 0x0 0x0", 15));
	refused(mark("cfg nonsense", 12));
	refused(mark("Lost 3 events.", 14));
	r.cfg.width = 3;
	refused(r);
	r.cfg = (struct mmiotrace_cfg){ .width = 1, .value = 0x100 };
	refused(r);
	r.cfg = (struct mmiotrace_cfg){ .width = 4, .offset = 0xffe };
	refused(r);
	r = (struct mmiotrace_record){ .kind = MMIOTRACE_READ, .access = { .width = 5 } };
	refused(r);
	r = (struct mmiotrace_record){ .kind = MMIOTRACE_READ, .ns = UINT64_MAX,
				       .access = { .width = 4 } };
	refused(r);
	r = (struct mmiotrace_record){ .kind = MMIOTRACE_LOST, .lost = { .form = 99 } };
	refused(r);
	r = (struct mmiotrace_record){ .kind = MMIOTRACE_KINDS };
	refused(r);
}
END_TEST

START_TEST(write_what_a_recorder_writes)
{
	struct mmiotrace_record r = { .kind = MMIOTRACE_WRITE, .ns = 1500000000 };
	char *text;
	size_t len;

	r.access = (struct mmiotrace_access){ .width = 4, .id = 1, .phys = 0xc0002098,
					      .value = 0xffffffff };
	ck_assert_int_eq(written(&r, &text, &len), 0);
	ck_assert_str_eq(text, "W 4 1.500000 1 0xc0002098 0xffffffff 0x0 0\n");
	free(text);
	r.kind = MMIOTRACE_CFG;
	r.cfg = (struct mmiotrace_cfg){ .write = true, .width = 2, .offset = 4, .value = 6 };
	ck_assert_int_eq(written(&r, &text, &len), 0);
	ck_assert_str_eq(text, "MARK 1.500000 cfg w 2 0x4 0x6\n");
	free(text);
}
END_TEST

/* stdio notices a full disk when its buffer goes out, so unbuffered here. */
START_TEST(write_to_a_full_disk)
{
	struct mmiotrace_record r = good("VERSION 20070824");
	FILE *full = fopen("/dev/full", "w");

	if (!full)
		return mpt_test_skip("no /dev/full");
	setbuf(full, NULL);
	ck_assert_int_eq(mmiotrace_write_record(full, &r), -EIO);
	fclose(full);
}
END_TEST

START_TEST(equal_sees_each_field)
{
	static const char *const pairs[][2] = {
		{ "R 4 1.0 1 0x1 0x1 0x1 1", "W 4 1.0 1 0x1 0x1 0x1 1" },
		{ "R 4 1.0 1 0x1 0x1 0x1 1", "R 2 1.0 1 0x1 0x1 0x1 1" },
		{ "R 4 1.0 1 0x1 0x1 0x1 1", "R 4 1.000000001 1 0x1 0x1 0x1 1" },
		{ "R 4 1.0 1 0x1 0x1 0x1 1", "R 4 1.0 1 0x1 0x1 0x1 2" },
		{ "MARK 1.0 abc", "MARK 1.0 abd" },
		{ "MARK 1.0 abc", "MARK 1.0 abcd" },
		{ "UNKNOWN 1.0 1 0x0 00,01,02 0x0 0", "UNKNOWN 1.0 1 0x0 00,01,03 0x0 0" },
		{ PCIDEV_LINE, PCIDEV_LINE "i915" },
		{ "MARK 0.0 Lost 3 events.", "MARK 0.0 Lost 3 events" },
	};

	for (size_t i = 0; i < N(pairs); i++) {
		struct mmiotrace_record a, b;
		char why[MMIOTRACE_WHY_MAX];

		ck_assert_int_eq(mmiotrace_parse_line(pairs[i][0], strlen(pairs[i][0]), &a, why,
						      sizeof(why)), 0);
		ck_assert_int_eq(mmiotrace_parse_line(pairs[i][1], strlen(pairs[i][1]), &b, why,
						      sizeof(why)), 0);
		ck_assert(mmiotrace_equal(&a, &a) && mmiotrace_equal(&b, &b));
		ck_assert(!mmiotrace_equal(&a, &b));
	}
}
END_TEST

static Suite *mmiotrace_suite(void)
{
	Suite *s = suite_create("mmiotrace");
	TCase *tc = tcase_create("line");

	tcase_add_loop_test(tc, line_kind, 0, N(lines));
	tcase_add_loop_test(tc, line_round_trip, 0, N(lines));
	tcase_add_loop_test(tc, line_cut_anywhere, 0, N(lines));
	tcase_add_loop_test(tc, line_one_byte_wrong, 0, N(lines));
	tcase_add_loop_test(tc, line_refused, 0, N(bad));
	tcase_add_test(tc, line_access_fields);
	tcase_add_test(tc, line_time_is_exact);
	tcase_add_test(tc, line_value_is_cut_to_width);
	tcase_add_test(tc, line_map_fields);
	tcase_add_test(tc, line_pcidev_fields);
	tcase_add_test(tc, line_cfg_and_lost_fields);
	tcase_add_test(tc, line_ends);
	tcase_add_test(tc, line_length_is_bounded);
	tcase_add_test(tc, write_refuses_what_it_could_not_read);
	tcase_add_test(tc, write_what_a_recorder_writes);
	tcase_add_test(tc, write_to_a_full_disk);
	tcase_add_test(tc, equal_sees_each_field);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { mmiotrace_suite };

	return mpt_test_main("mmiotrace", suites, N(suites));
}
