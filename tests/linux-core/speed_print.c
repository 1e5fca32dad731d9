/* SPDX-License-Identifier: MIT */
/* The comparison's results: best and median of the rounds, and the median of each pair's ratio. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "speed_print.h"

/* Of a row: Linux' best and median, ours, the ratio. */
struct summary {
	const char *name;
	double best[2], median[2], ratio, limit;
	bool behind;
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void sort(const double *from, unsigned int n, double *to)
{
	memcpy(to, from, n * sizeof(*to));
	qsort(to, n, sizeof(*to), by_value);
}

static struct summary sum_up(const struct speed_result *r)
{
	struct summary s = { .name = r->row->name, .limit = r->row->limit };
	double ratio[SPEED_ROUNDS], sorted[SPEED_ROUNDS];
	unsigned int side, i;

	for (side = 0; side < 2; side++) {
		sort(r->ns[side], r->rounds, sorted);
		s.best[side] = sorted[0];
		s.median[side] = sorted[r->rounds / 2];
	}
	for (i = 0; i < r->rounds; i++)
		ratio[i] = r->ns[1][i] / r->ns[0][i];
	sort(ratio, r->rounds, sorted);
	s.ratio = sorted[r->rounds / 2];
	s.behind = !(s.ratio <= s.limit);
	return s;
}

/* In words; a limit above 1 allows for what only ours does. */
static const char *verdict(const struct summary *s)
{
	return s->behind ? "behind" : s->ratio > 1 ? "within" : "ahead";
}

/* Three digits and more: 12.3, 123, 1234. */
static const char *figure(double ns, char text[16])
{
	snprintf(text, 16, ns < 100 ? "%.1f" : "%.0f", ns);
	return text;
}

static void text_row(FILE *to, const struct summary *s, bool brief)
{
	char t[4][16];

	fprintf(to, "%-44s %10s %10s %10s %10s %7.3f %5.2g  %s\n", s->name,
		figure(s->best[0], t[0]), figure(s->median[0], t[1]), figure(s->best[1], t[2]),
		figure(s->median[1], t[3]), s->ratio, s->limit,
		brief ? "" : verdict(s));
}

static void markdown_row(FILE *to, const struct summary *s)
{
	char t[4][16];

	fprintf(to, "| %s | %s | %s | %s | %s | %.3f | %.2g | %s |\n", s->name,
		figure(s->best[0], t[0]), figure(s->median[0], t[1]), figure(s->best[1], t[2]),
		figure(s->median[1], t[3]), s->ratio, s->limit, verdict(s));
}

static void json_row(FILE *to, const struct summary *s, bool last)
{
	fprintf(to,
		"  {\"name\": \"%s\", \"unit\": \"ns\", \"linux_best\": %.2f, "
		"\"linux_median\": %.2f, \"best\": %.2f, \"median\": %.2f, \"ratio\": %.4f, "
		"\"limit\": %.2f, \"met\": %s}%s\n",
		s->name, s->best[0], s->median[0], s->best[1], s->median[1], s->ratio, s->limit,
		s->behind ? "false" : "true", last ? "" : ",");
}

/* Nothing is judged where the clock was too coarse for a row: it would be 0. */
static int filled(const struct summary *s)
{
	return s->best[0] > 0 && s->best[1] > 0;
}

static FILE *begin(const char *path, const char *head)
{
	FILE *to = path ? fopen(path, "w") : NULL;

	if (path && !to)
		perror(path);
	if (to)
		fputs(head, to);
	return to;
}

/* Returns whether all is written. */
static bool end(const char *path, FILE *to, const char *tail)
{
	if (!to)
		return !path;
	fputs(tail, to);
	return fclose(to) == 0;
}

int speed_print(const struct speed_result *results, unsigned int n,
		const struct speed_files *files, bool brief)
{
	FILE *json = begin(files->json, "[\n");
	FILE *markdown = begin(files->markdown,
			       "| ns | Linux best | median | ours best | median | ratio | at most | |\n"
			       "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n");
	unsigned int i, behind = 0, empty = 0;

	printf("%-44s %21s %21s %7s %5s\n%-44s %10s %10s %10s %10s\n", "", "Linux 5.10",
	       "libmpt-gvt", "ratio", "most", "ns", "best", "median", "best", "median");
	for (i = 0; i < n; i++) {
		struct summary s = sum_up(&results[i]);

		text_row(stdout, &s, brief);
		if (json)
			json_row(json, &s, i + 1 == n);
		if (markdown)
			markdown_row(markdown, &s);
		behind += s.behind;
		empty += !filled(&s);
	}
	if (!end(files->json, json, "]\n") || !end(files->markdown, markdown, ""))
		return 1;
	if (brief)
		printf("%u rows, %u of them empty\n", n, empty);
	else
		printf("%u rows, %u rounds of pairs, CPU time of one thread; %u behind\n", n,
		       SPEED_ROUNDS, behind);
	return empty ? 1 : behind && !brief ? 2 : 0;
}
