// SPDX-License-Identifier: Apache-2.0
// Secrets of events (X1): what of an event's data is stored readable, what stands for the rest in memory, and when the
// key of an event is needed no more. Private to engine/.
#pragma once
#include "engine/state.h"

// Digests of events whose types have secrets are keyed: nobody can try guesses on them. Before the event is looked up.
int md_secrets_digest(md_engine *engine, md_event *event, md_error *err);
// Of an event about to be stored, with its seq: data_text keeps what the plan declares, `sealed` has all of it, and
// `data` gets marks (base/secret.h) where the secrets are. Does nothing for types without secrets.
int md_secrets_conceal(md_engine *engine, md_event *event, md_error *err);
// The data of an event, parsed, with marks where its secrets are; NULL where it has none. Own: may be changed.
int md_secrets_data(md_engine *engine, const md_event *event, json_t **out, md_error *err);

// At the end of a batch: notes keys that no run and no message needs any more, or that are an hour old. After its
// commit they are overwritten.
int md_secrets_find_unneeded(md_engine *engine, md_error *err);
void md_secrets_forget_unneeded(md_engine *engine);
