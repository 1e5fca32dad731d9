# SPDX-License-Identifier: MIT
# What configure found, in one table at its end.

AC_DEFUN([MPT_SUMMARY], [
	test "x$silent" = xyes || AS_ECHO(["
  $PACKAGE_NAME $PACKAGE_VERSION
    compiler          $CC$BASE_CFLAGS
    CFLAGS            $CFLAGS
    sanitizers        $mpt_sanitizer
    libraries         shared $enable_shared, static $enable_static
    prefix            $prefix
    back ends        ${mpt_backends:- none}
    static back end   $with_static_backend
    loadable ones     $mpt_have_ltdl (libltdl)
    mptctl --json     $mpt_have_jansson (jansson)
    --screenshot      $mpt_have_png (libpng)
    mptctl sysfs      $mpt_have_fuse3 (libfuse)
    bash completion   ${bashcompletiondir:-no}
    libcheck suites   $mpt_have_check
    C++ header test   ${CXX:-no (no C++ compiler)}
    fuzz targets      ${FUZZ_CC:-no (no clang)}
"])
])
