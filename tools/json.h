/* SPDX-License-Identifier: MIT */
/*
 * JSON output through jansson, where it was there at build time; without it json_begin() says so.
 */
#ifndef MPT_TOOLS_JSON_H
#define MPT_TOOLS_JSON_H

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#ifdef HAVE_JANSSON
#include <jansson.h>
#define TOOLS_HAVE_JSON 1
#else
#define TOOLS_HAVE_JSON 0
#endif

#define TOOLS_NO_JSON "built without jansson: no --json (install libjansson-dev and build again)"

#endif
