/* SPDX-License-Identifier: MIT */
/*
 * The file that the trace layer writes (trace=FILE[:SIZE]): a ring of records, one for each
 * operation, which other programs read. The file describes itself: names and arguments of the
 * operations stand in it. All numbers are in the byte order of the machine that wrote it.
 */
#ifndef MPT_TRACE_H
#define MPT_TRACE_H

#include <mpt/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MPT_TRACE_MAGIC "MPTTRACE" /**< the first eight bytes, no NUL */
#define MPT_TRACE_VERSION 1 /**< of the whole layout */
#define MPT_TRACE_ORDER 0x01020304U /**< reads so in the writer's byte order */
#define MPT_TRACE_HEADER 4096 /**< bytes before the first slot */
#define MPT_TRACE_SLOT 16 /**< bytes of a slot */
#define MPT_TRACE_OPS 62 /**< operations that have room; 0 and 63 are no numbers */
#define MPT_TRACE_DATA_MAX 4096 /**< bytes of one operation's data; the rest is left out */
#define MPT_TRACE_SLOTS_MAX (1ULL << 32) /**< of a file */

/**
 * DOC: Slots and records
 *
 * Slots have numbers that only grow; slot n lies at MPT_TRACE_HEADER + n % slots * 16. Its first
 * 16 bits are the operation (6 bits) and the lap (10 bits), n / slots modulo 1024. A slot whose lap
 * is another one was reserved and never written: its writer was killed. A record is one slot:
 *
 * | bits of the first word | what |
 * | --- | --- |
 * | 0 to 5 | operation, an index into the header's table plus 1 |
 * | 6 to 15 | lap |
 * | 16 to 24 | further slots of this record, each with operation MPT_TRACE_MORE and the lap |
 * | 25 to 28 | the answer: 0 success, MPT_TRACE_DEAD, MPT_TRACE_OTHER, else an errno |
 * | 29 to 36 | the vGPU's number: its handle's slot; 0 for operations without one |
 * | 37 to 63 | time in units of 64 ns, modulo 2^27 |
 *
 * The second word and the 14 bytes of each further slot behind its first two are the arguments, as
 * the operation's letters tell. The order of the records is that in which operations ended. What the
 * core is told (emulate_mmio_read, write_protect_handler, ...) is recorded when that begins, and its
 * end is a record "core_done" of the same vGPU, with the answer and what was read: what the core
 * called meanwhile for that vGPU stands between the two. aperture_read and aperture_write do not
 * know their vGPU.
 */
#define MPT_TRACE_MORE 63 /**< a further slot of a record */
#define MPT_TRACE_DEAD 14 /**< the answer to a dead or unknown handle */
#define MPT_TRACE_OTHER 15 /**< an answer outside the closed set: the first argument, zigzag */
#define MPT_TRACE_TIME_BITS 27 /**< of a record's time; one "anchor" record has it in full */
#define MPT_TRACE_TIME_UNIT 64 /**< ns */

/**
 * struct mpt_trace_op - an operation in the header. Since: 0.1
 * @name: as in struct intel_gvt_mpt, or that of the testbed's function; "" ends the table
 * @args: a letter for each argument and result, in order. Numbers are in 7 bits a byte, the least
 *	significant first, bit 7: more follow. v: a number; p: a byte address or size, rotated right
 *	by 12 bits; e: the last byte of a range, plus 1, then as p; a: a DMA address as p; d: data,
 *	as many bytes as the number before it says, MPT_TRACE_DATA_MAX at most. Of a success only:
 *	A: a DMA address that was the answer; V: a number that was; H: 16 bits, mpt_trace_check() of
 *	the data that was read. Always: M: the answer, a frame, plus 1; B: the answer, 0 or 1
 */
struct mpt_trace_op {
	char name[24];
	char args[8];
};

/**
 * struct mpt_trace_header - the first page of the file. Since: 0.1
 * @magic: MPT_TRACE_MAGIC
 * @version: MPT_TRACE_VERSION
 * @order: MPT_TRACE_ORDER
 * @slots: how many there are; a power of two
 * @real_ns: time of day at the opening, ns since 1970
 * @mono_ns: the same moment on the clock that records have (CLOCK_MONOTONIC)
 * @pid: the writer's process
 * @closed: 1: the host was closed; 0: it is open or its process was killed
 * @head: number of the next slot that will be reserved
 * @epoch: upper bits of the last anchor
 * @pad, @pad2: zeros
 * @op: the operations
 * @spec: the host's spec, with NUL, cut to fit
 */
struct mpt_trace_header {
	char magic[8];
	u32 version;
	u32 order;
	u64 slots;
	u64 real_ns;
	u64 mono_ns;
	u32 pid;
	u32 closed;
	u64 pad[10];
	u64 head;
	u64 epoch;
	u64 pad2[6];
	struct mpt_trace_op op[MPT_TRACE_OPS];
	char spec[1024];
};

#if defined(__GNUC__)
/**
 * mpt_trace_check() - 16 bits that stand for data that was read.
 * @data: @len bytes
 * @len: bytes
 * Return: the check. Context: any. Since: 0.1
 */
static inline u16 mpt_trace_check(const void *data, unsigned long len)
{
	const unsigned char *p = (const unsigned char *)data;
	u64 sum = len, word;

	for (; len >= 8; len -= 8, p += 8) {
		__builtin_memcpy(&word, p, 8);
		sum = (sum << 7 | sum >> 57) + word;
	}
	for (; len; len--)
		sum = (sum << 7 | sum >> 57) + *p++;
	return (u16)((sum * 0x9e3779b97f4a7c15ULL) >> 48);
}
#endif

#ifdef __cplusplus
}
#endif

#endif
