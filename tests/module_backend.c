/* SPDX-License-Identifier: MIT */
/* A back end outside of libmpt, as a module: what tests/test_module.c loads. */
#include "fake_backend.h"

extern const struct mpt_backend mpt_module_backend;

const struct mpt_backend mpt_module_backend = {
	.size = sizeof(mpt_module_backend),
	.abi = MPT_BACKEND_ABI,
	.name = "module",
	.summary = "a back end loaded at run time",
	.options = fake_option_table,
	.options_size = sizeof(struct fake_options),
	.mpt = &fake_table,
	.mpt_size = sizeof(fake_table),
	.open = fake_open,
	.close = fake_close,
	.vm_get = fake_vm_get,
	.vm_put = fake_vm_put,
};
