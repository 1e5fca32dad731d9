/* SPDX-License-Identifier: MIT */
/* What the commands of `mptctl state` share: files that hold a saved vGPU. */
#ifndef MPT_TOOLS_STATE_H
#define MPT_TOOLS_STATE_H

#include <stddef.h>

#include "cli.h"

extern const struct cli_command command_state_save;
extern const struct cli_command command_state_restore;
extern const struct cli_command command_state_show;

/* The whole of a file, which the caller frees; NULL: an error was printed. */
void *state_read(const char *path, size_t *len);
/* Return: 0, or -1 with an error printed. */
int state_write(const char *path, const void *blob, size_t len);

#endif
