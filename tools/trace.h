/* SPDX-License-Identifier: MIT */
/* What the commands of `mptctl trace` share: files of the trace layer, and records in words. */
#ifndef MPT_TOOLS_TRACE_H
#define MPT_TOOLS_TRACE_H

#include "cli.h"
#include "trace_play.h"

extern const struct cli_command command_trace_show;
extern const struct cli_command command_trace_stat;
extern const struct cli_command command_trace_convert;
extern const struct cli_command command_trace_replay;
extern const struct cli_command command_trace_shrink;

struct trace_file {
	void *bytes;
	size_t len;
	struct trace_ring ring;
};

/* Return: 0 (trace_file_close() it); -1 with an error printed. */
int trace_file_open(struct trace_file *f, const char *path);
void trace_file_close(struct trace_file *f);

/* A trace that can be replayed. Return: 0 (play_free() it); -1 with an error printed. */
int trace_file_load(struct trace_file *f, const char *path, struct play_trace *t);

/* A record as a line of text, and as an object of JSON (only with TOOLS_HAVE_JSON). */
void trace_text(FILE *out, const struct trace_record *rec);
void trace_json(FILE *out, const struct trace_record *rec);

/*
 * The part of a trace that is in a mmiotrace; says on standard error what is not. @vgpu: its
 * number; TRACE_ANY_VGPU: the first that a guest accesses. Return: 0, -1.
 */
#define TRACE_ANY_VGPU 256U
int trace_mmiotrace(FILE *out, const char *path, struct trace_ring *ring, unsigned int vgpu);

#endif
