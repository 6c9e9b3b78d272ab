// SPDX-License-Identifier: Apache-2.0
// The thread that makes outgoing calls.
#include "courier/http_calls.h"
#include "base/alloc.h"
#include "base/json.h"
#include "courier/address_range.h"
#include "courier/curl_global.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { POLL_MS = 10000 };

// One call under way.
typedef struct transfer {
  md_http_calls *calls;
  md_call_attempt *attempt;
  const md_connection *connection;
  CURL *curl;
  CURLU *url;
  struct curl_slist *headers;
  bool refused, too_large;
  char error[CURL_ERROR_SIZE];
  struct transfer *next;
} transfer;

struct md_http_calls {
  md_http_calls_options options;
  md_queue *inbox;
  CURLM *multi;
  transfer *first; // all under way
  atomic_int busy;
  atomic_bool stopping;
  pthread_t thread;
  bool started;
};

static void give_back(md_http_calls *calls, md_call_attempt *attempt) {
  atomic_fetch_sub(&calls->busy, 1);
  calls->options.done(calls->options.context, attempt);
}

static size_t on_body(char *data, size_t size, size_t count, void *context) {
  transfer *t = context;
  size_t len = size * count;
  t->too_large = t->attempt->body.len + len > t->connection->limit;
  if (t->too_large) return 0;
  md_buffer_append(&t->attempt->body, data, len);
  return md_buffer_ok(&t->attempt->body) ? len : 0;
}

// H2: what the name leads to is looked at here, where the connection is made, so no later answer of the DNS matters.
static curl_socket_t on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
  transfer *t = context;
  md_address_range range = md_address_range_of(&address->addr);
  bool allowed = t->connection->private_network ||
                 (t->connection->plain ? range == MD_ADDRESS_LOOPBACK : range == MD_ADDRESS_PUBLIC);
  (void)purpose;
  t->refused = !allowed;
  return allowed ? socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol) : CURL_SOCKET_BAD;
}

static void transfer_free(transfer *t) {
  curl_easy_cleanup(t->curl);
  curl_url_cleanup(t->url);
  curl_slist_free_all(t->headers);
  md_free(t);
}

// The connection's prefix, then the path, each byte encoded that a URL cannot hold.
static bool set_path(transfer *t) {
  char *prefix = NULL;
  if (curl_url_get(t->url, CURLUPART_PATH, &prefix, CURLU_URLDECODE)) return false;
  size_t len = strlen(prefix);
  while (len && prefix[len - 1] == '/')
    len--;
  const char *path = md_arena_printf(t->attempt->arena, "%.*s%s", (int)len, prefix, t->attempt->call.path);
  curl_free(prefix);
  return path && curl_url_set(t->url, CURLUPART_PATH, path, CURLU_URLENCODE) == CURLUE_OK;
}

static bool set_query(transfer *t) {
  const char *text = t->attempt->call.query, *name;
  json_t *value;
  if (!text) return true;
  md_arena *scope = md_json_scope(t->attempt->arena);
  json_t *query = md_json_parse(text, strlen(text), false, NULL);
  bool set = query != NULL;
  json_object_foreach(query, name, value) {
    const char *pair = md_arena_printf(t->attempt->arena, "%s=%s", name, json_string_value(value));
    set = set && pair && curl_url_set(t->url, CURLUPART_QUERY, pair, CURLU_APPENDQUERY | CURLU_URLENCODE) == CURLUE_OK;
  }
  md_json_scope(scope);
  return set;
}

static bool add_header(transfer *t, const char *line) {
  struct curl_slist *longer = line ? curl_slist_append(t->headers, line) : NULL;
  if (longer) t->headers = longer;
  return longer != NULL;
}

static bool set_headers(transfer *t) {
  const md_call *call = &t->attempt->call;
  bool set = add_header(t, "Expect:") && add_header(t, call->save ? "Accept: */*" : "Accept: application/json") &&
             add_header(t, md_arena_printf(t->attempt->arena, "Idempotency-Key: %s", call->key));
  if (call->body) set = set && add_header(t, "Content-Type: application/json");
  for (const char *const *line = t->connection->headers; set && *line; line++)
    set = add_header(t, *line);
  return set;
}

static bool set_up(transfer *t) {
  const md_call *call = &t->attempt->call;
  t->curl = md_curl_handle();
  t->url = curl_url();
  if (!t->curl || !t->url || curl_url_set(t->url, CURLUPART_URL, t->connection->url, 0)) return false;
  if (!set_path(t) || !set_query(t) || !set_headers(t)) return false;
  curl_easy_setopt(t->curl, CURLOPT_CURLU, t->url);
  curl_easy_setopt(t->curl, CURLOPT_PROTOCOLS_STR, t->connection->plain ? "http,https" : "https");
  curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers);
  curl_easy_setopt(t->curl, CURLOPT_TIMEOUT_MS, (long)(t->connection->timeout / 1000));
  curl_easy_setopt(t->curl, CURLOPT_NOBODY, strcmp(call->method, "HEAD") == 0 ? 1L : 0L);
  if (call->body) {
    curl_easy_setopt(t->curl, CURLOPT_POSTFIELDS, call->body);
    curl_easy_setopt(t->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(call->body));
  } else if (strcmp(call->method, "POST") == 0) {
    curl_easy_setopt(t->curl, CURLOPT_POSTFIELDS, "");
  }
  curl_easy_setopt(t->curl, CURLOPT_CUSTOMREQUEST, call->method);
  curl_easy_setopt(t->curl, CURLOPT_ERRORBUFFER, t->error);
  curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, t);
  curl_easy_setopt(t->curl, CURLOPT_OPENSOCKETFUNCTION, on_socket);
  curl_easy_setopt(t->curl, CURLOPT_OPENSOCKETDATA, t);
  curl_easy_setopt(t->curl, CURLOPT_PRIVATE, t);
  return !t->connection->ca_file || curl_easy_setopt(t->curl, CURLOPT_CAINFO, t->connection->ca_file) == CURLE_OK;
}

static void fail(md_call_attempt *attempt, md_call_end end, const char *detail) {
  attempt->end = end;
  snprintf(attempt->detail, sizeof attempt->detail, "%.*s", (int)sizeof attempt->detail - 1, detail);
}

static void begin(md_http_calls *calls, md_call_attempt *attempt) {
  transfer *t = md_alloc_zero(sizeof *t);
  if (t) *t = (transfer){.calls = calls, .attempt = attempt};
  if (t) t->connection = md_connections_find(calls->options.connections, attempt->call.connection);
  bool ready = t && t->connection && set_up(t) && curl_multi_add_handle(calls->multi, t->curl) == CURLM_OK;
  if (ready) {
    t->next = calls->first;
    calls->first = t;
    return;
  }
  bool unknown = t && !t->connection;
  if (t) transfer_free(t);
  fail(attempt, unknown ? MD_CALL_END_REFUSED : MD_CALL_END_NETWORK,
       unknown ? "the configuration has no such connection any more" : "the call could not be prepared");
  give_back(calls, attempt);
}

static void read_end(transfer *t, CURLcode code) {
  md_call_attempt *attempt = t->attempt;
  const char *why = t->error[0] ? t->error : curl_easy_strerror(code);
  long status = 0;
  curl_off_t retry = 0;
  if (code == CURLE_OK) {
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(t->curl, CURLINFO_RETRY_AFTER, &retry);
    attempt->end = MD_CALL_END_ANSWER;
    attempt->status = (int)status;
    attempt->retry_after = (long)retry;
  } else if (t->too_large) {
    char text[64];
    snprintf(text, sizeof text, "the answer is longer than %zu bytes", t->connection->limit);
    fail(attempt, MD_CALL_END_TOO_LARGE, text);
  } else if (t->refused) {
    fail(attempt, MD_CALL_END_REFUSED, "its address is not public, and the connection does not say private = true");
  } else {
    fail(attempt, code == CURLE_OPERATION_TIMEDOUT ? MD_CALL_END_TIMEOUT : MD_CALL_END_NETWORK, why);
  }
}

static void end(md_http_calls *calls, transfer *t) {
  transfer **link = &calls->first;
  while (*link != t)
    link = &(*link)->next;
  *link = t->next;
  curl_multi_remove_handle(calls->multi, t->curl);
  md_call_attempt *attempt = t->attempt;
  transfer_free(t);
  give_back(calls, attempt);
}

static void collect_ended(md_http_calls *calls) {
  CURLMsg *message;
  int left = 0;
  while ((message = curl_multi_info_read(calls->multi, &left)) != NULL) {
    transfer *t = NULL;
    if (message->msg != CURLMSG_DONE) continue;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t);
    read_end(t, message->data.result);
    end(calls, t);
  }
}

static void unsend(md_call_attempt *attempt) {
  md_buffer_clear(&attempt->body);
  fail(attempt, MD_CALL_END_UNSENT, "");
}

static void *make_calls(void *context) {
  md_http_calls *calls = context;
  int running = 0;
  while (!atomic_load(&calls->stopping)) {
    for (md_queue_node *node = md_queue_take(calls->inbox, MD_HTTP_CALLS_AT_ONCE), *next; node; node = next) {
      next = node->next;
      begin(calls, (md_call_attempt *)node); // the node is its first member
    }
    curl_multi_perform(calls->multi, &running);
    collect_ended(calls);
    curl_multi_poll(calls->multi, NULL, 0, POLL_MS, NULL);
  }
  while (calls->first) {
    unsend(calls->first->attempt);
    end(calls, calls->first);
  }
  return NULL;
}

// Any thread. A push that finds the queue empty; the poll is woken for each.
static void wake(void *context) {
  md_http_calls *calls = context;
  curl_multi_wakeup(calls->multi);
}

static int start_thread(md_http_calls *calls, md_error *err) {
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  int code = pthread_create(&calls->thread, NULL, make_calls, calls);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  calls->started = code == 0;
  return code ? md_error_set(err, MD_EIO, "the thread of calls could not be started (%d): raise the limit of tasks",
                             code)
              : 0;
}

int md_http_calls_start(md_http_calls **out, const md_http_calls_options *options, md_error *err) {
  md_http_calls *calls = md_alloc_zero(sizeof *calls);
  if (!calls) return md_error_set(err, MD_ENOMEM, "out of memory");
  calls->options = *options;
  calls->multi = md_curl_multi();
  calls->inbox = calls->multi ? md_queue_new(0, wake, calls) : NULL;
  int rc = calls->inbox ? start_thread(calls, err) : md_error_set(err, MD_ENOMEM, "out of memory");
  if (rc) {
    md_http_calls_stop(calls);
    return rc;
  }
  *out = calls;
  return 0;
}

int md_http_calls_slots(md_http_calls *calls) {
  int free = MD_HTTP_CALLS_AT_ONCE - atomic_load(&calls->busy);
  return atomic_load(&calls->stopping) || free < 0 ? 0 : free;
}

bool md_http_calls_submit(md_http_calls *calls, md_call_attempt *attempt) {
  if (md_http_calls_slots(calls) == 0) return false;
  atomic_fetch_add(&calls->busy, 1);
  return md_queue_push_always(calls->inbox, &attempt->node);
}

void md_http_calls_stop(md_http_calls *calls) {
  if (!calls) return;
  atomic_store(&calls->stopping, true);
  if (calls->started) {
    curl_multi_wakeup(calls->multi);
    pthread_join(calls->thread, NULL);
  }
  for (md_queue_node *node = calls->inbox ? md_queue_take(calls->inbox, SIZE_MAX) : NULL, *next; node; node = next) {
    next = node->next;
    unsend((md_call_attempt *)node);
    give_back(calls, (md_call_attempt *)node);
  }
  if (calls->inbox) md_queue_free(calls->inbox);
  if (calls->multi) curl_multi_cleanup(calls->multi);
  md_free(calls);
}
