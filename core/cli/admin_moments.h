// SPDX-License-Identifier: Apache-2.0
// What the admin socket is asked about moments and their runs in flight. The engine's thread.
#pragma once
#include "cli/daemon.h"

// { moment, from, to (digests; to: the live one), dry, each, after }: tries some runs in a batch of its own share, and
// answers { to, after, done, fits, answered, due, drift, runs }: what does not fit, or, with `each`, all. Asked again
// with `after` it goes on.
void md_admin_moments_migrate(md_daemon *daemon, md_admin_request *request, const json_t *object);
// { moment }.
void md_admin_moments_pause(md_daemon *daemon, md_admin_request *request, const json_t *object);
// { moment, to (a digest, or none) }: answers { to }.
void md_admin_moments_rollback(md_daemon *daemon, md_admin_request *request, const json_t *object);
// { moment, after }: each does a share and answers { after, count, done }.
void md_admin_moments_resume(md_daemon *daemon, md_admin_request *request, const json_t *object);
void md_admin_runs_retry_all(md_daemon *daemon, md_admin_request *request, const json_t *object);
void md_admin_runs_cancel_all(md_daemon *daemon, md_admin_request *request, const json_t *object);
void md_admin_quarantine_redrive(md_daemon *daemon, md_admin_request *request, const json_t *object);
