/* SPDX-License-Identifier: MIT */
/* Files of the trace layer for the commands of `mptctl trace`: opening one, a record in words. */
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"

#define DATA_SHOWN 16 /* bytes of data in a line of text */

/* --- files --- */

static int map(struct trace_file *f, const char *path, int fd)
{
	struct stat st;

	if (fstat(fd, &st)) {
		cli_error("%s: %s", path, strerror(errno));
		return -1;
	}
	if (!S_ISREG(st.st_mode) || st.st_size < MPT_TRACE_HEADER) {
		cli_error("%s: is no trace of the layer trace: %s", path,
			  S_ISREG(st.st_mode) ? "it is shorter than a header" : "it is no file");
		return -1;
	}
	f->len = (size_t)st.st_size;
	f->bytes = mmap(NULL, f->len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (f->bytes != MAP_FAILED)
		return 0;
	cli_error("%s: cannot map it: %s", path, strerror(errno));
	return -1;
}

/* It goes to a terminal. */
static void clean(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || (unsigned char)*text > '~')
			*text = '?';
}

int trace_file_open(struct trace_file *f, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), ret;
	char why[128];

	if (fd < 0) {
		cli_error("%s: %s", path, strerror(errno));
		return -1;
	}
	ret = map(f, path, fd);
	close(fd);
	if (ret)
		return -1;
	if (!trace_ring_open(&f->ring, f->bytes, f->len, why, sizeof(why))) {
		clean(f->ring.head.spec);
		return 0;
	}
	cli_error("%s: is no trace of the layer trace: %s", path, why);
	munmap(f->bytes, f->len);
	return -1;
}

void trace_file_close(struct trace_file *f)
{
	munmap(f->bytes, f->len);
}

int trace_file_load(struct trace_file *f, const char *path, struct play_trace *t)
{
	char why[PLAY_WHY_MAX];

	if (trace_file_open(f, path))
		return -1;
	if (play_load(t, &f->ring, why, sizeof(why))) {
		cli_error("%s: %s", path, why);
	} else if (t->lost) {
		cli_error("%s: its first %" PRIu64 " slots were written over, so it cannot be "
			  "replayed (record into a larger ring: trace=FILE:SIZE)", path, t->lost);
		play_free(t);
	} else {
		return 0;
	}
	trace_file_close(f);
	return -1;
}

/* --- a record in words --- */

/* The name of the next argument of an operation; @at: where the last one ended. */
static const char *arg_name(const struct trace_record *rec, const char **at, char *buf, size_t len)
{
	const struct play_kind *kind = play_kind_of(rec->op);
	size_t n;

	if (!*at)
		*at = kind ? kind->arg_names : "";
	*at += strspn(*at, " ");
	n = strcspn(*at, " ");
	if (n)
		snprintf(buf, len, "%.*s", (int)n, *at);
	else
		snprintf(buf, len, "arg");
	*at += n;
	return buf;
}

static bool has_vgpu(const struct trace_record *rec)
{
	const struct play_kind *kind = play_kind_of(rec->op);

	return !kind || kind->flags & (PLAY_VGPU | PLAY_DONE);
}

static const char *answer(const struct trace_record *rec, char *buf, size_t len)
{
	if (!rec->ret)
		return "0";
	if (rec->ret < 0 && rec->ret > -4096 && mpt_errno_bit((int)rec->ret))
		snprintf(buf, len, "-%s%s", mpt_errno_name((int)rec->ret),
			 rec->dead ? " (no such handle)" : "");
	else
		snprintf(buf, len, "%" PRId64, rec->ret);
	return buf;
}

void trace_text(FILE *out, const struct trace_record *rec)
{
	const char *at = NULL;
	char name[32], ret[64];
	unsigned int i;
	size_t n;

	fprintf(out, "%8" PRIu64 " %6" PRIu64 ".%09" PRIu64 " ", rec->number,
		rec->ns / 1000000000, rec->ns % 1000000000);
	if (has_vgpu(rec))
		fprintf(out, "%3u", rec->vgpu);
	else
		fprintf(out, "  -");
	fprintf(out, " %s", rec->op->name);
	for (i = 0; i < rec->args; i++)
		fprintf(out, " %s=0x%" PRIx64, arg_name(rec, &at, name, sizeof(name)), rec->arg[i]);
	for (n = 0; n < rec->data_len && n < DATA_SHOWN; n++)
		fprintf(out, "%s%02x", n ? " " : " data=", rec->data[n]);
	fprintf(out, "%s = %s\n", rec->data_len > DATA_SHOWN ? " ..." : "",
		answer(rec, ret, sizeof(ret)));
}

#if TOOLS_HAVE_JSON
#define HEX_MAX (2 * MPT_TRACE_DATA_MAX + 1)

static json_t *number(uint64_t n)
{
	char text[24];

	if (n <= INT64_MAX)
		return json_integer((json_int_t)n);
	snprintf(text, sizeof(text), "0x%" PRIx64, n);
	return json_string(text);
}

static json_t *data_text(const struct trace_record *rec)
{
	char hex[HEX_MAX] = "";
	size_t i;

	for (i = 0; i < rec->data_len; i++)
		snprintf(hex + 2 * i, 3, "%02x", rec->data[i]);
	return json_string(hex);
}

void trace_json(FILE *out, const struct trace_record *rec)
{
	json_t *args = json_array(), *o;
	const char *at = NULL;
	char name[32], ret[64];
	unsigned int i;

	for (i = 0; i < rec->args; i++)
		json_array_append_new(args, json_pack("{s:s, s:o}", "name",
						      arg_name(rec, &at, name, sizeof(name)),
						      "value", number(rec->arg[i])));
	o = json_pack("{s:o, s:o, s:o, s:s, s:o, s:o, s:s}", "record", number(rec->number), "ns",
		      number(rec->ns), "vgpu",
		      has_vgpu(rec) ? json_integer(rec->vgpu) : json_null(), "operation",
		      rec->op->name, "args", args, "data", data_text(rec), "answer",
		      answer(rec, ret, sizeof(ret)));
	json_dumpf(o, out, JSON_COMPACT);
	fputc('\n', out);
	json_decref(o);
}
#else
void trace_json(FILE *out, const struct trace_record *rec)
{
	(void)out;
	(void)rec;
}
#endif
