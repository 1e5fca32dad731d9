/* SPDX-License-Identifier: MIT */
/*
 * A program of somebody else: built by tests/build/outside.sh from an installation, with pkg-config
 * alone. Arguments: the version that pkg-config tells, and a back end to open unless the build has
 * none.
 */
#include <stdio.h>
#include <string.h>

#include <gvt/gvt.h>
#include <mpt/error.h>
#include <mpt/host.h>
#include <mpt/mpt.h>

static int version(const char *told)
{
	if (!strcmp(told, MPT_VERSION) && !strcmp(told, mpt_version()))
		return 0;
	fprintf(stderr, "pkg-config says %s, the header %s, the library %s\n", told, MPT_VERSION,
		mpt_version());
	return 1;
}

/* A bad name is refused with a sentence; a function of the other library answers. */
static int refusal(void)
{
	struct mpt_host *host = NULL;

	if (mpt_host_open("no-such-back-end", &host) < 0 && !host && *mpt_last_error() &&
	    gvt_platform_each(0))
		return 0;
	fprintf(stderr, "an unknown back end was opened, or the core knows no platform\n");
	return 1;
}

static int use(const char *backend)
{
	struct mpt_host *host = NULL;

	if (mpt_host_open(backend, &host) < 0) {
		fprintf(stderr, "%s: %s\n", backend, mpt_last_error());
		return 1;
	}
	if (intel_gvt_hypervisor_dom0_ready() < 0 || mpt_host_close(host) < 0) {
		fprintf(stderr, "dom0_ready or close: %s\n", mpt_last_error());
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 1;
	return version(argv[1]) || refusal() || (argc > 2 && use(argv[2]));
}
