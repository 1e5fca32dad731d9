/* SPDX-License-Identifier: MIT */
/*
 * Reader and writer of the Linux kernel's mmiotrace text format (version 20070824); what a trace
 * means to a vGPU is not here.
 *
 * Facts: Documentation/trace/mmiotrace.rst, kernel/trace/trace_mmiotrace.c, kernel/trace/trace.c
 * (the "[LOST ... EVENTS]" lines) and arch/x86/mm/pf_in.c (values) of Linux 5.10.
 */
#ifndef MPT_TOOLS_MMIOTRACE_H
#define MPT_TOOLS_MMIOTRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* No record of the kernel is longer: its trace_seq has 4 KiB up to Linux 6.7, then 8 KiB. */
#define MMIOTRACE_LINE_MAX 8192
#define MMIOTRACE_WHY_MAX 256
#define MMIOTRACE_BARS 7
#define MMIOTRACE_VENDOR_INTEL 0x8086

enum mmiotrace_kind {
	MMIOTRACE_VERSION,
	MMIOTRACE_PCIDEV,
	MMIOTRACE_LSPCI,
	MMIOTRACE_MAP,
	MMIOTRACE_UNMAP,
	MMIOTRACE_READ,
	MMIOTRACE_WRITE,
	MMIOTRACE_UNKNOWN,
	MMIOTRACE_MARK,
	MMIOTRACE_CFG,
	MMIOTRACE_LOST,
	MMIOTRACE_KINDS
};

/**
 * struct mmiotrace_text - the rest of a line, without its line end
 * @at: first byte; points into the line that was parsed, not terminated
 * @len: bytes
 */
struct mmiotrace_text {
	const char *at;
	size_t len;
};

/**
 * struct mmiotrace_pcidev - a PCIDEV record: one function of the traced machine
 * @bus: bus number
 * @devfn: device << 3 | function
 * @vendor: vendor id
 * @device: device id
 * @irq: interrupt line
 * @bar: start address of BARs 0 to 5 and of the ROM, or-ed with the four flag bits
 * @len: their lengths; 0 where there is none
 * @driver: name of the bound driver, often empty
 *
 * The kernel prints the whole 64-bit address in the first slot of a 64-bit BAR and zeros in the
 * second.
 */
struct mmiotrace_pcidev {
	uint8_t bus;
	uint8_t devfn;
	uint16_t vendor;
	uint16_t device;
	uint32_t irq;
	uint64_t bar[MMIOTRACE_BARS];
	uint64_t len[MMIOTRACE_BARS];
	struct mmiotrace_text driver;
};

/**
 * struct mmiotrace_map - a MAP or UNMAP record; UNMAP fills only @id, @pc and @pid
 * @id: map id; -1 for the unmapping of something that was mapped before tracing began
 * @phys: bus address
 * @virt: kernel virtual address
 * @len: bytes
 * @pc: program counter, 0 if not recorded
 * @pid: process id
 */
struct mmiotrace_map {
	int32_t id;
	uint64_t phys;
	uint64_t virt;
	uint64_t len;
	uint64_t pc;
	int32_t pid;
};

/**
 * struct mmiotrace_access - an R, W or UNKNOWN record
 * @width: 1, 2, 4 or 8 bytes (R and W)
 * @opcode: the first three instruction bytes (UNKNOWN)
 * @id: map id
 * @phys: bus address
 * @value: as printed; use mmiotrace_value(), for the kernel prints more bits than it means
 * @pc: program counter, 0 if not recorded
 * @pid: process id
 */
struct mmiotrace_access {
	uint8_t width;
	uint8_t opcode[3];
	int32_t id;
	uint64_t phys;
	uint64_t value;
	uint64_t pc;
	int32_t pid;
};

/**
 * struct mmiotrace_cfg - a config access: `MARK <s> cfg r|w <width> 0x<offset> 0x<value>`
 * @write: a write
 * @width: 1, 2 or 4 bytes
 * @offset: offset in config space; @offset + @width is at most 4096
 * @value: what was read or written; fits in @width
 */
struct mmiotrace_cfg {
	bool write;
	uint8_t width;
	uint16_t offset;
	uint32_t value;
};

enum mmiotrace_lost_form {
	MMIOTRACE_LOST_MARK,		/* MARK 0.000000 Lost 3 events. */
	MMIOTRACE_LOST_MARK_BARE,	/* the same without the full stop */
	MMIOTRACE_LOST_BARE,		/* Lost 3 events (what a filter on "Lost" leaves) */
	MMIOTRACE_LOST_CPU,		/* CPU:1 [LOST 3 EVENTS] (the ring buffer's own notice) */
	MMIOTRACE_LOST_CPU_UNCOUNTED,	/* CPU:1 [LOST EVENTS] */
};

/**
 * struct mmiotrace_lost - the trace is incomplete from here on
 * @form: which of the spellings
 * @cpu: processor, in the two CPU forms
 * @count: events; 0 in the uncounted form
 */
struct mmiotrace_lost {
	enum mmiotrace_lost_form form;
	int32_t cpu;
	uint64_t count;
};

/**
 * struct mmiotrace_record - one line of a trace
 * @kind: says which member of the union is set
 * @ns: time stamp in nanoseconds; 0 for kinds that carry none
 * @text: LSPCI and MARK
 * @pcidev: PCIDEV
 * @map: MAP and UNMAP
 * @access: R, W and UNKNOWN
 * @cfg: CFG
 * @lost: LOST
 */
struct mmiotrace_record {
	enum mmiotrace_kind kind;
	uint64_t ns;
	union {
		struct mmiotrace_text text;
		struct mmiotrace_pcidev pcidev;
		struct mmiotrace_map map;
		struct mmiotrace_access access;
		struct mmiotrace_cfg cfg;
		struct mmiotrace_lost lost;
	};
};

/**
 * mmiotrace_parse_line() - read one line
 * @line: the bytes of the line; may end with a line feed, with carriage returns before it
 * @len: number of bytes; nothing beyond is read and no terminator is needed
 * @rec: the record; untouched on failure. Text in it points into @line
 * @why: on failure, a sentence that says what was expected and what was found; may be NULL
 * @why_len: size of @why; MMIOTRACE_WHY_MAX is enough
 *
 * A MARK whose text begins with `cfg ` but does not follow the convention is an error; a mark of
 * several lines (a line feed written into trace_marker) is one as well, for its second line is no
 * record.
 *
 * Return: 0, or -EINVAL.
 * Context: any thread; no state.
 * Since: 0.1
 */
int mmiotrace_parse_line(const char *line, size_t len, struct mmiotrace_record *rec, char *why,
			 size_t why_len);

/**
 * mmiotrace_format() - write a record as a line
 * @rec: the record
 * @buf: receives the line with its line feed; not terminated
 * @size: size of @buf; MMIOTRACE_LINE_MAX + 1 holds any line
 *
 * Return: the length, or -EINVAL: a field has a value that mmiotrace_parse_line() would not
 * read back as this record, or the line does not fit.
 * Context: any thread; no state.
 * Since: 0.1
 */
int mmiotrace_format(const struct mmiotrace_record *rec, char *buf, size_t size);

/**
 * mmiotrace_write_record() - write a record to a file
 * @file: where to
 * @rec: the record
 *
 * Return: 0, -EINVAL as mmiotrace_format() (nothing is written then), -EIO.
 * Context: any thread.
 * Since: 0.1
 */
int mmiotrace_write_record(FILE *file, const struct mmiotrace_record *rec);

/**
 * mmiotrace_equal() - compare two records
 * @a: one, as parsed or as mmiotrace_format() accepts it
 * @b: the other
 *
 * Return: true if they say the same; texts are compared by content.
 * Context: any thread; no state.
 * Since: 0.1
 */
bool mmiotrace_equal(const struct mmiotrace_record *a, const struct mmiotrace_record *b);

/**
 * mmiotrace_value() - the value of an access, cut to its width
 * @access: an R or W record
 *
 * The kernel prints the whole register for a sign-extending load and eight immediate bytes for a
 * store of four with a REX.W prefix, whatever the width says.
 *
 * Return: the value.
 * Context: any thread; no state.
 * Since: 0.1
 */
uint64_t mmiotrace_value(const struct mmiotrace_access *access);

/**
 * struct mmiotrace_bar - a base address register as a PCIDEV record shows it
 * @addr: address without the flag bits
 * @len: bytes, not 0
 * @io: I/O ports, not memory
 * @is64: 64-bit memory
 * @prefetch: prefetchable memory
 */
struct mmiotrace_bar {
	uint64_t addr;
	uint64_t len;
	bool io;
	bool is64;
	bool prefetch;
};

/**
 * mmiotrace_bar() - take a BAR of a PCIDEV record apart
 * @dev: the record
 * @index: 0 to 5, or 6 for the ROM
 * @bar: the answer; untouched on failure
 *
 * Return: 0; -ENOENT there is no such BAR, or it is the upper half of the one before; -EINVAL
 * @index is out of range, or the BAR reaches beyond the address space.
 * Context: any thread; no state.
 * Since: 0.1
 */
int mmiotrace_bar(const struct mmiotrace_pcidev *dev, unsigned int index,
		  struct mmiotrace_bar *bar);

/**
 * mmiotrace_bar_hit() - is an access inside a BAR?
 * @bar: the BAR
 * @phys: bus address
 * @width: bytes
 * @offset: receives @phys as an offset into the BAR; untouched if it is not inside
 *
 * Return: true if the first and the last byte are both inside.
 * Context: any thread; no state.
 * Since: 0.1
 */
bool mmiotrace_bar_hit(const struct mmiotrace_bar *bar, uint64_t phys, unsigned int width,
		       uint64_t *offset);

/**
 * mmiotrace_is_device() - is this record a device of Intel that the caller knows?
 * @rec: any record
 * @ids: device ids
 * @nr: how many
 *
 * Return: true if @rec is a PCIDEV of vendor 8086 with an id of the list.
 * Context: any thread; no state.
 * Since: 0.1
 */
bool mmiotrace_is_device(const struct mmiotrace_record *rec, const uint16_t *ids, size_t nr);

/* An open trace. Used by one thread at a time. */
struct mmiotrace;

/**
 * struct mmiotrace_totals - what a whole file holds
 * @records: how many of each kind
 * @lost: events the kernel says it lost, as far as counted; stays at its maximum
 * @lost_uncounted: notices of loss without a number
 */
struct mmiotrace_totals {
	uint64_t records[MMIOTRACE_KINDS];
	uint64_t lost;
	uint64_t lost_uncounted;
};

/**
 * mmiotrace_open() - open a trace by its path
 * @path: the file
 * @trace: the open trace; untouched on failure
 * @why: on failure, a sentence; may be NULL
 * @why_len: size of @why
 *
 * Return: 0; -ENOENT, -EACCES, -ENOMEM; -EIO for anything else.
 * Since: 0.1
 */
int mmiotrace_open(const char *path, struct mmiotrace **trace, char *why, size_t why_len);

/**
 * mmiotrace_attach() - read a trace from an open file
 * @file: the file, now owned by the trace; still the caller's on failure
 * @name: what error sentences call it
 * @trace: the open trace; untouched on failure
 *
 * Return: 0, -ENOMEM.
 * Since: 0.1
 */
int mmiotrace_attach(FILE *file, const char *name, struct mmiotrace **trace);

/**
 * mmiotrace_close() - close a trace and its file
 * @trace: the trace, or NULL
 *
 * Since: 0.1
 */
void mmiotrace_close(struct mmiotrace *trace);

/**
 * mmiotrace_next() - the next record
 * @trace: the trace
 * @rec: the record; untouched unless 1 is returned. Text in it is valid until the next call
 *
 * A last line without a line feed counts if it is a whole record. An error stays: each further
 * call answers the same until mmiotrace_rewind().
 *
 * Return: 1; 0 at the end; -EINVAL or -EIO with a sentence in mmiotrace_why().
 * Since: 0.1
 */
int mmiotrace_next(struct mmiotrace *trace, struct mmiotrace_record *rec);

/**
 * mmiotrace_rewind() - go back to the first line
 * @trace: the trace
 *
 * Return: 0; -EINVAL the file cannot be read twice (a pipe); -EIO.
 * Since: 0.1
 */
int mmiotrace_rewind(struct mmiotrace *trace);

/**
 * mmiotrace_check() - read the whole file before any of it is used, then go back to its start
 * @trace: the trace
 * @totals: what it holds; may be NULL; untouched on failure
 *
 * A file without any record is refused.
 *
 * Return: 0; -EINVAL, -EIO with a sentence in mmiotrace_why().
 * Since: 0.1
 */
int mmiotrace_check(struct mmiotrace *trace, struct mmiotrace_totals *totals);

/**
 * mmiotrace_find_device() - the first device from here on that the caller knows
 * @trace: the trace; afterwards it stands behind that record, or at the end
 * @ids: device ids of vendor 8086
 * @nr: how many
 * @dev: the device; untouched on failure. Its driver name is valid until the next call
 *
 * Return: 0; -ENOENT there is none; -EINVAL, -EIO as mmiotrace_next().
 * Since: 0.1
 */
int mmiotrace_find_device(struct mmiotrace *trace, const uint16_t *ids, size_t nr,
			  struct mmiotrace_pcidev *dev);

/**
 * mmiotrace_line() - number of the line read last
 * @trace: the trace
 *
 * Return: the number, from 1; 0 before the first.
 * Since: 0.1
 */
uint64_t mmiotrace_line(const struct mmiotrace *trace);

/**
 * mmiotrace_why() - the sentence of the last failure: `file:line: expected ...`
 * @trace: the trace
 *
 * Return: the sentence; empty if nothing failed. Valid until the next call on @trace.
 * Since: 0.1
 */
const char *mmiotrace_why(const struct mmiotrace *trace);

#endif
