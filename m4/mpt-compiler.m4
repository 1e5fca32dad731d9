# SPDX-License-Identifier: MIT
# Compiler and linker flags: warnings, sanitizers, visibility, threads.

# MPT_IF_CFLAG(FLAG, IF-TAKEN, IF-NOT): -Werror because clang only warns about flags it ignores.
AC_DEFUN([MPT_IF_CFLAG], [
	mpt_saved_cflags=$CFLAGS
	CFLAGS="$CFLAGS -Werror $1"
	AC_MSG_CHECKING([whether $CC takes $1])
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
		[AC_MSG_RESULT([yes]); CFLAGS=$mpt_saved_cflags; $2],
		[AC_MSG_RESULT([no]); CFLAGS=$mpt_saved_cflags; $3])
])

# MPT_IF_LDFLAG(FLAG, IF-TAKEN, IF-NOT)
AC_DEFUN([MPT_IF_LDFLAG], [
	mpt_saved_ldflags=$LDFLAGS
	LDFLAGS="$LDFLAGS -shared -fPIC $1"
	AC_MSG_CHECKING([whether the linker takes $1])
	AC_LINK_IFELSE([AC_LANG_SOURCE([int mpt_probe(void); int mpt_probe(void) { return 0; }])],
		[AC_MSG_RESULT([yes]); LDFLAGS=$mpt_saved_ldflags; $2],
		[AC_MSG_RESULT([no]); LDFLAGS=$mpt_saved_ldflags; $3])
])

# MPT_WARNINGS: BASE_CFLAGS, the flags of every object we compile.
AC_DEFUN([MPT_WARNINGS], [
	BASE_CFLAGS=
	m4_foreach_w([mpt_flag], [-std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes
			-Wmissing-prototypes -Wvla -Wpointer-arith -Wcast-align
			-Wwrite-strings -Wundef -Wformat=2],
		[MPT_IF_CFLAG(mpt_flag, [BASE_CFLAGS="$BASE_CFLAGS mpt_flag"], [:])])
	AC_ARG_ENABLE([werror],
		[AS_HELP_STRING([--enable-werror], [a warning is an error (for CI)])],
		[], [enable_werror=no])
	AS_IF([test "x$enable_werror" = xyes], [BASE_CFLAGS="$BASE_CFLAGS -Werror"])
	VISIBILITY_CFLAGS=
	MPT_IF_CFLAG([-fvisibility=hidden], [VISIBILITY_CFLAGS=-fvisibility=hidden], [:])
	AC_SUBST([BASE_CFLAGS])
	AC_SUBST([VISIBILITY_CFLAGS])
])

# MPT_SANITIZERS: SANITIZER_CFLAGS, for compiling and linking.
AC_DEFUN([MPT_SANITIZERS], [
	AC_ARG_ENABLE([asan],
		[AS_HELP_STRING([--enable-asan], [AddressSanitizer and UndefinedBehaviorSanitizer])],
		[], [enable_asan=no])
	AC_ARG_ENABLE([tsan],
		[AS_HELP_STRING([--enable-tsan], [ThreadSanitizer])],
		[], [enable_tsan=no])
	SANITIZER_CFLAGS=
	mpt_sanitizer=none
	AS_IF([test "x$enable_asan$enable_tsan" = xyesyes],
		[AC_MSG_ERROR([--enable-asan and --enable-tsan exclude each other])])
	AS_IF([test "x$enable_asan" = xyes], [
		mpt_sanitizer=address,undefined
		SANITIZER_CFLAGS="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"
		# gcc 12 tests the flags of the addition that makes a thread-local's address, which the
		# linker turns into a lea; a null access is AddressSanitizer's to report as well.
		SANITIZER_CFLAGS="$SANITIZER_CFLAGS -fno-sanitize=null"
	])
	AS_IF([test "x$enable_tsan" = xyes], [
		mpt_sanitizer=thread
		SANITIZER_CFLAGS="-fsanitize=thread -fno-omit-frame-pointer"
		# gcc: fences are not modelled. They are compiled all the same.
		MPT_IF_CFLAG([-Wno-tsan], [SANITIZER_CFLAGS="$SANITIZER_CFLAGS -Wno-tsan"], [:])
	])
	AS_IF([test "x$SANITIZER_CFLAGS" != x], [
		MPT_IF_CFLAG([$SANITIZER_CFLAGS], [:],
			[AC_MSG_ERROR([$CC does not take $SANITIZER_CFLAGS])])
	])
	AC_SUBST([SANITIZER_CFLAGS])
	AM_CONDITIONAL([SANITIZED], [test "x$SANITIZER_CFLAGS" != x])
])

# MPT_LINK_FLAGS: symbol maps where the linker has them; no library of ours may leave a symbol to
# chance (a sanitizer's runtime is in the program only, so not there).
AC_DEFUN([MPT_LINK_FLAGS], [
	printf 'MPT_PROBE { global: mpt_*; local: *; };\n' >conftest.map
	MPT_IF_LDFLAG([-Wl,--version-script=conftest.map], [mpt_have_map=yes], [mpt_have_map=no])
	rm -f conftest.map
	AM_CONDITIONAL([HAVE_SYMBOL_MAP], [test "x$mpt_have_map" = xyes])
	LIB_LDFLAGS=-no-undefined
	AS_IF([test "x$mpt_sanitizer" = xnone],
		[MPT_IF_LDFLAG([-Wl,-z,defs], [LIB_LDFLAGS="$LIB_LDFLAGS -Wl,-z,defs"], [:])])
	# Calls of the library's own exported functions need no detour through the PLT.
	MPT_IF_LDFLAG([-Wl,-Bsymbolic-functions],
		[LIB_LDFLAGS="$LIB_LDFLAGS -Wl,-Bsymbolic-functions"], [:])
	AC_SUBST([LIB_LDFLAGS])
])

# MPT_PTHREAD: -pthread for compiling and linking.
AC_DEFUN([MPT_PTHREAD], [
	MPT_IF_CFLAG([-pthread], [PTHREAD_CFLAGS=-pthread], [PTHREAD_CFLAGS=])
	mpt_saved_libs=$LIBS
	LIBS="$PTHREAD_CFLAGS $LIBS"
	AC_MSG_CHECKING([for pthread_create])
	AC_LINK_IFELSE([AC_LANG_PROGRAM([#include <pthread.h>
		static void *body(void *arg) { return arg; }],
		[pthread_t t; return pthread_create(&t, 0, body, 0);])],
		[AC_MSG_RESULT([yes])],
		[AC_MSG_RESULT([no]); AC_MSG_ERROR([POSIX threads are needed])])
	LIBS=$mpt_saved_libs
	AC_SUBST([PTHREAD_CFLAGS])
])
