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
	"`make check-linux-core` lets the same guests run on both: the GVT core of Linux 5.10 as it\n"
	"is (doc/linux-core.md), and libmpt-gvt. Scripts written by hand and steps generated from\n"
	"seeds go to configuration space, BARs, PVINFO, registers, the global page table, page tables\n"
	"of processes and stores to them, interrupts, resets, creation and destruction, of two vGPUs.\n"
	"After each step are compared: the answer, what is there afterwards, all calls of the contract\n"
	"with what came of them, and all that is mapped and tracked; of page tables what a device\n"
	"finds through the shadow, by guest frame. What differs is in this table, or the check fails;\n"
	"so it does when a row of the table never was the reason.\n"
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
