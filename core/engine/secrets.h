// SPDX-License-Identifier: Apache-2.0
// Secrets of events and of answers to calls (X1): what of their data is stored readable, what stands for the rest in
// memory, and when a key is needed no more. Private to engine/.
#pragma once
#include "engine/state.h"
#include "store/calls.h"

// Digests of events whose types have secrets are keyed: nobody can try guesses on them. Before the event is looked up.
int md_secrets_digest(md_engine *engine, md_event *event, md_error *err);
// False for an event whose type has secrets and whose data is bytes: nobody knows where in them a secret is.
bool md_secrets_fit(const md_engine *engine, const md_event *event);
// Of an event about to be stored, with its seq: data_text keeps what the plan declares, `sealed` has all of it, and
// `data` gets marks (base/secret.h) where the secrets are; extensions, which no plan declares, are not kept. Does
// nothing for types without secrets.
int md_secrets_conceal(md_engine *engine, md_event *event, md_error *err);
// The data of an event, parsed, with marks where its secrets are; NULL where it has none. Own: may be changed.
int md_secrets_data(md_engine *engine, const md_event *event, json_t **out, md_error *err);

// secrets_answer.c: of the JSON answer to a call (H3). Seals it whole when there is something at one of call->secret's
// paths: fills call->sealed, makes `*shown` a copy with "[secret]" in their places and wherever else their texts stand,
// and `*paths` a list of them. Else `*shown` is `json` and `*paths` NULL.
int md_secrets_conceal_answer(md_engine *engine, md_call *call, json_t *json, json_t **shown, json_t **paths,
                              md_error *err);
// Whether one of call->secret's paths leads to nothing: then the secret may be anywhere else in the answer. A null is
// something: there is no secret. Sets `*missing` then. MD_ENOMEM.
int md_secrets_missing(const md_call *call, const json_t *json, bool *missing);
// What a journal has of an answer becomes what a script gets: marks where its secrets are. MD_ENOMEM.
int md_secrets_mark_answer(json_t *answer);

// Sets what `path` leads to, making the objects on the way. MD_ENOMEM.
int md_secrets_place(json_t *tree, const char *path, json_t *value);
// At these paths: marks of the owner's secrets, or for 0 what people see.
int md_secrets_mark(json_t *tree, const json_t *paths, int64_t owner);
// As canonical JSON in the batch's arena, without a copy left elsewhere; NULL when out of memory.
const char *md_secrets_written(md_engine *engine, const json_t *value);

// At the end of a batch: notes keys that no run and no message needs any more, or that are an hour old. After its
// commit they are overwritten.
int md_secrets_find_unneeded(md_engine *engine, md_error *err);
void md_secrets_forget_unneeded(md_engine *engine);
