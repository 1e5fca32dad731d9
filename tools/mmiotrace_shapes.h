/* SPDX-License-Identifier: MIT */
/*
 * The grammar of mmiotrace text as data, for mmiotrace.c alone; no code.
 */
#ifndef MPT_TOOLS_MMIOTRACE_SHAPES_H
#define MPT_TOOLS_MMIOTRACE_SHAPES_H

#include "mmiotrace.h"

/* Where a field is stored, and in how many bytes. */
#define AT(member)                                                                                \
	.offset = offsetof(struct mmiotrace_record, member),                                      \
	.size = sizeof(((struct mmiotrace_record *)0)->member)

enum field_type {
	F_END,
	F_LITERAL,	/* the bytes of .what */
	F_TIME,		/* seconds, a full stop, 1 to 9 digits */
	F_INT,		/* signed decimal */
	F_COUNT,	/* unsigned decimal */
	F_FIXED,	/* hex digits, two a byte of storage */
	F_HEX,		/* hex digits */
	F_0X,		/* the same behind 0x */
	F_WIDTH,	/* 1, 2, 4 or 8 */
	F_CFG_WIDTH,	/* 1, 2 or 4 */
	F_DIRECTION,	/* r or w */
	F_TEXT,		/* the rest of the line */
	F_MARK,		/* the same, but not a config access */
	F_NAME,		/* the same with its own space before, which may be cut off */
};

/**
 * struct field - one field of a line
 * @type: its grammar
 * @sep: the byte before it, 0 for none
 * @count: how many in a row, 0 as 1
 * @offset: where the record holds it
 * @size: size there
 * @what: completes "expected ..."; for F_LITERAL the bytes
 */
struct field {
	enum field_type type;
	char sep;
	uint8_t count;
	uint16_t offset;
	uint16_t size;
	const char *what;
};

#define TIME { .type = F_TIME, .sep = ' ', AT(ns), .what = "the time as seconds.microseconds" }
#define TAIL(m)                                                                                   \
	{ .type = F_0X, .sep = ' ', AT(m.pc), .what = "the program counter (0x and hex digits)" }, \
	{ .type = F_INT, .sep = ' ', AT(m.pid), .what = "the process id (decimal, 32 bits)" },    \
	{ .type = F_END }
#define MAP_ID(m)                                                                                 \
	{ .type = F_INT, .sep = ' ', AT(m.id), .what = "the map id (decimal, 32 bits)" }
#define PHYS(m)                                                                                   \
	{ .type = F_0X, .sep = ' ', AT(m.phys),                                                   \
	  .what = "the physical address (0x and hex digits, 64 bits)" }
#define EVENTS { .type = F_COUNT, AT(lost.count), .what = "the number of lost events (64 bits)" }
#define LITERAL(s) { .type = F_LITERAL, .what = s }

static const struct field version_fields[] = { LITERAL(" 20070824"), { .type = F_END } };

static const struct field pcidev_fields[] = {
	{ .type = F_FIXED, .sep = ' ', AT(pcidev.bus), .what = "the bus (2 hex digits)" },
	{ .type = F_FIXED, AT(pcidev.devfn), .what = "device and function (2 hex digits)" },
	{ .type = F_FIXED, .sep = ' ', AT(pcidev.vendor), .what = "the vendor id (4 hex digits)" },
	{ .type = F_FIXED, AT(pcidev.device), .what = "the device id (4 hex digits)" },
	{ .type = F_HEX, .sep = ' ', AT(pcidev.irq), .what = "the irq (hex, 32 bits)" },
	{ .type = F_HEX, .sep = ' ', .count = MMIOTRACE_BARS, AT(pcidev.bar[0]),
	  .what = "seven BAR addresses (hex, 64 bits)" },
	{ .type = F_HEX, .sep = ' ', .count = MMIOTRACE_BARS, AT(pcidev.len[0]),
	  .what = "seven BAR lengths (hex, 64 bits)" },
	{ .type = F_NAME, AT(pcidev.driver), .what = "a space and the driver's name" },
	{ .type = F_END },
};

static const struct field lspci_fields[] = {
	{ .type = F_TEXT, .sep = ' ', AT(text), .what = "a line of lspci" },
	{ .type = F_END },
};

static const struct field map_fields[] = {
	TIME, MAP_ID(map), PHYS(map),
	{ .type = F_0X, .sep = ' ', AT(map.virt),
	  .what = "the virtual address (0x and hex digits, 64 bits)" },
	{ .type = F_0X, .sep = ' ', AT(map.len),
	  .what = "the length (0x and hex digits, 64 bits)" },
	TAIL(map),
};

static const struct field unmap_fields[] = { TIME, MAP_ID(map), TAIL(map) };

static const struct field access_fields[] = {
	{ .type = F_WIDTH, .sep = ' ', AT(access.width), .what = "the width (1, 2, 4 or 8)" },
	TIME, MAP_ID(access), PHYS(access),
	{ .type = F_0X, .sep = ' ', AT(access.value),
	  .what = "the value (0x and hex digits, 64 bits)" },
	TAIL(access),
};

static const struct field unknown_fields[] = {
	TIME, MAP_ID(access), PHYS(access),
	{ .type = F_FIXED, .sep = ' ', AT(access.opcode[0]), .what = "opcode bytes (xx,xx,xx)" },
	{ .type = F_FIXED, .sep = ',', .count = 2, AT(access.opcode[1]),
	  .what = "opcode bytes (xx,xx,xx)" },
	TAIL(access),
};

static const struct field cfg_fields[] = {
	TIME, LITERAL(" cfg "),
	{ .type = F_DIRECTION, AT(cfg.write), .what = "r or w" },
	{ .type = F_CFG_WIDTH, .sep = ' ', AT(cfg.width), .what = "the width (1, 2 or 4)" },
	{ .type = F_0X, .sep = ' ', AT(cfg.offset),
	  .what = "the offset (0x and hex digits, all of the access below 0x1000)" },
	{ .type = F_0X, .sep = ' ', AT(cfg.value),
	  .what = "the value (0x and hex digits, no more than the width holds)" },
	{ .type = F_END },
};

static const struct field lost_mark_fields[] = {
	TIME, LITERAL(" Lost "), EVENTS, LITERAL(" events."), { .type = F_END },
};

static const struct field lost_mark_bare_fields[] = {
	TIME, LITERAL(" Lost "), EVENTS, LITERAL(" events"), { .type = F_END },
};

static const struct field lost_bare_fields[] = {
	LITERAL(" "), EVENTS, LITERAL(" events"), { .type = F_END },
};

static const struct field lost_cpu_fields[] = {
	{ .type = F_INT, AT(lost.cpu), .what = "a processor number (decimal)" },
	LITERAL(" [LOST "), EVENTS, LITERAL(" EVENTS]"), { .type = F_END },
};

static const struct field lost_uncounted_fields[] = {
	{ .type = F_INT, AT(lost.cpu), .what = "a processor number (decimal)" },
	LITERAL(" [LOST EVENTS]"), { .type = F_END },
};

static const struct field mark_fields[] = {
	TIME,
	{ .type = F_MARK, .sep = ' ', AT(text), .what = "any text" },
	{ .type = F_END },
};

/* Tried in this order: the first whose fields all fit is the record. So the plain mark is last. */
static const struct shape {
	const char *keyword;
	enum mmiotrace_kind kind;
	enum mmiotrace_lost_form form;
	const struct field *fields;
} shapes[] = {
	{ "R", MMIOTRACE_READ, 0, access_fields },
	{ "W", MMIOTRACE_WRITE, 0, access_fields },
	{ "MAP", MMIOTRACE_MAP, 0, map_fields },
	{ "UNMAP", MMIOTRACE_UNMAP, 0, unmap_fields },
	{ "UNKNOWN", MMIOTRACE_UNKNOWN, 0, unknown_fields },
	{ "VERSION", MMIOTRACE_VERSION, 0, version_fields },
	{ "PCIDEV", MMIOTRACE_PCIDEV, 0, pcidev_fields },
	{ "LSPCI", MMIOTRACE_LSPCI, 0, lspci_fields },
	{ "Lost", MMIOTRACE_LOST, MMIOTRACE_LOST_BARE, lost_bare_fields },
	{ "CPU:", MMIOTRACE_LOST, MMIOTRACE_LOST_CPU, lost_cpu_fields },
	{ "CPU:", MMIOTRACE_LOST, MMIOTRACE_LOST_CPU_UNCOUNTED, lost_uncounted_fields },
	{ "MARK", MMIOTRACE_CFG, 0, cfg_fields },
	{ "MARK", MMIOTRACE_LOST, MMIOTRACE_LOST_MARK, lost_mark_fields },
	{ "MARK", MMIOTRACE_LOST, MMIOTRACE_LOST_MARK_BARE, lost_mark_bare_fields },
	{ "MARK", MMIOTRACE_MARK, 0, mark_fields },
};

#define NR_SHAPES (sizeof(shapes) / sizeof(shapes[0]))

#endif
