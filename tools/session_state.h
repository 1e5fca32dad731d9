/* SPDX-License-Identifier: MIT */
/* A run that begins with a saved vGPU, or ends with one being saved. */
#ifndef MPT_TOOLS_SESSION_STATE_H
#define MPT_TOOLS_SESSION_STATE_H

#include "session.h"

/* All accesses of the trace. */
#define SESSION_TO_THE_END UINT64_MAX

/**
 * struct session_state - a run with a state.
 * @blob: @len bytes, what the vGPU is restored from before it runs; NULL: a new one
 * @begin: accesses of the trace that were fed before
 * @end: the run ends behind that many accesses; of the synthetic guest: the state is saved behind
 *	that many looks at something, and it plays on
 * @saved, @saved_len: out, the state at the end; the caller frees
 * @hash: out, of that state
 * @total: out, accesses of the trace, or looks of the guest
 */
struct session_state {
	const void *blob;
	size_t len;
	u64 begin, end;
	void *saved;
	size_t saved_len;
	u64 hash, total;
	struct intel_vgpu *vgpu; /* while it runs */
	struct session_result *r;
};

/* A platform's name, up to eight letters in a number. */
void session_state_word(u64 word, char *buf, size_t len);
/* Platform, aperture, place and sizes that a state wants. Return: 0, or r->err with a sentence. */
int session_state_device(const struct session_state *s, struct gvt_config *config, char *platform,
			 size_t len, struct session_result *r);
void session_state_type(const struct session_state *s, struct intel_vgpu_type *type);

/* Restores a vGPU that is not active yet. Return: 0, or r->err with a sentence. */
int session_state_begin(struct session_state *s, struct intel_vgpu *vgpu, struct session_result *r);
/* The guest has looked @n times. @arg: the struct session_state. */
void session_state_look(void *arg, u64 n);
/* Takes the state, unless the guest's looks have done it. */
int session_state_end(struct session_state *s, struct intel_vgpu *vgpu, bool guest,
		      struct session_result *r);

#endif
