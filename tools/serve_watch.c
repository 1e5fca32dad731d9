/* SPDX-License-Identifier: MIT */
/*
 * What `mptctl serve` tells of its guests while they run: a line for each event, and on a terminal
 * a status line that is written over once a second. All on standard error.
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <mpt/log.h>

#include "cli.h"
#include "serve.h"

#define STATUS_NS 1000000000ULL
#define STATUS_MAX 400

typedef unsigned long long ull;

/* The library's lines come from any thread. */
static pthread_mutex_t print_lock = PTHREAD_MUTEX_INITIALIZER;
static u64 start_ns, status_ns;
static bool only_wrong, terminal;
static char status[STATUS_MAX]; /* what stands in the terminal's last line */

static void print(const char *colour, const char *text)
{
	double seconds = (double)(session_now_ns() - start_ns) / 1e9;

	pthread_mutex_lock(&print_lock);
	if (*status)
		fprintf(stderr, "\r\033[K");
	fprintf(stderr, "%s[%10.3f] %s%s\n", colour, seconds, text, cli_plain(stderr));
	if (*status)
		fprintf(stderr, "%s", status);
	fflush(stderr);
	pthread_mutex_unlock(&print_lock);
}

__attribute__((format(printf, 2, 0))) static void tell(const char *colour, const char *fmt,
						       va_list ap)
{
	char text[MPT_ERROR_MAX];

	vsnprintf(text, sizeof(text), fmt, ap);
	print(colour, text);
}

void serve_tell(const char *fmt, ...)
{
	va_list ap;

	if (only_wrong)
		return;
	va_start(ap, fmt);
	tell("", fmt, ap);
	va_end(ap);
}

static void tell_wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void tell_wrong(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(cli_red(stderr), fmt, ap);
	va_end(ap);
}

static void sink(void *arg, enum mpt_log_level level, const char *func, const char *text)
{
	(void)arg;
	(void)func;
	print(level <= MPT_LOG_WARN ? cli_red(stderr) : "", text);
}

void serve_watch_init(bool quiet)
{
	only_wrong = quiet;
	terminal = !quiet && isatty(STDERR_FILENO);
	start_ns = session_now_ns();
	mpt_log_set(sink, NULL, quiet ? MPT_LOG_WARN : MPT_LOG_INFO);
}

/* --- events --- */

static void look(struct serve_vgpu *v)
{
	struct gvt_vgpu_info now, *old = &v->info;

	gvt_vgpu_info(v->vgpu, &now);
	if (now.pv_notified && !old->pv_notified)
		serve_tell("vGPU %u: its driver has read PVINFO", v->id);
	if (now.display_ready != old->display_ready)
		serve_tell("vGPU %u: display ready %u", v->id, now.display_ready);
	if (now.resets != old->resets)
		serve_tell("vGPU %u: %llu resets", v->id, (ull)(now.resets - old->resets));
	if (now.hung != old->hung)
		tell_wrong("vGPU %u: an engine has stopped, %llu times now", v->id, (ull)now.hung);
	if (now.failsafes != old->failsafes)
		tell_wrong("vGPU %u: failsafe mode, %s", v->id, gvt_failsafe_name(now.failsafe));
	v->driver |= now.pv_notified;
	v->info = now;
}

/* --- the status line --- */

static size_t status_one(char *buf, size_t len, const struct serve_vgpu *v,
			 const struct gvt_vgpu_info *old, double seconds)
{
	const struct gvt_vgpu_info *now = &v->info;
	u64 accesses = now->mmio_reads + now->mmio_writes - old->mmio_reads - old->mmio_writes;
	int n = snprintf(buf, len, " [%u: %s, %.0f accesses/s, %.0f submissions/s]", v->id,
			 now->failsafe	      ? "failsafe"
			 : now->display_ready ? "display"
			 : now->pv_notified   ? "driver"
					      : "idle",
			 (double)accesses / seconds,
			 (double)(now->submissions - old->submissions) / seconds);

	return n < 0 ? 0 : (size_t)n < len ? (size_t)n : len - 1;
}

static void show_status(const struct serve *s, u64 now)
{
	static struct gvt_vgpu_info old[GVT_MAX_VGPU];
	double seconds = (double)(now - (status_ns ? status_ns : start_ns)) / 1e9;
	char text[STATUS_MAX] = "";
	unsigned int i;
	size_t n = 0;

	for (i = 0; i < s->n; i++) {
		n += status_one(text + n, sizeof(text) - n, &s->vgpu[i], &old[i], seconds);
		old[i] = s->vgpu[i].info;
	}
	status_ns = now;
	pthread_mutex_lock(&print_lock);
	memcpy(status, text, sizeof(text));
	fprintf(stderr, "\r\033[K%s", status);
	fflush(stderr);
	pthread_mutex_unlock(&print_lock);
}

void serve_watch(struct serve *s, u64 now)
{
	u64 faults = s->end.iommu_faults;
	unsigned int i;

	for (i = 0; i < s->n; i++)
		look(&s->vgpu[i]);
	session_take_iommu_faults(s->host, &s->end);
	if (s->end.iommu_faults != faults)
		tell_wrong("%llu IOMMU faults", (ull)(s->end.iommu_faults - faults));
	if (terminal && now - status_ns >= STATUS_NS)
		show_status(s, now);
}

void serve_watch_end(void)
{
	pthread_mutex_lock(&print_lock);
	if (*status)
		fprintf(stderr, "\r\033[K");
	*status = '\0';
	terminal = false;
	pthread_mutex_unlock(&print_lock);
	mpt_log_set(NULL, NULL, MPT_LOG_ERROR);
}
