/* SPDX-License-Identifier: MIT */
/* Where the sockets of `mptctl serve` are, and what QEMU has to be told of them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli.h"
#include "serve.h"

#define BACKEND "vfio-user"
#define PATH_LIMIT (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

void serve_path(const char *path, unsigned int id, unsigned int n, char *buf, size_t len)
{
	if (n == 1)
		snprintf(buf, len, "%s", path);
	else
		snprintf(buf, len, "%s.%u", path, id);
}

/* What the spec of a host, or a command line to copy, cannot hold. */
static int check_text(const char *path)
{
	const char *p;

	for (p = path; *p; p++) {
		if (*p == ',' || (unsigned char)*p < 0x20 || *p == 0x7f) {
			cli_error("serve: --socket: no comma and no control character in a path");
			return -1;
		}
	}
	if (*path)
		return 0;
	cli_error("serve: --socket: the path is empty");
	return -1;
}

static int check_folder(const char *path)
{
	char folder[SERVE_PATH_MAX] = ".";
	const char *slash = strrchr(path, '/');
	struct stat st;

	if (slash)
		snprintf(folder, sizeof(folder), "%.*s", slash == path ? 1 : (int)(slash - path),
			 path);
	if (stat(folder, &st))
		cli_error("serve: --socket %s: folder %s: %s", path, folder, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		cli_error("serve: --socket %s: %s is no folder", path, folder);
	else if (access(folder, W_OK | X_OK))
		cli_error("serve: --socket %s: folder %s: %s", path, folder, strerror(errno));
	else
		return 0;
	return -1;
}

static int check_path(const char *path)
{
	struct stat st;

	if (strlen(path) > PATH_LIMIT) {
		cli_error("serve: --socket %s: %zu bytes, a socket's path has at most %zu (take a "
			  "shorter one, or a relative one)",
			  path, strlen(path), PATH_LIMIT);
		return -1;
	}
	if (!lstat(path, &st) && !S_ISSOCK(st.st_mode)) {
		cli_error("serve: --socket %s: exists and is no socket (remove it, or take "
			  "another path)",
			  path);
		return -1;
	}
	return 0;
}

int serve_socket_check(const char *path, unsigned int n)
{
	char one[SERVE_PATH_MAX];
	unsigned int id;

	if (check_text(path))
		return -1;
	if (strlen(path) > sizeof(one) - 8) {
		cli_error("serve: --socket: %zu bytes, a socket's path has at most %zu",
			  strlen(path), PATH_LIMIT);
		return -1;
	}
	for (id = 1; id <= n; id++) {
		serve_path(path, id, n, one, sizeof(one));
		if (check_path(one))
			return -1;
	}
	return check_folder(path);
}

/* Absolute, as QEMU may be started elsewhere; if that is too long for a socket, as it was given. */
void serve_socket_name(struct serve *s, struct serve_vgpu *v)
{
	char path[SERVE_PATH_MAX], here[SERVE_PATH_MAX];
	int n;

	serve_path(s->args->socket, v->id, s->n, path, sizeof(path));
	if (path[0] != '/' && getcwd(here, sizeof(here))) {
		n = snprintf(v->socket, sizeof(v->socket), "%s/%s", here, path);
		if (n > 0 && (size_t)n <= PATH_LIMIT)
			return;
	}
	memcpy(v->socket, path, sizeof(path));
}

/* --- the host --- */

/* Where the back end's name begins: it is the last element, or followed by its colon. */
static const char *find_backend(const char *spec)
{
	const char *at;

	for (at = spec; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (!strncmp(at, BACKEND, strlen(BACKEND)) &&
		    (at[strlen(BACKEND)] == ':' || !at[strlen(BACKEND)]))
			return at;
	}
	return NULL;
}

static bool has_check(const char *spec, const char *end)
{
	const char *at = strstr(spec, "check,");

	return at && at < end && (at == spec || at[-1] == ',');
}

int serve_spec(const char *backend, const char *path, unsigned int n, char *buf, size_t len)
{
	const char *at = find_backend(backend), *check = "check,";
	int used;

	if (!at) {
		cli_error("serve: --backend %s: only " BACKEND
			  " has sockets to serve on (layers may stand in front: check," BACKEND
			  ")",
			  backend);
		return -1;
	}
#ifdef MPT_STATIC_BACKEND
	check = "";
#endif
	if (has_check(backend, at))
		check = "";
	used = snprintf(buf, len, "%s%s%csocket=%s,vms=%u", check, backend,
			at[strlen(BACKEND)] ? ',' : ':', path, n);
	if (used > 0 && (size_t)used < len)
		return 0;
	cli_error("serve: --backend is too long");
	return -1;
}

/* --- QEMU --- */

/* Text of a JSON string inside an argument that the shell has in single quotes. */
static void print_quoted(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", out);
		else if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
}

static void print_one(FILE *out, const struct serve_vgpu *v)
{
	fprintf(out,
		"%svGPU %u%s: qemu-system-x86_64 -machine q35,memory-backend=mem \\\n"
		"  -object memory-backend-memfd,id=mem,size=1G,share=on -m 1G \\\n"
		"  -device '{\"driver\":\"vfio-user-pci\",\"addr\":\"02.0\","
		"\"socket\":{\"type\":\"unix\",\"path\":\"",
		cli_bold(out), v->id, cli_plain(out));
	print_quoted(out, v->socket);
	fprintf(out, "\"},\"x-no-posted-writes\":true}' ...\n");
}

void serve_print_qemu(FILE *out, const struct serve *s)
{
	unsigned int i;

	fprintf(out,
		"%u %s of type %s, waiting for QEMU 10.1 or later (no other display: -vga none):\n",
		s->n, s->n == 1 ? "vGPU" : "vGPUs", s->type.name);
	for (i = 0; i < s->n; i++)
		print_one(out, &s->vgpu[i]);
	fflush(out);
}
