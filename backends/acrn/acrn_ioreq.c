/* SPDX-License-Identifier: MIT */
/*
 * The client of the request page: what VHM hands to our thread is copied once, checked, emulated,
 * answered and completed. The page is the guest's hypervisor's and writable by the VM's device
 * model, so nothing in it is believed twice; a request that makes no sense is answered with all
 * ones.
 */
#include "backends/acrn/acrn.h"

/* A request as it was when it was looked at. */
struct acrn_request {
	u32 type;
	bool write;
	u64 addr; /* or register */
	unsigned int len;
	u64 value;
};

/* --- slots --- */

/* Handed to our client and not completed. */
static bool ours(const struct acrn_vm *vm, unsigned int n)
{
	const struct vhm_request *req = &vm->page[n];

	return os_load(&req->processed) == REQ_STATE_PROCESSING &&
	       os_load_relaxed(&req->client) == vm->client;
}

bool acrn_slot_busy(struct acrn_vm *vm, unsigned int n)
{
	return os_load(&vm->page[n].processed) == REQ_STATE_PENDING || ours(vm, n);
}

static bool length_ok(u64 len, u64 max)
{
	return len && len <= max && !(len & (len - 1));
}

/* A register of our function's configuration space (published issue 3249: it may be anything). */
static bool take_pci(struct acrn_request *r, const struct vhm_pci_request *pci)
{
	r->addr = (u64)pci->reg;
	r->len = (unsigned int)pci->size;
	r->value = (u32)pci->value;
	return !pci->bus && pci->dev == 2 && !pci->func && length_ok((u64)pci->size, 4) &&
	       pci->reg >= 0 && pci->reg <= 256 - pci->size && pci->reg % pci->size == 0;
}

static bool take_mmio(struct acrn_request *r, const struct vhm_mmio_request *mmio)
{
	r->addr = mmio->address;
	r->len = (unsigned int)mmio->size;
	r->value = mmio->value;
	return length_ok(mmio->size, 8) && mmio->size - 1 <= UINT64_MAX - mmio->address;
}

/* One copy; false: it makes no sense, or is no business of ours. */
static bool take(struct acrn_vm *vm, unsigned int n, struct acrn_request *r)
{
	struct vhm_request *req = &vm->page[n], copy;
	unsigned int i;

	copy.type = os_load_relaxed(&req->type);
	for (i = 0; i < OS_ARRAY_SIZE(copy.reqs.data); i++)
		copy.reqs.data[i] = os_load_relaxed(&req->reqs.data[i]);
	*r = (struct acrn_request){ .type = copy.type };
	r->write = copy.reqs.mmio_request.direction == REQUEST_WRITE;
	if (copy.reqs.mmio_request.direction > REQUEST_WRITE)
		return false;
	if (copy.type == REQ_PCICFG)
		return take_pci(r, &copy.reqs.pci_request);
	return (copy.type == REQ_MMIO || copy.type == REQ_WP) &&
	       take_mmio(r, &copy.reqs.mmio_request);
}

/* A narrow one has other fields behind its value. */
static void answer(struct acrn_vm *vm, unsigned int n, u32 type, u64 value)
{
	struct vhm_request *req = &vm->page[n];

	if (type == REQ_PORTIO || type == REQ_PCICFG)
		os_store_relaxed(&req->reqs.pio_request.value, (u32)value);
	else
		os_store_relaxed(&req->reqs.mmio_request.value, value);
}

/*
 * Exactly once. The request is complete even if the vCPU could not be told; telling it again would
 * answer its next request instead (ACRN's hypervisor, io_req.c).
 */
static void complete(struct acrn_vm *vm, unsigned int n)
{
	if (acrn_ioreq_complete_request(vm->client, n, &vm->page[n]) != -EFAULT)
		return;
	os_fetch_add(&vm->lost_notify, 1);
	mpt_log_guest(MPT_LOG_ERROR, "vCPU %u of VM %u could not be told that its request is done",
		      n, vm->id);
}

/*
 * Who answers: the handler, or who has waited too long for it. Hardly ever two at a time, and then a
 * few instructions long; the service in between lets the simulator's other threads go on.
 */
static void answer_begin(struct acrn_vm *vm)
{
	while (os_exchange(&vm->answering, true)) {
		acrn_ioreq_get_reqbuf(vm->client);
		os_yield();
	}
}

static void answer_end(struct acrn_vm *vm)
{
	os_store(&vm->answering, false);
}

/* The handler, if it has taken one of these, finds that its answer is not wanted any more. */
void acrn_complete_rest(struct acrn_vm *vm)
{
	unsigned int n;

	for (n = 0; n < VHM_REQUEST_MAX; n++) {
		answer_begin(vm);
		if (ours(vm, n)) {
			os_fetch_add(&vm->slot[n].rests, 1);
			answer(vm, n, os_load_relaxed(&vm->page[n].type), ~0ULL);
			complete(vm, n);
		}
		answer_end(vm);
	}
}

/* --- whom to ask --- */

void *acrn_deliver_begin(struct acrn_vm *vm)
{
	void *vgpu;

	if (OS_UNLIKELY(!mpt_deliver_enter(vm)))
		return NULL;
	vgpu = os_load_relaxed(&vm->stopped) ? NULL : os_load(&vm->deliver);
	if (OS_UNLIKELY(!vgpu))
		mpt_deliver_leave();
	return vgpu;
}

static void nothing(struct acrn_vm *vm, void *buf, unsigned int len, bool write)
{
	if (!write)
		memset(buf, 0xff, len);
	os_fetch_add(&vm->unclaimed, 1);
}

/* The largest naturally aligned piece of up to 8 bytes at @gpa; @len > 0. */
static unsigned int aligned_piece(u64 gpa, unsigned int len)
{
	unsigned int n = 1U << __builtin_ctzll(gpa | 8);

	return n <= len ? n : 1U << (31 - __builtin_clz(len));
}

/* --- MMIO --- */

/* Whether @gpa is trapped; @len is cut to what has the same answer. In a section. */
static bool trapped(const struct acrn_view *v, u64 gpa, unsigned int *len)
{
	unsigned int i = acrn_range_at(v->range, v->traps, gpa);
	const struct acrn_range *r = &v->range[i];

	if (v->pv && gpa >= v->pv->start && gpa <= v->pv->end)
		return true;
	if (i == v->traps)
		return false;
	if (r->start > gpa) {
		*len = r->start - gpa < *len ? (unsigned int)(r->start - gpa) : *len;
		return false;
	}
	*len = r->end - gpa < *len ? (unsigned int)(r->end - gpa) + 1 : *len;
	return true;
}

/* One aligned piece: the core's, RAM that shares a page with what is trapped, or nobody's. */
static int mmio_piece(struct acrn_vm *vm, void *vgpu, u64 gpa, u8 *buf, unsigned int *len,
		      bool write)
{
	unsigned long old = mpt_rcu_enter();
	bool trap = trapped(os_load(&vm->view), gpa, len), done;
	u64 val = 0;
	int ret;

	*len = aligned_piece(gpa, *len);
	done = !trap && !acrn_copy(vm, gpa, buf, *len, write);
	mpt_rcu_leave(old);
	if (done)
		return 0;
	if (!trap || !vgpu) {
		nothing(vm, buf, *len, write);
		return 0;
	}
	memcpy(&val, buf, *len);
	ret = mpt_deliver_mmio(vm->inst->host, vgpu, vm, gpa, &val, *len, write);
	memcpy(buf, &val, *len);
	os_count(&vm->traps);
	return ret;
}

static int mmio(struct acrn_vm *vm, void *vgpu, const struct acrn_request *r, u8 *buf)
{
	unsigned int left = r->len, n;
	u64 gpa = r->addr;
	int ret = 0, err;

	for (; left; gpa += n, buf += n, left -= n) {
		n = left;
		err = mmio_piece(vm, vgpu, gpa, buf, &n, r->write);
		ret = ret ? ret : err;
	}
	return ret;
}

/* --- stores to protected pages --- */

/* A register of the core's that the guest may read without a trap. */
static bool is_register(struct acrn_vm *vm, u64 gpa)
{
	unsigned long old = mpt_rcu_enter();
	bool yes = acrn_pv_at(os_load(&vm->view), gpa);

	mpt_rcu_leave(old);
	return yes;
}

/* Done as if the page were not protected: it is not tracked any more, or nobody is there to ask. */
static void plain(struct acrn_vm *vm, u64 gpa, void *buf, unsigned int len, bool write)
{
	unsigned long old = mpt_rcu_enter();
	int ret = acrn_copy(vm, gpa, buf, len, write);

	mpt_rcu_leave(old);
	if (ret)
		nothing(vm, buf, len, write);
}

static int store_piece(struct acrn_vm *vm, void *vgpu, u64 gpa, u64 val, unsigned int len)
{
	struct mpt_host *host = vm->inst->host;
	int ret;

	if (vgpu && is_register(vm, gpa)) {
		os_count(&vm->traps);
		return mpt_deliver_mmio(host, vgpu, vm, gpa, &val, len, true);
	}
	if (!vgpu || !acrn_tracked(vm, gpa >> MPT_PAGE_SHIFT)) {
		plain(vm, gpa, &val, len, true);
		return 0;
	}
	os_count(&vm->track_hits);
	ret = mpt_deliver_store(host, vgpu, vm, os_load_relaxed(&vm->handle), gpa, &val, len,
				acrn_gvt_mpt.write_gpa);
	/* The core does not track the page (any more), but the store is done. */
	return ret == -ENXIO ? 0 : ret;
}

/* Pieces never cross a page: each half of a store has the answer of its own page. */
static int store(struct acrn_vm *vm, void *vgpu, const struct acrn_request *r, const u8 *buf)
{
	unsigned int left = r->len, n;
	u64 gpa = r->addr, val = 0;
	int ret = 0, err;

	for (; left; gpa += n, buf += n, left -= n) {
		n = aligned_piece(gpa, left);
		memcpy(&val, buf, n);
		err = store_piece(vm, vgpu, gpa, val, n);
		ret = ret ? ret : err;
	}
	return ret;
}

/* --- a request --- */

static int cfg(struct acrn_vm *vm, void *vgpu, const struct acrn_request *r, void *buf)
{
	if (!vgpu) {
		nothing(vm, buf, r->len, r->write);
		return 0;
	}
	os_count(&vm->cfg);
	return mpt_deliver_cfg(vm->inst->host, vgpu, vm, (unsigned int)r->addr, buf, r->len,
			       r->write);
}

static int emulate(struct acrn_vm *vm, const struct acrn_request *r, void *buf)
{
	void *vgpu = acrn_deliver_begin(vm);
	int ret = 0;

	if (r->type == REQ_PCICFG)
		ret = cfg(vm, vgpu, r, buf);
	else if (r->type == REQ_MMIO)
		ret = mmio(vm, vgpu, r, buf);
	else if (r->write)
		ret = store(vm, vgpu, r, buf);
	else
		plain(vm, r->addr, buf, r->len, false);
	if (vgpu)
		mpt_deliver_leave();
	return ret;
}

static void serve(struct acrn_vm *vm, unsigned int n)
{
	unsigned int rests = os_load(&vm->slot[n].rests);
	struct acrn_request r;
	bool sense = take(vm, n, &r);
	u64 val = ~0ULL;

	os_store_relaxed(&vm->slot[n].err, 0);
	if (OS_UNLIKELY(!sense)) {
		os_fetch_add(&vm->bad_requests, 1);
		mpt_log_guest(MPT_LOG_WARN, "VM %u: a request of type %u at 0x%llx makes no sense",
			      vm->id, r.type, (unsigned long long)r.addr);
	} else {
		/* Little-endian, as all that ACRN runs on: the low bytes are the value. */
		val = r.write ? r.value : 0;
		os_store_relaxed(&vm->slot[n].err, emulate(vm, &r, &val));
	}
	answer_begin(vm);
	if (OS_LIKELY(os_load(&vm->slot[n].rests) == rests)) {
		if (!sense || !r.write)
			answer(vm, n, r.type, val);
		complete(vm, n);
	}
	answer_end(vm);
}

/*
 * The bit of a request that somebody else has completed is cleared, not spun on. A new request may
 * have come in between: VHM sets the bit behind the state, so one of the two is seen here.
 */
static bool stale(struct acrn_vm *vm, unsigned long *map, unsigned int n)
{
	if (OS_LIKELY(ours(vm, n)))
		return false;
	os_fetch_and(map, ~(1UL << n));
	os_fetch_add(&vm->stale_bits, 1);
	return !ours(vm, n);
}

/* Less than 0 would end the thread for good. */
int acrn_handler(int client_id, unsigned long *map, void *priv)
{
	struct acrn_vm *vm = priv;
	unsigned long bits = os_load(map), left;
	unsigned int n;

	(void)client_id;
	for (left = bits & ((1UL << VHM_REQUEST_MAX) - 1); left; left &= left - 1) {
		n = (unsigned int)__builtin_ctzl(left);
		if (!stale(vm, map, n))
			serve(vm, n);
	}
	/* Bits beyond the page would wake us for ever. */
	if (OS_UNLIKELY(bits >> VHM_REQUEST_MAX))
		os_fetch_and(map, (1UL << VHM_REQUEST_MAX) - 1);
	return 0;
}
