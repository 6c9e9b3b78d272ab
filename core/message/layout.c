// SPDX-License-Identifier: Apache-2.0
// Layouts: those of a version, and the plain one that stands in where it has none. Pure; any thread.
#include "message/layout.h"
#include <string.h>

static const char plain_html[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"{{locale}}\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<meta name=\"supported-color-schemes\" content=\"light dark\">\n"
    "<title>{{subject}}</title>\n"
    "<style>\n"
    ":root { color-scheme: light dark; }\n"
    "body { margin: 0; padding: 0; background: #f4f4f2; color: #1c1c1a; }\n"
    ".mail { box-sizing: border-box; max-width: 600px; margin: 0 auto; padding: 32px 24px; background: #ffffff;\n"
    "  font: 16px/1.55 -apple-system, \"Segoe UI\", Roboto, Helvetica, Arial, sans-serif; overflow-wrap: break-word; "
    "}\n"
    ".mail h1 { font-size: 24px; line-height: 1.25; margin: 0 0 16px; }\n"
    ".mail h2 { font-size: 19px; line-height: 1.3; margin: 24px 0 8px; }\n"
    ".mail p, .mail ul, .mail ol, .mail pre, .mail blockquote { margin: 0 0 16px; }\n"
    ".mail ul, .mail ol { padding-left: 22px; }\n"
    ".mail blockquote { padding-left: 16px; border-left: 3px solid #b9b9b4; }\n"
    ".mail pre { overflow-x: auto; }\n"
    ".mail img { max-width: 100%; height: auto; }\n"
    ".mail a { color: #0b57a4; }\n"
    ".mail .button { margin: 24px 0; }\n"
    ".mail .button a { display: inline-block; padding: 12px 24px; border-radius: 6px; background: #0b57a4;\n"
    "  color: #ffffff; text-decoration: none; }\n"
    ".foot { border-top: 1px solid #dededa; padding-top: 16px; font-size: 14px; }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "  body { background: #141413; color: #ececea; }\n"
    "  .mail { background: #1f1f1d; }\n"
    "  .mail a { color: #8fc1f2; }\n"
    "  .mail .button a { background: #8fc1f2; color: #141413; }\n"
    "  .foot { border-color: #454541; }\n"
    "}\n"
    "</style>\n"
    "</head>\n"
    "<body>\n"
    "{{#preview}}\n"
    "<div style=\"display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden\">"
    "{{preview}}</div>\n"
    "{{/preview}}\n"
    "<main class=\"mail\">\n"
    "{{{body}}}\n"
    "{{#unsubscribe_url}}\n"
    "<p class=\"foot\"><a href=\"{{unsubscribe_url}}\">{{unsubscribe_text}}</a></p>\n"
    "{{/unsubscribe_url}}\n"
    "</main>\n"
    "</body>\n"
    "</html>\n";

static const char plain_text[] = "{{{body}}}\n"
                                 "{{#unsubscribe_url}}\n"
                                 "\n"
                                 "-- \n"
                                 "{{unsubscribe_text}}: {{unsubscribe_url}}\n"
                                 "{{/unsubscribe_url}}\n";

int md_layout_find(const char *(*get)(void *context, const char *path, size_t *len), void *context,
                   const char *class_name, bool html, md_arena *arena, md_layout *out) {
  const char *ending = html ? "html" : "txt";
  for (int i = class_name ? 0 : 1; i < 2; i++) {
    const char *path = i == 0 ? md_arena_printf(arena, "shared/layout_%s.%s", class_name, ending)
                              : md_arena_printf(arena, "shared/layout.%s", ending);
    if (!path) return MD_ENOMEM;
    out->file = path;
    out->text = get(context, path, &out->len);
    if (out->text) return 0;
  }
  *out = html ? (md_layout){"(built-in layout)", plain_html, sizeof plain_html - 1}
              : (md_layout){"(built-in layout)", plain_text, sizeof plain_text - 1};
  return 0;
}

// The words of the built-in layout, in the languages that it knows.
static const char *unsubscribe_text(const char *locale) {
  static const char *const words[][2] = {
      {"da", "Afmeld"},      {"nb", "Meld deg av"}, {"no", "Meld deg av"},   {"sv", "Avregistrera"},
      {"de", "Abbestellen"}, {"nl", "Afmelden"},    {"fr", "Se désabonner"},
  };
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strncmp(locale, words[i][0], 2) == 0 && !(locale[2] >= 'a' && locale[2] <= 'z')) return words[i][1];
  return "Unsubscribe";
}

static json_t *parts_json(const md_layout_parts *parts) {
  return json_pack("{s:s, s:s, s:s, s:s, s:s}", "body", parts->body, "subject", parts->subject, "preview",
                   parts->preview, "locale", parts->locale, "unsubscribe_text", unsubscribe_text(parts->locale));
}

int md_layout_render(const md_layout *layout, const md_layout_parts *parts, const md_mustache_options *options,
                     const json_t *const *stack, size_t depth, md_arena *arena, md_buffer *out, md_error *err) {
  const json_t *frames[MD_LAYOUT_STACK + 1];
  if (depth > MD_LAYOUT_STACK) return md_error_set(err, MD_EINVAL, "%s: too many values below it", layout->file);
  for (size_t i = 0; i < depth; i++)
    frames[i] = stack[i];
  frames[depth] = parts_json(parts);
  if (!frames[depth]) return md_error_set(err, MD_ENOMEM, "%s: out of memory", layout->file);
  const md_mustache *template;
  int rc = md_mustache_compile(layout->file, 1, layout->text, layout->len, arena, &template, err);
  if (rc == 0) rc = md_mustache_render(template, options, frames, depth + 1, arena, out, err);
  if (rc) return rc;
  size_t body_len = strlen(parts->body);
  if (body_len && !(out->data && memmem(out->data, out->len, parts->body, body_len)))
    return md_error_set(err, MD_EINVAL, "%s: the layout leaves the mail's text out: write {{{body}}} where it belongs",
                        layout->file);
  return 0;
}
