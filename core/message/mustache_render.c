// SPDX-License-Identifier: Apache-2.0
// The renderer of Mustache: walks a template's tree with a stack of JSON values. Pure; any thread.
#include "base/utf8.h"
#include "message/html.h"
#include "message/mustache_node.h"
#include "message/mustache_value.h"
#include <string.h>

enum {
  LEVELS_MAX = 256,        // of sections, partials and blocks in each other
  STEPS_MAX = 1000 * 1000, // nodes visited: what loops without writing anything ends too
  UNDERLINE_MAX = 72,
};

// A parent tag whose blocks are in force, and those further out, which go before it.
typedef struct overrides {
  const md_mustache_node *blocks;
  const struct overrides *outer;
} overrides;

typedef struct cached {
  const char *name;
  const md_mustache *template;
  struct cached *next;
} cached;

typedef struct renderer {
  const md_mustache_options *options;
  const md_mustache_expander *expander; // NULL when rendering
  md_arena *arena;
  md_buffer *out;
  size_t start; // of what this rendering has written
  md_error *err;
  const md_mustache_frame *top;
  const overrides *overrides;
  const char *indent; // of each line that comes from a template
  bool at_line_start;
  int partials, levels, steps;
  cached *cache;
  int counters[MD_MUSTACHE_COUNTERS];
} renderer;

static int render_list(renderer *r, const md_mustache_node *node);

static int fail(const renderer *r, int code, const md_mustache_node *node, const char *what) {
  if (node->kind == MD_MUSTACHE_TEXT || node->kind == MD_MUSTACHE_WRAP) // without a name, and without a NUL
    return md_error_set(r->err, code, "%s:%d: the text here %s", node->file, node->line, what);
  if (!node->text) return md_error_set(r->err, code, "%s: a list %s", node->file, what);
  return md_error_set(r->err, code, "%s:%d: \"%s\" %s", node->file, node->line, node->text, what);
}

static int check_output(const renderer *r, const md_mustache_node *node) {
  if (r->out->failed) return md_error_set(r->err, MD_ENOMEM, "%s:%d: out of memory", node->file, node->line);
  if (r->out->len - r->start <= MD_MUSTACHE_OUTPUT_MAX) return 0;
  return md_error_set(r->err, MD_ETOOBIG, "%s:%d: the output is larger than 1 MiB", node->file, node->line);
}

static void begin_line(renderer *r) {
  if (r->at_line_start) md_buffer_puts(r->out, r->indent);
  r->at_line_start = false;
}

static int render_text(renderer *r, const md_mustache_node *node) {
  const char *at = node->text, *end = at + node->len;
  while (at < end) {
    const char *newline = *r->indent || r->at_line_start ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    const char *next = newline ? newline + 1 : end;
    begin_line(r);
    md_buffer_append(r->out, at, (size_t)(next - at));
    at = next;
    r->at_line_start = at[-1] == '\n';
    int rc = check_output(r, node);
    if (rc) return rc;
  }
  return 0;
}

static void write_flat(md_buffer *out, const char *text, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (text[i] == '\r' && i + 1 < len && text[i + 1] == '\n') continue;
    md_buffer_putc(out, text[i] == '\n' || text[i] == '\r' ? ' ' : text[i]);
  }
}

static void write_escaped(renderer *r, const md_mustache_node *node, const char *text, size_t len) {
  if (node->flat) {
    write_flat(r->out, text, len);
  } else if (!node->url && (!r->options->html || node->raw)) {
    md_buffer_append(r->out, text, len);
  } else if (!node->url) {
    md_html_escape(r->out, text, len);
  } else if (!r->options->html) {
    md_html_encode_url(r->out, text, len);
  } else {
    md_buffer url;
    md_buffer_init(&url);
    md_html_encode_url(&url, text, len);
    if (md_buffer_ok(&url)) md_html_escape(r->out, url.data ? url.data : "", url.len);
    r->out->failed = r->out->failed || !md_buffer_ok(&url);
    md_buffer_deinit(&url);
  }
}

static int render_variable(renderer *r, const md_mustache_node *node) {
  if (r->expander) {
    begin_line(r);
    return r->expander->tag(r->expander->context, node, false, NULL, r->out, r->err);
  }
  const json_t *value = md_mustache_lookup(r->top, node->text);
  bool missing = !value || json_is_null(value);
  if (missing && r->options->strict)
    return fail(r, MD_EINVAL, node, "is missing: send it in data, or put {{#…}} around what needs it");
  char number[MD_MUSTACHE_NUMBER_SIZE];
  size_t len = 0;
  const char *text = missing ? "" : md_mustache_text(value, number, &len);
  if (!text && r->options->strict) return fail(r, MD_EINVAL, node, "is a list or an object: name a value in it");
  begin_line(r);
  if (text) write_escaped(r, node, text, len);
  return check_output(r, node);
}

static int render_with(renderer *r, const md_mustache_node *node, const json_t *value) {
  const md_mustache_frame frame = {value, r->top};
  r->top = &frame;
  int rc = render_list(r, node->children);
  r->top = frame.below;
  return rc;
}

static int render_section(renderer *r, const md_mustache_node *node) {
  const json_t *value = md_mustache_lookup(r->top, node->text);
  if (!md_mustache_truthy(value)) return 0;
  if (!json_is_array(value)) return render_with(r, node, value);
  for (size_t i = 0; i < json_array_size(value); i++) {
    int rc = render_with(r, node, json_array_get(value, i));
    if (rc) return rc;
  }
  return 0;
}

static int expand_tag(renderer *r, const md_mustache_node *node, bool close) {
  const char *own = close ? node->close_indent : node->indent, *indent = NULL;
  if (own) {
    indent = md_arena_printf(r->arena, "%s%s", r->indent, own);
    if (!indent) return fail(r, MD_ENOMEM, node, "finds no memory");
  } else {
    begin_line(r);
  }
  int rc = r->expander->tag(r->expander->context, node, close, indent, r->out, r->err);
  if (own) r->at_line_start = true;
  return rc ? rc : check_output(r, node);
}

static int expand_section(renderer *r, const md_mustache_node *node) {
  int rc = expand_tag(r, node, false);
  if (rc == 0) rc = render_list(r, node->children);
  return rc ? rc : expand_tag(r, node, true);
}

// The name of a partial, looked up when it is dynamic. "" when that finds nothing.
static int partial_name(renderer *r, const md_mustache_node *node, const char **name) {
  *name = node->text;
  if (!node->dynamic) return 0;
  if (r->expander && !r->expander->skip_dynamic)
    return md_error_set(r->err, MD_ESYNTAX,
                        "%s:%d: {{>*%s}}: a partial in Markdown cannot be chosen by data: use {{#…}}", node->file,
                        node->line, node->text);
  const json_t *value = md_mustache_lookup(r->top, node->text);
  *name = json_is_string(value) ? json_string_value(value) : "";
  return 0;
}

static int no_partial(const renderer *r, const md_mustache_node *node, const char *name) {
  const char *what =
      md_arena_printf(r->arena,
                      "is no partial: there is no such file, neither %.64s.mustache beside the moment's copy nor "
                      "shared/partials/%.64s.mustache",
                      name, name);
  return what ? fail(r, MD_EINVAL, node, what) : md_error_set(r->err, MD_ENOMEM, "out of memory");
}

static int find_partial(renderer *r, const md_mustache_node *node, const md_mustache **out) {
  const char *name;
  int rc = partial_name(r, node, &name);
  if (rc) return rc;
  for (const cached *c = r->cache; c; c = c->next)
    if (strcmp(c->name, name) == 0) {
      *out = c->template;
      return 0;
    }
  size_t len = 0;
  const char *file = name;
  const char *text =
      *name && r->options->partial ? r->options->partial(r->options->partial_context, name, &len, &file) : NULL;
  if (!text && r->options->strict) return no_partial(r, node, name);
  *out = NULL;
  if (text) rc = md_mustache_compile(file, 1, text, len, r->arena, out, r->err);
  cached *entry = rc ? NULL : md_arena_alloc(r->arena, sizeof *entry);
  if (!entry) return rc ? rc : fail(r, MD_ENOMEM, node, "finds no memory");
  *entry = (cached){name, *out, r->cache};
  r->cache = entry;
  return 0;
}

// Renders `list` with `indent` (NULL: it does not stand alone) added to its lines.
static int render_indented(renderer *r, const md_mustache_node *list, const char *indent) {
  const char *before = r->indent;
  r->indent = indent ? md_arena_printf(r->arena, "%s%s", before, indent) : "";
  int rc = r->indent ? render_list(r, list) : md_error_set(r->err, MD_ENOMEM, "out of memory");
  r->indent = before;
  return rc;
}

static int render_partial(renderer *r, const md_mustache_node *node) {
  const md_mustache *template = NULL;
  if (r->expander && r->expander->skip_dynamic && node->dynamic) return 0;
  int rc = find_partial(r, node, &template);
  if (rc || !template) return rc;
  if (r->partials == MD_MUSTACHE_DEPTH) return fail(r, MD_ETOOBIG, node, "includes itself more than 64 levels deep");
  r->partials++;
  if (!node->indent) begin_line(r);
  const overrides own = {node->children, r->overrides};
  if (node->kind == MD_MUSTACHE_PARENT) r->overrides = &own;
  rc = render_indented(r, template->first, node->indent);
  r->overrides = node->kind == MD_MUSTACHE_PARENT ? own.outer : r->overrides;
  r->partials--;
  return rc;
}

// The outermost parent that fills block `name`.
static const overrides *find_override(const overrides *from, const char *name, const md_mustache_node **block) {
  const overrides *found = NULL;
  for (const overrides *o = from; o; o = o->outer)
    for (const md_mustache_node *n = o->blocks; n; n = n->next)
      if (n->kind == MD_MUSTACHE_BLOCK && strcmp(n->text, name) == 0) {
        found = o;
        *block = n;
      }
  return found;
}

static int render_block(renderer *r, const md_mustache_node *node) {
  const md_mustache_node *content = node;
  const overrides *before = r->overrides, *found = find_override(before, node->text, &content);
  if (found) r->overrides = found->outer; // a block that fills itself would never end
  const char *indent = node->indent ? node->indent : "";
  int rc = render_indented(r, content->children, indent);
  r->overrides = before;
  return rc;
}

// Draws a line as long as what was written from `from` on.
static void underline(renderer *r, char sign, size_t from) {
  size_t width = md_utf8_length(r->out->data + from, r->out->len - from);
  md_buffer_putc(r->out, '\n');
  for (size_t i = 0; i < width && i < UNDERLINE_MAX; i++)
    md_buffer_putc(r->out, sign);
}

static int render_wrap(renderer *r, const md_mustache_node *node) {
  size_t before = r->out->len;
  md_buffer_append(r->out, node->text, node->len);
  size_t inside = r->out->len;
  int rc = render_list(r, node->children);
  if (rc || r->out->failed) return rc;
  bool empty = true;
  for (size_t i = inside; i < r->out->len && empty; i++)
    empty = strchr(" \t\r\n", r->out->data[i]) && r->out->data[i];
  if (!empty) {
    if (node->slot) underline(r, (char)node->slot, inside);
    md_buffer_puts(r->out, node->tail);
  } else if (r->out->data) {
    r->out->len = before;
    r->out->data[before] = '\0';
  }
  return check_output(r, node);
}

static int render_node(renderer *r, const md_mustache_node *node) {
  switch ((md_mustache_kind)node->kind) {
  case MD_MUSTACHE_TEXT:
    return render_text(r, node);
  case MD_MUSTACHE_VARIABLE:
    return render_variable(r, node);
  case MD_MUSTACHE_SECTION:
    return r->expander ? expand_section(r, node) : render_section(r, node);
  case MD_MUSTACHE_INVERTED:
    if (r->expander) return expand_section(r, node);
    return md_mustache_truthy(md_mustache_lookup(r->top, node->text)) ? 0 : render_list(r, node->children);
  case MD_MUSTACHE_PARTIAL:
  case MD_MUSTACHE_PARENT:
    return render_partial(r, node);
  case MD_MUSTACHE_BLOCK:
    return render_block(r, node);
  case MD_MUSTACHE_WRAP:
    return render_wrap(r, node);
  case MD_MUSTACHE_NUMBER:
    r->counters[node->slot] = node->number;
    return 0;
  case MD_MUSTACHE_COUNTED:
    md_buffer_printf(r->out, "%d", r->counters[node->slot]++);
    return check_output(r, node);
  }
  return 0;
}

static int render_list(renderer *r, const md_mustache_node *node) {
  int rc = 0;
  if (node && r->levels == LEVELS_MAX) return fail(r, MD_ETOOBIG, node, "nests too deep");
  r->levels++;
  for (; node && rc == 0; node = node->next)
    rc = ++r->steps > STEPS_MAX ? fail(r, MD_ETOOBIG, node, "is reached too often: the data has too many items")
                                : render_node(r, node);
  r->levels--;
  return rc;
}

static int render_root(renderer *r, const md_mustache *template) {
  r->start = r->out->len;
  r->indent = "";
  r->at_line_start = true;
  return render_list(r, template->first);
}

int md_mustache_render(const md_mustache *template, const md_mustache_options *options, const json_t *const *stack,
                       size_t depth, md_arena *arena, md_buffer *out, md_error *err) {
  md_mustache_frame *frames = md_arena_alloc(arena, (depth + 1) * sizeof *frames);
  if (!frames) return md_error_set(err, MD_ENOMEM, "%s: out of memory", template->file);
  renderer r = {.options = options, .arena = arena, .out = out, .err = err};
  for (size_t i = 0; i < depth; i++) {
    frames[i] = (md_mustache_frame){stack[i], r.top};
    r.top = &frames[i];
  }
  return render_root(&r, template);
}

int md_mustache_expand(const md_mustache *template, const md_mustache_options *options,
                       const md_mustache_expander *expander, md_arena *arena, md_buffer *out, md_error *err) {
  renderer r = {.options = options, .expander = expander, .arena = arena, .out = out, .err = err};
  return render_root(&r, template);
}
