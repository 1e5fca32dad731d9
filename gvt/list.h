/* SPDX-License-Identifier: MIT */
/* A ring of links inside of what it connects: nothing here can fail. Locks are the user's. */
#ifndef GVT_LIST_H
#define GVT_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct gvt_list {
	struct gvt_list *next, *prev;
};

/* Also for a member: it is then in no list. */
static inline void gvt_list_init(struct gvt_list *l)
{
	l->next = l;
	l->prev = l;
}

static inline bool gvt_list_empty(const struct gvt_list *l)
{
	return l->next == l;
}

static inline void gvt_list_del(struct gvt_list *l)
{
	l->next->prev = l->prev;
	l->prev->next = l->next;
	gvt_list_init(l);
}

/* To the end, from whichever list it is in. */
static inline void gvt_list_to_end(struct gvt_list *head, struct gvt_list *l)
{
	gvt_list_del(l);
	l->next = head;
	l->prev = head->prev;
	head->prev->next = l;
	head->prev = l;
}

/* All of @from goes to the end of @to. */
static inline void gvt_list_splice(struct gvt_list *to, struct gvt_list *from)
{
	if (gvt_list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	gvt_list_init(from);
}

#define GVT_LIST_ENTRY(link, type, member) \
	((type *)(void *)((char *)(link) - offsetof(type, member)))

#endif
