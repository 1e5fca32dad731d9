/* SPDX-License-Identifier: MIT */
/* Prints doc/linux-core-diff.md, which is made of rules.def. */
#include <stdio.h>

#define DEFECT "defect"
#define CHOICE "choice"

static const char head[] =
	"<!-- SPDX-License-Identifier: MIT -->\n"
	"<!-- Made of tests/linux-core/diff/rules.def by doc/tables.sh. -->\n"
	"# Where libmpt-gvt and the Linux core differ\n"
	"\n"
	"`make check-linux-core` lets the same guests run on both: the GVT core of Linux 5.10\n"
	"as it is (doc/linux-core.md), and libmpt-gvt. Scripts written by hand and steps\n"
	"generated from seeds go to configuration space, BARs, PVINFO, registers, the global\n"
	"page table, page tables of processes and stores to them, interrupts, resets,\n"
	"creation and destruction, of two vGPUs. After each step are compared: the answer,\n"
	"what is there afterwards, all calls of the contract with what came of them, and all\n"
	"that is mapped and tracked; of page tables what a device finds through the shadow,\n"
	"by guest frame, and that also with what guest memory says. What differs is in this\n"
	"table, or the check fails; so it does when a row of the table never was the reason.\n"
	"\n"
	"A *defect* is the core's, a *choice* is ours where either would do.\n";

int main(void)
{
	fputs(head, stdout);
#define SUBJECT(title)							\
	printf("\n## %s\n\n| file | | the core of Linux 5.10 | libmpt-gvt | rule |\n", title);	\
	puts("| --- | --- | --- | --- | --- |");
#define RULE(applies, where, kind, mask, again, real, ours, rule)	\
	printf("| `%s` | %s | %s | %s | %s |\n", where, kind, real, ours, rule);
#include "rules.def"
	return 0;
}
