/* SPDX-License-Identifier: MIT */
/*
 * The handlers that lines in regs/ name. Interrupt registers and fences have theirs in interrupt.c
 * and fence.c; they are declared here as well, since reg_table.c needs only names of the core.
 */
#ifndef GVT_HANDLERS_H
#define GVT_HANDLERS_H

#include <mpt/types.h>

struct gvt_vgpu;

/* handlers_follow.c: status bits that follow control bits, sticky bits */
int gvt_write_follow(struct gvt_vgpu *v, u32 reg, u32 value);
int gvt_write_sticky(struct gvt_vgpu *v, u32 reg, u32 value);
u32 gvt_sticky_bits(u32 reg); /* of a register without GVT_W1C: those that writing 1 clears */

/* handlers_gt.c */
int gvt_write_forcewake(struct gvt_vgpu *v, u32 reg, u32 value);
int gvt_write_gdrst(struct gvt_vgpu *v, u32 reg, u32 value);
int gvt_write_gamw_eco(struct gvt_vgpu *v, u32 reg, u32 value);
int gvt_write_pcode(struct gvt_vgpu *v, u32 reg, u32 value);
u32 gvt_read_guc_status(struct gvt_vgpu *v, u32 reg);

/* handlers_engine.c */
int gvt_engine_of(u32 reg); /* enum gvt_engine, -1: the register is no engine's */
int gvt_write_hws_pga(struct gvt_vgpu *v, u32 reg, u32 value);
int gvt_write_ring_mode(struct gvt_vgpu *v, u32 reg, u32 value);
int gvt_write_csfe_chicken(struct gvt_vgpu *v, u32 reg, u32 value);
bool gvt_nonpriv_ok(const struct gvt_vgpu *v, u32 reg, u32 value);
int gvt_write_nonpriv(struct gvt_vgpu *v, u32 reg, u32 value);
int gvt_write_elsp(struct gvt_vgpu *v, u32 reg, u32 value);
int gvt_write_engine_stop(struct gvt_vgpu *v, u32 reg, u32 value);

/* client.c */
u32 gvt_read_timestamp(struct gvt_vgpu *v, u32 reg);

/* handlers_display.c */
int gvt_write_power_well(struct gvt_vgpu *v, u32 reg, u32 value);
int gvt_write_panel_power(struct gvt_vgpu *v, u32 reg, u32 value);
int gvt_write_pipeconf(struct gvt_vgpu *v, u32 reg, u32 value);
int gvt_write_surf(struct gvt_vgpu *v, u32 reg, u32 value);
int gvt_write_dp_tp_ctl(struct gvt_vgpu *v, u32 reg, u32 value);
int gvt_write_phy_group(struct gvt_vgpu *v, u32 reg, u32 value);
int gvt_write_gpio(struct gvt_vgpu *v, u32 reg, u32 value);

/* gmbus.c */
int gvt_write_gmbus0(struct gvt_vgpu *v, u32 reg, u32 value);
int gvt_write_gmbus1(struct gvt_vgpu *v, u32 reg, u32 value);
u32 gvt_read_gmbus2(struct gvt_vgpu *v, u32 reg);
u32 gvt_read_gmbus3(struct gvt_vgpu *v, u32 reg);
int gvt_write_gmbus4(struct gvt_vgpu *v, u32 reg, u32 value);

/* aux.c */
int gvt_write_aux(struct gvt_vgpu *v, u32 reg, u32 value);

/* interrupt.c */
int gvt_irq_write_imr(struct gvt_vgpu *v, u32 reg, u32 value);
int gvt_irq_write_ier(struct gvt_vgpu *v, u32 reg, u32 value);
int gvt_irq_write_iir(struct gvt_vgpu *v, u32 reg, u32 value);
int gvt_irq_write_master(struct gvt_vgpu *v, u32 reg, u32 value);

/* fence.c */
u32 gvt_fence_read(struct gvt_vgpu *v, u32 reg);
int gvt_fence_write(struct gvt_vgpu *v, u32 reg, u32 value);

#endif
