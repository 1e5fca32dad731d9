/* SPDX-License-Identifier: MIT */
/*
 * The upstream HSM's device: opening, threads, and the signal that ends a thread's wait in it.
 * Nothing of this is used by the simulator or a test's script.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backends/acrn/vhm_hsm_priv.h"

struct device {
	char path[128];
	int sig;
};

struct file {
	int fd;
	int sig;
};

struct dev_thread {
	pthread_t id;
	int sig;
	void (*fn)(void *arg);
	void *arg;
};

/* --- the signal: one that nobody uses, with a handler that does nothing --- */

static struct os_mutex signal_lock = OS_MUTEX_INIT(signal_lock);
static int the_signal;

static void on_signal(int sig)
{
	(void)sig;
}

/* From the highest real-time signal down, the first that has its default action; 0: none. */
static int signal_find(void)
{
	struct sigaction is, ours = { .sa_handler = on_signal };
	int sig;

	for (sig = SIGRTMAX; sig >= SIGRTMIN; sig--) {
		if (sigaction(sig, NULL, &is) || is.sa_handler != SIG_DFL)
			continue;
		return sigaction(sig, &ours, NULL) ? 0 : sig;
	}
	return 0;
}

static int signal_get(void)
{
	os_mutex_lock(&signal_lock);
	if (!the_signal)
		the_signal = signal_find();
	os_mutex_unlock(&signal_lock);
	return the_signal;
}

/* --- the way to the device --- */

static int dev_open(void *arg, void **file)
{
	const struct device *d = arg;
	struct file *f = mpt_zalloc(sizeof(*f));
	int err;

	if (!f)
		return -ENOMEM;
	f->sig = d->sig;
	f->fd = open(d->path, O_RDWR | O_CLOEXEC);
	if (f->fd >= 0) {
		*file = f;
		return 0;
	}
	err = errno;
	mpt_free(f);
	return -err;
}

static int dev_ioctl(void *file, unsigned int cmd, unsigned long arg)
{
	int ret = ioctl(((struct file *)file)->fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

static void dev_close(void *file)
{
	close(((struct file *)file)->fd);
	mpt_free(file);
}

/* Only our signal ends its waits: the program's are for the program's threads. */
static void *thread_main(void *arg)
{
	struct dev_thread *t = arg;
	sigset_t all;

	sigfillset(&all);
	sigdelset(&all, t->sig);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	t->fn(t->arg);
	return NULL;
}

static int dev_start(void *arg, void **thread, void (*fn)(void *fn_arg), void *fn_arg)
{
	struct dev_thread *t = mpt_zalloc(sizeof(*t));

	if (!t)
		return -ENOMEM;
	*t = (struct dev_thread){ .sig = ((struct device *)arg)->sig, .fn = fn, .arg = fn_arg };
	if (pthread_create(&t->id, NULL, thread_main, t)) {
		mpt_free(t);
		return -ENOMEM;
	}
	*thread = t;
	return 0;
}

static void dev_interrupt(void *file, void *thread)
{
	pthread_kill(((struct dev_thread *)thread)->id, ((struct file *)file)->sig);
}

static void dev_join(void *arg, void *thread)
{
	(void)arg;
	pthread_join(((struct dev_thread *)thread)->id, NULL);
	mpt_free(thread);
}

static void dev_relax(void *arg)
{
	static const struct timespec while_ = { .tv_nsec = 50000 };

	(void)arg;
	nanosleep(&while_, NULL);
}

static const struct acrn_hsm_io dev_io = {
	.open = dev_open,
	.ioctl = dev_ioctl,
	.close = dev_close,
	.start = dev_start,
	.interrupt = dev_interrupt,
	.join = dev_join,
	.relax = dev_relax,
};

/* --- is it one? --- */

static int not_opened(const char *path, const char *name, int err)
{
	if (err == ENOENT || err == ENXIO || err == ENODEV)
		return mpt_fail_at(-ENODEV, "probe", name,
				   "no %s (this is no service VM of ACRN, or its HSM is not "
				   "loaded: modprobe acrn)", path);
	if (err == EACCES || err == EPERM)
		return mpt_fail_at(-EACCES, "probe", name, "%s may not be opened (run as root)",
				   path);
	return mpt_fail_at(-EIO, "probe", name, "%s: %s", path, strerror(err));
}

int acrn_hsm_probe(const char *path, const char *name)
{
	struct stat st;
	int fd, ret;

	path = path ? path : ACRN_HSM_PATH;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return not_opened(path, name, errno);
	if (fstat(fd, &st) || !S_ISCHR(st.st_mode)) {
		close(fd);
		return mpt_fail_at(-EIO, "probe", name, "%s is no character device", path);
	}
	/* Without a VM each of its ioctls is refused as invalid; another device knows none. */
	ret = ioctl(fd, ACRN_IOCTL_DESTROY_IOREQ_CLIENT, 0) < 0 ? errno : 0;
	close(fd);
	if (ret == EINVAL)
		return 0;
	return mpt_fail_at(-EIO, "probe", name, "%s is no ACRN HSM (%s)", path,
			   ret ? strerror(ret) : "it takes what a HSM refuses");
}

static void dev_end(void *arg)
{
	mpt_free(arg);
}

int acrn_hsm_open(const char *path, const struct acrn_hsm_config *config, struct acrn_hsm **hsm)
{
	const char *name = config->name ? config->name : "acrn";
	struct device *d;
	int ret;

	path = path ? path : ACRN_HSM_PATH;
	ret = acrn_hsm_probe(path, name);
	if (ret)
		return ret;
	d = mpt_zalloc(sizeof(*d));
	if (!d)
		return mpt_fail_at(-ENOMEM, "open", name, "no memory for the device");
	d->sig = signal_get();
	ret = snprintf(d->path, sizeof(d->path), "%s", path) < (int)sizeof(d->path) && d->sig ? 0 :
		      -EINVAL;
	if (ret)
		mpt_fail_at(ret, "open", name,
			    "the path is too long, or the program uses all real-time signals");
	else
		ret = acrn_hsm_open_io(&dev_io, d, config, hsm);
	if (ret) {
		mpt_free(d);
		return ret;
	}
	(*hsm)->end = dev_end;
	return 0;
}
