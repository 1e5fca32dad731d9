/* SPDX-License-Identifier: MIT */
/*
 * What a kernel's trap handlers do for WARN and BUG, which are an undefined instruction, and for
 * the privileged instructions of a lock that is taken with interrupts off. And names for addresses.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>

#include "linux_gvt.h"
#include "side.h"

#define PLACES 64

static struct linux_gvt_warning seen[PLACES];
static unsigned int places;

static void note(const char *file, unsigned int line)
{
	unsigned int i;

	for (i = 0; i < places; i++) {
		if (seen[i].line == line && !strcmp(seen[i].file, file)) {
			seen[i].count++;
			return;
		}
	}
	if (places < PLACES)
		seen[places++] = (struct linux_gvt_warning){ file, line, 1 };
}

unsigned int linux_gvt_warnings(struct linux_gvt_warning *to, unsigned int max)
{
	unsigned int n = places;

	memcpy(to, seen, sizeof(*to) * (n < max ? n : max));
	places = 0;
	return n;
}

static void die(const char *what, unsigned long addr, const char *file, unsigned int line)
{
	fflush(stdout);
	fprintf(stderr, "linux-gvt: %s at 0x%lx (%s, %s:%u)\n", what, addr,
		linux_gvt_symbol((const void *)addr), file ? file : "?", line);
	_exit(134);
}

/* ud2 has two bytes. After BUG() nothing sensible follows. */
static void undefined(int sig, siginfo_t *info, void *context)
{
	greg_t *rip = &((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
	const char *file = NULL;
	unsigned int line = 0;

	(void)sig;
	(void)info;
	if (side_bug((unsigned long)*rip, &file, &line) != 1)
		die("BUG", (unsigned long)*rip, file, line);
	note(file, line);
	*rip += 2;
}

/* cli and sti have one byte; nothing interrupts here. */
static void fault(int sig, siginfo_t *info, void *context)
{
	greg_t *rip = &((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
	const unsigned char *code = (const unsigned char *)*rip;

	(void)sig;
	/* A general protection fault has no address; anything else is a wild access. */
	if (info->si_code != SI_KERNEL || (*code != 0xfa && *code != 0xfb))
		die("a wild access", (unsigned long)*rip, NULL, 0);
	*rip += 1;
}

/* A library's thread takes no signals; these are the thread's own. */
void side_thread(void)
{
	static __thread bool done;
	sigset_t set;

	if (done)
		return;
	done = true;
	sigemptyset(&set);
	sigaddset(&set, SIGILL);
	sigaddset(&set, SIGSEGV);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void linux_gvt_trap_init(void)
{
	struct sigaction act = { .sa_flags = SA_SIGINFO | SA_NODEFER };

	act.sa_sigaction = undefined;
	sigaction(SIGILL, &act, NULL);
	act.sa_sigaction = fault;
	sigaction(SIGSEGV, &act, NULL);
}

/* --- names, from the program's own symbol table --- */

static const Elf64_Ehdr *self(void)
{
	static const Elf64_Ehdr *image;
	struct stat st;
	int fd;

	if (image)
		return image;
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return NULL;
	image = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	return image == MAP_FAILED ? NULL : image;
}

const char *linux_gvt_symbol(const void *addr)
{
	const Elf64_Ehdr *e = self();
	const Elf64_Shdr *s, *strings;
	const Elf64_Sym *sym, *end;
	unsigned int i;

	if (!e)
		return "?";
	s = (const Elf64_Shdr *)((const char *)e + e->e_shoff);
	for (i = 0; i < e->e_shnum && s[i].sh_type != SHT_SYMTAB; i++)
		;
	if (i == e->e_shnum)
		return "?";
	strings = &s[s[i].sh_link];
	sym = (const Elf64_Sym *)((const char *)e + s[i].sh_offset);
	end = sym + s[i].sh_size / sizeof(*sym);
	for (; sym < end; sym++)
		if (ELF64_ST_TYPE(sym->st_info) == STT_FUNC &&
		    (unsigned long)addr - sym->st_value < sym->st_size)
			return (const char *)e + strings->sh_offset + sym->st_name;
	return "?";
}
