dnl SPDX-License-Identifier: MIT
# MPT_BASH_COMPLETION: where bash-completion looks for a command's file: as its pkg-config says, under
# our prefix, else where it looks by default. --without-bash-completion installs it nowhere.
AC_DEFUN([MPT_BASH_COMPLETION], [
	AC_ARG_WITH([bash-completion],
		[AS_HELP_STRING([--with-bash-completion=DIR], [where mptctl's completion for bash goes (none: --without-bash-completion)])],
		[], [with_bash_completion=yes])
	AS_CASE([$with_bash_completion],
		[no], [bashcompletiondir=],
		[yes], [
			bashcompletiondir=`$PKG_CONFIG --define-variable=prefix='${prefix}' \
				--define-variable=datadir='${datadir}' --variable=completionsdir bash-completion 2>/dev/null`
			AS_IF([test "x$bashcompletiondir" = x],
				[bashcompletiondir='${datadir}/bash-completion/completions'])
		],
		[bashcompletiondir=$with_bash_completion])
	AC_SUBST([bashcompletiondir])
])
