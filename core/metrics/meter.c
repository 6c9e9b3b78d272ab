// SPDX-License-Identifier: Apache-2.0
// Reads and writes the days of series.
#include "metrics/meter.h"
#include "base/json.h"
#include "base/log.h"
#include "metrics/sketch.h"
#include "store/metrics.h"
#include <string.h>

static int64_t day_of(md_micros at) {
  return at / MD_DAY;
}

// The labels with "other" in place of every value: A5.
static int other_labels(const char *labels, md_arena *arena, const char **out) {
  md_arena *scope = md_json_scope(arena);
  json_t *object = md_json_parse(labels, strlen(labels), false, NULL), *value;
  const char *name;
  void *next;
  md_buffer text;
  int bad = object == NULL;
  json_object_foreach_safe(object, next, name, value) bad |= json_object_set_new(object, name, json_string("other"));
  md_buffer_init(&text);
  if (!bad) md_json_write(&text, object);
  *out = !bad && md_buffer_ok(&text) ? md_arena_strndup(arena, text.data, text.len) : NULL;
  md_buffer_deinit(&text);
  md_json_scope(scope);
  return *out ? 0 : MD_ENOMEM;
}

static int series_of(md_store *store, const char *metric, const char *labels, md_arena *arena, int64_t *id,
                     md_error *err) {
  int64_t count = 0;
  int rc = md_series_find(store, metric, labels, id, err);
  if (rc != MD_ENOTFOUND) return rc;
  rc = md_series_count(store, metric, &count, err);
  if (rc) return rc;
  if (count < MD_METER_SERIES) return md_series_insert(store, metric, labels, id, err);
  rc = other_labels(labels, arena, &labels);
  if (rc) return md_error_set(err, rc, "out of memory while %s was counted", metric);
  rc = md_series_find(store, metric, labels, id, err);
  if (rc != MD_ENOTFOUND) return rc;
  md_log(MD_LOG_WARN, "metrics", "a metric has as many sets of labels as it may: further ones count as other", "metric",
         metric, "sets", md_log_int(count), NULL);
  return md_series_insert(store, metric, labels, id, err);
}

static int observe(md_point *point, double value, md_buffer *packed) {
  md_sketch sketch;
  md_sketch_init(&sketch);
  int rc = point->sketch ? md_sketch_unpack(point->sketch, point->sketch_len, &sketch) : 0;
  if (rc == 0) rc = md_sketch_add(&sketch, value);
  if (rc == 0) md_sketch_pack(packed, &sketch);
  md_sketch_deinit(&sketch);
  if (rc == 0 && !md_buffer_ok(packed)) rc = MD_ENOMEM;
  point->sketch = packed->data;
  point->sketch_len = packed->len;
  return rc;
}

static int add_point(md_store *store, int64_t series, double value, bool observed, md_micros now, md_arena *arena,
                     md_error *err) {
  md_point point = {.series = series, .day = day_of(now)};
  md_buffer packed;
  md_buffer_init(&packed);
  int rc = md_points_get(store, series, point.day, arena, &point, err);
  if (rc == MD_ENOTFOUND) rc = 0;
  point.sum += value;
  point.count++;
  if (rc == 0 && observed && (rc = observe(&point, value, &packed)) != 0)
    md_error_set(err, rc, "a sketch could not be written: %s", md_error_text(rc));
  if (rc == 0) rc = md_points_put(store, &point, err);
  md_buffer_deinit(&packed);
  return rc;
}

static int add(md_store *store, const char *metric, const char *labels, double value, bool observed, md_micros now,
               md_error *err) {
  int64_t series = 0;
  md_arena *arena = md_arena_new(0);
  int rc =
      arena ? series_of(store, metric, labels, arena, &series, err) : md_error_set(err, MD_ENOMEM, "out of memory");
  if (rc == 0) rc = add_point(store, series, value, observed, now, arena, err);
  if (arena) md_arena_free(arena);
  return rc;
}

typedef struct merging {
  md_sketch all;
  const char *wanted; // labels that a series must have
} merging;

// Whether canonical labels have all members of other canonical labels. Values are texts, whose quotes are escaped: a
// member reads the same wherever it stands, and nothing else does.
static bool has_all(const char *labels, const char *wanted) {
  const char *at = wanted + 1;
  char member[600];
  while (*at && *at != '}') {
    const char *end = at + 1;
    for (int quotes = 1; quotes < 4; end++)
      quotes += *end == '"' && end[-1] != '\\';
    size_t len = (size_t)(end - at);
    if (len >= sizeof member) return false;
    memcpy(member, at, len);
    member[len] = '\0';
    if (!strstr(labels, member)) return false;
    at = *end == ',' ? end + 1 : end;
  }
  return true;
}

static int merge_point(void *context, const char *labels, const md_point *point) {
  merging *at = context;
  md_sketch one;
  if (!point->sketch || !has_all(labels, at->wanted)) return 0;
  md_sketch_init(&one);
  int rc = md_sketch_unpack(point->sketch, point->sketch_len, &one);
  if (rc == 0) rc = md_sketch_merge(&at->all, &one);
  md_sketch_deinit(&one);
  return rc;
}

static int quantile(md_store *store, const char *metric, const char *labels, double q, md_micros since, double *value,
                    int64_t *count, md_error *err) {
  merging at = {.wanted = labels};
  md_sketch_init(&at.all);
  int rc = md_points_since(store, metric, day_of(since), merge_point, &at, err);
  *count = (int64_t)md_sketch_count(&at.all);
  if (rc == 0 && *count > 0) *value = md_sketch_quantile(&at.all, q);
  md_sketch_deinit(&at.all);
  return rc;
}

const md_meter md_meter_of_store = {.add = add, .quantile = quantile};
