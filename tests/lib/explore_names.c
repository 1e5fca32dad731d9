/* SPDX-License-Identifier: MIT */
/* The race explorer's texts: schedules, places in the code, who waits for what, what a run did. */
#include "explore_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Appends; what does not fit is cut. */
static void say(char *buf, size_t len, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void say(char *buf, size_t len, const char *fmt, ...)
{
	size_t used = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + used, len - used, fmt, ap);
	va_end(ap);
}

/* "CHOICE.THREAD,...": where it deviates from what goes by itself; "-": nowhere. */
void explore_schedule_print(const struct explore_ctx *c, char *buf, size_t len)
{
	unsigned int i;

	buf[0] = 0;
	for (i = 0; i < c->num_dev; i++)
		say(buf, len, "%s%u.%u", i ? "," : "", c->dev[i].choice, c->dev[i].thread);
	if (!c->num_dev)
		say(buf, len, "-");
}

bool explore_schedule_parse(struct explore_ctx *c, const char *text)
{
	unsigned int n = 0, choice, thread, last = 0;
	int used;

	c->num_dev = 0;
	c->want_hash = 0;
	if (!strcmp(text, "-"))
		return true;
	for (;; text++) {
		used = 0;
		if (n == EXPLORE_DEVIATIONS || *text < '0' || *text > '9' ||
		    sscanf(text, "%5u.%1u%n", &choice, &thread, &used) != 2 ||
		    (n && choice <= last) || thread >= c->threads)
			return false;
		c->dev[n++] = (struct explore_deviation){ choice, thread };
		last = choice;
		text += used;
		if (*text != ',')
			break;
	}
	c->num_dev = n;
	return !*text;
}

static const char *short_file(const char *file)
{
	const char *at, *dir = file;

	for (at = file; *at; at++)
		if (*at == '/' && strchr(at + 1, '/'))
			dir = at + 1;
	return dir;
}

void explore_site_print(const struct explore_site *site, char *buf, size_t len)
{
	if (site)
		snprintf(buf, len, "%s (%s:%u)", site->func, short_file(site->file), site->line);
	else
		snprintf(buf, len, "its beginning");
}

const char *explore_thread_name(const struct explore_ctx *c, unsigned int n)
{
	static const char *const names[] = { "T0", "T1", "T2", "T3" };

	return c->s->names ? c->s->names[n] : names[n];
}

static void say_site(char *buf, size_t len, const struct explore_site *site)
{
	char text[EXPLORE_TEXT / 4];

	explore_site_print(site, text, sizeof(text));
	say(buf, len, "%s", text);
}

/* --- who waits for what --- */

static const char *const why_names[] = {
	[WHY_NOT] = "is at", [WHY_MUTEX] = "waits for a mutex at",
	[WHY_COND] = "waits for a condition at", [WHY_FUTEX] = "waits for a lock at",
	[WHY_YIELD] = "yields at", [WHY_ENDED] = "has ended behind",
};

static void say_holder(const struct explore_ctx *c, const volatile void *lock, char *buf,
		       size_t len)
{
	unsigned int i, k;

	for (i = 0; i < c->threads; i++) {
		const struct explore_thread *t = &c->thread[i];

		for (k = 0; k < t->num_held; k++) {
			if (t->held[k].lock != lock)
				continue;
			say(buf, len, ", which %s took at ", explore_thread_name(c, i));
			say_site(buf, len, t->held[k].site);
		}
	}
}

void explore_where(const struct explore_ctx *c, char *buf, size_t len)
{
	unsigned int i;

	buf[0] = 0;
	for (i = 0; i < c->threads; i++) {
		const struct explore_thread *t = &c->thread[i];
		enum explore_why why = t->ended ? WHY_ENDED : t->why;

		say(buf, len, "%s%s %s ", i ? "; " : "", explore_thread_name(c, i), why_names[why]);
		say_site(buf, len, t->at);
		if (t->waits)
			say_holder(c, t->waits, buf, len);
	}
}

/* --- what a run did --- */

/* The last places before a thread was left. */
static void report_turn(const struct explore_ctx *c, unsigned int from, unsigned int to, char *buf,
			size_t len)
{
	unsigned int i = to - from > 3 ? to - 3 : from;

	say(buf, len, "  %s: %u steps%s", explore_thread_name(c, c->log[from].thread), to - from,
	    i > from ? ", ... " : ", ");
	for (; i < to; i++) {
		if (c->log[i].site)
			say_site(buf, len, c->log[i].site);
		say(buf, len, "%s", i + 1 < to ? ", " : "");
	}
	i = c->log[to - 1].why;
	say(buf, len, "%s\n", i == WHY_NOT ? "" : i == WHY_ENDED ? " end" : i == WHY_YIELD ?
		" yields" : " waits");
}

/* A turn is the steps of one thread between two others'. */
void explore_report(const struct explore_ctx *c, char *buf, size_t len)
{
	unsigned int i, from = 0;

	buf[0] = 0;
	for (i = 1; i <= c->num_log; i++) {
		if (i < c->num_log && c->log[i].thread == c->log[from].thread)
			continue;
		report_turn(c, from, i, buf, len);
		from = i;
	}
	if (c->num_log == EXPLORE_LOG)
		say(buf, len, "  (only the first %d steps)\n", EXPLORE_LOG);
}
