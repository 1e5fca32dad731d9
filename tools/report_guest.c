/* SPDX-License-Identifier: MIT */
/* The synthetic guest's part of the reports of report.c: its steps and what its engines did. */
#include "report_guest.h"

#include "cli.h"

typedef unsigned long long ull;

static void text_steps(FILE *out, const struct synthetic_run *run)
{
	unsigned int i;

	fprintf(out, "\n%s  %-20s%-9s%10s%s\n", cli_bold(out),
		run->levels == 4 ? "step, 4 levels" : "step, 3 levels", "result", "us",
		cli_plain(out));
	for (i = 0; i < run->guest.steps; i++) {
		const struct guest_step_result *s = &run->guest.step[i];
		bool bad = s->state == GUEST_FAILED;

		fprintf(out, "%s  %-20s%-9s%10.0f  %s%s\n", bad ? cli_red(out) : "", s->name,
			synthetic_state_name(s->state), (double)s->ns / 1e3, s->what,
			bad ? cli_plain(out) : "");
	}
}

static void text_counts(FILE *out, const struct guest_result *g)
{
	unsigned int i;

	fprintf(out, "  %-20s", "batches");
	for (i = 0; i < GUEST_ENGINES; i++)
		fprintf(out, "%s%s %llu", i ? ", " : "", g->engine[i], (ull)g->batches[i]);
	fprintf(out, "\n  %-20s%llu with %llu events, %llu interrupts, %llu waits\n", "submissions",
		(ull)g->submissions, (ull)g->events, (ull)g->interrupts, (ull)g->waits);
}

void report_guest_text(FILE *out, const struct synthetic *s)
{
	unsigned int i;

	for (i = 0; i < s->runs; i++) {
		text_steps(out, &s->run[i]);
		text_counts(out, &s->run[i].guest);
	}
	fprintf(out, "\n");
}

#if TOOLS_HAVE_JSON
static json_t *json_steps(const struct guest_result *g)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < g->steps; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:I}", "step", g->step[i].name, "what",
					g->step[i].what, "result",
					synthetic_state_name(g->step[i].state), "ns",
					(json_int_t)g->step[i].ns));
	return list;
}

static json_t *json_run(const struct synthetic_run *run)
{
	const struct guest_result *g = &run->guest;
	json_t *batches = json_object();
	unsigned int i;

	for (i = 0; i < GUEST_ENGINES; i++)
		json_object_set_new(batches, g->engine[i] ? g->engine[i] : "",
				    json_integer((json_int_t)g->batches[i]));
	return json_pack("{s:i, s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I}", "levels",
			 run->levels, "why", g->why, "steps", json_steps(g), "batches", batches,
			 "submissions", (json_int_t)g->submissions, "events", (json_int_t)g->events,
			 "interrupts", (json_int_t)g->interrupts, "waits", (json_int_t)g->waits,
			 "dma_left", (json_int_t)run->dma, "tracked_left",
			 (json_int_t)run->tracked);
}

json_t *report_guest_json(const struct synthetic *s)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < s->runs; i++)
		json_array_append_new(list, json_run(&s->run[i]));
	return list;
}
#endif
