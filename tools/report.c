/* SPDX-License-Identifier: MIT */
/* What `mptctl run` shows of a run: a text for people, JSON for machines. */
#include "report.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "json.h"
#include "report_guest.h"
#include "report_ops.h"

#define BUSIEST 10
#define NUM_REGS (GVT_MMIO_SIZE / 4)
#define LABEL 20    /* columns of what stands left of each line */
#define NAME_MIN 18 /* "busiest registers" */

typedef unsigned long long ull;

/* --- registers, busiest first --- */

static const struct tally_reg *sort_base;

static u64 weight(u32 index)
{
	return (u64)sort_base[index].reads + sort_base[index].writes;
}

static int by_weight(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	if (weight(x) != weight(y))
		return weight(x) < weight(y) ? 1 : -1;
	return x < y ? -1 : x > y;
}

/* Dword indices of the touched registers; the caller frees. NULL: no memory. */
static u32 *touched(const struct tally *t, size_t *n)
{
	u32 *list = malloc(NUM_REGS * sizeof(*list));
	u32 i;

	*n = 0;
	for (i = 0; list && i < NUM_REGS; i++)
		if (t->reg[i].reads || t->reg[i].writes)
			list[(*n)++] = i;
	sort_base = t->reg;
	if (list)
		qsort(list, *n, sizeof(*list), by_weight);
	return list;
}

/* Keeps those that the table does not know, in their order. */
static size_t only_unknown(struct intel_gvt *names, u32 *list, size_t n)
{
	struct gvt_reg_desc desc;
	size_t i, kept = 0;

	for (i = 0; i < n; i++) {
		gvt_reg_describe(names, 4ULL * list[i], &desc);
		if (!desc.known)
			list[kept++] = list[i];
	}
	return kept;
}

/* --- text --- */

static void label(FILE *out, const char *text)
{
	fprintf(out, "  %-*s", LABEL, text);
}

void report_line(FILE *out, const char *name, const char *fmt, ...)
{
	va_list ap;

	label(out, name);
	va_start(ap, fmt);
	vfprintf(out, fmt, ap);
	va_end(ap);
	fputc('\n', out);
}

/* What is wrong: the same in red. */
void report_wrong(FILE *out, const char *name, const char *fmt, ...)
{
	va_list ap;

	fputs(cli_red(out), out);
	label(out, name);
	va_start(ap, fmt);
	vfprintf(out, fmt, ap);
	va_end(ap);
	fprintf(out, "%s\n", cli_plain(out));
}

/* Sizes and places are whole MiB. */
static const char *size_text(u64 bytes, char *buf, size_t len)
{
	if (!bytes)
		snprintf(buf, len, "0");
	else if (bytes % (1 << 20))
		snprintf(buf, len, "0x%llx bytes", (ull)bytes);
	else
		snprintf(buf, len, "%llu MiB", (ull)(bytes >> 20));
	return buf;
}

void report_vgpu(FILE *out, const struct session_result *r)
{
	const struct gvt_vgpu_info *v = &r->vgpu;
	char low[32], lows[32], high[32], highs[32];

	report_line(out, "vGPU", "%d: aperture %s at %s, hidden %s at %s, %u fences", v->id,
		    size_text(v->low_size, low, sizeof(low)),
		    size_text(v->low_start, lows, sizeof(lows)),
		    size_text(v->high_size, high, sizeof(high)),
		    size_text(v->high_start, highs, sizeof(highs)), v->fence_count);
	report_line(out, "", "created in %.0f us, destroyed in %.0f us", (double)r->create_ns / 1e3,
		    (double)r->destroy_ns / 1e3);
}

static void text_trace(FILE *out, const struct session_result *r)
{
	if (*r->device)
		report_line(out, "recorded on", "%s", r->device);
	label(out, "fed");
	fprintf(out, "%llu accesses", (ull)r->accesses);
	if (r->skipped)
		fprintf(out, ", %llu outside the BARs skipped", (ull)r->skipped);
	if (*r->device)
		fprintf(out, "; %llu reads differ from the recorded device's", (ull)r->differ);
	fputc('\n', out);
	if (r->lost)
		report_wrong(out, "", "the trace is incomplete: %llu events lost", (ull)r->lost);
	if (r->lost_uncounted)
		report_wrong(out, "", "the trace is incomplete: events lost at %llu places",
			     (ull)r->lost_uncounted);
	if (r->undecoded)
		report_wrong(out, "", "the trace is incomplete: %llu accesses not decoded",
			     (ull)r->undecoded);
}

static void text_class(FILE *out, const struct tally *t, const struct tally_class *c)
{
	char regs[24] = "";

	if (c->registers)
		snprintf(regs, sizeof(regs), "%llu", (ull)c->registers);
	fprintf(out, "  %-*s%8llu %8llu %8llu %10s %10llu\n", LABEL, c->name, (ull)c->reads,
		(ull)c->writes, (ull)c->unknown, regs, (ull)tally_median_ns(t, c));
}

static void text_classes(FILE *out, const struct tally *t)
{
	unsigned int i;

	fprintf(out, "\n%s  %-*s%8s %8s %8s %10s %10s%s\n", cli_bold(out), LABEL, "class", "reads",
		"writes", "unknown", "registers", "median ns", cli_plain(out));
	for (i = 0; i < t->n; i++)
		text_class(out, t, &t->cls[i]);
	text_class(out, t, &t->all);
}

/* The first @n of a list, as wide as the longest name needs. */
static void text_registers(FILE *out, struct intel_gvt *names, const struct tally *t,
			   const char *title, const u32 *list, size_t n)
{
	struct gvt_reg_desc desc;
	int width = NAME_MIN;
	size_t i;

	for (i = 0; i < n; i++) {
		gvt_reg_describe(names, 4ULL * list[i], &desc);
		width = (int)strlen(desc.name) > width ? (int)strlen(desc.name) : width;
	}
	fprintf(out, "\n%s  %-*s   offset %8s %8s%s\n", cli_bold(out), width, title, "reads",
		"writes", cli_plain(out));
	for (i = 0; i < n; i++) {
		gvt_reg_describe(names, 4ULL * list[i], &desc);
		fprintf(out, "  %-*s 0x%06x %8u %8u\n", width, desc.name, 4 * list[i],
			t->reg[list[i]].reads, t->reg[list[i]].writes);
	}
}

static void text_lists(FILE *out, struct intel_gvt *names, const struct tally *t, bool all)
{
	size_t n, unknown;
	u32 *list = touched(t, &n);

	if (!list)
		return;
	if (n)
		text_registers(out, names, t, all ? "register" : "busiest registers", list,
			       all || n < BUSIEST ? n : BUSIEST);
	unknown = only_unknown(names, list, n);
	if (unknown)
		text_registers(out, names, t, "unknown registers", list,
			       all || unknown < BUSIEST ? unknown : BUSIEST);
	if (!all && unknown > BUSIEST)
		fprintf(out, "  ... (--registers lists all)\n");
	fputc('\n', out);
	free(list);
}

/* Nothing was submitted or shadowed: nothing is said of it. */
void report_engines(FILE *out, const struct gvt_vgpu_info *v)
{
	if (v->submissions)
		report_line(out, "engines", "%llu lists; contexts: %llu completed, %llu preempted",
			    (ull)v->submissions, (ull)v->completed, (ull)v->preempted);
	if (v->submissions)
		report_line(out, "", "%llu units used, %llu hangs", (ull)v->units, (ull)v->hung);
	if (v->ppgtt_spaces)
		report_line(out, "page tables",
			    "%llu of %llu address spaces; %llu tracked, %llu untracked",
			    (ull)v->ppgtt_tables, (ull)v->ppgtt_spaces, (ull)v->ppgtt_tracked,
			    (ull)v->ppgtt_untracked);
	if (v->ppgtt_mapped || v->ppgtt_scratch)
		report_line(out, v->ppgtt_spaces ? "" : "page tables",
			    "%llu mapped for DMA, %llu entries without RAM", (ull)v->ppgtt_mapped,
			    (ull)v->ppgtt_scratch);
}

static void text_work(FILE *out, const struct session_result *r)
{
	const struct gvt_vgpu_info *v = &r->vgpu;

	if (r->guest)
		report_line(out, "unknown registers", "%llu accesses", (ull)v->unknown);
	else
		report_line(out, "unknown registers", "%llu (%llu accesses)",
			    (ull)r->tally.unknown_regs, (ull)r->tally.all.unknown);
	report_line(out, "GGTT", "%llu entries written, %llu outside the vGPU's share ignored",
		    (ull)v->ggtt_writes, (ull)v->ggtt_ignored);
	report_line(out, "", "%llu mapped for DMA at the end, %llu sent to the scratch page%s",
		    (ull)v->ggtt_mapped, (ull)v->ggtt_scratch,
		    v->ggtt_scratch && !r->fault ? " (no RAM there: --memory)" : "");
	report_line(out, "interrupts", "%llu raised, %llu MSIs and %llu INTx edges delivered",
		    (ull)v->interrupts, (ull)r->stats.msi, (ull)r->stats.intx);
	report_line(out, "page-table notices", "%llu; resets %llu; display ready %u",
		    (ull)v->ppgtt_notify, (ull)v->resets, v->display_ready);
	report_engines(out, v);
}

void report_ledger(FILE *out, const struct session_result *r)
{
	const struct mpt_ledger *l = &r->ledger;
	unsigned int i;

	if (!r->have_ledger) {
		report_line(out, "ledger", "no ledger in this build");
		return;
	}
	report_line(out, "ledger", "%llu calls, %llu violations, %llu left at detach",
		    (ull)l->calls, (ull)l->violations, (ull)l->left);
	label(out, "");
	fprintf(out, "made (still held):");
	for (i = 0; i < MPT_LEDGER_KINDS; i++)
		if (l->made[i])
			fprintf(out, " %s %llu (%llu)",
				mpt_ledger_kind_name((enum mpt_ledger_kind)i), (ull)l->made[i],
				(ull)l->live[i]);
	fputc('\n', out);
}

void report_host_faults(FILE *out, const struct session_result *r)
{
	if (r->iommu_faults)
		report_wrong(
			out, "IOMMU faults", "%llu, the first: %u bytes %s at bus address 0x%llx",
			(ull)r->iommu_faults, r->first_iommu.len,
			r->first_iommu.write ? "written" : "read", (ull)r->first_iommu.dma_addr);
	if (*r->violation)
		report_wrong(out, "violation", "%s", r->violation);
	if (*r->left)
		report_wrong(out, "left in the ledger", "%s", r->left);
}

void report_health(FILE *out, bool healthy, const char *good)
{
	fprintf(out, "  %s%s%s%s\n", healthy ? cli_green(out) : cli_red(out),
		healthy ? "healthy: " : "NOT healthy", healthy ? good : "", cli_plain(out));
}

void report_verdict(FILE *out, const struct session_result *r)
{
	if (r->fault)
		report_wrong(out, "injected failure", "%s", r->fault);
	if (r->errors)
		report_wrong(out, "errors", "%llu, the first: %s", (ull)r->errors, r->first_error);
	if (r->pvinfo_bad)
		report_wrong(out, "PVINFO", "%llu reads not its own, the first: %s",
			     (ull)r->pvinfo_bad, r->first_pvinfo);
	if (r->vgpu.failsafe)
		report_wrong(out, "failsafe", "%s", gvt_failsafe_name(r->vgpu.failsafe));
	report_host_faults(out, r);
	report_health(out, session_healthy(r), "no failsafe, no error, everything given back");
	fprintf(out, "\n");
}

void report_text(FILE *out, struct intel_gvt *names, const char *title,
		 const struct session_result *r, bool registers)
{
	fprintf(out, "%s%s%s\n", cli_bold(out), title, cli_plain(out));
	report_vgpu(out, r);
	if (r->guest) {
		report_guest_text(out, r->guest);
	} else {
		text_trace(out, r);
		text_classes(out, &r->tally);
		text_lists(out, names, &r->tally, registers);
	}
	text_work(out, r);
	report_ledger(out, r);
	report_ops_text(out, r);
	report_verdict(out, r);
}

/* --- JSON --- */

#if TOOLS_HAVE_JSON
static json_t *json_u64(u64 n)
{
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

/* A file's name may be no UTF-8, which JSON cannot hold. */
void *report_json_text(const char *text)
{
	json_t *s = json_string(text);
	char ascii[SESSION_WHY_MAX];
	size_t i;

	if (s)
		return s;
	for (i = 0; text[i] && i < sizeof(ascii) - 1; i++)
		ascii[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
	return json_stringn(ascii, i);
}

static json_t *json_class(const struct tally *t, const struct tally_class *c)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "class", c->name, "reads",
			 json_u64(c->reads), "writes", json_u64(c->writes), "unknown",
			 json_u64(c->unknown), "registers", json_u64(c->registers), "ns",
			 json_u64(c->ns), "median_ns", json_u64(tally_median_ns(t, c)));
}

static json_t *json_classes(const struct tally *t)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < t->n; i++)
		json_array_append_new(list, json_class(t, &t->cls[i]));
	return list;
}

static json_t *json_registers(struct intel_gvt *names, const struct tally *t)
{
	json_t *list = json_array();
	struct gvt_reg_desc desc;
	size_t i, n;
	u32 *regs = touched(t, &n);

	for (i = 0; i < n; i++) {
		gvt_reg_describe(names, 4ULL * regs[i], &desc);
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:i, s:o, s:o, s:b}", "name", desc.name,
					"class", desc.group, "offset", (int)(4 * regs[i]), "reads",
					json_u64(t->reg[regs[i]].reads), "writes",
					json_u64(t->reg[regs[i]].writes), "known", desc.known));
	}
	free(regs);
	return list;
}

/* The vGPU's plain numbers. */
static void json_vgpu_counts(json_t *o, const struct gvt_vgpu_info *v)
{
	const struct {
		const char *name;
		u64 value;
	} counts[] = {
		{ "low_start", v->low_start },
		{ "low_size", v->low_size },
		{ "high_start", v->high_start },
		{ "high_size", v->high_size },
		{ "fences", v->fence_count },
		{ "ggtt_writes", v->ggtt_writes },
		{ "ggtt_ignored", v->ggtt_ignored },
		{ "ggtt_mapped", v->ggtt_mapped },
		{ "ggtt_scratch", v->ggtt_scratch },
		{ "interrupts", v->interrupts },
		{ "ppgtt_notify", v->ppgtt_notify },
		{ "ppgtt_spaces", v->ppgtt_spaces },
		{ "ppgtt_tables", v->ppgtt_tables },
		{ "ppgtt_tracked", v->ppgtt_tracked },
		{ "ppgtt_untracked", v->ppgtt_untracked },
		{ "ppgtt_mapped", v->ppgtt_mapped },
		{ "ppgtt_scratch", v->ppgtt_scratch },
		{ "submissions", v->submissions },
		{ "completed", v->completed },
		{ "preempted", v->preempted },
		{ "hung", v->hung },
		{ "units", v->units },
		{ "resets", v->resets },
		{ "display_ready", v->display_ready },
	};
	size_t i;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		json_object_set_new(o, counts[i].name, json_u64(counts[i].value));
}

void *report_json_vgpu(const struct gvt_vgpu_info *v)
{
	json_t *o =
		json_pack("{s:i, s:s}", "id", v->id, "failsafe", gvt_failsafe_name(v->failsafe));

	json_vgpu_counts(o, v);
	return o;
}

void *report_json_ledger(const struct session_result *r)
{
	json_t *made, *live;
	unsigned int i;

	if (!r->have_ledger)
		return json_null();
	made = json_object();
	live = json_object();
	for (i = 0; i < MPT_LEDGER_KINDS; i++) {
		const char *kind = mpt_ledger_kind_name((enum mpt_ledger_kind)i);

		json_object_set_new(made, kind, json_u64(r->ledger.made[i]));
		json_object_set_new(live, kind, json_u64(r->ledger.live[i]));
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:s, s:s}", "calls", json_u64(r->ledger.calls),
			 "made", made, "live", live, "left", json_u64(r->ledger.left), "violations",
			 json_u64(r->ledger.violations), "first_violation", r->violation,
			 "first_left", r->left);
}

/* The plain numbers of a run. */
static void json_counts(json_t *o, const struct session_result *r)
{
	const struct {
		const char *name;
		u64 value;
	} counts[] = {
		{ "accesses", r->accesses },
		{ "skipped", r->skipped },
		{ "differ", r->differ },
		{ "marks", r->marks },
		{ "maps", r->maps },
		{ "undecoded", r->undecoded },
		{ "lost", r->lost },
		{ "lost_uncounted", r->lost_uncounted },
		{ "errors", r->errors },
		{ "pvinfo_bad", r->pvinfo_bad },
		{ "iommu_faults", r->iommu_faults },
		{ "unknown_registers", r->tally.unknown_regs },
		{ "unknown_accesses", r->tally.all.unknown },
		{ "msi", r->stats.msi },
		{ "intx", r->stats.intx },
		{ "create_ns", r->create_ns },
		{ "destroy_ns", r->destroy_ns },
	};
	size_t i;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		json_object_set_new(o, counts[i].name, json_u64(counts[i].value));
}

void report_json(void *list, struct intel_gvt *names, const char *title,
		 const struct session_result *r)
{
	json_t *o = json_object();

	json_object_set_new(o, "run", report_json_text(title));
	json_object_set_new(o, "healthy", json_boolean(session_healthy(r)));
	json_object_set_new(o, "device", report_json_text(r->device));
	json_counts(o, r);
	json_object_set_new(o, "first_error", report_json_text(r->first_error));
	json_object_set_new(o, "first_pvinfo", report_json_text(r->first_pvinfo));
	json_object_set_new(o, "fault", r->fault ? json_string(r->fault) : json_null());
	json_object_set_new(o, "vgpu", report_json_vgpu(&r->vgpu));
	json_object_set_new(o, "ledger", report_json_ledger(r));
	if (r->guest)
		json_object_set_new(o, "guest", report_guest_json(r->guest));
	json_object_set_new(o, "operations", report_ops_json(r));
	json_object_set_new(o, "all", json_class(&r->tally, &r->tally.all));
	json_object_set_new(o, "classes", json_classes(&r->tally));
	json_object_set_new(o, "registers", json_registers(names, &r->tally));
	json_array_append_new(list, o);
}
#else
void report_json(void *list, struct intel_gvt *names, const char *title,
		 const struct session_result *r)
{
	(void)list;
	(void)names;
	(void)title;
	(void)r;
}
#endif
