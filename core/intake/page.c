// SPDX-License-Identifier: Apache-2.0
// Writes the unsubscribe page. Contrast, focus and size by WCAG 2.2 AA; light and dark; no script, nothing from
// elsewhere.
#include "intake/page.h"
#include "base/digest.h"
#include <stdio.h>
#include <string.h>

static const char style[] =
    ":root{color-scheme:light dark;--ground:#f3f1ec;--card:#fff;--ink:#1d1c1a;--soft:#57534c;--line:#dcd8cf;"
    "--act:#14532d;--act-ink:#fff;--mark:#e5f0e6}"
    "@media (prefers-color-scheme:dark){:root{--ground:#161513;--card:#22201d;--ink:#f1efea;--soft:#b9b4aa;"
    "--line:#3c3933;--act:#9bd5ab;--act-ink:#10261a;--mark:#26352a}}"
    "*{box-sizing:border-box}"
    "body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;padding:24px 16px;"
    "background:var(--ground);color:var(--ink);"
    "font:17px/1.55 ui-sans-serif,system-ui,-apple-system,\"Segoe UI\",Roboto,\"Helvetica Neue\",Arial,sans-serif}"
    "main{width:100%;max-width:460px;background:var(--card);border:1px solid var(--line);border-radius:16px;"
    "padding:36px 32px;box-shadow:0 1px 2px rgba(0,0,0,.04),0 12px 32px rgba(0,0,0,.06)}"
    ".shop{margin:0 0 20px;font-size:15px;font-weight:600;color:var(--soft)}"
    "h1{margin:0 0 12px;font-size:27px;line-height:1.22;letter-spacing:-.01em;text-wrap:balance}"
    "p{margin:0 0 16px}.soft{color:var(--soft);font-size:15px}"
    ".address{display:inline-block;padding:1px 8px;border-radius:6px;background:var(--mark);font-weight:600;"
    "overflow-wrap:anywhere}"
    "button{display:block;width:100%;min-height:52px;margin:24px 0 16px;padding:12px 20px;border:0;border-radius:10px;"
    "background:var(--act);color:var(--act-ink);font:inherit;font-weight:600;cursor:pointer}"
    "button:hover{filter:brightness(1.12)}"
    "button:focus-visible{outline:3px solid var(--ink);outline-offset:3px}"
    "section+section{margin-top:28px;padding-top:28px;border-top:1px solid var(--line)}"
    "p:last-child{margin-bottom:0}"
    "@media (max-width:420px){main{padding:28px 22px}h1{font-size:24px}}";

// What a page says in a language.
typedef struct words {
  const char *language, *title[4], *lead[4], *note[4], *button, *marketing, *feedback;
} words;

static const words danish = {
    .language = "da",
    .title = {"Vil du afmelde %s?", "Du er afmeldt", "Vi kunne ikke afmelde dig lige nu", "Linket virker ikke"},
    .lead = {"Vi holder op med at sende %s til", "Vi sender ikke længere %s til",
             "Der er ikke ændret noget. Prøv igen om et øjeblik.",
             "Måske mangler der et stykke af det. Åbn linket fra mailen igen."},
    .note = {"Mails om dine egne ordrer får du stadig.",
             "Mails om dine egne ordrer får du stadig. Du kan lukke denne side.", "", "Der er ikke ændret noget."},
    .button = "Afmeld",
    .marketing = "nyheder og tilbud",
    .feedback = "spørgsmål om din oplevelse",
};

static const words english = {
    .language = "en",
    .title = {"Unsubscribe from %s?", "You are unsubscribed", "We could not unsubscribe you just now",
              "This link does not work"},
    .lead = {"We will stop sending %s to", "We no longer send %s to",
             "Nothing was changed. Please try again in a moment.",
             "A piece of it may be missing. Open the link from the email again."},
    .note = {"You still get emails about your own orders.",
             "You still get emails about your own orders. You can close this page.", "", "Nothing was changed."},
    .button = "Unsubscribe",
    .marketing = "news and offers",
    .feedback = "questions about your experience",
};

static void escape(md_buffer *out, const char *text) {
  for (; *text; text++) {
    const char *entity = *text == '<'   ? "&lt;"
                         : *text == '>' ? "&gt;"
                         : *text == '&' ? "&amp;"
                         : *text == '"' ? "&quot;"
                                        : NULL;
    if (entity)
      md_buffer_puts(out, entity);
    else
      md_buffer_putc(out, *text);
  }
}

// `format` with its one %s, where it has it.
static void fill(md_buffer *out, const char *format, const char *topic) {
  const char *slot = strstr(format, "%s");
  if (!slot) {
    md_buffer_puts(out, format);
    return;
  }
  md_buffer_append(out, format, (size_t)(slot - format));
  md_buffer_puts(out, topic);
  md_buffer_puts(out, slot + 2);
}

static const char *topic_of(const md_page *page, const words *in) {
  return page->link && strcmp(page->link->purpose, "feedback") == 0 ? in->feedback : in->marketing;
}

static void write_lead(const md_page *page, const words *in, md_buffer *out) {
  bool named = page->link && page->kind <= MD_PAGE_DONE;
  md_buffer_puts(out, "<p>");
  fill(out, in->lead[page->kind], topic_of(page, in));
  if (named) {
    md_buffer_puts(out, " <span class=\"address\">");
    escape(out, page->link->masked);
    md_buffer_puts(out, "</span>.");
  }
  md_buffer_puts(out, "</p>\n");
}

// Posts to the address that the page was read from: the token stands in it.
static void write_form(const md_page *page, const words *in, md_buffer *out) {
  if (page->kind != MD_PAGE_CONFIRM && (page->kind != MD_PAGE_BUSY || !page->link)) return;
  md_buffer_puts(out, "<form method=\"post\"><button type=\"submit\" name=\"confirm\" value=\"yes\">");
  md_buffer_puts(out, in->button);
  md_buffer_puts(out, "</button></form>\n");
}

static void write_section(const md_page *page, const words *in, md_buffer *out) {
  md_buffer_printf(out, "<section lang=\"%s\">\n<h1>", in->language);
  fill(out, in->title[page->kind], topic_of(page, in));
  md_buffer_puts(out, "</h1>\n");
  write_lead(page, in, out);
  write_form(page, in, out);
  if (in->note[page->kind][0]) md_buffer_printf(out, "<p class=\"soft\">%s</p>\n", in->note[page->kind]);
  md_buffer_puts(out, "</section>\n");
}

void md_page_write(const md_page *page, md_buffer *out) {
  bool is_danish = !page->link || strncmp(page->link->locale, "da", 2) == 0;
  const words *in = is_danish ? &danish : &english;
  md_buffer_printf(out,
                   "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                   "<meta name=\"robots\" content=\"noindex\">\n<title>",
                   in->language);
  fill(out, in->title[page->kind], topic_of(page, in));
  md_buffer_puts(out, "</title>\n<style>");
  md_buffer_puts(out, style);
  md_buffer_puts(out, "</style>\n</head>\n<body>\n<main>\n");
  if (page->shop) {
    md_buffer_puts(out, "<p class=\"shop\">");
    escape(out, page->shop);
    md_buffer_puts(out, "</p>\n");
  }
  write_section(page, in, out);
  if (!page->link) write_section(page, &english, out);
  md_buffer_puts(out, "</main>\n</body>\n</html>\n");
}

void md_page_policy(char out[static MD_PAGE_POLICY_SIZE]) {
  uint8_t digest[MD_SHA256_SIZE];
  char hash[48];
  md_sha256(style, sizeof style - 1, digest);
  md_base64(digest, sizeof digest, hash);
  snprintf(out, MD_PAGE_POLICY_SIZE,
           "default-src 'none'; style-src 'sha256-%s'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
           hash);
}
