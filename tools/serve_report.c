/* SPDX-License-Identifier: MIT */
/* What `mptctl serve` says when it ends: what each guest did, and whether all was given back. */
#include <stdio.h>

#include "cli.h"
#include "json.h"
#include "report.h"
#include "serve.h"

typedef unsigned long long ull;

bool serve_healthy(const struct serve *s)
{
	unsigned int i;

	for (i = 0; i < s->n; i++)
		if (s->vgpu[i].info.failsafes)
			return false;
	return !s->end.errors && !s->end.iommu_faults && session_ledger_empty(&s->end);
}

static void text_vgpu(const struct serve_vgpu *v)
{
	const struct gvt_vgpu_info *i = &v->info;

	printf("%svGPU %u on %s%s\n", cli_bold(stdout), v->id, v->socket, cli_plain(stdout));
	report_line(stdout, "driver", "%s; display ready %u",
		    v->driver ? "has read PVINFO" : "none has read PVINFO", i->display_ready);
	report_line(stdout, "accesses", "%llu reads, %llu writes, %llu to unknown registers",
		    (ull)i->mmio_reads, (ull)i->mmio_writes, (ull)i->unknown);
	report_line(stdout, "GGTT", "%llu entries written, %llu outside the vGPU's share ignored",
		    (ull)i->ggtt_writes, (ull)i->ggtt_ignored);
	report_line(stdout, "interrupts", "%llu raised, %llu MSIs and %llu INTx edges delivered",
		    (ull)i->interrupts, (ull)v->stats.msi, (ull)v->stats.intx);
	report_line(stdout, "page-table notices", "%llu; resets %llu", (ull)i->ppgtt_notify,
		    (ull)i->resets);
	report_engines(stdout, i);
	if (i->errors)
		report_wrong(stdout, "errors", "%llu accesses", (ull)i->errors);
	if (i->failsafes)
		report_wrong(stdout, "failsafe", "%llu times; now: %s", (ull)i->failsafes,
			     gvt_failsafe_name(i->failsafe));
}

static void text(const struct serve *s)
{
	unsigned int i;

	for (i = 0; i < s->n; i++)
		text_vgpu(&s->vgpu[i]);
	report_ledger(stdout, &s->end);
	if (s->end.errors)
		report_wrong(stdout, "errors", "%llu, the first: %s", (ull)s->end.errors,
			     s->end.first_error);
	report_host_faults(stdout, &s->end);
	report_health(stdout, serve_healthy(s), "no failsafe, no error, everything given back");
}

#if TOOLS_HAVE_JSON
static json_t *number(u64 n)
{
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

static json_t *json_one(const struct serve_vgpu *v)
{
	json_t *o = report_json_vgpu(&v->info);

	json_object_set_new(o, "socket", report_json_text(v->socket));
	json_object_set_new(o, "driver", json_boolean(v->driver));
	json_object_set_new(o, "reads", number(v->info.mmio_reads));
	json_object_set_new(o, "writes", number(v->info.mmio_writes));
	json_object_set_new(o, "unknown", number(v->info.unknown));
	json_object_set_new(o, "errors", number(v->info.errors));
	json_object_set_new(o, "failsafes", number(v->info.failsafes));
	json_object_set_new(o, "msi", number(v->stats.msi));
	json_object_set_new(o, "intx", number(v->stats.intx));
	return o;
}

static void json(const struct serve *s)
{
	json_t *list = json_array(), *o;
	unsigned int i;

	for (i = 0; i < s->n; i++)
		json_array_append_new(list, json_one(&s->vgpu[i]));
	o = json_pack("{s:b, s:o, s:o, s:o, s:s, s:o}", "healthy", serve_healthy(s), "vgpus", list,
		      "iommu_faults", number(s->end.iommu_faults), "errors", number(s->end.errors),
		      "first_error", s->end.first_error, "ledger", report_json_ledger(&s->end));
	json_dumpf(o, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(o);
}
#else
static void json(const struct serve *s)
{
	(void)s;
}
#endif

void serve_report(const struct serve *s)
{
	if (s->args->json)
		json(s);
	else
		text(s);
}
