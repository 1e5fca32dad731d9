/* SPDX-License-Identifier: MIT */
/*
 * The virtual monitor: what a guest that talks over AUX is answered, whatever it sends, and what
 * plugging, unplugging and resets leave. The EDID's contents are test_gvt_edid.c's.
 */
#include "monitor_rig.h"

START_TEST(dpcd_defaults)
{
	struct rig r;

	rig_plugged(&r);
	dpcd_is_new(&r);
	rig_close(&r);
}
END_TEST

START_TEST(dpcd_ends)
{
	static const u32 beyond[] = { 0x700, 0x701, 0x7ff, 0xffff, 0x10000, 0x10100, 0xfffff };
	u8 ones[16];
	struct reply reply;
	struct rig r;
	u32 len, i;

	memset(ones, 0xff, sizeof(ones));
	rig_plugged(&r);
	/* A write that ends where the DPCD does, one that goes over, and nothing of it stored. */
	for (len = 1; len <= 16; len++) {
		reply = send(&r, 8, DPCD_END - len + 1, len, ones);
		is_answer(&reply, NATIVE_NAK, 1);
	}
	dpcd_is_new(&r);
	for (len = 1; len <= 16; len++) {
		reply = send(&r, 8, DPCD_END - len, len, ones);
		is_answer(&reply, ACK, 1);
		reply = send(&r, 9, DPCD_END - len, 16, NULL);
		is_answer(&reply, ACK, 17);
		for (i = 0; i < 16; i++)
			ck_assert_uint_eq(reply.byte[1 + i], i < len ? 0xff : 0);
	}
	for (i = 0; i < N(beyond); i++) {
		reply = send(&r, 8, beyond[i], 1, ones);
		is_answer(&reply, NATIVE_NAK, 1);
		ck_assert_uint_eq(dpcd(&r, beyond[i]), 0);
	}
	/* 0x10100 above is not 0x100. */
	ck_assert_uint_eq(dpcd(&r, 0x100), 0);
	rig_close(&r);
}
END_TEST

START_TEST(link_training)
{
	/* as i915: the pattern, then four lanes' settings, in one burst */
	static const u8 burst[5] = { 0x22, 1, 1, 1, 1 }, link[2] = { 0x14, 0x84 };
	struct reply reply;
	struct rig r;

	rig_plugged(&r);
	reply = send(&r, 8, 0x100, 2, link); /* ends just before the pattern */
	is_answer(&reply, ACK, 1);
	dpcd_set(&r, 0x103, 1);
	ck_assert_uint_eq(dpcd(&r, 0x205), 0);
	dpcd_set(&r, 0x102, 0x21);
	ck_assert_uint_eq(dpcd(&r, 0x202), 0x11);
	ck_assert_uint_eq(dpcd(&r, 0x203), 0x11);
	ck_assert_uint_eq(dpcd(&r, 0x204), 0);
	reply = send(&r, 8, 0x102, sizeof(burst), burst);
	is_answer(&reply, ACK, 1);
	ck_assert_uint_eq(dpcd(&r, 0x202), 0x77);
	ck_assert_uint_eq(dpcd(&r, 0x203), 0x77);
	ck_assert_uint_eq(dpcd(&r, 0x204), 1);
	ck_assert_uint_eq(dpcd(&r, 0x205), 0);
	dpcd_set(&r, 0x205, 0xf0);
	dpcd_set(&r, 0x102, 3); /* no pattern of this sink */
	ck_assert_uint_eq(dpcd(&r, 0x205), 0xf0);
	dpcd_set(&r, 0x102, 0);
	ck_assert_uint_eq(dpcd(&r, 0x205), 3);
	ck_assert_uint_eq(dpcd(&r, 0x102), 0);
	ck_assert_uint_eq(dpcd(&r, 0x100), 0x14);
	rig_close(&r);
}
END_TEST

/* As i915: start, offset, start, eight reads, stop; each with MOT but the last. */
START_TEST(edid_in_bursts)
{
	u8 want[GVT_EDID_SIZE], offset = 0;
	struct reply reply;
	struct rig r;
	u32 at;

	gvt_edid_build(want, 1024, 768);
	rig_plugged(&r);
	reply = send(&r, 4, 0x50, 0, NULL);
	is_answer(&reply, ACK, 1);
	reply = send(&r, 4, 0x50, 1, &offset);
	is_answer(&reply, ACK, 1);
	reply = send(&r, 5, 0x50, 0, NULL);
	is_answer(&reply, ACK, 1);
	for (at = 0; at < GVT_EDID_SIZE; at += 16) {
		reply = send(&r, at < GVT_EDID_SIZE - 16 ? 5 : 1, 0x50, 16, NULL);
		is_answer(&reply, ACK, 17);
		ck_assert_mem_eq(reply.byte + 1, want + at, 16);
	}
	reply = send(&r, 1, 0x50, 0, NULL);
	is_answer(&reply, ACK, 1);
	/* A stop kept the offset, which is beyond the block now. */
	ck_assert_uint_eq(r.v->monitor.edid_offset, GVT_EDID_SIZE);
	edid_seek(&r, 8);
	reply = send(&r, 0, 0x50, 0, NULL);
	is_answer(&reply, ACK, 1);
	reply = send(&r, 1, 0x50, 2, NULL);
	is_answer(&reply, ACK, 3);
	ck_assert_mem_eq(reply.byte + 1, want + 8, 2);
	rig_close(&r);
}
END_TEST

/* Every offset by every length: bytes of the block, 0 from 128 on, and around at 256. */
START_TEST(edid_offsets)
{
	u8 want[256] = { 0 };
	struct reply reply;
	u32 offset, len, i;
	struct rig r;

	gvt_edid_build(want, 1024, 768);
	rig_plugged(&r);
	for (offset = 0; offset < 256; offset++) {
		for (len = 1; len <= 16; len++) {
			edid_seek(&r, (u8)offset);
			reply = send(&r, 5, 0x50, len, NULL);
			is_answer(&reply, ACK, len + 1);
			for (i = 0; i < len; i++)
				ck_assert_uint_eq(reply.byte[1 + i], want[(offset + i) % 256]);
			for (i = len + 1; i % 4; i++)
				ck_assert_uint_eq(reply.byte[i], 0);
		}
	}
	rig_close(&r);
}
END_TEST

START_TEST(other_slaves)
{
	static const u32 slaves[] = { 0, 0x30, 0x37, 0x4f, 0x51, 0xd0, 0x150, 0x10050, 0xf0050 };
	static const u8 data[2] = { 5, 6 };
	struct reply reply;
	struct rig r;
	size_t i;
	u32 mot;

	rig_plugged(&r);
	edid_seek(&r, 77);
	for (i = 0; i < N(slaves); i++) {
		for (mot = 0; mot <= 4; mot += 4) {
			reply = send(&r, mot, slaves[i], 0, NULL);
			is_answer(&reply, I2C_NAK, 1);
			reply = send(&r, mot, slaves[i], 1, data);
			is_answer(&reply, I2C_NAK, 1);
			reply = send(&r, mot | 1, slaves[i], 0, NULL);
			is_answer(&reply, I2C_NAK, 1);
			reply = send(&r, mot | 1, slaves[i], 4, NULL);
			is_answer(&reply, I2C_NAK, 1);
		}
	}
	/* The EDID itself is not written. */
	reply = send(&r, 4, 0x50, 2, data);
	is_answer(&reply, I2C_NAK, 1);
	ck_assert_uint_eq(r.v->monitor.edid_offset, 77);
	rig_close(&r);
}
END_TEST

/* --- hostile messages --- */

/* The rules once more, in other words: may a message of this shape be served? */
static bool shape_ok(u32 request, u32 size, u32 length_byte)
{
	bool i2c = request < 8, read = request & 1;

	if ((i2c && (request & 2)) || request > 9 || length_byte > 15)
		return i2c && !(request & 2) && size == 3;
	if (size == 3)
		return i2c;
	return read ? size == 4 : size == 5 + length_byte;
}

/* _i: the request. Every size by every length, also those that cannot be. */
START_TEST(every_shape)
{
	static const u32 lengths[] = { 0, 1, 2, 7, 14, 15, 16, 17, 19, 20, 31, 127, 255 };
	u32 request = (u32)_i, size, nak = request < 8 ? I2C_NAK : NATIVE_NAK;
	u8 byte[20] = { (u8)(request << 4), 0, 0x50 };
	struct reply reply;
	struct rig r;
	size_t i;

	rig_plugged(&r);
	for (size = 0; size < 32; size++) {
		for (i = 0; i < N(lengths); i++) {
			bool ok = shape_ok(request, size, lengths[i]);
			u32 reads = request & 1 && size == 4 ? lengths[i] + 1 : 0;

			/* Writing the EDID is refused in another test. */
			if (ok && request < 8 && !(request & 1) && size > 5)
				ok = false;
			byte[3] = (u8)lengths[i];
			reply = send_raw(&r, PORT_D, byte, size, 0);
			if (!ok)
				is_answer(&reply, size ? nak : NATIVE_NAK, 1);
			else
				is_answer(&reply, ACK, 1 + reads);
		}
	}
	rig_close(&r);
}
END_TEST

static u32 lcg(u32 *state)
{
	*state = *state * 1664525U + 1013904223U;
	return *state >> 8;
}

static void random_message(u32 *seed, u8 *byte)
{
	u32 i;

	for (i = 0; i < 20; i++)
		byte[i] = (u8)lcg(seed);
	/* Half of them near something that answers. */
	if (lcg(seed) & 1) {
		byte[0] &= 0xd0;
		byte[1] = byte[0] & 0x80 ? byte[1] & 7 : 0;
		byte[2] = byte[0] & 0x80 ? byte[2] : 0x50;
		byte[3] &= 15;
	}
}

/* Whatever is sent: an answer in the data registers; nothing changes but channel and DPCD. */
START_TEST(random_messages)
{
	u8 *before = malloc(GVT_MMIO_SIZE), edid[GVT_EDID_SIZE], byte[20];
	u32 seed = 1, n, size;
	struct reply reply;
	struct rig r;

	rig_plugged(&r);
	ck_assert_ptr_nonnull(before);
	memcpy(before, r.v->regs, GVT_MMIO_SIZE);
	memcpy(edid, r.v->monitor.edid, sizeof(edid));
	for (n = 0; n < 32 * 600; n++) {
		random_message(&seed, byte);
		size = n % 32;
		if (size > 4 && size <= 20 && (lcg(&seed) & 1))
			byte[3] = (u8)(size - 5);
		reply = send_raw(&r, PORT_D, byte, size, 0);
		ck_assert_uint_eq(reply.ctl & ~(31U << 20), DONE | 0x23f);
		ck_assert_uint_ge(reply.size, 1);
		ck_assert_uint_le(reply.size, 17);
		ck_assert(reply.byte[0] == ACK || reply.byte[0] == NATIVE_NAK ||
			  reply.byte[0] == I2C_NAK);
		ck_assert(reply.byte[0] == ACK || reply.size == 1);
	}
	memcpy(before + CTL(PORT_D), r.v->regs + CTL(PORT_D), 24);
	ck_assert_int_eq(memcmp(before, r.v->regs, GVT_MMIO_SIZE), 0);
	ck_assert_mem_eq(edid, r.v->monitor.edid, sizeof(edid));
	ck_assert(r.v->monitor.plugged);
	free(before);
	rig_close(&r);
}
END_TEST

/* --- plug, interrupt, reset --- */

START_TEST(nobody_answers)
{
	static const u8 byte[20] = { 0x90, 0, 0, 15, 1, 2, 3, 4, 5, 6, 7, 8 };
	struct reply reply;
	struct rig r;
	u32 port;

	rig_open(&r);
	for (port = 0; port < 4; port++) {
		reply = send_raw(&r, port, byte, 4, 0);
		is_timeout(&reply, 4);
		ck_assert_mem_eq(reply.byte, byte, sizeof(byte));
	}
	/* Plugged, it is on one port. */
	plug(&r, true);
	for (port = 0; port < 4; port++) {
		reply = send_raw(&r, port, byte, 4, 0);
		if (port == PORT_D)
			is_answer(&reply, ACK, 17);
		else
			is_timeout(&reply, 4);
	}
	rig_close(&r);
}
END_TEST

START_TEST(only_a_busy_bit_sends)
{
	struct rig r;

	rig_plugged(&r);
	rig_reg_set(&r, CTL(PORT_D) + 4, 0x90000000);
	rig_reg_set(&r, CTL(PORT_D), 4 << 20 | 0x23f);
	ck_assert_uint_eq(rig_reg(&r, CTL(PORT_D)), 4 << 20 | 0x23f);
	ck_assert_uint_eq(rig_reg(&r, CTL(PORT_D) + 4), 0x90000000);
	/* An outcome that was not acknowledged stays beside the next one. */
	plug(&r, false);
	rig_reg_set(&r, CTL(PORT_D), BUSY | 4 << 20);
	plug(&r, true);
	rig_reg_set(&r, CTL(PORT_D), BUSY | 4 << 20);
	ck_assert_uint_eq(rig_reg(&r, CTL(PORT_D)), DONE | TIMEOUT | 2 << 20);
	rig_close(&r);
}
END_TEST

START_TEST(unplugged_in_the_middle)
{
	struct reply reply;
	struct rig r;

	rig_plugged(&r);
	dpcd_set(&r, 0x102, 1);
	edid_seek(&r, 32);
	reply = send(&r, 5, 0x50, 16, NULL);
	is_answer(&reply, ACK, 17);
	plug(&r, false);
	reply = send(&r, 5, 0x50, 16, NULL);
	is_timeout(&reply, 4);
	reply = send(&r, 9, 0x202, 1, NULL);
	is_timeout(&reply, 4);
	/* Switched on anew. */
	plug(&r, true);
	dpcd_is_new(&r);
	ck_assert_uint_eq(r.v->monitor.edid_offset, 0);
	/* Told twice, it goes on. */
	dpcd_set(&r, 0x102, 1);
	plug(&r, true);
	ck_assert_uint_eq(dpcd(&r, 0x202), 0x11);
	rig_close(&r);
}
END_TEST

/* Also of an answer that is none: the guest waits for it all the same. */
START_TEST(interrupt_when_asked)
{
	static const u8 byte[2][20] = { { 0x90, 0, 0, 0 }, { 0xf0 } };
	struct mpt_irq irq;
	struct rig r;
	int i;

	rig_plugged(&r);
	rig_reg_set(&r, 0x44444, 0);
	rig_reg_set(&r, 0x4444c, ~0U);
	rig_reg_set(&r, 0x44200, BUSY);
	for (i = 0; i < 2; i++) {
		send_raw(&r, PORT_D, byte[i], 4, 0);
		ck_assert_uint_eq(rig_reg(&r, 0x44448), 0);
		ck_assert_int_ne(mpt_irq_take(r.vm, &irq), 0);
		send_raw(&r, PORT_D, byte[i], 4, INTERRUPT);
		ck_assert_uint_eq(rig_reg(&r, 0x44448), 1U << 27);
		ck_assert_int_eq(mpt_irq_take(r.vm, &irq), 0);
		ck_assert_int_ne(mpt_irq_take(r.vm, &irq), 0);
		rig_reg_set(&r, 0x44448, ~0U);
	}
	rig_close(&r);
}
END_TEST

START_TEST(a_reset_pulls_no_cable)
{
	struct mpt_irq irq;
	struct rig r;

	rig_plugged(&r);
	dpcd_set(&r, 0x102, 1);
	edid_seek(&r, 99);
	r.ops->vgpu_reset(r.vgpu);
	rig_cfg_place(&r);
	ck_assert_uint_eq(rig_reg(&r, SFUSE_STRAP) & 7, 1);
	ck_assert_uint_eq(rig_reg(&r, SDE_ISR), 1U << 23);
	ck_assert_uint_eq(rig_reg(&r, 0xc4030), 0);
	ck_assert_int_ne(mpt_irq_take(r.vm, &irq), 0);
	dpcd_is_new(&r);
	ck_assert_uint_eq(r.v->monitor.edid_offset, 0);
	plug(&r, false);
	r.ops->vgpu_reset(r.vgpu);
	rig_cfg_place(&r);
	ck_assert_uint_eq(rig_reg(&r, SFUSE_STRAP), 0);
	ck_assert_uint_eq(rig_reg(&r, SDE_ISR), 0);
	rig_close(&r);
}
END_TEST

/* A guest in failsafe writes registers raw, so the strap too: that plugs nothing in. */
START_TEST(a_guest_plugs_nothing_in)
{
	struct reply reply;
	struct rig r;

	rig_open(&r);
	rig_reg_set(&r, SFUSE_STRAP, 1);
	ck_assert_uint_eq(rig_reg(&r, SFUSE_STRAP), 0);
	gvt_vgpu_failsafe_enter(r.vgpu, GVT_FAILSAFE_GUEST_ERR);
	rig_reg_set(&r, SFUSE_STRAP, 1);
	ck_assert_uint_eq(rig_reg(&r, SFUSE_STRAP), 1);
	r.ops->vgpu_reset(r.vgpu);
	rig_cfg_place(&r);
	ck_assert_uint_eq(rig_reg(&r, SFUSE_STRAP), 0);
	reply = send(&r, 9, 0, 1, NULL);
	is_timeout(&reply, 4);
	rig_close(&r);
}
END_TEST

/* Who asks a port without a sink sees the time-out in the register, and is not interrupted. */
START_TEST(interrupt_from_a_sink)
{
	static const u8 byte[20] = { 0x90, 0, 0, 0 };
	struct rig r;

	rig_plugged(&r);
	rig_reg_set(&r, 0x44444, 0);
	rig_reg_set(&r, 0x44448, ~0U);
	send_raw(&r, PORT_D, byte, 4, INTERRUPT);
	ck_assert_uint_ne(rig_reg(&r, 0x44448) & 1U << 27, 0);
	plug(&r, false);
	rig_reg_set(&r, 0x44448, ~0U);
	send_raw(&r, PORT_D, byte, 4, INTERRUPT);
	ck_assert_uint_eq(rig_reg(&r, 0x44448) & 1U << 27, 0);
	rig_close(&r);
}
END_TEST

static void aux_cases(Suite *s)
{
	TCase *tc = tcase_create("aux");

	tcase_add_test(tc, dpcd_defaults);
	tcase_add_test(tc, dpcd_ends);
	tcase_add_test(tc, link_training);
	tcase_add_test(tc, edid_in_bursts);
	tcase_add_test(tc, edid_offsets);
	tcase_add_test(tc, other_slaves);
	tcase_add_loop_test(tc, every_shape, 0, 16);
	tcase_add_test(tc, random_messages);
	tcase_add_test(tc, interrupt_from_a_sink);
	suite_add_tcase(s, tc);
}

static Suite *monitor_suite(void)
{
	Suite *s = suite_create("gvt-monitor");
	TCase *tc = tcase_create("plug");

	aux_cases(s);
	tcase_add_test(tc, nobody_answers);
	tcase_add_test(tc, only_a_busy_bit_sends);
	tcase_add_test(tc, unplugged_in_the_middle);
	tcase_add_test(tc, interrupt_when_asked);
	tcase_add_test(tc, a_reset_pulls_no_cable);
	tcase_add_test(tc, a_guest_plugs_nothing_in);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { monitor_suite };

	return mpt_test_main("gvt_monitor", suites, N(suites));
}
