/* SPDX-License-Identifier: MIT */
/* What `mptctl run` shows of a run: a text for people, JSON for machines. */
#ifndef MPT_TOOLS_REPORT_H
#define MPT_TOOLS_REPORT_H

#include <stdio.h>

#include "session.h"

/* @registers: list every register, not only the busiest. */
void report_text(FILE *out, struct intel_gvt *names, const char *title,
		 const struct session_result *r, bool registers);

/* Appends to @list, a json_t array; only with TOOLS_HAVE_JSON. */
void report_json(void *list, struct intel_gvt *names, const char *title,
		 const struct session_result *r);

#endif
