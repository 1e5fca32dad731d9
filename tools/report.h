/* SPDX-License-Identifier: MIT */
/* What `mptctl run` shows of a run: a text for people, JSON for machines. */
#ifndef MPT_TOOLS_REPORT_H
#define MPT_TOOLS_REPORT_H

#include <stdio.h>

#include "session.h"

/* @registers: list every register, not only the busiest. */
void report_text(FILE *out, struct intel_gvt *names, const char *title,
		 const struct session_result *r, bool registers);

/* A line of a report, its name in a column of its own; what is wrong is red. */
void report_line(FILE *out, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void report_wrong(FILE *out, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Parts of a text: the vGPU's place; the last lines, with the verdict; what a vGPU's engines did;
 * the ledger; what else the host found wrong.
 */
void report_vgpu(FILE *out, const struct session_result *r);
void report_verdict(FILE *out, const struct session_result *r);
void report_engines(FILE *out, const struct gvt_vgpu_info *v);
void report_ledger(FILE *out, const struct session_result *r);
void report_host_faults(FILE *out, const struct session_result *r);
/* The last line; @good: what "healthy" means there. */
void report_health(FILE *out, bool healthy, const char *good);

/* Parts of JSON: a json_t that is the caller's; only with TOOLS_HAVE_JSON. */
void *report_json_text(const char *text);
void *report_json_vgpu(const struct gvt_vgpu_info *v);
void *report_json_ledger(const struct session_result *r);

/* Appends to @list, a json_t array; only with TOOLS_HAVE_JSON. */
void report_json(void *list, struct intel_gvt *names, const char *title,
		 const struct session_result *r);

#endif
