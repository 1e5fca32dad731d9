/* SPDX-License-Identifier: MIT */
/* Messages, colour and progress of mptctl, and text of at most 80 columns. No options. */
#include "cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BAR_WIDTH 30

static bool coloured(FILE *out)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return !(no && *no) && term && strcmp(term, "dumb") && isatty(fileno(out));
}

const char *cli_bold(FILE *out)
{
	return coloured(out) ? "\033[1m" : "";
}

const char *cli_red(FILE *out)
{
	return coloured(out) ? "\033[1;31m" : "";
}

const char *cli_green(FILE *out)
{
	return coloured(out) ? "\033[32m" : "";
}

const char *cli_plain(FILE *out)
{
	return coloured(out) ? "\033[0m" : "";
}

void cli_error(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%smptctl: ", cli_red(stderr));
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "%s\n", cli_plain(stderr));
}

void cli_progress(const char *what, uint64_t done, uint64_t total)
{
	unsigned int i, filled;

	if (!total || !isatty(STDERR_FILENO))
		return;
	if (done >= total) {
		fprintf(stderr, "\r\033[K");
		return;
	}
	filled = (unsigned int)(done * BAR_WIDTH / total);
	fprintf(stderr, "\r%s [", what);
	for (i = 0; i < BAR_WIDTH; i++)
		fputc(i < filled ? '#' : '.', stderr);
	fprintf(stderr, "] %3u %%", (unsigned int)(done * 100 / total));
	fflush(stderr);
}

void cli_wrap(FILE *out, int column, int indent, const char *text)
{
	int n, at = column;

	while (*(text += strspn(text, " \n"))) {
		n = (int)strcspn(text, " \n");
		if (at > column && at + 1 + n > CLI_COLUMNS) {
			fprintf(out, "\n%*s", indent, "");
			at = column = indent;
		}
		at += fprintf(out, "%s%.*s", at > column ? " " : "", n, text);
		text += n;
	}
	fputc('\n', out);
}
