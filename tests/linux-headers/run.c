/* SPDX-License-Identifier: MIT */
/*
 * Runs wrappers.c, an object with kernel flags, in user space. Here are main() and the few symbols
 * of a kernel that the wrappers reach; what is tested is in wrappers.c.
 *
 * The kernel's stack is aligned to 8 bytes only and its calls do not say how many vector registers
 * they use: the functions that it calls here take no arguments from it and touch neither.
 */
#include <stdio.h>

extern const char *mpt_wrappers_wrong(void);
extern int printk_calls;
int printk(void);
int ___ratelimit(void);

/* The core's tracepoint: all zero is switched off. Larger than any kernel's struct tracepoint. */
unsigned char __tracepoint_inject_msi[1024];
int printk_calls;

int printk(void)
{
	printk_calls++;
	return 0;
}

int ___ratelimit(void)
{
	return 1;
}

int main(void)
{
	const char *wrong = mpt_wrappers_wrong();

	if (wrong)
		printf("wrong: %s\n", wrong);
	return wrong ? 1 : 0;
}
