/* SPDX-License-Identifier: MIT */
/*
 * Parser and writer of mmiotrace text, both driven by the table in mmiotrace_shapes.h; the file
 * reader is in mmiotrace_file.c.
 */
#include "mmiotrace.h"
#include "mmiotrace_shapes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_S 1000000000u
#define CFG_SPACE 4096u

/* ---- parsing ---------------------------------------------------------------------------- */

struct cursor {
	const char *at;
	const char *end;
};

/* The failure furthest into the line is the one worth telling; of equals the last, most general. */
struct failure {
	const char *at;
	const struct shape *shape;
	const struct field *field;
	bool sep;
};

static bool take(struct cursor *c, const char *bytes)
{
	size_t n = strlen(bytes);

	if ((size_t)(c->end - c->at) < n || memcmp(c->at, bytes, n))
		return false;
	c->at += n;
	return true;
}

static int digit_of(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	if (ch >= 'a' && ch <= 'f')
		return ch - 'a' + 10;
	if (ch >= 'A' && ch <= 'F')
		return ch - 'A' + 10;
	return 16;
}

/* Takes at most @max_digits; more of them stay behind and fail at the next separator. */
static bool take_number(struct cursor *c, unsigned int base, size_t max_digits, uint64_t max,
			uint64_t *value)
{
	const char *start = c->at;
	uint64_t v = 0;

	while (c->at < c->end && (size_t)(c->at - start) < max_digits) {
		unsigned int d = digit_of(*c->at);

		if (d >= base)
			break;
		if (d > max || v > (max - d) / base)
			return false;
		v = v * base + d;
		c->at++;
	}
	*value = v;
	return c->at > start;
}

static uint64_t max_of(unsigned int size)
{
	return size >= 8 ? UINT64_MAX : (1ull << (8 * size)) - 1;
}

static void store(struct mmiotrace_record *rec, const struct field *f, unsigned int i, uint64_t v)
{
	char *to = (char *)rec + f->offset + (size_t)i * f->size;

	switch (f->size) {
	case 1:
		*(uint8_t *)to = (uint8_t)v;
		break;
	case 2:
		memcpy(to, &(uint16_t){ (uint16_t)v }, 2);
		break;
	case 4:
		memcpy(to, &(uint32_t){ (uint32_t)v }, 4);
		break;
	default:
		memcpy(to, &v, 8);
	}
}

static uint64_t load(const struct mmiotrace_record *rec, const struct field *f, unsigned int i)
{
	const char *from = (const char *)rec + f->offset + (size_t)i * f->size;
	uint16_t v16;
	uint32_t v32;
	uint64_t v64;

	switch (f->size) {
	case 1:
		return *(const uint8_t *)from;
	case 2:
		memcpy(&v16, from, 2);
		return v16;
	case 4:
		memcpy(&v32, from, 4);
		return v32;
	default:
		memcpy(&v64, from, 8);
		return v64;
	}
}

static bool take_time(struct cursor *c, uint64_t *ns)
{
	uint64_t s, fraction;
	const char *start;

	if (!take_number(c, 10, SIZE_MAX, UINT64_MAX / NS_PER_S - 1, &s) || !take(c, "."))
		return false;
	start = c->at;
	if (!take_number(c, 10, 9, NS_PER_S - 1, &fraction))
		return false;
	if (c->at < c->end && digit_of(*c->at) < 10)
		return false;
	for (size_t digits = c->at - start; digits < 9; digits++)
		fraction *= 10;
	*ns = s * NS_PER_S + fraction;
	return true;
}

static bool take_int(struct cursor *c, uint64_t *value)
{
	bool negative = take(c, "-");

	if (!take_number(c, 10, SIZE_MAX, (uint64_t)INT32_MAX + negative, value))
		return false;
	if (negative)
		*value = -*value;
	return true;
}

static bool take_width(struct cursor *c, unsigned int max, uint64_t *value)
{
	return take_number(c, 10, SIZE_MAX, max, value) && *value && !(*value & (*value - 1));
}

static bool take_direction(struct cursor *c, uint64_t *write)
{
	*write = take(c, "w");
	return *write || take(c, "r");
}

static bool take_text(struct cursor *c, const struct field *f, struct mmiotrace_record *rec)
{
	struct mmiotrace_text text = { c->at, c->end - c->at };

	if (f->type == F_MARK && take(c, "cfg "))
		return false;
	if (f->type == F_NAME && text.len && *text.at != ' ')
		return false;
	if (f->type == F_NAME && text.len) {
		text.at++;
		text.len--;
	}
	memcpy((char *)rec + f->offset, &text, sizeof(text));
	c->at = c->end;
	return true;
}

static bool take_scalar(struct cursor *c, const struct field *f, uint64_t *v)
{
	switch (f->type) {
	case F_TIME:
		return take_time(c, v);
	case F_INT:
		return take_int(c, v);
	case F_COUNT:
		return take_number(c, 10, SIZE_MAX, UINT64_MAX, v);
	case F_FIXED: {
		const char *start = c->at;

		return take_number(c, 16, 2 * f->size, max_of(f->size), v) &&
		       c->at - start == 2 * f->size;
	}
	case F_0X:
		return take(c, "0x") && take_number(c, 16, SIZE_MAX, max_of(f->size), v);
	case F_HEX:
		return take_number(c, 16, SIZE_MAX, max_of(f->size), v);
	case F_WIDTH:
		return take_width(c, 8, v);
	case F_CFG_WIDTH:
		return take_width(c, 4, v);
	default:
		return take_direction(c, v);
	}
}

/* Limits of one field by another. @f was read last; fields after it are not yet known. */
static bool fits(const struct shape *shape, const struct field *f,
		 const struct mmiotrace_record *rec)
{
	if (shape->kind != MMIOTRACE_CFG)
		return true;
	if (f->offset == offsetof(struct mmiotrace_record, cfg.offset))
		return (unsigned int)rec->cfg.offset + rec->cfg.width <= CFG_SPACE;
	if (f->offset == offsetof(struct mmiotrace_record, cfg.value))
		return rec->cfg.value <= max_of(rec->cfg.width);
	return true;
}

static bool take_value(struct cursor *c, const struct shape *shape, const struct field *f,
		       unsigned int i, struct mmiotrace_record *rec)
{
	uint64_t v;

	if (f->type == F_LITERAL)
		return take(c, f->what);
	if (f->type >= F_TEXT)
		return take_text(c, f, rec);
	if (!take_scalar(c, f, &v))
		return false;
	store(rec, f, i, v);
	return fits(shape, f, rec);
}

static unsigned int count_of(const struct field *f)
{
	return f->count ? f->count : 1;
}

static void note(struct failure *fail, const char *at, const struct shape *shape,
		 const struct field *f, bool sep)
{
	if (!fail->at || at >= fail->at)
		*fail = (struct failure){ at, shape, f, sep };
}

static bool take_field(struct cursor *c, const struct shape *shape, const struct field *f,
		       struct mmiotrace_record *rec, struct failure *fail)
{
	for (unsigned int i = 0; i < count_of(f); i++) {
		const char *start;

		if (f->sep && (c->at == c->end || *c->at != f->sep)) {
			note(fail, c->at, shape, f, true);
			return false;
		}
		c->at += !!f->sep;
		start = c->at;
		if (!take_value(c, shape, f, i, rec)) {
			note(fail, start, shape, f, false);
			return false;
		}
	}
	return true;
}

static bool take_shape(struct cursor c, const struct shape *shape, struct mmiotrace_record *rec,
		       struct failure *fail)
{
	const struct field *f;

	memset(rec, 0, sizeof(*rec));
	rec->kind = shape->kind;
	if (shape->kind == MMIOTRACE_LOST)
		rec->lost.form = shape->form;
	for (f = shape->fields; f->type != F_END; f++)
		if (!take_field(&c, shape, f, rec, fail))
			return false;
	if (c.at == c.end)
		return true;
	note(fail, c.at, shape, f, false);
	return false;
}

static void say(char *why, size_t why_len, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void say(char *why, size_t why_len, const char *fmt, ...)
{
	va_list ap;

	if (!why || !why_len)
		return;
	va_start(ap, fmt);
	vsnprintf(why, why_len, fmt, ap);
	va_end(ap);
}

/* What stands at @at, as far as the next space, printable and short. */
static const char *quote(const char *at, const char *end, char *buf, size_t size)
{
	size_t n = 0;

	if (at == end)
		return "the end of the line";
	buf[n++] = '"';
	do {
		buf[n++] = *at >= ' ' && *at <= '~' ? *at : '?';
		at++;
	} while (at < end && *at != ' ' && n < size - 5);
	snprintf(buf + n, size - n, "%s", at < end && *at != ' ' ? "...\"" : "\"");
	return buf;
}

static void explain(const struct failure *fail, const struct cursor *line, char *why,
		    size_t why_len)
{
	char found[40];
	const char *what = quote(fail->at ? fail->at : line->at, line->end, found, sizeof(found));
	const char *keyword = fail->at ? fail->shape->keyword : "";

	if (!fail->at)
		say(why, why_len, "expected R, W, MARK, MAP, UNMAP, UNKNOWN, VERSION, PCIDEV or "
		    "LSPCI, found %s", what);
	else if (fail->field->type == F_END)
		say(why, why_len, "expected the end of the %s record, found %s", keyword, what);
	else if (fail->field->type == F_LITERAL)
		say(why, why_len, "expected \"%s\" in a %s record, found %s", fail->field->what,
		    keyword, what);
	else
		say(why, why_len, "expected %s%s in a %s record, found %s",
		    fail->sep ? fail->field->sep == ',' ? "a comma and " : "a space and " : "",
		    fail->field->what, keyword, what);
}

/* Strips the line end. Carriage returns before it are a sign of travel, never part of a record. */
static const char *clean(struct cursor *c)
{
	if (c->at < c->end && c->end[-1] == '\n')
		c->end--;
	while (c->at < c->end && c->end[-1] == '\r')
		c->end--;
	if (c->end - c->at > MMIOTRACE_LINE_MAX)
		return "expected a line of at most 8192 bytes, found a longer one";
	if (c->at < c->end && memchr(c->at, '\0', c->end - c->at))
		return "expected text, found a NUL byte";
	if (c->at < c->end && memchr(c->at, '\n', c->end - c->at))
		return "expected one line, found a line feed inside";
	return NULL;
}

static bool at_keyword(struct cursor *c, const struct shape *shape)
{
	if (!take(c, shape->keyword))
		return false;
	return c->at == c->end || *c->at == ' ' || c->at[-1] == ':';
}

int mmiotrace_parse_line(const char *line, size_t len, struct mmiotrace_record *rec, char *why,
			 size_t why_len)
{
	struct cursor whole = { line, len ? line + len : line };
	struct failure fail = { 0 };
	struct mmiotrace_record r;
	const char *wrong = clean(&whole);

	for (size_t i = 0; !wrong && i < NR_SHAPES; i++) {
		struct cursor c = whole;

		if (!at_keyword(&c, &shapes[i]) || !take_shape(c, &shapes[i], &r, &fail))
			continue;
		*rec = r;
		return 0;
	}
	if (wrong)
		say(why, why_len, "%s", wrong);
	else
		explain(&fail, &whole, why, why_len);
	return -EINVAL;
}

/* ---- writing ---------------------------------------------------------------------------- */

struct output {
	char *buf;
	size_t len;
	size_t size;
	bool bad;
};

static void put(struct output *o, const char *bytes, size_t n)
{
	if (o->bad || n > o->size - o->len) {
		o->bad = true;
		return;
	}
	if (n)
		memcpy(o->buf + o->len, bytes, n);
	o->len += n;
}

static void putf(struct output *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void putf(struct output *o, const char *fmt, ...)
{
	char tmp[64];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(tmp, sizeof(tmp), fmt, ap);
	va_end(ap);
	put(o, tmp, n);
}

static void put_text(struct output *o, const struct field *f, const struct mmiotrace_record *rec)
{
	struct mmiotrace_text text;

	memcpy(&text, (const char *)rec + f->offset, sizeof(text));
	if (f->type == F_NAME)
		put(o, " ", 1);
	put(o, text.at, text.len);
}

/* The kernel prints microseconds; a finer time needs all nine digits. */
static void put_time(struct output *o, uint64_t ns)
{
	uint64_t s = ns / NS_PER_S, rest = ns % NS_PER_S;

	if (rest % 1000)
		putf(o, "%" PRIu64 ".%09" PRIu64, s, rest);
	else
		putf(o, "%" PRIu64 ".%06" PRIu64, s, rest / 1000);
}

static void put_scalar(struct output *o, const struct field *f, uint64_t v)
{
	switch (f->type) {
	case F_TIME:
		put_time(o, v);
		break;
	case F_INT:
		putf(o, "%" PRId32, (int32_t)v);
		break;
	case F_FIXED:
		putf(o, "%0*" PRIx64, 2 * f->size, v);
		break;
	case F_0X:
		putf(o, "0x%" PRIx64, v);
		break;
	case F_HEX:
		putf(o, "%" PRIx64, v);
		break;
	case F_DIRECTION:
		put(o, v ? "w" : "r", 1);
		break;
	default:
		putf(o, "%" PRIu64, v);
	}
}

static const struct shape *shape_of(const struct mmiotrace_record *rec)
{
	for (size_t i = 0; i < NR_SHAPES; i++)
		if (shapes[i].kind == rec->kind &&
		    (rec->kind != MMIOTRACE_LOST || shapes[i].form == rec->lost.form))
			return &shapes[i];
	return NULL;
}

static void put_field(struct output *o, const struct field *f, const struct mmiotrace_record *rec)
{
	for (unsigned int i = 0; i < count_of(f); i++) {
		if (f->sep)
			put(o, &f->sep, 1);
		if (f->type == F_LITERAL)
			put(o, f->what, strlen(f->what));
		else if (f->type >= F_TEXT)
			put_text(o, f, rec);
		else
			put_scalar(o, f, load(rec, f, i));
	}
}

int mmiotrace_format(const struct mmiotrace_record *rec, char *buf, size_t size)
{
	const struct shape *shape = shape_of(rec);
	struct output o = { .buf = buf, .size = size };
	struct mmiotrace_record back;

	if (!shape)
		return -EINVAL;
	put(&o, shape->keyword, strlen(shape->keyword));
	for (const struct field *f = shape->fields; f->type != F_END; f++)
		put_field(&o, f, rec);
	put(&o, "\n", 1);
	/*
	 * A caller may fill a record with what no line can say: a text with a line feed, a mark
	 * that looks like a config access, a width of 3. Reading it back finds them all.
	 */
	if (o.bad || mmiotrace_parse_line(buf, o.len, &back, NULL, 0) ||
	    !mmiotrace_equal(rec, &back))
		return -EINVAL;
	return (int)o.len;
}

int mmiotrace_write_record(FILE *file, const struct mmiotrace_record *rec)
{
	char line[MMIOTRACE_LINE_MAX + 1];
	int len = mmiotrace_format(rec, line, sizeof(line));

	if (len < 0)
		return len;
	return fwrite(line, 1, len, file) == (size_t)len ? 0 : -EIO;
}

static bool equal_field(const struct field *f, const struct mmiotrace_record *a,
			const struct mmiotrace_record *b)
{
	const char *pa = (const char *)a + f->offset, *pb = (const char *)b + f->offset;
	struct mmiotrace_text ta, tb;

	if (f->type < F_TEXT)
		return !memcmp(pa, pb, (size_t)f->size * count_of(f));
	memcpy(&ta, pa, sizeof(ta));
	memcpy(&tb, pb, sizeof(tb));
	return ta.len == tb.len && (!ta.len || !memcmp(ta.at, tb.at, ta.len));
}

bool mmiotrace_equal(const struct mmiotrace_record *a, const struct mmiotrace_record *b)
{
	const struct shape *shape = shape_of(a);

	if (!shape || shape != shape_of(b))
		return false;
	for (const struct field *f = shape->fields; f->type != F_END; f++)
		if (f->type != F_LITERAL && !equal_field(f, a, b))
			return false;
	return true;
}

uint64_t mmiotrace_value(const struct mmiotrace_access *access)
{
	return access->value & max_of(access->width);
}
