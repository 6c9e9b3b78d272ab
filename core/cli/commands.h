// SPDX-License-Identifier: Apache-2.0
// The commands, each defined in the file of its name.
#pragma once
#include "cli/command.h"

extern const md_cli_command md_cli_annotations;
extern const md_cli_command md_cli_check;
extern const md_cli_command md_cli_completion;
extern const md_cli_command md_cli_deploy;
extern const md_cli_command md_cli_describe;
extern const md_cli_command md_cli_event;
extern const md_cli_command md_cli_events;
extern const md_cli_command md_cli_experiment_list;
extern const md_cli_command md_cli_help;
extern const md_cli_command md_cli_clock_reset;
extern const md_cli_command md_cli_ingest;
extern const md_cli_command md_cli_key_add;
extern const md_cli_command md_cli_key_list;
extern const md_cli_command md_cli_key_revoke;
extern const md_cli_command md_cli_messages_list;
extern const md_cli_command md_cli_messages_show;
extern const md_cli_command md_cli_metrics_list;
extern const md_cli_command md_cli_moments_compare;
extern const md_cli_command md_cli_moments_list;
extern const md_cli_command md_cli_moments_migrate;
extern const md_cli_command md_cli_moments_pause;
extern const md_cli_command md_cli_moments_resume;
extern const md_cli_command md_cli_moments_rollback;
extern const md_cli_command md_cli_moments_versions;
extern const md_cli_command md_cli_new;
extern const md_cli_command md_cli_people_join;
extern const md_cli_command md_cli_people_show;
extern const md_cli_command md_cli_people_split;
extern const md_cli_command md_cli_quarantine_list;
extern const md_cli_command md_cli_quarantine_redrive;
extern const md_cli_command md_cli_reload;
extern const md_cli_command md_cli_run;
extern const md_cli_command md_cli_runs_cancel;
extern const md_cli_command md_cli_runs_list;
extern const md_cli_command md_cli_runs_retry;
extern const md_cli_command md_cli_runs_show;
extern const md_cli_command md_cli_stats;
extern const md_cli_command md_cli_status;
extern const md_cli_command md_cli_test;
extern const md_cli_command md_cli_try;
extern const md_cli_command md_cli_upgrade;
extern const md_cli_command md_cli_version;
extern const md_cli_command md_cli_why;
