/* SPDX-License-Identifier: MIT */
/* What is timed through the installed libraries. What they hide is timed by tests/bench_inner.c. */
#include "bench.h"

const struct bench_set bench_sets[] = {
	{ rows_yard, &num_rows_yard },
	{ rows_mem, &num_rows_mem },
	{ rows_layers, &num_rows_layers },
	{ rows_gvt, &num_rows_gvt },
	{ rows_submit, &num_rows_submit },
	{ rows_vfu, &num_rows_vfu },
	{ rows_acrn, &num_rows_acrn },
	{ rows_kvm, &num_rows_kvm },
	{ NULL, NULL },
};
