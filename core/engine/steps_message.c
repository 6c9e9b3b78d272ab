// SPDX-License-Identifier: Apache-2.0
// m:send: asks the messenger and keeps the message until the turn has ended well (M1).
#include "engine/turn.h"

static int decide(md_turn_state *turn, const md_step *step, md_message *out) {
  md_engine *engine = turn->engine;
  const md_plan_event *plan = md_plan_event_of(turn->plan, turn->trigger.type);
  md_send send = {.run = turn->run,
                  .step = turn->step,
                  .class_name = turn->definition->class_name,
                  .limit_runs = turn->definition->limit_runs,
                  .limit_per = turn->definition->limit_per,
                  .args = step->args,
                  .trigger = &turn->trigger,
                  .address_email = plan ? plan->address_email : NULL,
                  .name_paths = plan ? plan->name_paths : NULL,
                  .files = turn->loaded->files,
                  .file_count = turn->loaded->source.count,
                  .earlier = turn->messages,
                  .now = engine->now};
  int rc = md_profile_read(engine, turn->run->person, &send.profile, &turn->error);
  if (rc == 0 && turn->profile_changes && json_object_update(send.profile, turn->profile_changes) != 0) rc = MD_ENOMEM;
  if (rc == 0)
    rc = engine->options.messenger->decide(engine->options.messenger->context, engine->store, &send, engine->arena, out,
                                           &turn->error);
  return rc;
}

void md_step_send(md_turn_state *turn, const md_step *step, md_answer *answer) {
  md_outgoing *outgoing = md_arena_alloc_zero(turn->engine->arena, sizeof *outgoing);
  int rc = outgoing ? decide(turn, step, &outgoing->message) : MD_ENOMEM;
  if (rc == MD_EINVAL) { // the script's mistake (M9: a name that the configuration does not have)
    md_step_raise(answer, "%s", turn->error.text);
    return;
  }
  if (rc) {
    md_step_fail(turn, rc, answer);
    return;
  }
  outgoing->message.request = turn->engine->request;
  outgoing->before = turn->messages;
  turn->messages = outgoing;
  const md_message *message = &outgoing->message;
  bool sent = message->state == MD_MESSAGE_QUEUED;
  char id[64];
  snprintf(id, sizeof id, "%lld.%d", (long long)turn->run->id, turn->step);
  answer->value = json_object();
  int bad = json_object_set_new(answer->value, "sent", json_boolean(sent));
  bad |= json_object_set_new(answer->value, "id", json_string(id));
  if (!sent && message->reason) bad |= json_object_set_new(answer->value, "reason", json_string(message->reason));
  if (message->again_at)
    bad |= json_object_set_new(answer->value, "again_at", json_real((double)message->again_at / (double)MD_SECOND));
  if (bad) md_step_fail(turn, MD_ENOMEM, answer);
}
