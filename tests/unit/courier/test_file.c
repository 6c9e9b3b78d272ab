// SPDX-License-Identifier: Apache-2.0
// The file channel: names, repeats, a directory that is not there any more.
#include "base/file.h"
#include "courier/courier.h"
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct fixture {
  char root[32], directory[64], url[80];
  md_channel *channel;
} fixture;

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  md_error err = {0};
  strcpy(f->root, "/tmp/md_file_XXXXXX");
  assert_non_null(mkdtemp(f->root));
  snprintf(f->directory, sizeof f->directory, "%s/a/mail", f->root);
  snprintf(f->url, sizeof f->url, "file:%s", f->directory);
  md_channel_options options = {.url = f->url};
  if (md_channel_open(&f->channel, &options, &err)) fail_msg("%s", err.text);
  *state = f;
  return 0;
}

static int count_files(fixture *f, bool remove_them) {
  int count = 0;
  DIR *dir = opendir(f->directory);
  for (struct dirent *entry; dir && (entry = readdir(dir));) {
    if (entry->d_name[0] == '.' && strlen(entry->d_name) < 3) continue;
    count++;
    if (remove_them) unlinkat(dirfd(dir), entry->d_name, 0);
  }
  if (dir) closedir(dir);
  return count;
}

static int tear_down(void **state) {
  fixture *f = *state;
  char path[96];
  count_files(f, true);
  md_channel_free(f->channel);
  rmdir(f->directory);
  snprintf(path, sizeof path, "%s/a", f->root);
  rmdir(path);
  rmdir(f->root);
  free(f);
  return 0;
}

static md_delivery *delivery_of(const char *id, const char *mail) {
  md_delivery shape = {.created_at = 1795426200 * MD_SECOND + 5,
                       .from = "a@b.dk",
                       .to = "c@d.dk",
                       .message_id = id,
                       .mail = mail,
                       .mail_len = strlen(mail)};
  return md_delivery_new(&shape);
}

static md_delivery_outcome deliver(fixture *f, const char *id, const char *mail) {
  md_delivery *delivery = delivery_of(id, mail);
  md_courier_deliver_now(f->channel, delivery);
  md_delivery_outcome outcome = delivery->result.outcome;
  md_delivery_free(delivery);
  return outcome;
}

static void expect_file(fixture *f, const char *name, const char *content) {
  char path[256];
  md_buffer data;
  md_buffer_init(&data);
  snprintf(path, sizeof path, "%s/%s", f->directory, name);
  assert_int_equal(md_file_read(path, 1000, &data, NULL), 0);
  assert_string_equal(data.data, content);
  md_buffer_deinit(&data);
}

static void test_a_mail_becomes_a_file(void **state) {
  fixture *f = *state;
  assert_int_equal(deliver(f, "1.2.ab@shop.dk", "Subject: x\r\n\r\nhej\r\n"), MD_DELIVERY_ACCEPTED);
  expect_file(f, "20261123T093000Z-1.2.ab@shop.dk.eml", "Subject: x\r\n\r\nhej\r\n");
  assert_int_equal(count_files(f, false), 1);
  assert_string_equal(f->channel->name, "file");
}

// A repeat after a crash doubles nothing.
static void test_a_repeat_overwrites(void **state) {
  fixture *f = *state;
  assert_int_equal(deliver(f, "1@shop.dk", "one"), MD_DELIVERY_ACCEPTED);
  assert_int_equal(deliver(f, "1@shop.dk", "two"), MD_DELIVERY_ACCEPTED);
  expect_file(f, "20261123T093000Z-1@shop.dk.eml", "two");
  assert_int_equal(count_files(f, false), 1);
}

static void test_an_id_leads_nowhere_else(void **state) {
  fixture *f = *state;
  assert_int_equal(deliver(f, "../../x@shop.dk", "one"), MD_DELIVERY_ACCEPTED);
  expect_file(f, "20261123T093000Z-.._.._x@shop.dk.eml", "one");
}

static void test_a_lost_directory_is_transient(void **state) {
  fixture *f = *state;
  assert_int_equal(rmdir(f->directory), 0);
  assert_int_equal(deliver(f, "1@shop.dk", "one"), MD_DELIVERY_TRANSIENT);
  assert_int_equal(mkdir(f->directory, 0700), 0);
  assert_int_equal(deliver(f, "1@shop.dk", "one"), MD_DELIVERY_ACCEPTED);
}

static void test_cancelled(void **state) {
  fixture *f = *state;
  md_delivery *delivery = delivery_of("1@shop.dk", "one");
  atomic_store(&delivery->cancel, true);
  md_courier_deliver_now(f->channel, delivery);
  assert_int_equal(delivery->result.outcome, MD_DELIVERY_CANCELLED);
  assert_int_equal(count_files(f, false), 0);
  md_delivery_free(delivery);
}

static void test_needs_a_directory(void **state) {
  (void)state;
  md_channel *channel = NULL;
  md_error err = {0};
  assert_int_equal(md_channel_open(&channel, &(md_channel_options){.url = "file:"}, &err), MD_EINVAL);
  assert_non_null(strstr(err.text, "file:DIR"));
  assert_int_not_equal(md_channel_open(&channel, &(md_channel_options){.url = "file:/dev/null/x"}, &err), 0);
}

int main(void) {
#define WITH_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      WITH_DIRECTORY(test_a_mail_becomes_a_file),
      WITH_DIRECTORY(test_a_repeat_overwrites),
      WITH_DIRECTORY(test_an_id_leads_nowhere_else),
      WITH_DIRECTORY(test_a_lost_directory_is_transient),
      WITH_DIRECTORY(test_cancelled),
      cmocka_unit_test(test_needs_a_directory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
