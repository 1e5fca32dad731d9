/* SPDX-License-Identifier: MIT */
/* Scripts of the differential test that are written by hand: what each rule is about, and more. */
#include "diff.h"

#define BOOT								\
	{ CFG_WRITE, 0, 4, 0x10, 0xc0000000 }, { CFG_WRITE, 0, 4, 0x14, 0 },	\
	{ CFG_WRITE, 0, 4, 0x18, 0x40000000 }, { CFG_WRITE, 0, 4, 0x1c, 0 },	\
	{ CFG_WRITE, 0, 2, 0x04, 6 }, { BAR0_READ, 0, 8, PVINFO, 0 }
#define TABLES								\
	{ RAM_WRITE, 0, 8, FRAME(ROOT_A), FRAME(PDP_A) | 3 },	\
	{ RAM_WRITE, 0, 8, FRAME(PDP_A), FRAME(PD_A) | 3 },	\
	{ RAM_WRITE, 0, 8, FRAME(PD_A), FRAME(PT_A) | 3 },	\
	{ RAM_WRITE, 0, 8, FRAME(PD_A) + 8, FRAME(PT_B) | 3 },	\
	{ RAM_WRITE, 0, 8, FRAME(PT_A), DATA | 3 },		\
	{ RAM_WRITE, 0, 8, FRAME(PT_A) + 8, DATA + 0x1000 + 1 }

static const struct diff_step config_sizes[] = {
	BOOT, { CFG_WRITE, 0, 2, 4, 4 },
	{ CFG_WRITE, 0, 4, 0x10, ~0U }, { CFG_READ, 0, 4, 0x10, 0 },
	{ CFG_WRITE, 0, 4, 0x14, ~0U }, { CFG_READ, 0, 4, 0x14, 0 }, { CFG_WRITE, 0, 4, 0x18, ~0U },
	{ CFG_READ, 0, 4, 0x18, 0 }, { CFG_WRITE, 0, 4, 0x1c, ~0U }, { CFG_READ, 0, 4, 0x1c, 0 },
	BOOT, { BAR0_READ, 0, 4, PVINFO + 0x40, 0 }
};

static const struct diff_step config_sized_decoded[] = {
	BOOT, { CFG_WRITE, 0, 4, 0x10, ~0U }
};

static const struct diff_step config_moved_decoded[] = {
	BOOT, { CFG_WRITE, 0, 4, 0x10, 0xd0000000 }
};

static const struct diff_step config_wide_command[] = {
	BOOT, { CFG_WRITE, 0, 4, 4, 0x02 }
};

static const struct diff_step config_capability[] = {
	{ CFG_WRITE, 0, 2, 0xac, 0 }
};

static const struct diff_step config_swsci[] = {
	{ CFG_WRITE, 0, 4, 0xe8, 0x8001 }, { CFG_READ, 0, 4, 0xe8, 0 }
};

static const struct diff_step config_address[] = {
	{ CFG_WRITE, 0, 4, 0x10, 0xc0001000 }, { CFG_READ, 0, 4, 0x10, 0 }
};

static const struct diff_step config_unplaced[] = {
	{ CFG_WRITE, 0, 4, 0x10, ~0U }, { CFG_WRITE, 0, 2, 4, 2 }
};

static const struct diff_step config_beyond[] = {
	{ CFG_WRITE, 0, 4, 0x10, 0xc0000000 }, { CFG_WRITE, 0, 4, 0x14, ~0U },
	{ CFG_WRITE, 0, 4, 0x18, 0x40000000 }, { CFG_WRITE, 0, 4, 0x1c, 0 },
	{ CFG_WRITE, 0, 2, 4, 2 }
};

static const struct diff_step config_rom[] = {
	{ CFG_WRITE, 0, 4, 0x30, ~0U }, { CFG_READ, 0, 4, 0x30, 0 },
	{ CFG_WRITE, 0, 4, 0x30, 0xfe000001 }
};

/* After each of them both vGPUs are made anew. */
static const struct diff_step config_sizes_odd[] = {
	{ CFG_WRITE, 0, 4, 0x06, 0xffff0000 }, { CFG_WRITE, 0, 2, 0x10, 0x1234 },
	{ CFG_WRITE, 0, 2, 0x12, 0xc000 }, { CFG_READ, 0, 4, 0x20, 0 },
	{ CFG_WRITE, 0, 4, 0x20, 0x1000 }
};

static const struct diff_step config_asls[] = {
	{ CFG_WRITE, 0, 4, 0xfc, 0x3f00000 }
};

static const struct diff_step registers_masked[] = {
	BOOT, { BAR0_READ, 0, 4, PVINFO + 0x10, 0 }, { BAR0_WRITE, 0, 4, 0xa278, 0x10001 },
	{ BAR0_READ, 0, 4, 0xd84, 0 }, { BAR0_READ, 0, 8, 0x100040, 0 },
	{ BAR0_WRITE, 0, 4, 0x20d0, 1 }
};

static const struct diff_step registers_power[] = {
	BOOT, { BAR0_WRITE, 0, 4, 0x138124, 1U << 31 | 6 }, { BAR0_READ, 0, 4, 0x138128, 0 },
	{ BAR0_WRITE, 0, 4, 0x138124, 6 }
};

static const struct diff_step registers_guc[] = {
	BOOT, { BAR0_READ, 0, 4, 0xc000, 0 }, { BAR0_WRITE, 0, 4, 0xc000, 0x50 }
};

static const struct diff_step registers_unaligned[] = {
	BOOT, { BAR0_READ, 0, 4, 0x70052, 0 }, { BAR0_WRITE, 0, 4, 0x70052, 1 }
};

static const struct diff_step ggtt_no_ram[] = {
	BOOT, { GTT_WRITE, 0, 8, 0, 0x200001 }, { GTT_WRITE, 0, 8, 0, NO_RAM | 1 },
	{ GTT_READ, 0, 8, 0, 0 }
};

static const struct diff_step ggtt_reset[] = {
	BOOT, { GTT_WRITE, 0, 8, 0, 0x200001 }, { RESET, 0, 0, 0, 0 },
	BOOT, { GTT_READ, 0, 8, 0, 0 }, { GTT_WRITE, 0, 8, 0, 0x201001 }, { GTT_READ, 0, 8, 0, 0 }
};

static const struct diff_step ggtt_halves[] = {
	BOOT, { GTT_WRITE, 0, 4, 0, 0x200001 }, { GTT_READ, 0, 8, 0, 0 },
	{ GTT_WRITE, 0, 4, 4, 0 }, { GTT_READ, 0, 8, 0, 0 }, { GTT_WRITE, 0, 4, 12, 0 },
	{ GTT_WRITE, 0, 4, 8, 0x300001 }, { GTT_WRITE, 0, 8, 0, 0x201001 },
	{ GTT_WRITE, 0, 8, 0, 0 }, { GTT_WRITE, 0, 8, 8, 0 }, { RESET, 0, 0, 0, 0 }
};

static const struct diff_step ggtt_whole_over_half[] = {
	BOOT, { GTT_WRITE, 0, 4, 0, 0x200001 }, { GTT_WRITE, 0, 8, 0, 0x201001 },
	{ GTT_WRITE, 0, 4, 4, 0 }
};

static const struct diff_step ggtt_unaligned[] = {
	BOOT, { GTT_WRITE, 0, 8, 4, 0x200001 }
};

static const struct diff_step four_levels[] = {
	BOOT, TABLES, { NOTIFY, 0, 0, 0, 4 }, { WALK, 0, 0, 0, 0 },
	{ RAM_WRITE, 0, 8, FRAME(PT_A), DATA + 0x3003 }, { WALK, 0, 0, 0, 0 },
	{ RAM_WRITE, 0, 4, FRAME(PT_A) + 8, (u32)DATA + 0x2003 },
	{ RAM_WRITE, 0, 4, FRAME(PT_A) + 12, 0 }, { WALK, 0, 0, 0, 0 },
	{ RAM_WRITE, 0, 8, FRAME(PD_A) + 8, 0 }, { WALK, 0, 0, 0, 0 },
	{ NOTIFY, 0, 0, 0, 5 }, { RAM_WRITE, 0, 8, FRAME(PT_A), 0 }
};

/* An entry is read while no shadow has to be there yet. */
static const struct diff_step announced[] = {
	BOOT, TABLES, { NOTIFY, 0, 0, 0, 4 }, { RAM_READ, 0, 8, FRAME(PT_A), 0 },
	{ WALK, 0, 0, 0, 0 }, { NOTIFY, 0, 0, 0, 5 }
};

static const struct diff_step many_stores[] = {
	BOOT, TABLES, { NOTIFY, 0, 0, 0, 4 }, { WALK, 0, 0, 0, 0 },
	{ RAM_WRITE, 0, 8, FRAME(PT_A) + 16, DATA + 0x2003 },
	{ RAM_WRITE, 0, 8, FRAME(PT_A) + 24, DATA + 0x3003 },
	{ RAM_WRITE, 0, 8, FRAME(PT_A), 0 }, { WALK, 0, 0, 0, 0 }
};

static const struct diff_step entry_without_ram[] = {
	BOOT, TABLES, { NOTIFY, 0, 0, 0, 4 }, { WALK, 0, 0, 0, 0 },
	{ RAM_WRITE, 0, 8, FRAME(PT_A), NO_RAM | 3 }, { WALK, 0, 0, 0, 0 }
};

static const struct diff_step two_bytes[] = {
	BOOT, TABLES, { NOTIFY, 0, 0, 0, 4 }, { WALK, 0, 0, 0, 0 },
	{ RAM_WRITE, 0, 2, FRAME(PT_A), 1 }
};

static const struct diff_step three_levels[] = {
	BOOT, TABLES, { NOTIFY, 0, 0, 2, 2 }, { NOTIFY, 0, 0, 0, 4 }, { WALK, 0, 0, 0, 0 },
	{ NOTIFY, 0, 0, 2, 3 }, { WALK, 0, 0, 0, 0 }, { NOTIFY, 0, 0, 0, 5 }
};

static const struct diff_step interrupts[] = {
	BOOT, { CFG_WRITE, 0, 4, 0xb0, 0xfee01000 }, { CFG_WRITE, 0, 2, 0xb4, 0x4142 },
	{ BAR0_WRITE, 0, 4, 0x70008, 1U << 31 },
	{ BAR0_WRITE, 0, 4, 0x4440c, ~0U }, { BAR0_WRITE, 0, 4, 0x44404, 0 },
	{ BAR0_WRITE, 0, 4, 0x44200, 1U << 31 }, { FLIP, 0, 0, 0, 0 },
	{ BAR0_WRITE, 0, 4, 0x44408, ~0U }, { CFG_WRITE, 0, 2, 0xae, 1 }, { FLIP, 0, 0, 0, 0 },
	{ BAR0_READ, 0, 4, 0x44408, 0 }, { BAR0_WRITE, 0, 4, 0x44404, ~0U },
	{ BAR0_WRITE, 0, 4, 0x44404, 0 }, { BAR0_WRITE, 0, 4, 0x44408, ~0U },
	{ BAR0_READ, 0, 4, 0x44200, 0 }, { FLIP, 0, 0, 0, 0 }
};

#define INTERRUPTS							\
	{ CFG_WRITE, 0, 4, 0xb0, 0xfee01000 }, { CFG_WRITE, 0, 2, 0xb4, 0x4142 },	\
	{ CFG_WRITE, 0, 2, 0xae, 1 },					\
	{ BAR0_WRITE, 0, 4, 0x70008, 1U << 31 }, { BAR0_WRITE, 0, 4, 0x71008, 1U << 31 }, \
	{ BAR0_WRITE, 0, 4, 0x4440c, ~0U }, { BAR0_WRITE, 0, 4, 0x4441c, ~0U },	\
	{ BAR0_WRITE, 0, 4, 0x44404, 0 }, { BAR0_WRITE, 0, 4, 0x44200, 1U << 31 }

static const struct diff_step interrupts_masked[] = {
	BOOT, INTERRUPTS, { FLIP, 0, 0, 0, 0 }, { FLIP, 0, 0, 1, 0 }
};

static const struct diff_step interrupts_pipe_off[] = {
	BOOT, INTERRUPTS, { BAR0_WRITE, 0, 4, 0x70008, 0 }, { FLIP, 0, 0, 0, 0 }
};

static const struct diff_step monitor[] = {
	BOOT, { BAR0_READ, 0, 4, 0xc4000, 0 }, { HOTPLUG, 0, 0, 0, 1 }
};

static const struct diff_step interrupts_held[] = {
	BOOT, { BAR0_WRITE, 0, 4, 0x70008, 1U << 31 }, { BAR0_WRITE, 0, 4, 0x4440c, ~0U },
	{ BAR0_WRITE, 0, 4, 0x44404, 0 }, { FLIP, 0, 0, 0, 0 }, { BAR0_READ, 0, 4, 0x44200, 0 },
	{ BAR0_WRITE, 0, 4, 0x44200, 1U << 31 }, { BAR0_READ, 0, 4, 0x44200, 0 }
};

static const struct diff_step pvinfo_parts[] = {
	BOOT, { BAR0_WRITE, 0, 2, PVINFO + 0x838, 0x1234 }, { BAR0_READ, 0, 4, PVINFO + 0x838, 0 },
	{ BAR0_WRITE, 0, 2, PVINFO + 0x83a, 0x5678 }
};

static const struct diff_step resets[] = {
	BOOT, TABLES, { NOTIFY, 0, 0, 0, 4 }, { WALK, 0, 0, 0, 0 },
	{ GTT_WRITE, 0, 8, 0, 0x200001 }, { BAR0_WRITE, 0, 4, 0x941c, 1 },
	{ BAR0_READ, 0, 4, 0x941c, 0 }, { WALK, 0, 0, 0, 0 }, { RESET, 0, 0, 0, 0 },
	BOOT, { BAR0_READ, 0, 4, PVINFO + 0x818, 0 }, { WALK, 0, 0, 0, 0 }
};

/* What the guest had announced before, it takes back after it. */
static const struct diff_step resume[] = {
	BOOT, TABLES, { NOTIFY, 0, 0, 0, 4 }, { WALK, 0, 0, 0, 0 }, { GTT_WRITE, 0, 8, 0, 0x200001 },
	{ CFG_WRITE, 0, 2, 0xd4, 3 }, { CFG_READ, 0, 2, 0xd4, 0 }, { CFG_WRITE, 0, 2, 0xd4, 0 },
	{ RESET, 0, 0, 0, 0 }, { CFG_READ, 0, 2, 0xd4, 0 }, BOOT,
	{ RAM_WRITE, 0, 8, FRAME(PT_A), DATA + 0x3003 }, { WALK, 0, 0, 0, 0 },
	{ NOTIFY, 0, 0, 0, 5 }, { WALK, 0, 0, 0, 0 }, { RESET, 0, 0, 0, 0 }
};

static const struct diff_step life[] = {
	BOOT, { GTT_WRITE, 0, 8, 0, 0x200001 },
	{ DEACTIVATE, 0, 0, 0, 0 }, { ACTIVATE, 0, 0, 0, 0 },
	{ RELEASE, 0, 0, 0, 0 }, { ACTIVATE, 0, 0, 0, 0 },
	{ DESTROY, 0, 0, 0, 0 }, { CREATE, 0, 0, 0, 0 },
	{ CREATE, 1, 0, 0, 0 }, { DESTROY, 1, 0, 0, 0 }, { DESTROY, 1, 0, 0, 0 }
};

static const struct diff_step destroyed_decoded[] = {
	BOOT, { GTT_WRITE, 0, 8, 0, 0x200001 }, { DESTROY, 0, 0, 0, 1 }
};

static const struct diff_step table_without_ram[] = {
	BOOT, TABLES, { RAM_WRITE, 0, 8, FRAME(PD_A) + 8, NO_RAM | 3 }, { NOTIFY, 0, 0, 0, 4 },
	{ WALK, 0, 0, 0, 0 }, { RAM_WRITE, 0, 8, FRAME(PD_A) + 8, 0 }
};

static const struct diff_step twice[] = {
	BOOT, TABLES, { NOTIFY, 0, 0, 0, 4 }, { NOTIFY, 0, 0, 0, 4 }, { WALK, 0, 0, 0, 0 },
	{ NOTIFY, 0, 0, 0, 5 }, { WALK, 0, 0, 0, 0 }, { NOTIFY, 0, 0, 0, 4 },
	{ DESTROY, 0, 0, 0, 1 }
};

/* What no core looks at while it is in failsafe mode is there after it. */
static const struct diff_step failsafe_table[] = {
	BOOT, TABLES, { NOTIFY, 0, 0, 0, 4 }, { WALK, 0, 0, 0, 0 },
	{ BAR0_WRITE, 0, 4, PVINFO + 0x808, 1 }, { RAM_WRITE, 0, 8, FRAME(PT_A), 0 },
	{ CFG_WRITE, 0, 2, 0xd4, 3 }, { CFG_WRITE, 0, 2, 0xd4, 0 }, { RESET, 0, 0, 0, 0 },
	BOOT, { WALK, 0, 0, 0, 0 }
};

static const struct diff_step failsafe_entry[] = {
	BOOT, { GTT_WRITE, 0, 8, 0, 0x200001 }, { BAR0_WRITE, 0, 4, PVINFO + 0x808, 1 },
	{ GTT_WRITE, 0, 8, 0, 0x201001 }
};

static const struct diff_step failsafe_sizes[] = {
	BOOT, { BAR0_WRITE, 0, 4, PVINFO + 0x808, 1 }, { BAR0_READ, 0, 4, 0x70052, 0 }
};

static const struct diff_step insufficient[] = {
	BOOT, { BAR0_WRITE, 0, 4, PVINFO + 0x808, 1 }, { BAR0_WRITE, 0, 4, 0x70050, 5 },
	{ BAR0_READ, 0, 4, 0x70050, 0 }, { GTT_WRITE, 0, 8, 0, 0x200001 }, { RESET, 0, 0, 0, 0 },
	BOOT
};

#define SCRIPT(name, steps) { name, steps, sizeof(steps) / sizeof((steps)[0]) }

const struct diff_script diff_scripts[] = {
	SCRIPT("BARs are sized", config_sizes),
	SCRIPT("a BAR is sized while it is decoded", config_sized_decoded),
	SCRIPT("a BAR is moved while it is decoded", config_moved_decoded),
	SCRIPT("COMMAND and STATUS in one", config_wide_command),
	SCRIPT("the header of a capability", config_capability),
	SCRIPT("SWSCI", config_swsci),
	SCRIPT("address bits below a BAR's size", config_address),
	SCRIPT("a BAR without a place is decoded", config_unplaced),
	SCRIPT("a BAR beyond all memory is decoded", config_beyond),
	SCRIPT("the ROM", config_rom),
	SCRIPT("odd sizes in configuration space", config_sizes_odd),
	SCRIPT("the place of the opregion", config_asls),
	SCRIPT("entries of the global table in halves", ggtt_halves),
	SCRIPT("an entry as a whole over one half", ggtt_whole_over_half),
	SCRIPT("an entry and a half", ggtt_unaligned),
	SCRIPT("an entry without RAM", ggtt_no_ram),
	SCRIPT("entries of the global table after a reset", ggtt_reset),
	SCRIPT("registers with masks", registers_masked),
	SCRIPT("the power controller", registers_power),
	SCRIPT("a status is written", registers_guc),
	SCRIPT("a register that is not aligned", registers_unaligned),
	SCRIPT("page tables of four levels", four_levels),
	SCRIPT("page tables that are only announced", announced),
	SCRIPT("a table with many stores", many_stores),
	SCRIPT("an entry of a table goes where no RAM is", entry_without_ram),
	SCRIPT("two bytes of an entry", two_bytes),
	SCRIPT("page tables of three levels", three_levels),
	SCRIPT("interrupts", interrupts),
	SCRIPT("interrupts while the master is off", interrupts_held),
	SCRIPT("an event that is masked", interrupts_masked),
	SCRIPT("a flip on a pipe that is off", interrupts_pipe_off),
	SCRIPT("a monitor is plugged", monitor),
	SCRIPT("parts of PVINFO's dwords", pvinfo_parts),
	SCRIPT("resets", resets),
	SCRIPT("a guest resumes from D3", resume),
	SCRIPT("life", life),
	SCRIPT("destroyed while it is decoded", destroyed_decoded),
	SCRIPT("a page table without RAM", table_without_ram),
	SCRIPT("page tables that are announced twice", twice),
	SCRIPT("a guest without resources", insufficient),
	SCRIPT("a page table in failsafe mode", failsafe_table),
	SCRIPT("an entry in failsafe mode", failsafe_entry),
	SCRIPT("odd sizes in failsafe mode", failsafe_sizes),
	{ NULL, NULL, 0 }
};
