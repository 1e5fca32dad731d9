/* SPDX-License-Identifier: MIT */
/*
 * Replaying a trace of the trace layer: its records made ready once, then performed any number of
 * times, each time on a host of its own, and what is answered compared with what was recorded.
 * Prints nothing.
 */
#ifndef MPT_TOOLS_TRACE_PLAY_H
#define MPT_TOOLS_TRACE_PLAY_H

#include <mpt/testbed.h>
#include <mpt/trace.h>

#include "trace_ring.h"

#define PLAY_ARGS 5
#define PLAY_VMS 64		     /* of a trace */
#define PLAY_REGIONS 4096	     /* of RAM, at a time */
#define PLAY_BYTES (1U << 20)	     /* of one call */
#define PLAY_RAM (16ULL << 30)	     /* of all VMs, at a time */
#define PLAY_OPS_MAX (1U << 31)	     /* records of a trace: an index and a bit are a u32 */
#define PLAY_WHY_MAX 256

struct play;
struct play_op;

/* What a kind of record is for the player. */
enum play_class {
	PLAY_VGPU = 1 << 0,  /* an operation of a vGPU */
	PLAY_VM = 1 << 1,    /* its first argument is a VM */
	PLAY_OUTER = 1 << 2, /* the core may be told of something before it ends */
	PLAY_INNER = 1 << 3, /* the core may call it while it is told */
	PLAY_TOLD = 1 << 4,  /* the core is told */
	PLAY_DONE = 1 << 5,  /* the core has answered */
	PLAY_LOOK = 1 << 6,  /* changes nothing */
	PLAY_PAGE = 1 << 7,  /* argument @page is in a page of the guest's */
	PLAY_FRAME = 1 << 8, /* the same as a frame number */
	PLAY_DMA = 1 << 9,   /* the same as a DMA address */
	PLAY_FIRM = 1 << 10, /* the frame of it all: host, VMs, RAM, vGPUs */
	PLAY_ANY_VGPU = 1 << 11, /* of which vGPU is not recorded */
};

/**
 * struct play_kind - one operation, by its name in the file.
 * @args: its letters; a file in which they are others is of another version
 * @arg_names: of the letters that are numbers, "gpa len"
 * @page: the argument that PLAY_PAGE, PLAY_FRAME or PLAY_DMA means
 * @perform: NULL for what the core is told
 */
struct play_kind {
	const char *name;
	const char *args;
	const char *arg_names;
	unsigned int flags;
	unsigned int page;
	void (*perform)(struct play *p, const struct play_op *o);
};

const struct play_kind *play_kind_named(const char *name);
/* The kind of a record; NULL: unknown. */
const struct play_kind *play_kind_of(const struct mpt_trace_op *op);

/**
 * struct play_op - one record. Links are indices plus 1; 0: none.
 * @next: in the list that it is in
 * @first, @last: of an outer call what the core was told; of that what the core called
 * @within: of an inner call, and of PLAY_DONE, what the core was told
 * @outer: of what the core was told, the call that it belongs to
 * @done: of the same, its answer
 * @vm: index of its VM, or of its vGPU's
 */
struct play_op {
	const struct play_kind *kind;
	uint64_t number;
	uint64_t arg[PLAY_ARGS];
	int64_t ret;
	uint64_t data; /* offset of its bytes */
	uint32_t data_len;
	uint32_t next, first, last, within, outer, done;
	uint8_t vgpu, args, vm;
	bool dead;
};

#define PLAY_NO_VM 255

/**
 * struct play_trace - a trace that is ready.
 * @bytes: data of its records
 * @vm: numbers of its VMs
 * @skipped: records of operations that are not known
 * @torn: slots whose record is not there in full
 * @lost: slots that were written over before
 * @open: what the core was told and did not answer
 */
struct play_trace {
	struct play_op *op;
	uint32_t n, room;
	uint8_t *bytes;
	uint64_t len, bytes_room;
	unsigned int vm[PLAY_VMS];
	unsigned int vms;
	uint64_t skipped, torn, lost, open;
};

/**
 * play_load() - make a trace ready.
 * @ring: opened
 * @why: out, a sentence, on failure
 * Return: 0 (play_free() it); -1.
 */
int play_load(struct play_trace *t, struct trace_ring *ring, char *why, size_t why_len);
void play_free(struct play_trace *t);

enum play_what {
	PLAY_EQUAL,
	PLAY_RET,   /* the answer */
	PLAY_VALUE, /* a number that was answered */
	PLAY_BYTES_DIFFER, /* what was read */
	PLAY_ABSENT, /* its VM or vGPU is not there */
	PLAY_OTHER, /* the core is told of something else */
	PLAY_MORE, /* the core is told, and was not */
	PLAY_LESS, /* the core was told, and is not */
};

/**
 * struct play_diff - the first difference.
 * @op: index of the record
 * @expected, @seen: numbers; of a PLAY_OTHER, PLAY_MORE or PLAY_LESS addresses
 * @told: what the core was told
 * @tells: what it is told
 * @known: of a DMA address: it was mapped before
 */
struct play_diff {
	enum play_what what;
	uint32_t op;
	int64_t expected, seen;
	const struct play_kind *told, *tells;
	bool known;
};

/**
 * struct play_config - one replay.
 * @spec: the host
 * @drop: a byte for each record: not 0: leave it out; or NULL
 * @end: records before this one; t->n for all
 * @ram: bytes of RAM at most; 0: PLAY_RAM
 * @first_only: end at the first difference
 * @hash: compute the state's hash at the end
 */
struct play_config {
	const char *spec;
	const uint8_t *drop;
	uint32_t end;
	uint64_t ram;
	bool first_only, hash;
};

/**
 * struct play_result - what came of it.
 * @first: difference
 * @diffs: how many records differ
 * @done: records that were performed
 * @ns: how long it took, opening and closing left out
 * @hash: of the state at the end
 * @cut: writes of whose data a part was recorded; zeros stood for the rest
 */
struct play_result {
	struct play_diff first;
	uint64_t diffs, done, ns, hash, cut;
	char why[MPT_ERROR_MAX + 64];
};

/* Return: 0, also where it differs; -1: it could not be done, a sentence is in @r->why. */
int play_run(const struct play_trace *t, const struct play_config *c, struct play_result *r);

/* "record 12: ...": what is different. */
void play_tell(const struct play_trace *t, const struct play_diff *d, char *text, size_t len);

/* The back end to replay on unless one is named: the recorded one if that was a mock. */
const char *play_spec(const struct trace_ring *ring);

#endif
