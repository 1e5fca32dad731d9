/* SPDX-License-Identifier: MIT */
/* The part of a report that is about the synthetic guest; report.c has the rest. */
#ifndef MPT_TOOLS_REPORT_GUEST_H
#define MPT_TOOLS_REPORT_GUEST_H

#include <stdio.h>

#include "json.h"
#include "synthetic.h"

void report_guest_text(FILE *out, const struct synthetic *s);
#if TOOLS_HAVE_JSON
json_t *report_guest_json(const struct synthetic *s);
#endif

#endif
