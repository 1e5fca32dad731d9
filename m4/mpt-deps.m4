# SPDX-License-Identifier: MIT
# The libraries of other people: uthash (header only), libltdl, jansson,
# libpng and libfuse (optional), libcheck (tests).

# MPT_UTHASH: it has no .pc file, only a header.
AC_DEFUN([MPT_UTHASH], [
	AC_CHECK_HEADER([uthash.h], [],
		[AC_MSG_ERROR([uthash.h not found (Debian: apt-get install uthash-dev)])])
])

# MPT_LTDL: loadable back ends. `auto` takes it if it is there; asked for and missing is an error.
AC_DEFUN([MPT_LTDL], [
	AC_ARG_WITH([ltdl],
		[AS_HELP_STRING([--with-ltdl@<:@=yes|no|auto@:>@],
			[load further back ends at run time through libltdl @<:@auto@:>@])],
		[], [with_ltdl=auto])
	LTDL_LIBS=
	mpt_have_ltdl=no
	AS_IF([test "x$with_ltdl" != xno], [
		AC_CHECK_HEADER([ltdl.h], [
			AC_CHECK_LIB([ltdl], [lt_dlopenext], [mpt_have_ltdl=yes; LTDL_LIBS=-lltdl])
		])
		AS_IF([test "x$with_ltdl$mpt_have_ltdl" = xyesno],
			[AC_MSG_ERROR([--with-ltdl: libltdl not found (Debian: apt-get install libltdl-dev)])])
	])
	AS_IF([test "x$mpt_have_ltdl" = xyes],
		[AC_DEFINE([HAVE_LTDL], [1], [libltdl is there: back ends can be loaded at run time])])
	AC_SUBST([LTDL_LIBS])
	AM_CONDITIONAL([HAVE_LTDL], [test "x$mpt_have_ltdl" = xyes])
	AM_CONDITIONAL([HAVE_MODULES], [test "x$mpt_have_ltdl$enable_shared" = xyesyes])
])

# MPT_CHECK: libcheck. Without it `make check` says so in a skipped test, unless tests were asked for.
AC_DEFUN([MPT_CHECK], [
	AC_ARG_ENABLE([tests],
		[AS_HELP_STRING([--enable-tests@<:@=yes|no|auto@:>@],
			[build the libcheck suites @<:@auto@:>@])],
		[], [enable_tests=auto])
	mpt_have_check=no
	AS_IF([test "x$enable_tests" != xno], [
		PKG_CHECK_MODULES([CHECK], [check >= 0.15], [mpt_have_check=yes], [mpt_have_check=no])
		AS_IF([test "x$enable_tests$mpt_have_check" = xyesno],
			[AC_MSG_ERROR([--enable-tests: libcheck not found (Debian: apt-get install check)])])
	])
	AM_CONDITIONAL([HAVE_CHECK], [test "x$mpt_have_check" = xyes])
])

# MPT_JANSSON: --json of mptctl. `auto` takes it if it is there; asked for and missing is an error.
AC_DEFUN([MPT_JANSSON], [
	AC_ARG_WITH([jansson],
		[AS_HELP_STRING([--with-jansson@<:@=yes|no|auto@:>@],
			[mptctl --json through jansson @<:@auto@:>@])],
		[], [with_jansson=auto])
	mpt_have_jansson=no
	AS_IF([test "x$with_jansson" != xno], [
		PKG_CHECK_MODULES([JANSSON], [jansson >= 2.9],
			[mpt_have_jansson=yes], [mpt_have_jansson=no])
		AS_IF([test "x$with_jansson$mpt_have_jansson" = xyesno],
			[AC_MSG_ERROR([--with-jansson: jansson not found (Debian: apt-get install libjansson-dev)])])
	])
	AS_IF([test "x$mpt_have_jansson" = xyes],
		[AC_DEFINE([HAVE_JANSSON], [1], [jansson is there: mptctl --json])])
])

# MPT_PNG: pictures of mptctl serve. `auto` takes it if it is there; asked for and missing is an error.
AC_DEFUN([MPT_PNG], [
	AC_ARG_WITH([png],
		[AS_HELP_STRING([--with-png@<:@=yes|no|auto@:>@],
			[mptctl serve --screenshot through libpng @<:@auto@:>@])],
		[], [with_png=auto])
	mpt_have_png=no
	AS_IF([test "x$with_png" != xno], [
		PKG_CHECK_MODULES([PNG], [libpng >= 1.6], [mpt_have_png=yes], [mpt_have_png=no])
		AS_IF([test "x$with_png$mpt_have_png" = xyesno],
			[AC_MSG_ERROR([--with-png: libpng not found (Debian: apt-get install libpng-dev)])])
	])
	AS_IF([test "x$mpt_have_png" = xyes],
		[AC_DEFINE([HAVE_PNG], [1], [libpng is there: mptctl serve --screenshot])])
])

# MPT_FUSE3: mptctl sysfs. `auto` takes it if it is there; asked for and missing is an error.
AC_DEFUN([MPT_FUSE3], [
	AC_ARG_WITH([fuse3],
		[AS_HELP_STRING([--with-fuse3@<:@=yes|no|auto@:>@],
			[mptctl sysfs through libfuse @<:@auto@:>@])],
		[], [with_fuse3=auto])
	mpt_have_fuse3=no
	AS_IF([test "x$with_fuse3" != xno], [
		PKG_CHECK_MODULES([FUSE3], [fuse3 >= 3.10], [mpt_have_fuse3=yes], [mpt_have_fuse3=no])
		AS_IF([test "x$with_fuse3$mpt_have_fuse3" = xyesno],
			[AC_MSG_ERROR([--with-fuse3: libfuse not found (Debian: apt-get install libfuse3-dev fuse3)])])
	])
	AS_IF([test "x$mpt_have_fuse3" = xyes],
		[AC_DEFINE([HAVE_FUSE3], [1], [libfuse is there: mptctl sysfs])])
])
