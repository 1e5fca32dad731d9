/* SPDX-License-Identifier: MIT */
/*
 * The grammar of create_gvt_instance: "VM,LOW,HIGH,FENCE" makes an instance, "-VM" destroys it.
 * Text to numbers, nothing else; what the numbers mean for a device is sysfs_instance.c's.
 */
#include "libmpt/sysfs.h"

#define MIB_SHIFT 20
#define FIELDS 4

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Decimal digits at @p up to @end. Return: behind them; NULL: none, or beyond 64 bits. */
static const char *take_number(const char *p, const char *end, u64 *value)
{
	const char *begin = p;
	u64 n = 0;

	for (; p < end && is_digit(*p); p++) {
		if (n > (~0ULL - (u64)(*p - '0')) / 10)
			return NULL;
		n = n * 10 + (u64)(*p - '0');
	}
	*value = n;
	return p == begin ? NULL : p;
}

static int bad(const char *buf, size_t len, const char *what)
{
	while (len && (buf[len - 1] == '\n' || !buf[len - 1]))
		len--;
	return mpt_fail_at(-EINVAL, "create_gvt_instance", "sysfs", "'%.*s': %s",
			   (int)(len > 64 ? 64 : len), buf, what);
}

/* MiB to bytes, where that can be said. */
static int fill(const char *buf, size_t len, const u64 field[FIELDS], struct sysfs_command *cmd)
{
	if (!field[0] || field[0] > SYSFS_VM_MAX)
		return bad(buf, len, "the VM is 1 to 65535");
	if (!field[1] || field[1] > ~0ULL >> MIB_SHIFT || !field[2] ||
	    field[2] > ~0ULL >> MIB_SHIFT)
		return bad(buf, len, "no such size (aperture and hidden memory in MiB, from 1)");
	if (!field[3] || field[3] > SYSFS_FENCE_MAX)
		return bad(buf, len, "the fences are 1 to 32");
	cmd->remove = false;
	cmd->vmid = field[0];
	cmd->sizes.low = field[1] << MIB_SHIFT;
	cmd->sizes.high = field[2] << MIB_SHIFT;
	cmd->sizes.fence = (u32)field[3];
	return 0;
}

/* Numbers without sign or leading zero, commas between, then at most a newline. */
int mpt_sysfs_parse(const char *buf, size_t len, struct sysfs_command *cmd)
{
	static const char grammar[] =
		"expected VM,LOW,HIGH,FENCE in decimal to make an instance, or -VM to destroy it";
	const char *p = buf, *end = buf + len;
	bool remove = len && *p == '-';
	unsigned int n = 0;
	u64 field[FIELDS];

	if (len && end[-1] == '\n')
		end--;
	p += remove;
	do {
		if (p == end || *p == '0' || !(p = take_number(p, end, &field[n])))
			return bad(buf, len, grammar);
		n++;
	} while (p < end && *p == ',' && n < FIELDS && ++p);
	if (p != end || n != (remove ? 1 : FIELDS))
		return bad(buf, len, grammar);
	if (!remove)
		return fill(buf, len, field, cmd);
	if (field[0] > SYSFS_VM_MAX)
		return bad(buf, len, "the VM is 1 to 65535");
	cmd->remove = true;
	cmd->vmid = field[0];
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The first word, of which ACRN's looks at 63 characters. */
static void first_word(const char **p, const char **end)
{
	const char *from = *p, *to;

	while (from < *end && is_blank(*from))
		from++;
	for (to = from; to < *end && *to && !is_blank(*to) && to - from < 63; to++)
		;
	*p = from;
	*end = to;
}

/*
 * As sscanf("%d,%d,%d,%d") of the first word: signs, leading zeros, anything behind the numbers.
 * Where that would lose bits of a number (int, and 16 bits of a VM), it is refused.
 */
int mpt_sysfs_parse_acrn(const char *buf, size_t len, struct sysfs_command *cmd)
{
	const char *p = buf, *end = buf + len, *next;
	bool minus[FIELDS] = { false };
	u64 field[FIELDS] = { 0 };
	unsigned int n;

	first_word(&p, &end);
	for (n = 0; n < FIELDS; p++) {
		minus[n] = p < end && *p == '-';
		if (p < end && (*p == '-' || *p == '+'))
			p++;
		next = take_number(p, end, &field[n]);
		if (!next)
			break;
		p = next;
		n++;
		if (p == end || *p != ',')
			break;
	}
	if (n == 1 && minus[0] && field[0]) {
		cmd->remove = true;
		cmd->vmid = field[0];
		return 0;
	}
	if (n != FIELDS || minus[0] || minus[1] || minus[2] || minus[3])
		return bad(buf, len, "expected VM,LOW,HIGH,FENCE or -VM");
	return fill(buf, len, field, cmd);
}
