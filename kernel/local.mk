# SPDX-License-Identifier: GPL-2.0 OR MIT
# The contract as kernel modules: built by kernel/build.sh against a kernel's headers, not by make.
EXTRA_DIST += \
	kernel/Kbuild \
	kernel/absent.c \
	kernel/build.sh \
	kernel/include/errno.h \
	kernel/include/libmpt/os.h \
	kernel/include/pthread.h \
	kernel/include/sched.h \
	kernel/include/stdarg.h \
	kernel/include/stdbool.h \
	kernel/include/stddef.h \
	kernel/include/stdint.h \
	kernel/include/stdio.h \
	kernel/include/stdlib.h \
	kernel/include/string.h \
	kernel/include/time.h \
	kernel/include/unistd.h \
	kernel/kobjects.c \
	kernel/kobjects.h \
	kernel/linux510.h \
	kernel/module.c \
	kernel/os.c \
	kernel/register.c \
	kernel/selftest.c \
	kernel/thread.c \
	kernel/thread.h \
	kernel/tree.c
