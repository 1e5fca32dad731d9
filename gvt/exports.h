/* SPDX-License-Identifier: MIT */
/*
 * What libmpt-gvt exports: the functions its installed headers declare. The build includes this
 * file first in every object and hides everything declared later. Nothing but includes lives here.
 */
#ifndef GVT_EXPORTS_H
#define GVT_EXPORTS_H

#pragma GCC visibility push(default)
#include <gvt/display.h>
#include <gvt/gvt.h>
#include <gvt/hw.h>
#include <gvt/state.h>
#pragma GCC visibility pop

#endif
