/* SPDX-License-Identifier: MIT */
/* Turns "opt=val,opt=val" into a back end's options structure, by its option table. */
#include "libmpt/internal.h"

#define OPTION_TEXT_MAX 4096

static const char *const true_words[] = { "yes", "on", "true", "1" };
static const char *const false_words[] = { "no", "off", "false", "0" };

/* The options structure, and behind it the text that STRING values point into. */
struct option_values {
	size_t size;
	char *text;
	u64 data[];
};

static bool one_of(const char *const *words, size_t n, const char *val)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(words[i], val))
			return true;
	return false;
}

static int parse_bool(const char *val, void *out)
{
	bool yes = one_of(true_words, OS_ARRAY_SIZE(true_words), val);

	if (!yes && !one_of(false_words, OS_ARRAY_SIZE(false_words), val))
		return -EINVAL;
	memcpy(out, &yes, sizeof(yes));
	return 0;
}

/* Decimal or 0x..., 64 bits, no sign, no blanks; *end is what follows. */
static int parse_digits(const char *val, u64 *num, const char **end)
{
	unsigned int base = 10, digit;
	u64 n = 0;

	if (val[0] == '0' && (val[1] == 'x' || val[1] == 'X')) {
		base = 16;
		val += 2;
	}
	for (*end = val;; (*end)++) {
		char c = **end;

		if (c >= '0' && c <= '9')
			digit = (unsigned int)(c - '0');
		else if (base == 16 && (c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			digit = (unsigned int)((c | 0x20) - 'a') + 10;
		else
			break;
		if (n > (UINT64_MAX - digit) / base)
			return -EINVAL;
		n = n * base + digit;
	}
	if (*end == val)
		return -EINVAL;
	*num = n;
	return 0;
}

static int parse_number(const struct mpt_option *o, const char *val, void *out)
{
	static const char units[] = "KMGT";
	const char *end, *unit;
	u64 n;

	if (parse_digits(val, &n, &end))
		return -EINVAL;
	if (o->type == MPT_OPTION_SIZE && *end && (unit = strchr(units, *end & ~0x20))) {
		unsigned int shift = 10 * (unsigned int)(unit - units + 1);

		if (n > UINT64_MAX >> shift)
			return -EINVAL;
		n <<= shift;
		end++;
	}
	if (*end || n < o->min || n > o->max)
		return -EINVAL;
	memcpy(out, &n, sizeof(n));
	return 0;
}

static int parse_enum(const struct mpt_option *o, const char *val, void *out)
{
	unsigned int i;

	for (i = 0; o->choices[i]; i++) {
		if (!strcmp(o->choices[i], val)) {
			memcpy(out, &i, sizeof(i));
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_value(const struct mpt_option *o, const char *val, void *out)
{
	switch (o->type) {
	case MPT_OPTION_BOOL:
		return parse_bool(val, out);
	case MPT_OPTION_UINT:
	case MPT_OPTION_SIZE:
		return parse_number(o, val, out);
	case MPT_OPTION_ENUM:
		return parse_enum(o, val, out);
	case MPT_OPTION_STRING:
		memcpy(out, &val, sizeof(val));
		return 0;
	}
	return -EINVAL;
}

/* "yes or no", "4096 to 65536", "before, after": what the sentence says was expected. */
static void expected(const struct mpt_option *o, char *buf, size_t len)
{
	size_t n = 0;
	unsigned int i;

	switch (o->type) {
	case MPT_OPTION_BOOL:
		snprintf(buf, len, "yes or no");
		break;
	case MPT_OPTION_UINT:
	case MPT_OPTION_SIZE:
		snprintf(buf, len, "a number from %llu to %llu%s", (unsigned long long)o->min,
			 (unsigned long long)o->max,
			 o->type == MPT_OPTION_SIZE ? ", K, M, G or T may follow" : "");
		break;
	case MPT_OPTION_ENUM:
		buf[0] = '\0';
		for (i = 0; o->choices[i] && n < len; i++)
			n += (size_t)snprintf(buf + n, len - n, "%s%s", i ? ", " : "one of ",
					      o->choices[i]);
		break;
	case MPT_OPTION_STRING:
		snprintf(buf, len, "a text");
		break;
	}
}

static void list_options(const struct mpt_backend *be, char *buf, size_t len)
{
	const struct mpt_option *o;
	size_t n = 0;

	snprintf(buf, len, "none");
	for (o = be->options; o && o->name && n < len; o++)
		n += (size_t)snprintf(buf + n, len - n, "%s%s", n ? ", " : "", o->name);
}

static const struct mpt_option *find_option(const struct mpt_backend *be, const char *name)
{
	const struct mpt_option *o;

	for (o = be->options; o && o->name; o++)
		if (!strcmp(o->name, name))
			return o;
	return NULL;
}

/* One "opt=val"; @word is modified. */
static int parse_word(const struct mpt_backend *be, char *word, char *data)
{
	const struct mpt_option *o;
	char *val = strchr(word, '=');
	char list[256];

	if (val)
		*val++ = '\0';
	o = find_option(be, word);
	if (!o) {
		list_options(be, list, sizeof(list));
		return mpt_fail(-EINVAL, be->name, "unknown option '%.64s' (known: %s)", word, list);
	}
	expected(o, list, sizeof(list));
	if (!val)
		return mpt_fail(-EINVAL, be->name, "option %s has no value (write %s=..., %s)",
				o->name, o->name, list);
	if (parse_value(o, val, data + o->offset))
		return mpt_fail(-EINVAL, be->name, "option %s: '%.64s' is not %s", o->name, val,
				list);
	return 0;
}

static int set_defaults(const struct mpt_backend *be, char *data)
{
	const struct mpt_option *o;

	for (o = be->options; o && o->name; o++)
		if (parse_value(o, o->def, data + o->offset))
			return mpt_fail(-EINVAL, be->name, "default '%s' of option %s is invalid (a "
					"bug of the back end)", o->def, o->name);
	return 0;
}

int mpt_options_parse(const struct mpt_backend *be, const char *text, void **values)
{
	size_t len = text ? strlen(text) : 0;
	struct option_values *v;
	char *word, *next;
	int ret;

	if (len > OPTION_TEXT_MAX)
		return mpt_fail(-EINVAL, be->name, "options are longer than %d bytes",
				OPTION_TEXT_MAX);
	v = mpt_zalloc(sizeof(*v) + be->options_size + 8 + len + 1);
	if (!v)
		return mpt_fail(-ENOMEM, be->name, "no memory for the options");
	v->text = (char *)v->data + ((be->options_size + 7) & ~(size_t)7);
	if (len)
		memcpy(v->text, text, len);
	ret = set_defaults(be, (char *)v->data);
	for (word = len ? v->text : NULL; word && !ret; word = next) {
		next = strchr(word, ',');
		if (next)
			*next++ = '\0';
		ret = parse_word(be, word, (char *)v->data);
	}
	if (ret) {
		mpt_free(v);
		return ret;
	}
	*values = v->data;
	return 0;
}

void mpt_options_free(const struct mpt_backend *be, void *values)
{
	(void)be;
	if (values)
		mpt_free(OS_CONTAINER_OF(values, struct option_values, data));
}
