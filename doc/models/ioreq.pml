/* SPDX-License-Identifier: MIT */
/*
 * ACRN's request page: vCPUs, hypervisor, dispatcher, a client that is destroyed while requests are
 * in flight, and the fallback client. What is checked, by assertions and by the rule that every
 * process comes to its end: no request is lost, none is completed twice or by another, no vCPU is
 * woken without an answer, no bit is left in a map, and the end of a client cannot hang.
 *
 * tests/build/models.sh runs it: each notify generation with each ending must hold, each of the
 * defects below must be found.
 *
 *   GEN       0: the vCPU is paused before PENDING and resumed by notify (hypervisors up to 1.5)
 *             1: it waits for an event that stays set until it looks (from 1.6 on)
 *             2: it polls the state, nobody notifies
 *   ENDING    0: the client stays; 1: it is destroyed; 2: the VM is reset
 *   SCAN      the client looks at all slots' states, not at its map only
 *
 *   BIT_AFTER_COMPLETE   the map's bit is cleared after COMPLETE
 *   BIT_LATE             the dispatcher sets the bit after PROCESSING, not with it (SCAN)
 *   NOTIFY_TWICE         two notifies for one completion
 *   NOTIFY_FIRST         notify, then COMPLETE
 *   NO_DRAIN             the client is destroyed without waiting for what it has
 *   DRAIN_PROCESSING     the wait overlooks what is pending and may be the client's already
 *   RANGES_LAST          the ranges go after the wait
 *   RESET_EARLY          the VM is reset while a client works
 *   UPCALL_LATE          the dispatcher forgets the upcall after its scan, not before
 */
#ifndef GEN
#define GEN 1
#endif
#ifndef ENDING
#define ENDING 1
#endif
#define VCPUS 2
#define REQUESTS 2

#define CLIENT 1
#define FALLBACK 2

mtype = { FREE, PENDING, PROCESSING, COMPLETE };

mtype state[VCPUS] = FREE;
byte owner[VCPUS];
byte asked[VCPUS], answer[VCPUS];
bool map[VCPUS], fallback_map[VCPUS]; /* the clients' maps */
bool paused[VCPUS], event[VCPUS];     /* of a vCPU: GEN 0, GEN 1 */
bool upcall;
bool ranges = true;                   /* the client's */
bool stop, client_ended;              /* of the client's thread */
bool vm_paused, parked[VCPUS];
byte vcpus_left = VCPUS;
bool control_done;

#define over (vcpus_left == 0 && control_done)

/* --- hypervisor --- */

inline notify(n)
{
	if
	:: GEN == 0 -> paused[n] = false
	:: GEN == 1 ->
		/* An event that is set already wakes a later request. */
		assert(!event[n]);
		event[n] = true
	:: GEN == 2 -> assert(false)
	fi
}

#define woken(n) \
	((GEN == 0 && !paused[n]) || (GEN == 1 && event[n]) || (GEN == 2 && state[n] == COMPLETE))

proctype vcpu(byte n)
{
	byte r = 0;

	do
	:: r == REQUESTS -> break
	:: r < REQUESTS && vm_paused ->
		parked[n] = true;
		!vm_paused;
		parked[n] = false
	:: r < REQUESTS && !vm_paused ->
		/* Not free: the guest would see a general protection fault. */
		assert(state[n] == FREE);
		asked[n] = r + 1;
		answer[n] = 0;
		paused[n] = (GEN == 0);
		state[n] = PENDING;
		upcall = true;
		if
		:: woken(n) ->
			event[n] = false;
			assert(state[n] == COMPLETE);
			assert(answer[n] == asked[n]);
			state[n] = FREE;
			r++
		:: vm_paused ->
			/* The reset discards the request; the guest begins anew. */
			parked[n] = true;
			!vm_paused;
			parked[n] = false;
			r++
		fi
	od;
	atomic { parked[n] = true; vcpus_left-- }
}

/* --- service VM --- */

inline complete(n, in_map)
{
#ifndef BIT_AFTER_COMPLETE
	in_map = false;
#endif
	answer[n] = asked[n];
#ifdef NOTIFY_FIRST
	if :: GEN != 2 -> notify(n) :: else fi;
#endif
	assert(state[n] == PROCESSING);
	state[n] = COMPLETE;
#ifndef NOTIFY_FIRST
	if :: GEN != 2 -> notify(n) :: else fi;
#endif
#ifdef NOTIFY_TWICE
	if :: GEN != 2 -> notify(n) :: else fi;
#endif
#ifdef BIT_AFTER_COMPLETE
	in_map = false;
#endif
}

inline hand_over(n)
{
	/* The match; what it found may be gone before the slot says so. */
	if
	:: ranges -> owner[n] = CLIENT
	:: else -> owner[n] = FALLBACK
	fi;
#ifdef BIT_LATE
	state[n] = PROCESSING;
	if :: owner[n] == CLIENT -> map[n] = true :: else -> fallback_map[n] = true fi
#else
	atomic {
		state[n] = PROCESSING;
		if :: owner[n] == CLIENT -> map[n] = true :: else -> fallback_map[n] = true fi
	}
#endif
}

active proctype dispatcher()
{
	byte n;

	do
	:: upcall ->
#ifndef UPCALL_LATE
		upcall = false;
#endif
		for (n : 0 .. VCPUS - 1) {
			if
			:: state[n] == PENDING -> hand_over(n)
			:: else
			fi
		}
#ifdef UPCALL_LATE
		upcall = false;
#endif
	:: over && !upcall -> break
	od
}

#ifdef SCAN
#define mine(n) (state[n] == PROCESSING && owner[n] == CLIENT)
#else
#define mine(n) map[n]
#endif

active proctype client()
{
	do
	:: mine(0) -> complete(0, map[0])
	:: mine(1) -> complete(1, map[1])
	:: stop || (over && ENDING != 1 && !mine(0) && !mine(1)) -> break
	od;
	client_ended = true
}

active proctype fallback()
{
	do
	:: fallback_map[0] -> complete(0, fallback_map[0])
	:: fallback_map[1] -> complete(1, fallback_map[1])
	:: over && !fallback_map[0] && !fallback_map[1] -> break
	od
}

/* Nothing of this slot is the client's now, and nothing matched before can become so. */
inline drain(n)
{
#ifndef DRAIN_PROCESSING
	state[n] != PENDING;
#endif
	!(state[n] == PROCESSING && owner[n] == CLIENT)
}

inline destroy()
{
#ifndef RANGES_LAST
	ranges = false;
#endif
#ifndef NO_DRAIN
	drain(0);
	drain(1);
#endif
#ifdef RANGES_LAST
	ranges = false;
#endif
	stop = true;
	client_ended;
	assert(!map[0] && !map[1])
}

/* All vCPUs stand; what is in flight is finished before the slots are made free. */
inline reset()
{
	vm_paused = true;
	parked[0] && parked[1];
#ifndef RESET_EARLY
	state[0] != PENDING && state[0] != PROCESSING && !map[0] && !fallback_map[0];
	state[1] != PENDING && state[1] != PROCESSING && !map[1] && !fallback_map[1];
	/* A completer stores COMPLETE, then notifies: it is done when the vCPU could go on. */
	state[0] != COMPLETE || woken(0);
	state[1] != COMPLETE || woken(1);
#endif
	atomic {
		state[0] = FREE; state[1] = FREE;
		event[0] = false; event[1] = false
	}
	vm_paused = false
}

active proctype control()
{
	byte n;

	atomic {
		for (n : 0 .. VCPUS - 1) {
			run vcpu(n)
		}
	}
	if
	:: ENDING == 1 -> destroy()
	:: ENDING == 2 -> reset()
	:: else
	fi;
	control_done = true;
	/* Whoever is still here finds the maps as they are for good. */
	over && (ENDING == 1 || client_ended);
	assert(!event[0] && !event[1] && !map[0] && !map[1])
}
