/* SPDX-License-Identifier: MIT */
/* A back end outside of libmpt, as a module: what tests/test_module.c loads. */
#include <mpt/backend.h>

extern const struct mpt_backend mpt_module_backend;

#define FAKE_OBJECT const struct mpt_backend mpt_module_backend
#define FAKE_NAME "module"
#include "fake_backend.h"
