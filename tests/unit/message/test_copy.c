// SPDX-License-Identifier: Apache-2.0
// Whole mails from a version's files (M1, M6): locale, variant, front matter, layouts, names, links, and what makes a
// mail unfillable.
#include "base/alloc.h"
#include "base/json.h"
#include "message/copy.h"
#include "message/mime.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct file {
  const char *path, *text;
} file;

static const file files[] = {
    {"cart/moment.lua", "return 1"},
    {"cart/README.md", "no copy"},
    {"cart/reminder.da.md",
     "---\nsubject: Hej {{#name}}{{name}}{{/name}}{{^name}}ven{{/name}}\npreview: Din kurv\n---\n"
     "Hej {{#name}}{{name}}{{/name}}{{^name}}ven{{/name}}!\n\n[Se kurven]({{url}})\n\n{{> footer}}\n"},
    {"cart/reminder.en.md", "---\nsubject: Hello\n---\nHello\n"},
    {"cart/reminder.pt-BR.md", "---\nsubject: Oi\n---\nOi\n"},
    {"cart/reminder_b.da.md", "---\nsubject: B\n---\nB\n"},
    {"cart/reminder_b.sv.md", "---\nsubject: B sv\n---\nB sv\n"},
    {"cart/reminder_total.da.md", "---\nsubject: Total\n---\n{{total}}\n"},
    {"cart/footer.mustache", "Hilsen *butikken*\n"},
    {"cart/raw.da.html", "---\nsubject: Raw\n---\n<p>{{x}} {{> sign}}</p>\n"},
    {"cart/raw.da.txt", "{{x}} <b>\n"},
    {"cart/whole.da.html", "---\nsubject: W\n---\n<!doctype html><html lang=da><p>{{x}}</html>\n"},
    {"cart/link.da.html", "---\nsubject: L\n---\n<a href='{{url}}'>x</a>\n"},
    {"cart/code.da.txt", "Din kode: {{code}}\n"},
    {"cart/nosubject.da.md", "Hej\n"},
    {"cart/bare.da.html", "<p>Hej</p>\n"},
    {"cart/pair.da.html", "<p>Hej</p>\n"},
    {"cart/pair.da.txt", "---\nsubject: Hej\n---\nHej\n"},
    {"cart/broken.da.md", "---\nsubject: x\n---\n\n{{#a}}\n"},
    {"cart/html.da.md", "---\nsubject: x\n---\nHi <b>you</b>\n"},
    {"cart/latin.da.md", "---\nsubject: x\n---\nbl\xe5\n"},
    {"cart/nopartial.da.md", "---\nsubject: x\n---\n{{> gone}}\n"},
    {"shared/partials/footer.mustache", "never: the moment's own comes first\n"},
    {"shared/partials/sign.mustache", "<i>{{x}}</i>"},
    {"shared/layout.txt", "{{{body}}}\n--\n{{subject}}\n"},
    {"shared/layout_security.html", "<html lang=\"{{locale}}\">{{preview}}|{{{body}}}</html>"},
    {"shared/layout_broken.html", "{{body}}"},
};
enum { FILES = sizeof files / sizeof *files };

static const char *get(void *context, const char *path, size_t *len) {
  (void)context;
  for (size_t i = 0; i < FILES; i++)
    if (strcmp(files[i].path, path) == 0) {
      *len = strlen(files[i].text);
      return files[i].text;
    }
  return NULL;
}

static const char *path_at(void *context, size_t index) {
  (void)context;
  return index < FILES ? files[index].path : NULL;
}

static const md_copy_source source = {.folder = "cart/", .get = get, .path = path_at};
static md_arena *arena;
static md_copy copy;
static md_error error;

static md_copy_request request_of(const char *template_name, const char *data) {
  md_arena *before = md_json_scope(arena);
  md_copy_request request = {.source = source, .class_name = "marketing", .template_name = template_name};
  request.data = md_json_parse(data, strlen(data), false, &error);
  assert_non_null(request.data);
  md_json_scope(before);
  return request;
}

static int render(const md_copy_request *request) {
  error = (md_error){0};
  return md_copy_render(request, arena, &copy, &error);
}

static void assert_locale(const char *const *locales, const char *data, const char *variant, const char *wanted,
                          const char *path) {
  md_copy_request request = request_of("reminder", data);
  request.locales = locales;
  request.variant = variant;
  if (render(&request)) fail_msg("%s", error.text);
  assert_string_equal(copy.locale, wanted);
  assert_string_equal(copy.file, path);
}

#define LOCALES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define DATA(more) "{\"url\":\"https://s.dk\"" more "}"

static void a_whole_mail(void **state) {
  (void)state;
  md_copy_request request = request_of("reminder", DATA(",\"name\":\"Ida & <b>Bo</b> *x*\""));
  if (render(&request)) fail_msg("%s", error.text);
  assert_string_equal(copy.subject, "Hej Ida & <b>Bo</b> *x*");
  assert_string_equal(copy.preview, "Din kurv");
  assert_non_null(strstr(copy.html, "<html lang=\"da\">"));
  assert_non_null(strstr(copy.html, "<p>Hej Ida &amp; &lt;b&gt;Bo&lt;/b&gt; *x*!</p>"));
  assert_non_null(strstr(copy.html, "<a href=\"https://s.dk\">Se kurven</a>"));
  assert_non_null(strstr(copy.html, "<p>Hilsen <em>butikken</em></p>"));
  assert_string_equal(copy.text, "Hej Ida & <b>Bo</b> *x*!\n\nSe kurven <https://s.dk>\n\nHilsen butikken\n--\n"
                                 "Hej Ida & <b>Bo</b> *x*\n");
}

static void locales_in_order(void **state) {
  (void)state;
  assert_locale(NULL, DATA(), NULL, "da", "cart/reminder.da.md");
  assert_locale(LOCALES("en"), DATA(), NULL, "en", "cart/reminder.en.md");
  assert_locale(LOCALES("de", "en-GB"), DATA(), NULL, "en", "cart/reminder.en.md");
  assert_locale(LOCALES("da-DK", "en"), DATA(), NULL, "da", "cart/reminder.da.md");
  assert_locale(LOCALES("pt_br"), DATA(), NULL, "pt-BR", "cart/reminder.pt-BR.md");
  assert_locale(NULL, DATA(",\"locale\":\"en\""), NULL, "en", "cart/reminder.en.md");
  assert_locale(LOCALES("da"), DATA(",\"locale\":\"en\""), NULL, "da", "cart/reminder.da.md");
  assert_locale(LOCALES("../../x", ""), DATA(), NULL, "da", "cart/reminder.da.md");
  md_copy_request request = request_of("reminder", "{}");
  request.default_locale = "en";
  assert_int_equal(render(&request), 0);
  assert_string_equal(copy.locale, "en");
  request.default_locale = "fi"; // bytewise first: da
  request.data = request_of("reminder", DATA()).data;
  assert_int_equal(render(&request), 0);
  assert_string_equal(copy.locale, "da");
}

static void variants(void **state) {
  (void)state;
  assert_locale(NULL, DATA(), "b", "da", "cart/reminder_b.da.md");
  assert_locale(LOCALES("sv"), DATA(), "b", "sv", "cart/reminder_b.sv.md");
  assert_locale(LOCALES("en"), DATA(), "b", "en", "cart/reminder.en.md"); // the variant has none, the template has
  assert_locale(NULL, DATA(), "control", "da", "cart/reminder.da.md");
  assert_locale(NULL, DATA(), "../x", "da", "cart/reminder.da.md");
}

static void listed_locales(void **state) {
  (void)state;
  const char **list;
  assert_int_equal(md_copy_locales(&source, "reminder", arena, &list), 3);
  assert_string_equal(list[0], "da");
  assert_string_equal(list[1], "en");
  assert_string_equal(list[2], "pt-BR");
  assert_null(list[3]);
  assert_int_equal(md_copy_locales(&source, "raw", arena, &list), 1);
  assert_int_equal(md_copy_locales(&source, "moment", arena, &list), 0);
}

static void assert_unfillable(const md_copy_request *request, int wanted, const char *says) {
  int rc = render(request);
  if (rc != wanted) fail_msg("%d: %s", rc, error.text);
  assert_int_equal(error.code, wanted);
  if (!strstr(error.text, says)) fail_msg("\"%s\" is not in: %s", says, error.text);
}

static void assert_unfillable_as(const char *template_name, const char *data, int wanted, const char *says) {
  md_copy_request request = request_of(template_name, data);
  assert_unfillable(&request, wanted, says);
}

static void what_cannot_be_filled(void **state) {
  (void)state;
  assert_unfillable_as("none", "{}", MD_ENOTFOUND, "there is no template cart/none: write cart/none.da.md");
  assert_unfillable_as("../x", "{}", MD_EINVAL, "a template's name");
  assert_unfillable_as("reminder", "{}", MD_EINVAL, "cart/reminder.da.md:7: \"url\" is missing");
  assert_unfillable_as("reminder", DATA(",\"name\":\"a\\r\\nBcc: x@y.dk\""), MD_EINVAL,
                       "cart/reminder.da.md:2: the subject has a control character");
  assert_unfillable_as("nosubject", "{}", MD_EINVAL, "cart/nosubject.da.md:1: the mail has no subject");
  assert_unfillable_as("bare", "{}", MD_EINVAL, "cart/bare.da.html:1: the mail has no subject");
  assert_unfillable_as("broken", "{}", MD_EINVAL, "cart/broken.da.md:5: {{#a}} is never closed");
  assert_unfillable_as("latin", "{}", MD_EINVAL, "cart/latin.da.md: it or a partial is not UTF-8");
  assert_unfillable_as("nopartial", "{}", MD_EINVAL, "cart/nopartial.da.md:4: \"gone\" is no partial");
  md_copy_request request = request_of("reminder", DATA());
  request.class_name = "broken";
  assert_unfillable(&request, MD_EINVAL, "shared/layout_broken.html: the layout leaves the mail's text out");
}

static void links_are_checked(void **state) {
  (void)state;
  static const char *const bad[] = {"http://s.dk", "javascript:x", "/x", "https://s.dk/\\r\\nx", "", "[secret]"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char data[100];
    snprintf(data, sizeof data, "{\"url\":\"%s\"}", bad[i]);
    assert_unfillable_as("reminder", data, MD_EINVAL, "cart/reminder.da.md: a link (href)");
    assert_unfillable_as("link", data, MD_EINVAL, "cart/link.da.html: a link (href)");
  }
  md_copy_request request = request_of("reminder", "{\"url\":\"http://localhost:8080/x\"}");
  assert_int_equal(render(&request), 0);
  request = request_of("reminder", "{\"url\":\"[secret]\"}");
  request.placeholder = "[secret]";
  if (render(&request)) fail_msg("%s", error.text);
}

static void names_with_links_are_left_out(void **state) {
  (void)state;
  static const char *const paths[] = {"data.name", NULL};
  md_copy_request request = request_of("reminder", DATA(",\"name\":\"Vind på evil.dk\""));
  request.name_paths = paths;
  if (render(&request)) fail_msg("%s", error.text);
  assert_string_equal(copy.subject, "Hej ven");
  assert_null(strstr(copy.html, "evil"));
  assert_null(strstr(copy.text, "evil"));
  request = request_of("reminder", DATA(",\"name\":\"Ida\""));
  request.name_paths = paths;
  assert_int_equal(render(&request), 0);
  assert_string_equal(copy.subject, "Hej Ida");
}

static void raw_files(void **state) {
  (void)state;
  md_copy_request request = request_of("raw", "{\"x\":\"<&>\"}");
  request.class_name = "security";
  if (render(&request)) fail_msg("%s", error.text);
  assert_string_equal(copy.html, "<html lang=\"da\">|<p>&lt;&amp;&gt; <i>&lt;&amp;&gt;</i></p>\n</html>");
  assert_string_equal(copy.text, "<&> <b>\n--\nRaw\n");
  request = request_of("whole", "{\"x\":1}");
  assert_int_equal(render(&request), 0);
  assert_string_equal(copy.html, "<!doctype html><html lang=da><p>1</html>\n"); // a document needs no layout
  assert_null(copy.text);
}

static void bare_text(void **state) {
  (void)state;
  md_copy_request request = request_of("code", "{\"code\":\"1234\"}");
  assert_unfillable(&request, MD_EINVAL, "no subject");
  request.bare = true;
  if (render(&request)) fail_msg("%s", error.text);
  assert_string_equal(copy.text, "Din kode: 1234");
  assert_null(copy.html);
  assert_null(copy.subject);
  request = request_of("whole", "{\"x\":1}");
  request.bare = true;
  assert_unfillable(&request, MD_EINVAL, "no text for this channel");
}

static void links_of_the_host(void **state) {
  (void)state;
  md_copy_request request = request_of("reminder", DATA(",\"unsubscribe_url\":\"https://evil.dk\""));
  md_arena *before = md_json_scope(arena);
  request.links = json_pack("{s:s}", "unsubscribe_url", "https://s.dk/u");
  md_json_scope(before);
  assert_int_equal(render(&request), 0);
  assert_non_null(strstr(copy.html, "<a href=\"https://s.dk/u\">Afmeld</a>"));
  assert_null(strstr(copy.html, "evil"));
}

static void assert_lint(const char *path, const char *says) {
  error = (md_error){0};
  int rc = md_copy_lint(&source, path, arena, &error);
  if (rc != (says ? MD_EINVAL : 0)) fail_msg("%s: %d %s", path, rc, error.text);
  if (says && !strstr(error.text, says)) fail_msg("\"%s\" is not in: %s", says, error.text);
}

static void linted(void **state) {
  (void)state;
  static const char *const good[] = {"cart/moment.lua",      "cart/README.md",    "cart/reminder.da.md",
                                     "cart/raw.da.html",     "cart/raw.da.txt",   "cart/code.da.txt",
                                     "cart/footer.mustache", "shared/layout.txt", "shared/layout_security.html",
                                     "cart/missing.da.md",   "cart/pair.da.html", "cart/pair.da.txt"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    assert_lint(good[i], NULL);
  assert_lint("cart/broken.da.md", "cart/broken.da.md:5: {{#a}}");
  assert_lint("cart/nosubject.da.md", "cart/nosubject.da.md:1: no subject");
  assert_lint("cart/bare.da.html", "cart/bare.da.html:1: no subject");
  assert_lint("cart/html.da.md", "cart/html.da.md:4: HTML in Markdown");
  assert_lint("cart/latin.da.md", "not UTF-8");
  assert_lint("cart/nopartial.da.md", "\"gone\" is no partial");
  assert_lint("shared/layout_broken.html", "leaves the mail's text out");
}

// Renders and writes a mail in an arena of its own.
static int whole_mail(const md_copy_request *request) {
  md_arena *own = md_arena_new(0);
  if (!own) return MD_ENOMEM;
  md_buffer mail;
  md_buffer_init(&mail);
  int rc = md_copy_render(request, own, &copy, NULL);
  md_mime_mail parts = {.from = {"Å", "a@b.dk"}, .to = {NULL, "c@d.dk"}, .message_id = "e@f.dk"};
  parts.subject = copy.subject;
  parts.text = copy.text;
  parts.html = copy.html;
  if (rc == 0) rc = md_mime_write(&parts, &mail, NULL);
  md_buffer_deinit(&mail);
  md_arena_free(own);
  return rc;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  static const char *const paths[] = {"name", NULL};
  md_copy_request request = request_of("reminder", DATA(",\"name\":\"www.x\""));
  request.name_paths = paths;
  for (int forever = 0; forever < 2; forever++) {
    int rc = MD_ENOMEM;
    for (long n = 1; rc; n++) {
      md_alloc_fail_after(n, forever);
      rc = whole_mail(&request);
      md_alloc_fail_after(0, 0);
      if (rc && rc != MD_ENOMEM) fail_msg("allocation %ld: %d", n, rc);
      assert_true(n < 10000);
    }
  }
}

static int set_up(void **state) {
  (void)state;
  arena = md_arena_new(0);
  return arena ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  md_arena_free(arena);
  return 0;
}

int main(void) {
  md_json_init();
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {TEST(a_whole_mail),
                                     TEST(locales_in_order),
                                     TEST(variants),
                                     TEST(listed_locales),
                                     TEST(what_cannot_be_filled),
                                     TEST(links_are_checked),
                                     TEST(names_with_links_are_left_out),
                                     TEST(raw_files),
                                     TEST(bare_text),
                                     TEST(links_of_the_host),
                                     TEST(linted),
                                     TEST(every_allocation_may_fail)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
