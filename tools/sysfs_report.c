/* SPDX-License-Identifier: MIT */
/* What `mptctl sysfs` says when it ends: what vGPUs there were, and whether all was given back. */
#include <stdio.h>

#include "cli.h"
#include "json.h"
#include "report.h"
#include "sysfs.h"

typedef unsigned long long ull;

static bool played_well(const struct sysfs *s)
{
	const struct session_result *r = &s->played;

	return !s->trace_vm || (!r->err && !r->errors && !r->pvinfo_bad && !r->vgpu.failsafe);
}

bool sysfs_healthy(const struct sysfs *s)
{
	return played_well(s) && !s->end.errors && !s->end.iommu_faults &&
	       session_ledger_empty(&s->end);
}

static void text_trace(const struct sysfs *s)
{
	const struct session_result *r = &s->played;

	if (!s->trace)
		return;
	if (!s->trace_vm) {
		report_line(stdout, "trace", "not replayed: no vGPU of its sizes was made");
		return;
	}
	report_line(stdout, "trace", "VM %u: %llu accesses; %llu reads differ", s->trace_vm,
		    (ull)r->accesses, (ull)r->differ);
	if (r->err)
		report_wrong(stdout, "trace", "%s", r->why);
	if (r->errors)
		report_wrong(stdout, "errors", "%llu, the first: %s", (ull)r->errors,
			     r->first_error);
	if (r->pvinfo_bad)
		report_wrong(stdout, "PVINFO", "%s", r->first_pvinfo);
	if (r->vgpu.failsafe)
		report_wrong(stdout, "failsafe", "%s", gvt_failsafe_name(r->vgpu.failsafe));
}

static void text(const struct sysfs *s)
{
	printf("%s%s%s\n", cli_bold(stdout), s->args->mountpoint, cli_plain(stdout));
	report_line(stdout, "vGPUs", "%llu made, %llu destroyed, %llu of them at the end",
		    (ull)s->made, (ull)s->destroyed, (ull)s->left);
	text_trace(s);
	report_ledger(stdout, &s->end);
	if (s->end.errors)
		report_wrong(stdout, "errors", "%llu, the first: %s", (ull)s->end.errors,
			     s->end.first_error);
	report_host_faults(stdout, &s->end);
	report_health(stdout, sysfs_healthy(s), "no error, everything given back");
}

#if TOOLS_HAVE_JSON
static json_t *number(u64 n)
{
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

static json_t *json_trace(const struct sysfs *s)
{
	const struct session_result *r = &s->played;

	if (!s->trace_vm)
		return json_null();
	return json_pack("{s:i, s:o, s:o, s:o, s:s, s:o}", "vm", (int)s->trace_vm, "accesses",
			 number(r->accesses), "differ", number(r->differ), "errors",
			 number(r->errors), "first_error", r->first_error, "vgpu",
			 report_json_vgpu(&r->vgpu));
}

static void json(const struct sysfs *s)
{
	json_t *o = json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o}", "healthy",
			      sysfs_healthy(s), "mountpoint",
			      report_json_text(s->args->mountpoint), "made", number(s->made),
			      "destroyed", number(s->destroyed), "at_end", number(s->left), "trace",
			      json_trace(s), "iommu_faults", number(s->end.iommu_faults), "errors",
			      number(s->end.errors), "first_error", s->end.first_error, "ledger",
			      report_json_ledger(&s->end));

	json_dumpf(o, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(o);
}
#else
static void json(const struct sysfs *s)
{
	(void)s;
}
#endif

void sysfs_report(const struct sysfs *s)
{
	if (s->args->json)
		json(s);
	else
		text(s);
}
