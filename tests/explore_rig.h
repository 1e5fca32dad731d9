/* SPDX-License-Identifier: MIT */
/* What the suites of the race explorer's scenarios share: a thread that is known, one case each. */
#ifndef MPT_TESTS_EXPLORE_RIG_H
#define MPT_TESTS_EXPLORE_RIG_H

#include <mpt/rcu.h>

#include "lib/runner.h"

/* Registered as a reader: the lists that this changes are of no interest to a scenario. */
static inline void explore_reader(void)
{
	mpt_rcu_leave(mpt_rcu_enter());
}

/* One test and its case, of one name, for a scenario; museum's killers name the case. */
#define EXPLORE_TEST(fn, most, set, ...)                                                \
	START_TEST(fn)                                                                  \
	{                                                                               \
		const struct explore s = {                                              \
			.warm = explore_reader, .bound = most, .kinds = set, __VA_ARGS__ \
		};                                                                      \
		const char *bad = explore_tell(&s);                                     \
											\
		ck_assert_msg(!bad, "%s", bad);                                         \
	}                                                                               \
	END_TEST

/* @setup: once before the scenario, or NULL. */
static inline void explore_add(Suite *s, const char *name, const TTest *test, void (*setup)(void))
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, test);
	suite_add_tcase(s, tc);
}

#endif
