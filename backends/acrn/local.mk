# SPDX-License-Identifier: MIT
# ACRN: the back end over VHM's services, the upstream HSM below them; and, as a back end of its
# own, a simulator of hypervisor and VHM.

if BACKEND_ACRN
noinst_LTLIBRARIES += libmpt-backend-acrn.la
backend_archives += libmpt-backend-acrn.la
backend_sources += $(libmpt_backend_acrn_la_SOURCES)
libmpt_backend_acrn_la_SOURCES = $(acrn_sources) $(acrn_hsm_sources) $(acrn_simulator)
libmpt_backend_acrn_la_CPPFLAGS = $(libmpt_cppflags)
libmpt_backend_acrn_la_CFLAGS = $(libmpt_cflags)
mptinclude_HEADERS += include/mpt/acrn.h
endif

if BACKEND_ACRN_SIM
acrn_simulator = \
	$(acrn_sim_sources) $(acrn_sim_hv_sources) $(acrn_sim_svc_sources) $(acrn_sim_hsm_sources)
else
acrn_simulator =
endif

# The back end, and VHM's services by name.
acrn_sources = \
	backends/acrn/acrn.c \
	backends/acrn/acrn.h \
	backends/acrn/acrn_backend.c \
	backends/acrn/acrn_dm.c \
	backends/acrn/acrn_dma.c \
	backends/acrn/acrn_ioreq.c \
	backends/acrn/acrn_map.c \
	backends/acrn/acrn_ram.c \
	backends/acrn/acrn_track.c \
	backends/acrn/acrn_view.c \
	backends/acrn/acrn_vm.c \
	backends/acrn/vhm.c \
	backends/acrn/vhm.def \
	backends/acrn/vhm.h \
	backends/acrn/vhm_provider.h

# The services over /dev/acrn_hsm.
acrn_hsm_sources = \
	backends/acrn/vhm_hsm.c \
	backends/acrn/vhm_hsm.h \
	backends/acrn/vhm_hsm_dev.c \
	backends/acrn/vhm_hsm_host.c \
	backends/acrn/vhm_hsm_ioreq.c \
	backends/acrn/vhm_hsm_mem.c \
	backends/acrn/vhm_hsm_priv.h

# The simulator as a back end, with its testbed.
acrn_sim_sources = \
	backends/acrn/acrn_bed.c \
	backends/acrn/acrn_bed.h \
	backends/acrn/acrn_sim.c \
	backends/acrn/sim.h

# The simulated hypervisor.
acrn_sim_hv_sources = \
	backends/acrn/sim_check.c \
	backends/acrn/sim_ept.c \
	backends/acrn/sim_hv.c \
	backends/acrn/sim_lapic.c \
	backends/acrn/sim_machine.c \
	backends/acrn/sim_mem.c \
	backends/acrn/sim_priv.h \
	backends/acrn/sim_profile.c \
	backends/acrn/sim_request.c \
	backends/acrn/sim_sched.c \
	backends/acrn/sim_vcpu.c

# The simulated service VM: VHM and the device model.
acrn_sim_svc_sources = \
	backends/acrn/sim_client.c \
	backends/acrn/sim_dm.c \
	backends/acrn/sim_dm.h \
	backends/acrn/sim_ioreq.c \
	backends/acrn/sim_ram.c \
	backends/acrn/sim_records.c \
	backends/acrn/sim_svc.h \
	backends/acrn/sim_vhm.c

# The upstream HSM's ioctls over the simulated hypervisor.
acrn_sim_hsm_sources = \
	backends/acrn/sim_hsm.c \
	backends/acrn/sim_hsm.h \
	backends/acrn/sim_hsm_ioreq.c \
	backends/acrn/vhm_hsm_sim.c
