/* SPDX-License-Identifier: MIT */
/* The part of a report that is about the contract's operations, where a stats layer counted. */
#ifndef MPT_TOOLS_REPORT_OPS_H
#define MPT_TOOLS_REPORT_OPS_H

#include <stdio.h>

#include "json.h"
#include "session.h"

/* A table; nothing without a stats layer. */
void report_ops_text(FILE *out, const struct session_result *r);
#if TOOLS_HAVE_JSON
/* An array, null without a stats layer. */
json_t *report_ops_json(const struct session_result *r);
#endif

#endif
