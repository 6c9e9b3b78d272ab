// SPDX-License-Identifier: Apache-2.0
// The vault's part in the store's life: closed with it, committed before it. Private to core/store.
#pragma once
#include "base/error.h"

typedef struct md_vault md_vault;

void md_vault_free(md_vault *vault); // NULL is allowed, as below
// Makes the keys of this transaction durable; before the transaction itself is.
int md_vault_commit(md_vault *vault, md_error *err);
void md_vault_rollback(md_vault *vault);
