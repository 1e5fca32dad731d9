# SPDX-License-Identifier: MIT
# The list of built-in back ends, and the choice of one for static dispatch. From it come the
# configure options, the automake conditionals and the table that libmpt/registry.c includes.

AC_DEFUN([MPT_BACKENDS_INIT], [
	mpt_backends_known=
	mpt_backends=
	mpt_builtin_table=
])

# MPT_BACKEND(NAME, TEXT): --disable-backend-NAME, conditional BACKEND_NAME, one line of the table.
AC_DEFUN([MPT_BACKEND], [
	m4_pushdef([mpt_id], m4_translit([$1], [-], [_]))
	AC_ARG_ENABLE([backend-$1],
		[AS_HELP_STRING([--disable-backend-$1], [without: $2])],
		[], [AS_VAR_SET([enable_backend_]mpt_id, [yes])])
	mpt_backends_known="$mpt_backends_known $1"
	AS_IF([test "x$enable_backend_[]mpt_id" != xno], [
		mpt_backends="$mpt_backends $1"
		mpt_builtin_table="${mpt_builtin_table}MPT_BUILTIN(mpt_id)
"
	])
	AM_CONDITIONAL([BACKEND_]m4_toupper(mpt_id), [test "x$enable_backend_[]mpt_id" != xno])
	m4_popdef([mpt_id])
])

# MPT_BACKENDS_DONE: the static back end, and backends/builtin.inc.
AC_DEFUN([MPT_BACKENDS_DONE], [
	AC_ARG_WITH([static-backend],
		[AS_HELP_STRING([--with-static-backend=NAME],
			[dispatch to this one back end without indirect calls])],
		[], [with_static_backend=no])
	STATIC_CPPFLAGS=
	AS_IF([test "x$with_static_backend" != xno], [
		mpt_found=no
		for mpt_b in $mpt_backends; do
			AS_IF([test "x$mpt_b" = "x$with_static_backend"], [mpt_found=yes])
		done
		AS_IF([test $mpt_found = no],
			[AC_MSG_ERROR([--with-static-backend=$with_static_backend: no such back end in this build (there are:$mpt_backends)])])
		STATIC_CPPFLAGS="-DMPT_STATIC_BACKEND=$with_static_backend"
	])
	AC_SUBST([STATIC_CPPFLAGS])
	AS_VAR_SET([builtin_backends], [`echo $mpt_backends`])
	AC_SUBST([builtin_backends])
	AM_CONDITIONAL([STATIC_BACKEND], [test "x$STATIC_CPPFLAGS" != x])
	AC_CONFIG_COMMANDS([backends/builtin.inc], [
		mkdir -p backends
		{
			echo "/* The built-in back ends, by configure. */"
			printf '%s' "$mpt_builtin_table"
		} >backends/builtin.tmp
		if cmp -s backends/builtin.tmp backends/builtin.inc; then
			rm -f backends/builtin.tmp
		else
			mv -f backends/builtin.tmp backends/builtin.inc
		fi
	], [mpt_builtin_table='$mpt_builtin_table'])
])
