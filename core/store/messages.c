// SPDX-License-Identifier: Apache-2.0
// The table of messages: outbox and record in one.
#include "store/messages.h"
#include "store/internal.h"

#define COLUMNS                                                                                                        \
  "id, state, run, step, version, person, urgent, cancel, attempts, created_at, due_at, final_at, moment, channel, "   \
  "class, mode, template, variant, locale, reason, detail, recipient, message_id, subject, data, rendering, "          \
  "internal, again_at, basis, terms, secrets, request"

const char *md_message_state_name(md_message_state state) {
  static const char *const names[] = {"none",       "queued", "attempting", "accepted",   "delivered", "bounced",
                                      "complained", "failed", "unknown",    "suppressed", "withdrawn", "held"};
  return (unsigned)state < sizeof names / sizeof names[0] ? names[state] : "unknown";
}

static const char insert_message[] =
    "INSERT INTO messages(" COLUMNS ") VALUES(NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,"
    " ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31)";

int md_messages_insert(md_store *store, md_message *message, md_error *err) {
  const md_message *m = message;
  int code =
      md_statement_run(store, err, insert_message, "didiidddiiittttttttttttttditttt", (int)m->state, m->run, m->step,
                       m->version, m->person, (int)m->urgent, (int)m->cancel, m->attempts, m->created_at, m->due_at,
                       m->final_at, m->moment, m->channel, m->class_name, m->mode, m->template_name, m->variant,
                       m->locale, m->reason, m->detail, m->to, m->message_id, m->subject, m->data, m->rendering,
                       (int)m->internal, m->again_at, m->basis, m->terms, m->secrets, m->request);
  if (!code) message->id = sqlite3_last_insert_rowid(store->db);
  return code;
}

static const char update_message[] =
    "UPDATE messages SET state = ?2, reason = ?3, detail = ?4, rendering = ?5, cancel = ?6, attempts = ?7, due_at = ?8,"
    " final_at = ?9, again_at = ?10, basis = ?11 WHERE id = ?1";

int md_messages_update(md_store *store, const md_message *message, md_error *err) {
  int code = md_statement_run(store, err, update_message, "idtttddiiit", message->id, (int)message->state,
                              message->reason, message->detail, message->rendering, (int)message->cancel,
                              message->attempts, message->due_at, message->final_at, message->again_at, message->basis);
  if (code || sqlite3_changes(store->db)) return code;
  return md_error_set(err, MD_ENOTFOUND, "there is no message %lld", (long long)message->id);
}

static int read_message(md_row *row, md_message *out, md_error *err) {
  *out = (md_message){.id = md_row_int(row, 0),
                      .state = (md_message_state)md_row_int(row, 1),
                      .run = md_row_int(row, 2),
                      .step = (int)md_row_int(row, 3),
                      .version = md_row_int(row, 4),
                      .person = md_row_int(row, 5),
                      .urgent = md_row_int(row, 6) != 0,
                      .cancel = md_row_int(row, 7) != 0,
                      .attempts = (int)md_row_int(row, 8),
                      .created_at = md_row_int(row, 9),
                      .due_at = md_row_int(row, 10),
                      .final_at = md_row_int(row, 11),
                      .internal = md_row_int(row, 26) != 0,
                      .again_at = md_row_int(row, 27)};
  const char **texts[] = {&out->moment,     &out->channel, &out->class_name, &out->mode,     &out->template_name,
                          &out->variant,    &out->locale,  &out->reason,     &out->detail,   &out->to,
                          &out->message_id, &out->subject, &out->data,       &out->rendering};
  for (int i = 0; i < (int)(sizeof texts / sizeof texts[0]); i++)
    *texts[i] = md_row_text(row, 12 + i);
  out->basis = md_row_text(row, 28);
  out->terms = md_row_text(row, 29);
  out->secrets = md_row_text(row, 30);
  out->request = md_row_text(row, 31);
  return md_row_result(row, err);
}

// The first row of an opened statement, which is closed.
static int read_only_row(md_store *store, md_row *row, md_message *out, md_error *err) {
  int code = md_statement_step(store, row->stmt, err);
  if (code == 1) {
    code = read_message(row, out, err);
  } else if (code == 0) {
    code = md_error_set(err, MD_ENOTFOUND, "there is no such message");
  }
  md_statement_close(row->stmt);
  return code;
}

static int tell_each(md_store *store, md_row *row, int (*each)(void *context, const md_message *message), void *context,
                     md_error *err) {
  md_message message;
  int code;
  while ((code = md_statement_step(store, row->stmt, err)) == 1) {
    code = read_message(row, &message, err);
    if (code || (code = each(context, &message))) break;
  }
  md_statement_close(row->stmt);
  return code;
}

static const char select_message[] = "SELECT " COLUMNS " FROM messages WHERE id = ?1";

int md_messages_get(md_store *store, int64_t id, md_arena *arena, md_message *out, md_error *err) {
  md_row row = {.arena = arena};
  int code = md_statement_open(store, &row.stmt, err, select_message, "i", id);
  return code ? code : read_only_row(store, &row, out, err);
}

// 1 is MD_MESSAGE_QUEUED, written out as in the index messages_queued.
static const char select_due[] = "SELECT " COLUMNS " FROM messages WHERE state = 1 AND urgent = ?1 AND due_at <= ?2"
                                 " ORDER BY due_at, id LIMIT 1";

static int next_due(md_store *store, int urgent, md_micros now, md_arena *arena, md_message *out, md_error *err) {
  md_row row = {.arena = arena};
  int code = md_statement_open(store, &row.stmt, err, select_due, "di", urgent, now);
  return code ? code : read_only_row(store, &row, out, err);
}

int md_messages_next_due(md_store *store, md_micros now, bool urgent_only, md_arena *arena, md_message *out,
                         md_error *err) {
  int code = next_due(store, 1, now, arena, out, err);
  return code != MD_ENOTFOUND || urgent_only ? code : next_due(store, 0, now, arena, out, err);
}

static const char select_due_at[] =
    "SELECT due_at FROM messages WHERE state = 1 AND urgent = ?1 ORDER BY due_at LIMIT 1";

md_micros md_messages_due_at(md_store *store) {
  int64_t urgent = 0, other = 0;
  bool has_urgent = md_statement_number(store, &urgent, NULL, select_due_at, "d", 1) == 0;
  bool has_other = md_statement_number(store, &other, NULL, select_due_at, "d", 0) == 0;
  return has_urgent && (!has_other || urgent < other) ? urgent : other;
}

static const char withdraw_queued[] =
    "UPDATE messages SET state = 10, reason = ?2, final_at = ?3 WHERE run = ?1 AND state IN (1, 11)";
static const char flag_attempting[] = "UPDATE messages SET cancel = 1 WHERE run = ?1 AND state = 2";

int md_messages_withdraw(md_store *store, int64_t run, const char *reason, md_micros at, md_error *err) {
  int code = md_statement_run(store, err, withdraw_queued, "iti", run, reason, at);
  return code ? code : md_statement_run(store, err, flag_attempting, "i", run);
}

// 11 is MD_MESSAGE_HELD, written out as in the index messages_held.
static const char release_held[] =
    "UPDATE messages SET state = 1, reason = nullif(reason, 'paused') WHERE id IN (SELECT id FROM messages"
    " WHERE state = 11 AND moment = ?1 AND (reason = 'paused' OR attempts > 0) ORDER BY id LIMIT ?2)";

int md_messages_release(md_store *store, const char *moment, int limit, int64_t *count, md_error *err) {
  int code = md_statement_run(store, err, release_held, "td", moment, limit);
  *count = code ? 0 : sqlite3_changes64(store->db);
  return code;
}

static const char next_attempting[] =
    "SELECT " COLUMNS " FROM messages WHERE state = 2 AND id > ?1 ORDER BY id LIMIT 1";
static const char update_interrupted[] = "UPDATE messages SET state = 8 WHERE id = ?1 AND state = 2";

// Answers the id of the next interrupted message after it was told, or 0.
static int tell_interrupted(md_store *store, int64_t *id, int (*each)(void *context, const md_message *message),
                            void *context, md_error *err) {
  md_row row = {0};
  md_message message;
  int code = md_statement_open(store, &row.stmt, err, next_attempting, "i", *id);
  if (code) return code;
  *id = 0;
  code = md_statement_step(store, row.stmt, err);
  if (code == 1) {
    code = read_message(&row, &message, err);
    if (!code) code = each(context, &message);
    *id = message.id;
  }
  md_statement_close(row.stmt);
  return code;
}

int md_messages_interrupted(md_store *store, int (*each)(void *context, const md_message *message), void *context,
                            md_error *err) {
  int64_t id = 0;
  int code = 0;
  while (!code) {
    code = tell_interrupted(store, &id, each, context, err);
    if (code || !id) break;
    code = md_statement_run(store, err, update_interrupted, "i", id);
  }
  return code;
}

// `state <= 2` word for word as in the index messages_secret.
static const char list_with_secrets[] =
    "SELECT " COLUMNS " FROM messages WHERE secrets IS NOT NULL AND state <= 2 AND id > 0 ORDER BY id";

int md_messages_with_secrets(md_store *store, int (*each)(void *context, const md_message *message), void *context,
                             md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, list_with_secrets, "");
  return code ? code : tell_each(store, &row, each, context, err);
}

#define FILTER "id < ?1 AND (?2 IS NULL OR moment = ?2) AND (?3 = 0 OR state = ?3) AND (?4 = 0 OR person = ?4)"
static const char list_messages[] = "SELECT " COLUMNS " FROM messages WHERE " FILTER " ORDER BY id DESC LIMIT ?5";
static const char list_messages_of[] =
    "SELECT " COLUMNS " FROM messages WHERE run = ?6 AND " FILTER " ORDER BY id DESC LIMIT ?5";

int md_messages_list(md_store *store, const md_message_filter *filter,
                     int (*each)(void *context, const md_message *message), void *context, md_error *err) {
  md_row row = {0};
  int64_t before = filter->before ? filter->before : INT64_MAX;
  int limit = filter->limit > 0 ? filter->limit : -1, state = (int)filter->state;
  int code = filter->run ? md_statement_open(store, &row.stmt, err, list_messages_of, "itdidi", before, filter->moment,
                                             state, filter->person, limit, filter->run)
                         : md_statement_open(store, &row.stmt, err, list_messages, "itdid", before, filter->moment,
                                             state, filter->person, limit);
  return code ? code : tell_each(store, &row, each, context, err);
}

static const char count_messages[] = "SELECT state, count(*) FROM messages GROUP BY state";

int md_messages_counts(md_store *store, int (*each)(void *context, md_message_state state, int64_t count),
                       void *context, md_error *err) {
  sqlite3_stmt *stmt;
  int code = md_statement_open(store, &stmt, err, count_messages, "");
  if (code) return code;
  while ((code = md_statement_step(store, stmt, err)) == 1) {
    code = each(context, (md_message_state)sqlite3_column_int(stmt, 0), sqlite3_column_int64(stmt, 1));
    if (code) break;
  }
  md_statement_close(stmt);
  return code;
}

static const char count_shadow[] = "SELECT count(*) FROM messages WHERE state = 3 AND reason = 'shadow'";

int md_messages_count_shadow(md_store *store, int64_t *count, md_error *err) {
  sqlite3_stmt *stmt;
  int code = md_statement_open(store, &stmt, err, count_shadow, "");
  if (code) return code;
  code = md_statement_step(store, stmt, err);
  *count = code == 1 ? sqlite3_column_int64(stmt, 0) : 0;
  md_statement_close(stmt);
  return code < 0 ? code : 0;
}

// Failed (7), suppressed (9) and withdrawn (10) ones reached nobody; 1 is queued, 11 held. What is being attempted (2)
// counts as sent now: few are at any time, and they have an index of their own.
#define REACHED "person > 0 AND internal = 0 AND state NOT IN (7, 9, 10)"
#define OF_SPAN                                                                                                        \
  " AND person = ?1 AND id <> ?2 AND (?3 IS NULL OR moment = ?3) AND (?4 IS NULL OR class = ?4)"                       \
  " AND (?5 IS NULL OR channel = ?5)"
static const char select_times[] =
    "SELECT id, run, max(due_at, final_at) FROM messages INDEXED BY messages_reached WHERE " REACHED OF_SPAN
    " AND state <> 2 AND (state NOT IN (1, 11) OR ?9) AND max(due_at, final_at) > ?6 AND max(due_at, final_at) < ?7"
    " UNION ALL SELECT id, run, max(due_at, ?8) FROM messages INDEXED BY messages_attempting WHERE state = 2"
    " AND internal = 0" OF_SPAN " AND max(due_at, ?8) > ?6 AND max(due_at, ?8) < ?7";

int md_messages_times(md_store *store, const md_message_span *span,
                      int (*each)(void *context, const md_message_time *time), void *context, md_error *err) {
  sqlite3_stmt *stmt;
  int code =
      md_statement_open(store, &stmt, err, select_times, "iitttiiid", span->person, span->without, span->moment,
                        span->class_name, span->channel, span->since, span->until, span->now, (int)span->reserved);
  if (code) return code;
  while ((code = md_statement_step(store, stmt, err)) == 1) {
    md_message_time time = {sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1),
                            sqlite3_column_int64(stmt, 2)};
    if ((code = each(context, &time))) break;
  }
  md_statement_close(stmt);
  return code;
}
