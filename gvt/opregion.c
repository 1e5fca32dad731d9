/* SPDX-License-Identifier: MIT */
/*
 * The opregion: memory of the BIOS that tells the guest's driver which outputs there are (VBT), and
 * SWSCI, by which the driver asks the BIOS. On hardware the BIOS fills guest memory and writes its
 * address to ASLS. Here the core fills it, with write_gpa, when ASLS is written: the guest says
 * where. Nothing stays mapped, so a reset or RAM that goes away leaves nothing to undo. How the two
 * registers are stored is cfg_space.c's. Layouts: Intel ACPI IGD OpRegion specification 2.0;
 * Linux 5.10 gvt/opregion.c and display/intel_vbt_defs.h.
 */
#include "internal.h"

#define SIGNATURE_SIZE 16
#define OPREGION_KIB 0x10
#define OPREGION_VERSION 0x14
#define OPREGION_MAILBOXES 0x58
#define MAILBOX_VBT (1U << 3)
#define OPREGION_LID 0x1ac
#define LID_OPEN 3
#define OPREGION_SCIC 0x200
#define OPREGION_VBT 0x400

/* The VBT: a header, then a BDB: a header, then blocks of an id byte, a size word, contents. */
#define VBT_HEADER 48U
#define VBT_VERSION 155
#define VBT_SIZE 24
#define VBT_CHECKSUM 26
#define VBT_BDB 28
#define BDB_HEADER 22U
#define BDB_VERSION 186
#define BLOCK_HEADER 3U
#define BLOCK_GENERAL_FEATURES 1
#define GENERAL_FEATURES_SIZE 5U
#define BLOCK_GENERAL_DEFINITIONS 2
#define BLOCK_DRIVER_FEATURES 12
#define DRIVER_FEATURES_SIZE 16U
#define DEFINITIONS_HEADER 5U
#define CHILD_SIZE 33U

/* DisplayPort, digital, with a connector and hot plug (intel_vbt_defs.h: device types). */
#define CHILD_TYPE_DP 0x68c6
#define CHILD_DP (1U << 1)	   /* byte 24: bit 0 would be HDMI */
#define CHILD_INTEGRATED (1U << 5) /* byte 27: the encoder */

/* DP ports A to D, each with its own AUX channel. */
static const struct {
	u16 handle;
	u8 port, aux;
} child_rows[] = {
	{ 0x04, 10, 0x40 },
	{ 0x40, 7, 0x10 },
	{ 0x20, 8, 0x20 },
	{ 0x10, 9, 0x30 },
};

#define NUM_CHILDREN (sizeof(child_rows) / sizeof(child_rows[0]))

static void put16(u8 *p, u32 value)
{
	p[0] = (u8)value;
	p[1] = (u8)(value >> 8);
}

static void put32(u8 *p, u32 value)
{
	put16(p, value);
	put16(p + 2, value >> 16);
}

/* Return: the block's contents. */
static u8 *block(u8 **p, u8 id, u32 size)
{
	u8 *at = *p;

	at[0] = id;
	put16(at + 1, size);
	*p += BLOCK_HEADER + size;
	return at + BLOCK_HEADER;
}

static void definitions(u8 *p)
{
	size_t i;

	p[4] = CHILD_SIZE;
	p += DEFINITIONS_HEADER;
	for (i = 0; i < NUM_CHILDREN; i++, p += CHILD_SIZE) {
		put16(p, child_rows[i].handle);
		put16(p + 2, CHILD_TYPE_DP);
		p[16] = child_rows[i].port;
		p[24] = CHILD_DP;
		p[25] = child_rows[i].aux;
		p[27] = CHILD_INTEGRATED;
	}
}

/* Zeros say: no CRT, no TV, no LVDS. Return: the BDB's bytes. */
static u32 bdb_build(u8 *bdb)
{
	u8 *p = bdb + BDB_HEADER;

	memcpy(bdb, "BIOS_DATA_BLOCK ", 16); /* 16 bytes and no terminator */
	put16(bdb + 16, BDB_VERSION);
	put16(bdb + 18, BDB_HEADER);
	block(&p, BLOCK_GENERAL_FEATURES, GENERAL_FEATURES_SIZE);
	definitions(block(&p, BLOCK_GENERAL_DEFINITIONS,
			  DEFINITIONS_HEADER + NUM_CHILDREN * CHILD_SIZE));
	block(&p, BLOCK_DRIVER_FEATURES, DRIVER_FEATURES_SIZE);
	put16(bdb + 20, (u32)(p - bdb));
	return (u32)(p - bdb);
}

static void vbt_build(u8 *vbt)
{
	u32 size = VBT_HEADER + bdb_build(vbt + VBT_HEADER), i;
	u8 sum = 0;

	memcpy(vbt, "$VBT SKYLAKE        ", 20);
	put16(vbt + 20, VBT_VERSION);
	put16(vbt + 22, VBT_HEADER);
	put16(vbt + VBT_SIZE, size);
	put32(vbt + VBT_BDB, VBT_HEADER);
	for (i = 0; i < size; i++)
		sum = (u8)(sum + vbt[i]);
	vbt[VBT_CHECKSUM] = (u8)-sum;
}

void gvt_opregion_build(u8 buf[GVT_OPREGION_SIZE])
{
	memset(buf, 0, GVT_OPREGION_SIZE);
	memcpy(buf, "IntelGraphicsMem", SIGNATURE_SIZE);
	put32(buf + OPREGION_KIB, GVT_OPREGION_SIZE / 1024);
	put32(buf + OPREGION_VERSION, 0x02000000);
	put32(buf + OPREGION_MAILBOXES, MAILBOX_VBT);
	buf[OPREGION_LID] = LID_OPEN;
	vbt_build(buf + OPREGION_VBT);
}

/* write_gpa is all or nothing, so the range needs no check of ours but its alignment. */
void gvt_opregion_place(struct gvt_vgpu *v, u32 asls)
{
	u8 *buf;
	int ret;

	if (!asls)
		return;
	if (asls % MPT_PAGE_SIZE) {
		mpt_log_guest(MPT_LOG_WARN, "vGPU %d: opregion at 0x%x: not at a page", v->base.id,
			      asls);
		return;
	}
	buf = mpt_zalloc(GVT_OPREGION_SIZE);
	if (!buf) {
		mpt_log_guest(MPT_LOG_WARN, "vGPU %d: no memory for its opregion", v->base.id);
		return;
	}
	gvt_opregion_build(buf);
	ret = intel_gvt_hypervisor_write_gpa(&v->base, asls, buf, GVT_OPREGION_SIZE);
	mpt_free(buf);
	if (ret)
		mpt_log_guest(MPT_LOG_WARN, "vGPU %d: opregion at 0x%x: %s", v->base.id, asls,
			      mpt_errno_name(ret));
}

/* --- SWSCI --- */

#define SWSCI_SCI (1U << 15)
#define SWSCI_TRIGGER (1U << 0)
#define SCIC_FUNCTION(scic) ((scic) >> 1 & 0xf)
#define SCIC_SUBFUNCTION(scic) ((scic) >> 8 & 0xff)
#define SCIC_EXIT (7U << 5)

/* What is answered: that nothing beyond these questions is supported. */
static bool swsci_known(u32 scic)
{
	u32 function = SCIC_FUNCTION(scic), sub = SCIC_SUBFUNCTION(scic);

	return (function == 4 && sub <= 1) || (function == 6 && !sub);
}

/* @asls: where the opregion is, 0: nowhere. The mailbox is read once: the guest can change it. */
void gvt_opregion_swsci(struct gvt_vgpu *v, u32 asls, u32 old, u32 value)
{
	u64 gpa = (u64)asls + OPREGION_SCIC;
	u32 box[2] = { 0, 0 }; /* SCIC, PARM */
	int ret;

	if (!(value & SWSCI_SCI) || !(value & SWSCI_TRIGGER) || (old & SWSCI_TRIGGER) || !asls)
		return;
	ret = intel_gvt_hypervisor_read_gpa(&v->base, gpa, box, sizeof(box));
	if (!ret && swsci_known(box[0]))
		box[0] = box[1] = 0;
	box[0] &= ~SCIC_EXIT;
	if (!ret)
		ret = intel_gvt_hypervisor_write_gpa(&v->base, gpa, box, sizeof(box));
	if (ret)
		mpt_log_guest(MPT_LOG_WARN, "vGPU %d: SWSCI at 0x%llx: %s", v->base.id,
			      (unsigned long long)gpa, mpt_errno_name(ret));
}
